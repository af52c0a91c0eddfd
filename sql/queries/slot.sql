-- Slots of a provider's calendar. A slot is deleted by marking it, since history points to it.


-- name: slot_create :many
-- All or nothing; answers come in the order asked. Overlaps fall to slot_no_overlap, but of a
-- provider who does not exist nothing can be said: then there is no row. One at a time for each
-- provider: two whose slots overlap would insert both, then wait for each other.
SELECT provider.id
  FROM provider
 WHERE provider.id = ANY (%(provider_ids)s::bigint[])
 ORDER BY provider.id
   FOR NO KEY UPDATE;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(provider_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
               %(capacities)s::integer[]
           ) WITH ORDINALITY AS item (provider_id, starts_at, ends_at, capacity, n)
), created AS (
    INSERT INTO slot (provider_id, starts_at, ends_at, capacity)
    SELECT item.provider_id, item.starts_at, item.ends_at, item.capacity
      FROM item
     WHERE %(provider_ids)s::bigint[] <@ ARRAY(
               SELECT provider.id
                 FROM provider
                WHERE provider.id = ANY (%(provider_ids)s::bigint[])
           )
     ORDER BY item.n
    RETURNING slot
)
SELECT row_to_json(slot_full(created.slot, provider))::text AS body
  FROM item
  JOIN created ON (created.slot).provider_id = item.provider_id
              AND (created.slot).starts_at = item.starts_at
  JOIN provider ON provider.id = item.provider_id
 ORDER BY item.n;


-- name: slot_publish :value
-- Adds the slots that overlap nothing yet and counts them: publishing twice changes nothing.
SELECT provider.id
  FROM provider
 WHERE provider.id = %(provider_id)s::bigint
   FOR NO KEY UPDATE;

WITH created AS (
    INSERT INTO slot (provider_id, starts_at, ends_at, capacity)
    SELECT %(provider_id)s::bigint, item.starts_at, item.ends_at, %(capacity)s::integer
      FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS item (starts_at, ends_at)
     ORDER BY item.starts_at
        ON CONFLICT ON CONSTRAINT slot_no_overlap DO NOTHING
    RETURNING id
)
SELECT count(*) FROM created;


-- name: slot_occupied :many
-- The times of a provider's slots from the one under way at an instant on. One scan of the index
-- for many: a look for each interval could be planned badly while the table is new.
SELECT slot.starts_at, slot.ends_at
  FROM slot
 WHERE slot.provider_id = %(provider_id)s::bigint
   AND slot.deleted_at IS NULL
   AND slot.starts_at < %(to_at)s::timestamptz
   AND slot.starts_at >= coalesce(
           (SELECT max(earlier.starts_at)
              FROM slot AS earlier
             WHERE earlier.provider_id = %(provider_id)s::bigint
               AND earlier.deleted_at IS NULL
               AND earlier.starts_at <= %(from_at)s::timestamptz),
           %(from_at)s::timestamptz)
 ORDER BY slot.starts_at
 LIMIT %(limit)s::integer;


-- name: slot_get :maybe
SELECT row_to_json(slot_full(slot, provider))::text AS body, slot.version
  FROM slot
  JOIN provider ON provider.id = slot.provider_id
 WHERE slot.id = %(slot_id)s::bigint
   AND slot.deleted_at IS NULL;


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
-- For each item the same of one provider; status '' stands for any. Two queries, so that each keeps
-- its own index when prepared. No body where its tag is known already.
SELECT item.n, CASE WHEN version.tag <> item.known THEN list.body END AS body,
       list.last_at, list.last_id, list.more, version.tag
  FROM unnest(
           %(provider_ids)s::bigint[], %(statuses)s::text[],
           %(froms)s::timestamptz[], %(tos)s::timestamptz[],
           %(after_ats)s::timestamptz[], %(after_ids)s::bigint[], %(limits)s::integer[],
           %(knowns)s::text[]
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
         WHERE item.status = '' OR slot_status(looked.slot) = item.status
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


-- name: slot_change :maybe
-- Opens, closes or resizes one slot, or deletes an empty one; no row where the actor sees none.
-- A capacity of 0 and a NULL for closed mean: leave it as it is.
SELECT slot.id
  FROM slot
 WHERE slot.id = %(slot_id)s::bigint
   FOR NO KEY UPDATE;

WITH considered AS (
    SELECT slot.id,
           CASE
               WHEN NOT is_staff(slot, %(staff_of)s::bigint) THEN 'forbidden'
               WHEN %(version)s::integer <> 0 AND %(version)s::integer <> slot.version THEN 'stale'
               WHEN %(deleted)s::boolean AND slot.booked > 0 THEN 'slot_in_use'
               WHEN %(capacity)s::integer > 0 AND slot.booked > %(capacity)s::integer
               THEN 'slot_in_use'
               WHEN %(capacity)s::integer > 0
                AND EXISTS (SELECT FROM appointment
                             WHERE appointment.slot_id = slot.id
                               AND appointment.place > %(capacity)s::integer
                               AND appointment.status <> 'cancelled')
               THEN 'slot_in_use'
           END AS verdict
      FROM slot
     WHERE slot.id = %(slot_id)s::bigint
       AND slot.deleted_at IS NULL
), changed AS (
    UPDATE slot
       SET closed = coalesce(%(closed)s::boolean, slot.closed),
           capacity = coalesce(nullif(%(capacity)s::integer, 0), slot.capacity),
           deleted_at = CASE WHEN %(deleted)s::boolean THEN now() END,
           version = slot.version + 1
      FROM considered
     WHERE slot.id = considered.id
       AND considered.verdict IS NULL
    RETURNING slot AS after
)
SELECT coalesce(considered.verdict, 'changed') AS verdict,
       row_to_json(slot_full(changed.after, provider))::text AS body,
       (changed.after).version AS version
  FROM considered
  LEFT JOIN changed ON true
  LEFT JOIN provider ON provider.id = (changed.after).provider_id;


-- name: slot_count :value
-- Whether the calendar is empty: counts at most one.
SELECT count(*) FROM (SELECT FROM slot LIMIT 1) AS any_slot;
