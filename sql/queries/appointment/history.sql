-- name: appointment_history :maybe
-- One page of an appointment's changes, oldest first; no row where the actor may not see it. Whoever
-- is no staff of it sees no staff's name, nor what they remarked on what is for staff only.
WITH page AS (
    SELECT change.*, shown_name(account) AS username, change.actor_id = %(actor_id)s::bigint AS own,
           row_number() OVER (ORDER BY change.id) AS nth
      FROM appointment_history AS change
      LEFT JOIN account ON account.id = ANY (ARRAY[change.actor_id])
     WHERE change.appointment_id = %(appointment_id)s::bigint
       AND change.id > %(after_id)s::bigint
     ORDER BY change.id
     LIMIT %(limit)s::integer + 1
)
SELECT '[' || coalesce(string_agg(row_to_json(ROW (
                  page.at, page.action,
                  CASE WHEN page.actor_id = 0 THEN 'system'
                       WHEN page.own OR is_staff(slot, %(staff_of)s::bigint) THEN page.username
                       ELSE 'staff'
                  END,
                  page.from_slot_id, page.to_slot_id,
                  page.from_status, page.to_status,
                  CASE WHEN page.own OR is_staff(slot, %(staff_of)s::bigint)
                         OR page.action <> ALL (%(staff_only)s::text[] || '{book}') THEN page.reason
                       ELSE ''
                  END
              )::history_document)::text, ',' ORDER BY page.id)
              FILTER (WHERE page.id IS NOT NULL), '') || ']' AS body,
       max(page.id) AS last_id,
       (SELECT count(*) FROM page) > %(limit)s::integer AS more
  FROM appointment
  JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  LEFT JOIN page ON page.nth <= %(limit)s::integer
 WHERE appointment.id = %(appointment_id)s::bigint
   AND NOT is_hold(appointment.status)
   AND (appointment.account_id = %(actor_id)s::bigint
        OR is_staff(slot, %(staff_of)s::bigint))
 GROUP BY appointment.id;
