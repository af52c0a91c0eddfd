-- Appointments page by page; PostgreSQL writes the JSON. appointment.sql says why it is
-- `= ANY (ARRAY[x])`.


-- name: appointment_list :many
-- For each item one page of a user's own appointments, oldest booking first, as the JSON array
-- itself; provider 0 and status '' stand for any, several statuses have commas between them. No body where its tag is known already.
SELECT item.n, CASE WHEN version.tag <> item.known THEN list.body END AS body,
       list.last_id, list.more, version.tag
  FROM unnest(
           %(account_ids)s::bigint[], %(provider_ids)s::bigint[], %(statuses)s::text[],
           %(froms)s::timestamptz[], %(tos)s::timestamptz[],
           %(after_ids)s::bigint[], %(limits)s::integer[], %(expands)s::boolean[],
           %(knowns)s::text[]
       ) WITH ORDINALITY AS item (
           account_id, provider_id, status, from_at, to_at, after_id, most, expand, known, n)
 CROSS JOIN LATERAL (
    WITH page AS (
        SELECT appointment.id, appointment.notes, appointment.status, slot, provider,
               row_number() OVER (ORDER BY appointment.id) AS nth
          FROM appointment
          JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
          JOIN provider ON provider.id = slot.provider_id
         WHERE appointment.account_id = item.account_id
           AND (item.provider_id = 0 OR slot.provider_id = item.provider_id)
           AND appointment.id > item.after_id
           AND (item.status = '' OR appointment.status = ANY (string_to_array(item.status, ',')))
           AND slot.starts_at >= item.from_at
           AND slot.starts_at < item.to_at
         ORDER BY appointment.id
         LIMIT item.most + 1
    )
    SELECT '[' || coalesce(string_agg(row_to_json(ROW (
                      page.id,
                      CASE WHEN item.expand
                           THEN row_to_json(slot_full(page.slot, page.provider))
                           ELSE row_to_json(slot_brief(page.slot, page.provider))
                      END,
                      page.notes,
                      page.status
                  )::appointment_brief)::text, ',' ORDER BY page.id), '') || ']' AS body,
           max(page.id) AS last_id,
           (SELECT count(*) FROM page) > item.most AS more
      FROM page
     WHERE page.nth <= item.most
 ) AS list
 CROSS JOIN LATERAL (
    SELECT to_hex(hashtextextended(list.body, 0)) AS tag
    OFFSET 0  -- else it would be worked out twice
 ) AS version
 ORDER BY item.n;


-- name: appointment_list_provider :one
-- One page of all appointments with a provider, for its staff, as the JSON array itself.
WITH page AS (
    SELECT appointment.id, appointment.notes, appointment.status, account.username, slot, provider,
           row_number() OVER (ORDER BY appointment.id) AS nth
      FROM slot
      JOIN appointment ON appointment.slot_id = ANY (ARRAY[slot.id])
      JOIN provider ON provider.id = slot.provider_id
      JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
     WHERE slot.provider_id = %(provider_id)s::bigint
       AND appointment.id > %(after_id)s::bigint
       AND appointment.status = ANY (%(statuses)s::text[])
       AND slot.starts_at >= %(from_at)s::timestamptz
       AND slot.starts_at < %(to_at)s::timestamptz
     ORDER BY appointment.id
     LIMIT %(limit)s::integer + 1
)
SELECT '[' || coalesce(string_agg(row_to_json(ROW (
                  page.id,
                  CASE WHEN %(expand)s::boolean
                       THEN row_to_json(slot_full(page.slot, page.provider))
                       ELSE row_to_json(slot_named(page.slot, page.provider))
                  END,
                  page.username,
                  page.notes,
                  page.status
              )::appointment_document)::text, ',' ORDER BY page.id), '') || ']' AS body,
       max(page.id) AS last_id,
       (SELECT count(*) FROM page) > %(limit)s::integer AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer;
