-- Slots of a provider's calendar. A slot is deleted by marking it, since history points to it.


-- name: slot_create :many
-- All or nothing; answers come in the order asked. Overlaps fall to slot_no_overlap, but of a
-- provider who does not exist, or does not offer the slot's service, nothing can be said: then there
-- is no row. One at a time for each provider: two whose slots overlap would insert both, then wait
-- for each other; and a change of a service waits, too.
SELECT provider.id
  FROM provider
 WHERE provider.id = ANY (%(provider_id)s::bigint[])
 ORDER BY provider.id
   FOR NO KEY UPDATE;

SELECT expire(array_agg(run_out.id)) AS expired
  FROM (SELECT slot.id
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT run_out.id
                     FROM unnest(%(provider_id)s::bigint[], %(starts_at)s::timestamptz[],
                                 %(ends_at)s::timestamptz[]) AS item (provider_id, starts_at, ends_at)
                    CROSS JOIN LATERAL run_out_between(
                              ARRAY[item.provider_id], tstzrange(item.starts_at, item.ends_at)) AS run_out))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS run_out;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(provider_id)s::bigint[], %(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[],
               %(capacity)s::integer[], %(per_person)s::integer[], %(service_id)s::bigint[]
           ) WITH ORDINALITY AS item (
               provider_id, starts_at, ends_at, capacity, per_person, service_id, n)
), created AS (
    INSERT INTO slot (
        provider_id, starts_at, ends_at, capacity, per_person, service_id, service_version, blocked_at)
    SELECT item.provider_id, item.starts_at, item.ends_at, item.capacity, item.per_person,
           item.service_id,
           (SELECT service.version FROM service WHERE service.id = item.service_id),
           CASE WHEN is_blocked(item.provider_id, item.starts_at, item.ends_at) THEN now() END
      FROM item
     WHERE %(provider_id)s::bigint[] <@ ARRAY(
               SELECT provider.id
                 FROM provider
                WHERE provider.id = ANY (%(provider_id)s::bigint[])
           )
       AND (SELECT bool_and(offers(wanted.provider_id, wanted.service_id)) FROM item AS wanted)
     ORDER BY item.n
    RETURNING slot
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'slot.created', (created.slot).id
      FROM created
     ORDER BY 2
)
SELECT slot_alone(created.slot, provider) AS body
  FROM item
  JOIN created ON (created.slot).provider_id = item.provider_id
              AND (created.slot).starts_at = item.starts_at
  JOIN provider ON provider.id = item.provider_id
 ORDER BY item.n;


-- name: slot_unoffered :value
-- Which of these slots, counted from 0, is the first of a service that its provider does not offer.
SELECT min(item.n) - 1
  FROM unnest(%(provider_id)s::bigint[], %(service_id)s::bigint[])
       WITH ORDINALITY AS item (provider_id, service_id, n)
 WHERE NOT offers(item.provider_id, item.service_id);


-- name: slot_overlapping :value
-- Which of these slots, counted from 0, is the first that overlaps one of the calendar; NULL: none.
SELECT min(item.n) - 1
  FROM unnest(
           %(provider_id)s::bigint[], %(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[]
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

SELECT expire(array_agg(run_out.id)) AS expired
  FROM (SELECT slot.id
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT run_out.id
                     FROM unnest(%(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[])
                       AS item (starts_at, ends_at)
                    CROSS JOIN LATERAL run_out_between(
                              ARRAY[%(provider_id)s::bigint], tstzrange(item.starts_at, item.ends_at))
                           AS run_out))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS run_out;

WITH created AS (
    INSERT INTO slot (provider_id, starts_at, ends_at, capacity, blocked_at)
    SELECT %(provider_id)s::bigint, item.starts_at, item.ends_at, %(capacity)s::integer,
           CASE WHEN is_blocked(%(provider_id)s::bigint, item.starts_at, item.ends_at) THEN now() END
      FROM unnest(%(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[]) AS item (starts_at, ends_at)
     ORDER BY item.starts_at
        ON CONFLICT ON CONSTRAINT slot_no_overlap DO NOTHING
    RETURNING id
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'slot.created', created.id
      FROM created
     ORDER BY 2
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
SELECT slot_alone(slot, provider) AS body, slot_version_now(slot) AS version,
       provider.version AS provider_version
  FROM slot
  JOIN provider ON provider.id = slot.provider_id
 WHERE slot.id = %(slot_id)s::bigint
   AND slot.deleted_at IS NULL
   AND NOT has_run_out(slot);


-- name: slot_count :value
-- Whether the calendar is empty: counts at most one.
SELECT count(*) FROM (SELECT FROM slot LIMIT 1) AS any_slot;
