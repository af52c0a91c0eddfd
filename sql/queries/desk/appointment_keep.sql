-- name: appointment_keep :maybe
-- Keeps an appointment that is outside of the hours, so that it is no conflict any more: outside_hours()
-- asks its history. Where it is none, as the second time, that succeeds and changes nothing.
SELECT appointment.id
  FROM appointment
 WHERE appointment.id = %(appointment_id)s::bigint
   FOR NO KEY UPDATE;

WITH considered AS (
    SELECT appointment.id, appointment.version, appointment.status, slot, provider,
           CASE
               WHEN NOT is_staff(slot, %(staff_of)s::bigint)
                AND appointment.account_id <> %(actor_id)s::bigint THEN 'not_found'
               WHEN is_hold(appointment.status) THEN 'not_found'
               WHEN NOT is_staff(slot, %(staff_of)s::bigint) THEN 'forbidden'
               WHEN %(version)s::integer NOT IN (0, appointment.version) THEN 'stale'
               WHEN appointment.status = 'pending' THEN 'not_approved'
               WHEN NOT is_open(appointment.status) THEN 'not_active'
           END AS refusal,
           slot.starts_at > now() AND outside_hours(slot, provider) IS NOT NULL AS counts
      FROM appointment
      JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      JOIN provider ON provider.id = ANY (ARRAY[slot.provider_id])
     WHERE appointment.id = %(appointment_id)s::bigint
), kept AS (
    UPDATE appointment
       SET version = appointment.version + 1
      FROM considered
     WHERE appointment.id = considered.id
       AND num_nulls(considered.refusal) = 1
       AND considered.counts
    RETURNING appointment.id, appointment.version, appointment.slot_id, appointment.status
), recorded AS (
    INSERT INTO appointment_history (
               appointment_id, at, actor_id, action, from_slot_id, to_slot_id, from_status, to_status,
               reason, overrides)
    SELECT kept.id, clock_timestamp(), %(actor_id)s::bigint, 'keep', kept.slot_id, kept.slot_id,
           kept.status, kept.status, %(reason)s::text, '{closed}'
      FROM kept
)
SELECT coalesce(considered.refusal, 'changed') AS verdict,
       CASE WHEN num_nulls(considered.refusal) = 1
            THEN row_to_json(ROW (
                     %(message)s::text,
                     considered.id,
                     CASE WHEN %(expand)s::boolean
                          THEN row_to_json(slot_full(considered.slot, considered.provider))
                          ELSE to_json((considered.slot).id)
                     END
                 )::end_document)::text
       END AS body,
       coalesce(kept.version, considered.version) AS version
  FROM considered
  LEFT JOIN kept ON true;
