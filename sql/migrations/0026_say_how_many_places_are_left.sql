-- serves: 17
CREATE FUNCTION places_left(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT slot.capacity - slot.booked
      FROM slot
     WHERE slot.id = places_left.slot_id
       AND slot.booked < slot.capacity
       AND NOT slot.closed);
