-- name: slot_list :one
-- One page of every provider's slots in the order of time, as the JSON array itself. No index finds a
-- status, so only so many slots are looked at: a page may then have fewer than the limit, or none,
-- and the next one goes on behind the last slot that was looked at.
WITH looked AS MATERIALIZED (
    SELECT slot, slot.starts_at, slot.id
      FROM slot
     WHERE slot.deleted_at IS NULL
       AND (slot.starts_at, slot.id) > (
               greatest(%(from_at)s::timestamptz, %(after_at)s::timestamptz),
               CASE WHEN %(after_at)s::timestamptz >= %(from_at)s::timestamptz
                    THEN %(after_id)s::bigint ELSE 0 END)
       AND slot.starts_at < %(to_at)s::timestamptz
     ORDER BY slot.starts_at, slot.id
     LIMIT %(most_looks)s::integer
), page AS (
    SELECT looked.slot, provider, looked.starts_at, looked.id,
           row_number() OVER (ORDER BY looked.starts_at, looked.id) AS nth
      FROM looked
      JOIN provider ON provider.id = (looked.slot).provider_id
     WHERE slot_status(looked.slot) = ANY (%(statuses)s::text[])
       AND NOT has_run_out(looked.slot)
     ORDER BY looked.starts_at, looked.id
     LIMIT %(limit)s::integer + 1
), ends AS (
    SELECT page.starts_at, page.id
      FROM page
     WHERE page.nth = %(limit)s::integer
       AND (SELECT count(*) FROM page) > %(limit)s::integer
    UNION ALL
    (SELECT looked.starts_at, looked.id
       FROM looked
      WHERE (SELECT count(*) FROM page) <= %(limit)s::integer
     OFFSET %(most_looks)s::integer - 1)
)
SELECT '[' || coalesce(string_agg(row_to_json(slot_full(page.slot, page.provider))::text, ','
                                  ORDER BY page.nth), '') || ']' AS body,
       (SELECT ends.starts_at::text FROM ends) AS last_at,
       (SELECT ends.id FROM ends) AS last_id,
       EXISTS (SELECT FROM ends) AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer;


-- name: slot_list_providers :one
-- The same of some providers: what all of them have first is among what each has first.
WITH looked AS MATERIALIZED (
    SELECT first.slot, first.starts_at, first.id
      FROM unnest(%(provider_ids)s::bigint[]) AS asked (provider_id)
     CROSS JOIN LATERAL (
           SELECT slot, slot.starts_at, slot.id
             FROM slot
            WHERE slot.provider_id = asked.provider_id
              AND num_nulls(slot.deleted_at) = 1  -- as IS NULL, indexes that are partial by it would do
              AND (slot.starts_at, slot.id) > (
                      greatest(%(from_at)s::timestamptz, %(after_at)s::timestamptz),
                      CASE WHEN %(after_at)s::timestamptz >= %(from_at)s::timestamptz
                           THEN %(after_id)s::bigint ELSE 0 END)
              AND slot.starts_at < %(to_at)s::timestamptz
            ORDER BY slot.starts_at, slot.id
            LIMIT %(most_looks)s::integer
     ) AS first
     ORDER BY first.starts_at, first.id
     LIMIT %(most_looks)s::integer
), page AS (
    SELECT looked.slot, provider, looked.starts_at, looked.id,
           row_number() OVER (ORDER BY looked.starts_at, looked.id) AS nth
      FROM looked
      JOIN provider ON provider.id = (looked.slot).provider_id
     WHERE slot_status(looked.slot) = ANY (%(statuses)s::text[])
     ORDER BY looked.starts_at, looked.id
     LIMIT %(limit)s::integer + 1
), ends AS (
    SELECT page.starts_at, page.id
      FROM page
     WHERE page.nth = %(limit)s::integer
       AND (SELECT count(*) FROM page) > %(limit)s::integer
    UNION ALL
    (SELECT looked.starts_at, looked.id
       FROM looked
      WHERE (SELECT count(*) FROM page) <= %(limit)s::integer
     OFFSET %(most_looks)s::integer - 1)
)
SELECT '[' || coalesce(string_agg(row_to_json(slot_full(page.slot, page.provider))::text, ','
                                  ORDER BY page.nth), '') || ']' AS body,
       (SELECT ends.starts_at::text FROM ends) AS last_at,
       (SELECT ends.id FROM ends) AS last_id,
       EXISTS (SELECT FROM ends) AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer;


-- name: slot_list_provider :many
-- For each item the same of one provider; status is one or more with commas, '' stands for any. Two queries, so that each keeps
-- its own index when prepared. No body where its tag is known already.
SELECT item.n, CASE WHEN version.tag <> item.known THEN list.body END AS body,
       list.last_at, list.last_id, list.more, version.tag
  FROM unnest(
           %(provider_id)s::bigint[], %(status)s::text[],
           %(from_at)s::timestamptz[], %(to_at)s::timestamptz[],
           %(after_at)s::timestamptz[], %(after_id)s::bigint[], %(limit)s::integer[],
           %(known)s::text[]
       ) WITH ORDINALITY AS item (
           provider_id, status, from_at, to_at, after_at, after_id, most, known, n)
 CROSS JOIN LATERAL (
    WITH looked AS MATERIALIZED (
        SELECT slot, slot.starts_at, slot.id
          FROM slot
         WHERE slot.provider_id = item.provider_id
           AND num_nulls(slot.deleted_at) = 1  -- as IS NULL, indexes that are partial by it would do
           AND (slot.starts_at, slot.id) > (
                   greatest(item.from_at, item.after_at),
                   CASE WHEN item.after_at >= item.from_at THEN item.after_id ELSE 0 END)
           AND slot.starts_at < item.to_at
         ORDER BY slot.starts_at, slot.id
         LIMIT %(most_looks)s::integer
    ), page AS (
        SELECT looked.slot, provider, looked.starts_at, looked.id,
               row_number() OVER (ORDER BY looked.starts_at, looked.id) AS nth
          FROM looked
          JOIN provider ON provider.id = (looked.slot).provider_id
         WHERE (item.status = '' OR slot_status(looked.slot) = ANY (string_to_array(item.status, ',')))
           AND NOT has_run_out(looked.slot)
         ORDER BY looked.starts_at, looked.id
         LIMIT item.most + 1
    ), ends AS (
        SELECT page.starts_at, page.id
          FROM page
         WHERE page.nth = item.most
           AND (SELECT count(*) FROM page) > item.most
        UNION ALL
        (SELECT looked.starts_at, looked.id
           FROM looked
          WHERE (SELECT count(*) FROM page) <= item.most
         OFFSET %(most_looks)s::integer - 1)
    )
    SELECT '[' || coalesce(string_agg(row_to_json(slot_full(page.slot, page.provider))::text, ','
                                      ORDER BY page.nth), '') || ']' AS body,
           (SELECT ends.starts_at::text FROM ends) AS last_at,
           (SELECT ends.id FROM ends) AS last_id,
           EXISTS (SELECT FROM ends) AS more
      FROM page
     WHERE page.nth <= item.most
 ) AS list
 CROSS JOIN LATERAL (
    SELECT to_hex(hashtextextended(list.body, 0)) AS tag
    OFFSET 0  -- else it would be worked out twice
 ) AS version
 ORDER BY item.n;
