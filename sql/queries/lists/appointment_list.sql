-- Appointments page by page; PostgreSQL writes the JSON. book.sql says why it is
-- `= ANY (ARRAY[x])`.
--
-- No index finds a status, so only so many rows are looked at for a page, which may then have fewer
-- than the limit, or none. The last one that is looked at is taken, too: the next page goes on there.


-- name: appointment_list :many
-- For each item one page of a user's own appointments, oldest booking first, as the JSON array
-- itself; '' stands for any provider or status, several have commas between them. No body where its tag is
-- known already. A page ends early where its notes become too long: nobody's page
-- may hold up the others' of its set.
SELECT item.n, CASE WHEN version.tag <> item.known THEN list.body END AS body,
       list.last_id, list.more, version.tag
  FROM unnest(
           %(account_id)s::bigint[], %(provider_ids)s::text[], %(status)s::text[],
           %(from_at)s::timestamptz[], %(to_at)s::timestamptz[],
           %(after_id)s::bigint[], %(limit)s::integer[], %(expand)s::boolean[],
           %(known)s::text[]
       ) WITH ORDINALITY AS item (
           account_id, provider_ids, status, from_at, to_at, after_id, most, expand, known, n)
 CROSS JOIN LATERAL (
    WITH page AS (
        SELECT looked.id, looked.notes, looked.status, looked.look, at.slot, at.provider, at.found,
               row_number() OVER (ORDER BY looked.id) AS nth,
               coalesce(sum(octet_length(looked.notes)) OVER earlier, 0) AS before
          FROM (SELECT appointment.id, appointment.notes, appointment.slot_id,
                       status_now(appointment.status, appointment.expires_at) AS status,
                       row_number() OVER (ORDER BY appointment.id) AS look
                  FROM appointment
                 WHERE appointment.account_id = item.account_id
                   -- As a pair: id alone would let it read everybody's from there on.
                   AND (appointment.account_id, appointment.id) > (item.account_id, item.after_id)
                 ORDER BY appointment.id
                 LIMIT %(most_looks)s::integer) AS looked
          -- The LIMIT keeps this a look-up per appointment: as a join it may read all of that time.
          LEFT JOIN LATERAL (
            SELECT slot, provider, true AS found
              FROM slot
              JOIN provider ON provider.id = slot.provider_id
             WHERE slot.id = looked.slot_id
               AND NOT is_hold(looked.status)
               AND (item.status = '' OR looked.status = ANY (string_to_array(item.status, ',')))
               AND (item.provider_ids = ''
                    OR slot.provider_id = ANY (string_to_array(item.provider_ids, ',')::bigint[]))
               AND slot.starts_at >= item.from_at
               AND slot.starts_at < item.to_at
             LIMIT 1
         ) AS at ON true
         WHERE at.found
            OR looked.look = %(most_looks)s::integer
        WINDOW earlier AS (ORDER BY looked.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
         ORDER BY looked.id
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
                  )::appointment_brief)::text, ',' ORDER BY page.id)
                  FILTER (WHERE page.found), '') || ']' AS body,
           max(page.id) AS last_id,
           (SELECT count(*) FROM page)
               > count(*) FILTER (WHERE page.look < %(most_looks)s::integer) AS more
      FROM page
     WHERE page.nth <= item.most
       AND page.before < %(most_bytes)s::integer
 ) AS list
 CROSS JOIN LATERAL (
    SELECT to_hex(hashtextextended(list.body, 0)) AS tag
    OFFSET 0  -- else it would be worked out twice
 ) AS version
 ORDER BY item.n;
