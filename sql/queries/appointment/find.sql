-- name: appointment_find :many
-- Where each appointment is now and what is known of the key, which comes first: the appointment may
-- have left since. No row for one that this actor may not see, if its key is not known either.
SELECT item.n, appointment.slot_id,
       idempotency_verdict(stored, item.fingerprint, true) AS verdict, stored.body, stored.version
  FROM unnest(
           %(appointment_id)s::bigint[], %(actor_id)s::bigint[], %(staff_of)s::bigint[],
           %(key)s::text[], %(fingerprint)s::text[]
       ) WITH ORDINALITY AS item (appointment_id, actor_id, staff_of, key, fingerprint, n)
  LEFT JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
  LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  LEFT JOIN idempotency AS stored
         ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
 WHERE stored.key IS NOT NULL
    OR (NOT is_hold(appointment.status)
        AND (appointment.account_id = item.actor_id OR is_staff(slot, item.staff_of)))
 ORDER BY item.n;
