-- Appointments page by page; PostgreSQL writes the JSON. book.sql says why it is
-- `= ANY (ARRAY[x])`.


-- name: appointment_list :many
-- For each item one page of a user's own appointments, oldest booking first, as the JSON array
-- itself; provider 0 and status '' stand for any, several statuses have commas between them. No body
-- where its tag is known already. A page ends early where its notes become too long: nobody's page
-- may hold up the others' of its set.
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
        SELECT appointment.id, appointment.notes, appointment.status, at.slot, at.provider,
               row_number() OVER (ORDER BY appointment.id) AS nth,
               coalesce(sum(octet_length(appointment.notes)) OVER earlier, 0) AS before
          FROM appointment
         -- The LIMIT keeps this a look-up per appointment: as a join it may read all of that time.
         CROSS JOIN LATERAL (
            SELECT slot, provider
              FROM slot
              JOIN provider ON provider.id = slot.provider_id
             WHERE slot.id = appointment.slot_id
               AND (item.provider_id = 0 OR slot.provider_id = item.provider_id)
               AND slot.starts_at >= item.from_at
               AND slot.starts_at < item.to_at
             LIMIT 1
         ) AS at
         WHERE appointment.account_id = item.account_id
           -- As a pair: id alone would let it read everybody's from there on.
           AND (appointment.account_id, appointment.id) > (item.account_id, item.after_id)
           AND (item.status = '' OR appointment.status = ANY (string_to_array(item.status, ',')))
        WINDOW earlier AS (ORDER BY appointment.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
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
           (SELECT count(*) FROM page) > count(*) AS more
      FROM page
     WHERE page.nth <= item.most
       AND page.before < %(most_bytes)s::integer
 ) AS list
 CROSS JOIN LATERAL (
    SELECT to_hex(hashtextextended(list.body, 0)) AS tag
    OFFSET 0  -- else it would be worked out twice
 ) AS version
 ORDER BY item.n;


-- name: appointment_list_provider :one
-- One page of all appointments with a provider, for its staff, as the JSON array itself; it ends early
-- as above. The ids first, by the slots of that time and two partial indexes that together have every
-- appointment, then the rest of those that are on the page.
WITH kept AS (
    SELECT appointment.id
      FROM slot
     CROSS JOIN LATERAL (
            SELECT live.id, live.status
              FROM appointment AS live
             WHERE live.slot_id = slot.id
               AND live.status <> 'cancelled'
             UNION ALL
            SELECT gone.id, gone.status
              FROM appointment AS gone
             WHERE gone.slot_id = slot.id
               AND gone.status = 'cancelled'
               AND 'cancelled' = ANY (%(statuses)s::text[])
     ) AS appointment
     WHERE slot.provider_id = %(provider_id)s::bigint
       AND slot.starts_at >= %(from_at)s::timestamptz
       AND slot.starts_at < %(to_at)s::timestamptz
       AND appointment.id + 0 > %(after_id)s::bigint  -- else by all ids from there on
       AND appointment.status = ANY (%(statuses)s::text[])
     ORDER BY appointment.id
     LIMIT %(limit)s::integer + 1
), page AS (
    SELECT appointment.id, appointment.notes, appointment.status, account.username, slot, provider,
           row_number() OVER (ORDER BY appointment.id) AS nth,
           coalesce(sum(octet_length(appointment.notes)) OVER earlier, 0) AS before
      FROM kept
      JOIN appointment ON appointment.id = ANY (ARRAY[kept.id])
      JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      JOIN provider ON provider.id = slot.provider_id
      JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
    WINDOW earlier AS (ORDER BY appointment.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
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
       (SELECT count(*) FROM kept) > count(*) AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer
   AND page.before < %(most_bytes)s::integer;
