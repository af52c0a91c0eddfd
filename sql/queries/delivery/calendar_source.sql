-- Calendars of somebody else. What they say is kept as closures of their provider, so that the list, explain,
-- a dry run and booking see it as they see any other.


-- name: calendar_source_create :one
-- One more of a provider, or why not; it is asked for at once.
SELECT provider.id
  FROM provider
 WHERE provider.id = %(provider_id)s::bigint
   FOR NO KEY UPDATE;

WITH judged AS (
    SELECT CASE
               WHEN NOT EXISTS (SELECT FROM provider WHERE provider.id = %(provider_id)s::bigint)
               THEN 'no_provider'
               WHEN %(most)s::integer <= (SELECT count(*)
                                            FROM calendar_source AS source
                                           WHERE source.provider_id = %(provider_id)s::bigint)
               THEN 'limit_reached'
           END AS verdict
), made AS (
    INSERT INTO calendar_source (provider_id, actor_id, url)
    SELECT %(provider_id)s::bigint, %(actor_id)s::bigint, %(url)s::text
      FROM judged
     WHERE judged.verdict IS NULL
    RETURNING calendar_source AS source
)
SELECT coalesce(judged.verdict, 'made') AS verdict, (made.source).id,
       CASE WHEN (made.source).id IS NOT NULL
            THEN row_to_json(calendar_source_document(made.source))::text
       END AS body
  FROM judged
  LEFT JOIN made ON true;


-- name: calendar_source_list :many
-- All of a provider's.
SELECT source.id, row_to_json(calendar_source_document(source))::text AS body
  FROM calendar_source AS source
 WHERE source.provider_id = %(provider_id)s::bigint
 ORDER BY source.id
 LIMIT %(most)s::integer;


-- name: calendar_source_refresh :maybe
-- Ask for it now; for one that was asked for just now, in a minute.
UPDATE calendar_source AS source
   SET next_at = least(source.next_at, greatest(now(), source.tried_at + interval '1 minute'))
 WHERE source.id = %(source_id)s::bigint
   AND source.provider_id = %(provider_id)s::bigint
RETURNING row_to_json(calendar_source_document(source))::text AS body;


-- name: calendar_source_delete :exec
-- Once nothing of what it said is left.
DELETE FROM calendar_source AS source
 WHERE source.id = %(source_id)s::bigint
   AND source.provider_id = %(provider_id)s::bigint;


-- name: calendar_source_claim :maybe
-- The one that has been due longest, which is due again after a pause: whoever dies with it costs nothing but
-- that. Each process takes another. One that was read long ago is told as if it was never:
-- what repeats has gone on since.
UPDATE calendar_source AS source
   SET tried_at = now(),
       next_at = now() + make_interval(secs => %(pause)s::integer)
  FROM provider
 WHERE source.id = (SELECT due.id
                      FROM calendar_source AS due
                     WHERE due.next_at <= now()
                     ORDER BY due.next_at, due.id
                     LIMIT 1
                       FOR NO KEY UPDATE SKIP LOCKED)
   AND provider.id = source.provider_id
RETURNING source.id, source.provider_id, source.url, source.etag, source.modified,
          coalesce(source.digest, '') AS digest,
          coalesce(source.read_at < now() - interval '1 day', true) AS stale,
          source.doubted_at IS NOT NULL AS doubted,
          wall_zone(provider) AS zone,
          (SELECT count(*)
             FROM closure
            WHERE closure.source_id = source.id
              AND closure.ends_at > now()) AS events,
          (SELECT installation.id::text FROM installation) AS installation;


-- name: calendar_source_told :exec
-- It has said something that could be used, and nothing new where there is no digest.
UPDATE calendar_source AS source
   SET last_ok_at = now(),
       etag = %(etag)s::text,
       modified = %(modified)s::text,
       digest = coalesce(%(digest)s::text, source.digest),
       read_at = CASE WHEN %(digest)s::text IS NULL THEN source.read_at ELSE now() END,
       doubted_at = NULL,
       failures = 0,
       error = CASE WHEN %(digest)s::text IS NULL AND source.failures = 0 THEN source.error
                    ELSE %(error)s::text END
 WHERE source.id = %(source_id)s::bigint;


-- name: calendar_source_failed :exec
-- It has not: what it said before stands.
UPDATE calendar_source AS source
   SET failures = source.failures + 1,
       error = %(error)s::text,
       doubted_at = CASE WHEN %(doubted)s::boolean THEN coalesce(source.doubted_at, now()) END
 WHERE source.id = %(source_id)s::bigint;


-- name: calendar_source_lock :maybe
-- The provider of a calendar, under the lock of whoever changes a schedule; none once it is gone.
SELECT provider.id
  FROM provider
 WHERE provider.id = (SELECT source.provider_id
                        FROM calendar_source AS source
                       WHERE source.id = %(source_id)s::bigint)
   FOR NO KEY UPDATE;


-- name: calendar_source_replace :one
-- Closes exactly the times that it says now. What stays keeps its age: staff may have kept appointments since.
WITH said AS (
    SELECT DISTINCT busy.starts_at, busy.ends_at
      FROM unnest(%(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[]) AS busy (starts_at, ends_at)
), gone AS (
    DELETE FROM closure
     WHERE closure.source_id = %(source_id)s::bigint
       AND NOT EXISTS (SELECT FROM said
                        WHERE said.starts_at = closure.starts_at AND said.ends_at = closure.ends_at)
    RETURNING closure.starts_at, closure.ends_at
), come AS (
    INSERT INTO closure (provider_id, starts_at, ends_at, actor_id, source_id)
    SELECT source.provider_id, said.starts_at, said.ends_at, source.actor_id, source.id
      FROM said
      JOIN calendar_source AS source ON source.id = %(source_id)s::bigint
     WHERE NOT EXISTS (SELECT FROM closure
                        WHERE closure.source_id = source.id
                          AND closure.starts_at = said.starts_at
                          AND closure.ends_at = said.ends_at)
    RETURNING closure.id
), raised AS (
    UPDATE provider
       SET calendar_version = provider.calendar_version + 1
      FROM calendar_source AS source
     WHERE source.id = %(source_id)s::bigint
       AND provider.id = source.provider_id
       AND (EXISTS (SELECT FROM gone) OR EXISTS (SELECT FROM come))
    RETURNING provider.id
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'schedule.changed', raised.id
      FROM raised
)
SELECT (SELECT count(*) FROM come) AS come, (SELECT count(*) FROM gone) AS gone,
       (SELECT min(gone.starts_at) FROM gone) AS freed_from,
       (SELECT max(gone.ends_at) FROM gone) AS freed_until;


-- name: calendar_source_block :exec
-- Shuts the published slots of a provider that are in the way of what its calendars say now, and opens those
-- that no longer are. One multirange for all: a look for each slot would go through thousands of closures.
-- Not IS NOT NULL: those of all providers have an index, which is not the one that is wanted.
WITH said AS MATERIALIZED (
    SELECT coalesce(range_agg(tstzrange(closure.starts_at, closure.ends_at)), '{}') AS times
      FROM closure
     WHERE closure.provider_id = %(provider_id)s::bigint
       AND closure.ends_at > now()
       AND num_nulls(closure.source_id) = 0
)
SELECT slot.id
  FROM slot
 CROSS JOIN said
 WHERE slot.provider_id = %(provider_id)s::bigint
   AND slot.starts_at > now()
   AND slot.deleted_at IS NULL
   AND NOT is_made(slot)
   AND (slot.blocked_at IS NULL) = (said.times && tstzrange(slot.starts_at, slot.ends_at))
 ORDER BY slot.id
   FOR NO KEY UPDATE OF slot;

WITH said AS MATERIALIZED (
    SELECT coalesce(range_agg(tstzrange(closure.starts_at, closure.ends_at)), '{}') AS times
      FROM closure
     WHERE closure.provider_id = %(provider_id)s::bigint
       AND closure.ends_at > now()
       AND num_nulls(closure.source_id) = 0
), turned AS (
    UPDATE slot
       SET blocked_at = CASE WHEN slot.blocked_at IS NULL THEN now() END,
           version = slot.version + 1
      FROM said
     WHERE slot.provider_id = %(provider_id)s::bigint
       AND slot.starts_at > now()
       AND slot.deleted_at IS NULL
       AND NOT is_made(slot)
       AND (slot.blocked_at IS NULL) = (said.times && tstzrange(slot.starts_at, slot.ends_at))
    RETURNING slot.id
)
INSERT INTO outbox (type, subject_id)
SELECT 'slot.changed', turned.id
  FROM turned;


-- name: calendar_source_tell :exec
-- Tells of the coming appointments that are in the way of what a calendar says since this transaction.
WITH said AS MATERIALIZED (
    SELECT coalesce(range_agg(tstzrange(closure.starts_at, closure.ends_at)), '{}') AS times
      FROM closure
     WHERE closure.source_id = %(source_id)s::bigint
       AND closure.created_at = now()
)
INSERT INTO outbox (type, subject_id)
SELECT 'appointment.conflict', appointment.id
  FROM slot
 CROSS JOIN said
  JOIN appointment ON appointment.slot_id = ANY (ARRAY[slot.id])
 WHERE slot.provider_id = %(provider_id)s::bigint
   AND slot.starts_at > now()
   AND slot.deleted_at IS NULL
   AND slot.booked > 0
   AND said.times && tstzrange(slot.starts_at, slot.ends_at)
   AND appointment.status <> 'cancelled'
   AND is_open(appointment.status)
 ORDER BY appointment.id;


-- name: calendar_source_conflicts :one
-- The coming appointments that a calendar is in the way of, the first of them, and how many there are; not those
-- that staff keep.
WITH said AS MATERIALIZED (
    SELECT coalesce(range_agg(tstzrange(closure.starts_at, closure.ends_at)), '{}') AS times
      FROM closure
     WHERE closure.source_id = %(source_id)s::bigint
), conflict AS (
    SELECT appointment.id, slot.starts_at,
           row_number() OVER (ORDER BY slot.starts_at, appointment.id) AS nth
      FROM slot
     CROSS JOIN said
      JOIN provider ON provider.id = slot.provider_id
      JOIN appointment ON appointment.slot_id = ANY (ARRAY[slot.id])
     WHERE slot.provider_id = %(provider_id)s::bigint
       AND slot.starts_at > now()
       AND slot.deleted_at IS NULL
       AND slot.booked > 0
       AND said.times && tstzrange(slot.starts_at, slot.ends_at)
       AND outside_hours(slot, provider) IS NOT NULL
       AND appointment.status <> 'cancelled'
       AND is_open(appointment.status)
)
SELECT coalesce(
           json_agg(row_to_json(ROW (conflict.id, conflict.starts_at, 'closure')
                                ::conflict_document) ORDER BY conflict.nth)
               FILTER (WHERE conflict.nth <= %(most)s::integer), '[]')::text AS conflicts,
       count(*) AS total
  FROM conflict;


-- name: calendar_source_stale :value
-- How many have said nothing that could be used for a day.
SELECT count(*)
  FROM calendar_source AS source
 WHERE coalesce(source.last_ok_at, source.created_at) < now() - interval '24 hours';
