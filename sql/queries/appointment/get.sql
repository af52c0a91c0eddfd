-- name: appointment_get :maybe
SELECT row_to_json(ROW (
           appointment.id,
           CASE WHEN %(expand)s::boolean THEN row_to_json(slot_full(slot, provider))
                ELSE row_to_json(slot_named(slot, provider))
           END,
           shown_name(account),
           appointment.notes,
           status_now(appointment.status, appointment.expires_at)
       )::appointment_document)::text AS body,
       version_now(appointment.version, appointment.expires_at) AS version,
       slot_version_now(slot) AS slot_version,
       provider.version AS provider_version
  FROM appointment
  JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  JOIN provider ON provider.id = slot.provider_id
  JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
 WHERE appointment.id = %(appointment_id)s::bigint
   AND NOT is_hold(appointment.status)
   AND (appointment.account_id = %(actor_id)s::bigint
        OR is_staff(slot, %(staff_of)s::bigint));
