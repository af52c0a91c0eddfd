-- Appointments for other calendars.


-- name: calendar_feed :one
-- The appointments of an account, or with a provider, from thirty days ago on; one that came to nothing for
-- seven days more. Their tag stands for all that is shown: who knows it is told no more.
WITH own AS MATERIALIZED (
    SELECT appointment.id, appointment.slot_id
      FROM appointment
     WHERE %(provider_id)s::bigint = 0
       AND appointment.account_id = %(account_id)s::bigint
       -- As a pair: id alone would let it read everybody's from the last one on.
       AND (appointment.account_id, appointment.id) < (%(account_id)s::bigint, 9223372036854775807)
       AND NOT is_hold(appointment.status)
     ORDER BY appointment.id DESC
     LIMIT %(most)s::integer
), found AS (
    SELECT own.id, later.at
      FROM own
     CROSS JOIN LATERAL (
           SELECT slot AS at
             FROM slot
            WHERE slot.id = own.slot_id
              AND slot.starts_at > now() - interval '30 days'
            LIMIT 1
     ) AS later
     UNION ALL
    SELECT appointment.id, slot
      FROM slot
     CROSS JOIN LATERAL (
           SELECT appointment.id
             FROM appointment
            WHERE appointment.slot_id = ANY (ARRAY[slot.id])
              AND appointment.status <> 'cancelled'
              AND appointment.place > 0
              AND NOT is_hold(appointment.status)
            UNION ALL
           SELECT appointment.id
             FROM appointment
            WHERE appointment.slot_id = ANY (ARRAY[slot.id])
              AND appointment.status IN ('cancelled', 'declined')
     ) AS appointment
     WHERE slot.provider_id = %(provider_id)s::bigint
       AND slot.starts_at > now() - interval '30 days'
), shown AS MATERIALIZED (
    SELECT entry.*
      FROM found
      JOIN appointment ON appointment.id = ANY (ARRAY[found.id])
      JOIN provider ON provider.id = (found.at).provider_id
      JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
     CROSS JOIN LATERAL calendar_entry(
               appointment.id, appointment.version, appointment.status, appointment.expires_at,
               found.at, provider, account, %(provider_id)s::bigint <> 0) AS entry
     WHERE NOT leaves(entry.status)
        OR entry.changed_at > now() - interval '7 days'
     ORDER BY entry.starts_at, entry.id
     LIMIT %(most)s::integer
), tagged AS MATERIALIZED (
    SELECT left(md5(%(writer)s::text || coalesce(
                        string_agg(shown::text, '' ORDER BY shown.starts_at, shown.id), '')), 16) AS tag
      FROM shown
)
SELECT installation.id::text AS installation, tagged.tag,
       CASE WHEN tagged.tag <> %(known)s::text
            THEN (SELECT coalesce(json_agg(row_to_json(shown) ORDER BY shown.starts_at, shown.id), '[]')::text
                    FROM shown)
       END AS entries
  FROM tagged
 CROSS JOIN installation;


-- name: calendar_feed_one :maybe
-- One appointment that the actor may see. Staff see whose it is; their own, with whom.
SELECT installation.id::text AS installation,
       row_to_json(entry)::text AS entry,
       version_now(appointment.version, appointment.expires_at) AS version,
       provider.version AS provider_version
  FROM appointment
  JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  JOIN provider ON provider.id = slot.provider_id
  JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
 CROSS JOIN LATERAL calendar_entry(
           appointment.id, appointment.version, appointment.status, appointment.expires_at,
           slot, provider, account, appointment.account_id <> %(actor_id)s::bigint) AS entry
 CROSS JOIN installation
 WHERE appointment.id = %(appointment_id)s::bigint
   AND NOT is_hold(appointment.status)
   AND (appointment.account_id = %(actor_id)s::bigint
        OR is_staff(slot, %(staff_of)s::bigint));
