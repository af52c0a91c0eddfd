-- Appointments page by page; PostgreSQL writes the JSON. book.sql says why it is
-- `= ANY (ARRAY[x])`.
--
-- No index finds a status, so only so many rows are looked at for a page, which may then have fewer
-- than the limit, or none. The last one that is looked at is taken, too: the next page goes on there.


-- name: appointment_list :many
-- For each item one page of a user's own appointments, oldest booking first, as the JSON array
-- itself; provider 0 and status '' stand for any, several statuses have commas between them. No body
-- where its tag is known already. A page ends early where its notes become too long: nobody's page
-- may hold up the others' of its set.
SELECT item.n, CASE WHEN version.tag <> item.known THEN list.body END AS body,
       list.last_id, list.more, version.tag
  FROM unnest(
           %(account_id)s::bigint[], %(provider_id)s::bigint[], %(status)s::text[],
           %(from_at)s::timestamptz[], %(to_at)s::timestamptz[],
           %(after_id)s::bigint[], %(limit)s::integer[], %(expand)s::boolean[],
           %(known)s::text[]
       ) WITH ORDINALITY AS item (
           account_id, provider_id, status, from_at, to_at, after_id, most, expand, known, n)
 CROSS JOIN LATERAL (
    WITH page AS (
        SELECT looked.id, looked.notes, looked.status, looked.look, at.slot, at.provider, at.found,
               row_number() OVER (ORDER BY looked.id) AS nth,
               coalesce(sum(octet_length(looked.notes)) OVER earlier, 0) AS before
          FROM (SELECT appointment.id, appointment.notes, appointment.status, appointment.slot_id,
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
               AND (item.status = '' OR looked.status = ANY (string_to_array(item.status, ',')))
               AND (item.provider_id = 0 OR slot.provider_id = item.provider_id)
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


-- name: appointment_list_provider :one
-- One page of all appointments with a provider, for its staff, as the JSON array itself: by the time of
-- their slots, and in a slot the oldest booking first. It ends early as above. The ids first, slot by
-- slot and by two partial indexes that together have every appointment; a slot without any is a row
-- that was looked at, too. Then the rest of those that are on the page.
WITH start AS (
    SELECT slot.starts_at, slot.id
      FROM slot
     WHERE slot.id = %(after_slot_id)s::bigint
       AND slot.starts_at >= %(from_at)s::timestamptz
     UNION ALL
    SELECT %(from_at)s::timestamptz, 0
     ORDER BY starts_at DESC, id DESC
     LIMIT 1
), kept AS (
    SELECT looked.*, wanted.found,
           row_number() OVER (ORDER BY looked.starts_at, looked.slot_id, looked.id) AS nth
      FROM (SELECT slot.starts_at, slot.id AS slot_id, appointment.id, appointment.status,
                   row_number() OVER (ORDER BY slot.starts_at, slot.id, appointment.id) AS look
              FROM (SELECT slot.starts_at, slot.id,
                           CASE WHEN slot.id = %(after_slot_id)s::bigint THEN %(after_id)s::bigint
                                ELSE 0
                           END AS after_id
                      FROM slot
                     WHERE slot.provider_id = %(provider_id)s::bigint
                       AND (slot.starts_at, slot.id)
                           >= ((SELECT start.starts_at FROM start), (SELECT start.id FROM start))
                       AND slot.starts_at < %(to_at)s::timestamptz
                     ORDER BY slot.starts_at, slot.id
                     LIMIT %(most_looks)s::integer + 1) AS slot
              LEFT JOIN LATERAL (
                    SELECT live.id, live.status
                      FROM appointment AS live
                     WHERE live.slot_id = slot.id
                       AND live.status <> 'cancelled'
                       AND live.id + 0 > slot.after_id  -- else by all ids from there on
                     UNION ALL
                    (SELECT gone.id, gone.status
                       FROM appointment AS gone
                      WHERE gone.slot_id = slot.id
                        AND gone.status = 'cancelled'
                        AND (gone.slot_id, gone.id) > (slot.id, slot.after_id)
                        AND 'cancelled' = ANY (%(statuses)s::text[])
                      ORDER BY gone.id
                      LIMIT %(most_looks)s::integer)
             ) AS appointment ON true
             WHERE appointment.id IS NOT NULL
                OR slot.id <> %(after_slot_id)s::bigint  -- that one was on the page before
             ORDER BY slot.starts_at, slot.id, appointment.id
             LIMIT %(most_looks)s::integer) AS looked
     CROSS JOIN LATERAL (
            SELECT looked.status = ANY (%(statuses)s::text[])
               AND (NOT %(outside_hours)s::boolean
                    OR is_open(looked.status)
                   AND EXISTS (SELECT
                                 FROM slot
                                 JOIN provider ON provider.id = slot.provider_id
                                WHERE slot.id = looked.slot_id
                                  AND slot.starts_at > now()
                                  AND outside_hours(slot, provider) IS NOT NULL)) AS found
            OFFSET 0
     ) AS wanted
     WHERE wanted.found
        OR looked.look = %(most_looks)s::integer
     ORDER BY looked.starts_at, looked.slot_id, looked.id
     LIMIT %(limit)s::integer + 1
), page AS (
    SELECT kept.nth, kept.look, kept.slot_id, kept.id, kept.found,
           appointment.notes, appointment.status, shown_name(account) AS username, slot, provider,
           coalesce(sum(octet_length(appointment.notes)) OVER earlier, 0) AS before
      FROM kept
      LEFT JOIN appointment ON appointment.id = ANY (ARRAY[kept.id])
      LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      LEFT JOIN provider ON provider.id = slot.provider_id
      LEFT JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
    WINDOW earlier AS (ORDER BY kept.nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
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
              )::appointment_document)::text, ',' ORDER BY page.nth)
              FILTER (WHERE page.found), '') || ']' AS body,
       (array_agg(page.slot_id ORDER BY page.nth DESC))[1] AS last_slot_id,
       coalesce((array_agg(page.id ORDER BY page.nth DESC))[1], 0) AS last_id,
       (SELECT count(*) FROM kept)
           > count(*) FILTER (WHERE page.look < %(most_looks)s::integer) AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer
   AND page.before < %(most_bytes)s::integer;
