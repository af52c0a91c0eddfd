-- A user's own appointments by the time of their slots. No index has them so: all of those that were booked
-- last are looked at, which is all that most people ever have.


-- name: appointment_list_time :one
-- One page as the JSON array itself; `sign` is 1, or -1 for the last first. In a slot the oldest booking
-- comes first either way. It ends early where its notes become too long, as in appointment_list.sql.
WITH looked AS MATERIALIZED (
    SELECT appointment.id, appointment.slot_id,
           status_now(appointment.status, appointment.expires_at) AS status
      FROM appointment
     WHERE appointment.account_id = %(account_id)s::bigint
       -- As a pair: id alone would let it read everybody's from the last one on.
       AND (appointment.account_id, appointment.id) < (%(account_id)s::bigint, 9223372036854775807)
     ORDER BY appointment.id DESC
     LIMIT %(most_looks)s::integer
), start AS (
    SELECT %(sign)s::integer * extract(epoch FROM slot.starts_at) AS at
      FROM slot
     WHERE slot.id = %(after_slot_id)s::bigint
), found AS (
    SELECT looked.id, at.at, %(sign)s::integer * looked.slot_id AS slot_key
      FROM looked
     -- The LIMIT keeps this a look-up per appointment: as a join it may read all of that time.
     CROSS JOIN LATERAL (
           SELECT %(sign)s::integer * extract(epoch FROM slot.starts_at) AS at
             FROM slot
            WHERE slot.id = looked.slot_id
              AND looked.status = ANY (%(statuses)s::text[])
              AND (%(provider_ids)s::bigint[] = '{}' OR slot.provider_id = ANY (%(provider_ids)s::bigint[]))
              AND slot.starts_at >= %(from_at)s::timestamptz
              AND slot.starts_at < %(to_at)s::timestamptz
            LIMIT 1
     ) AS at
     WHERE %(after_slot_id)s::bigint = 0
        OR (at.at, %(sign)s::integer * looked.slot_id, looked.id)
           > ((SELECT start.at FROM start), %(sign)s::integer * %(after_slot_id)s::bigint,
              %(after_id)s::bigint)
     ORDER BY at.at, slot_key, looked.id
     LIMIT %(limit)s::integer + 1
), page AS (
    SELECT appointment.id, appointment.notes,
           status_now(appointment.status, appointment.expires_at) AS status, slot, provider,
           row_number() OVER in_time AS nth,
           coalesce(sum(octet_length(appointment.notes)) OVER earlier, 0) AS before
      FROM found
      JOIN appointment ON appointment.id = ANY (ARRAY[found.id])
      JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      JOIN provider ON provider.id = slot.provider_id
    WINDOW in_time AS (ORDER BY found.at, found.slot_key, found.id),
           earlier AS (in_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT '[' || coalesce(string_agg(row_to_json(ROW (
                  page.id,
                  CASE WHEN %(expand)s::boolean
                       THEN row_to_json(slot_full(page.slot, page.provider))
                       ELSE row_to_json(slot_brief(page.slot, page.provider))
                  END,
                  page.notes,
                  page.status
              )::appointment_brief)::text, ',' ORDER BY page.nth), '') || ']' AS body,
       coalesce((array_agg((page.slot).id ORDER BY page.nth DESC))[1], 0) AS last_slot_id,
       coalesce((array_agg(page.id ORDER BY page.nth DESC))[1], 0) AS last_id,
       (SELECT count(*) FROM found) > count(*) AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer
   AND page.before < %(most_bytes)s::integer;
