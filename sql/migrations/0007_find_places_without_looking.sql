-- serves: 5
CREATE OR REPLACE FUNCTION free_places(slot slot, asked bigint) RETURNS SETOF integer
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT place
      FROM generate_series(1, slot.capacity) AS place
     WHERE slot.booked = 0
        OR NOT EXISTS (
               SELECT FROM appointment
                WHERE appointment.slot_id = slot.id
                  AND appointment.place = place.place
                  AND appointment.status <> 'cancelled'
           )
     LIMIT asked;
END;
