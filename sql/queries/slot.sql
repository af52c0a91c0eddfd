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
               %(capacities)s::integer[], %(per_persons)s::integer[]
           ) WITH ORDINALITY AS item (provider_id, starts_at, ends_at, capacity, per_person, n)
), created AS (
    INSERT INTO slot (provider_id, starts_at, ends_at, capacity, per_person)
    SELECT item.provider_id, item.starts_at, item.ends_at, item.capacity, item.per_person
      FROM item
     WHERE %(provider_ids)s::bigint[] <@ ARRAY(
               SELECT provider.id
                 FROM provider
                WHERE provider.id = ANY (%(provider_ids)s::bigint[])
           )
     ORDER BY item.n
    RETURNING slot
)
SELECT slot_alone(created.slot, provider) AS body
  FROM item
  JOIN created ON (created.slot).provider_id = item.provider_id
              AND (created.slot).starts_at = item.starts_at
  JOIN provider ON provider.id = item.provider_id
 ORDER BY item.n;


-- name: slot_overlapping :value
-- Which of these slots, counted from 0, is the first that overlaps one of the calendar; NULL: none.
SELECT min(item.n) - 1
  FROM unnest(
           %(provider_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]
       ) WITH ORDINALITY AS item (provider_id, starts_at, ends_at, n)
 WHERE item.starts_at < (SELECT slot.ends_at
                           FROM slot
                          WHERE slot.provider_id = item.provider_id
                            AND slot.starts_at < item.ends_at
                            AND slot.deleted_at IS NULL
                          ORDER BY slot.starts_at DESC
                          LIMIT 1);


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
SELECT slot_alone(slot, provider) AS body, slot.version, provider.version AS provider_version
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
-- For each item the same of one provider; status is one or more with commas, '' stands for any. Two queries, so that each keeps
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
         WHERE item.status = '' OR slot_status(looked.slot) = ANY (string_to_array(item.status, ','))
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
-- A 0 and a NULL for closed mean: leave it as it is. Who has a place beyond a new capacity gets one
-- within it; they are locked before the slot, as everywhere, so who came in between makes it busy.
SELECT set_config('booking.beyond', coalesce(array_agg(beyond.id)::text, '{}'), true) AS beyond
  FROM (SELECT appointment.id
          FROM appointment
         WHERE appointment.slot_id = ANY (ARRAY[%(slot_id)s::bigint])
           AND appointment.status <> 'cancelled'
           AND appointment.place > nullif(%(capacity)s::integer, 0)
         ORDER BY appointment.id
           FOR NO KEY UPDATE) AS beyond;

SELECT slot.id
  FROM slot
 WHERE slot.id = %(slot_id)s::bigint
   FOR NO KEY UPDATE;

WITH beyond AS (
    SELECT appointment.id, row_number() OVER (ORDER BY appointment.place) AS turn
      FROM appointment
     WHERE appointment.slot_id = ANY (ARRAY[%(slot_id)s::bigint])
       AND appointment.status <> 'cancelled'
       AND appointment.place > nullif(%(capacity)s::integer, 0)
), considered AS (
    SELECT slot.id, slot AS before,
           CASE
               WHEN NOT is_staff(slot, %(staff_of)s::bigint) THEN 'forbidden'
               WHEN %(version)s::integer <> 0 AND %(version)s::integer <> slot.version THEN 'stale'
               WHEN %(deleted)s::boolean AND slot.booked > 0 THEN 'slot_in_use'
               WHEN %(capacity)s::integer > 0 AND slot.booked > %(capacity)s::integer
               THEN 'slot_in_use'
               WHEN EXISTS (SELECT FROM beyond
                             WHERE beyond.id <> ALL (locked('beyond')))
               THEN 'busy'
           END AS verdict
      FROM slot
     WHERE slot.id = %(slot_id)s::bigint
       AND slot.deleted_at IS NULL
), within AS (
    SELECT free.place, row_number() OVER (ORDER BY free.place) AS turn
      FROM considered
     CROSS JOIN LATERAL free_places(considered.before, %(capacity)s::integer) AS free (place)
     WHERE considered.verdict IS NULL
       AND EXISTS (SELECT FROM beyond)
       AND free.place <= %(capacity)s::integer
), reseated AS (
    UPDATE appointment
       SET place = within.place
      FROM beyond
      JOIN within ON within.turn = beyond.turn
     WHERE appointment.id = ANY (ARRAY[beyond.id])
), changed AS (
    UPDATE slot
       SET closed = coalesce(%(closed)s::boolean, slot.closed),
           capacity = coalesce(nullif(%(capacity)s::integer, 0), slot.capacity),
           per_person = coalesce(nullif(%(per_person)s::integer, 0), slot.per_person),
           deleted_at = CASE WHEN %(deleted)s::boolean THEN now() END,
           version = slot.version + 1
      FROM considered
     WHERE slot.id = considered.id
       AND considered.verdict IS NULL
    RETURNING slot AS after
)
SELECT coalesce(considered.verdict, 'changed') AS verdict,
       slot_alone(changed.after, provider) AS body,
       (changed.after).version AS version
  FROM considered
  LEFT JOIN changed ON true
  LEFT JOIN provider ON provider.id = (changed.after).provider_id;


-- name: slot_count :value
-- Whether the calendar is empty: counts at most one.
SELECT count(*) FROM (SELECT FROM slot LIMIT 1) AS any_slot;
