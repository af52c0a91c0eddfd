-- serves: 17
-- Whether this transaction has put an appointment aside, that is in a slot: its set of moves is being
-- decided, and it has not moved yet (queries/appointment/sets/moves.sql).
CREATE FUNCTION is_aside(appointment_id bigint, slot_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    appointment_id || '@' || slot_id
    = ANY (string_to_array(nullif(current_setting('booking.aside', true), ''), ',')), false);

-- How many appointments a person has: of a service on a day, of a service and of all to come, and in a
-- slot. Nothing is looked up unless it is wanted.
CREATE OR REPLACE FUNCTION customer_counts(
    service service, account_id bigint, day date, slot_id bigint, except_id bigint, wanted boolean
) RETURNS TABLE (of_day bigint, of_service bigint, open bigint, in_slot bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT count(*) FILTER (WHERE at.service_id = service.id AND at.day = customer_counts.day),
           count(*) FILTER (WHERE at.service_id = service.id AND at.coming),
           count(*) FILTER (WHERE at.coming),
           count(*) FILTER (WHERE appointment.slot_id = customer_counts.slot_id)
      FROM appointment
      -- The LIMIT keeps this a look-up per appointment. And the status in it keeps away from an index of
      -- those that are not cancelled, which is not a person's.
     CROSS JOIN LATERAL (
           SELECT slot.service_id, slot.starts_at > now() AND is_open(appointment.status) AS coming,
                  (slot.starts_at AT TIME ZONE wall_zone(provider))::date AS day
             FROM slot
             JOIN provider ON provider.id = slot.provider_id
            WHERE slot.id = appointment.slot_id
              AND appointment.status <> 'cancelled'
              AND NOT is_aside(appointment.id, appointment.slot_id)
            LIMIT 1
     ) AS at
     WHERE wanted
       AND appointment.account_id = customer_counts.account_id
       AND appointment.id <> except_id;
END;
