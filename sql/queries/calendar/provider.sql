-- name: provider_create :one
WITH created AS (
    INSERT INTO provider (name, time_zone, clock, kind, per_day)
    VALUES (%(name)s::text, %(time_zone)s::text, nullif(%(clock)s::text, %(time_zone)s::text),
            %(kind)s::text, %(per_day)s::integer)
    RETURNING id, name, time_zone, kind, per_day
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'provider.changed', created.id
      FROM created
)
SELECT id, name, time_zone, kind, per_day
  FROM created;


-- name: provider_get :maybe
SELECT id, name, time_zone, kind, per_day, version
  FROM provider
 WHERE id = %(provider_id)s::bigint;


-- name: provider_list :many
SELECT id, name, time_zone, kind, per_day
  FROM provider
 WHERE id > %(after_id)s::bigint
 ORDER BY id
 LIMIT %(limit)s::integer;


-- name: provider_change :maybe
-- An empty text and a 0 mean: leave it as it is; no row where the version is 0 for any, or another
-- one. Whatever changes, the times of services show it.
WITH changed AS (
    UPDATE provider
       SET name = coalesce(nullif(%(name)s::text, ''), name),
           time_zone = coalesce(nullif(%(time_zone)s::text, ''), time_zone),
           clock = CASE WHEN %(time_zone)s::text = '' THEN clock
                        ELSE nullif(%(clock)s::text, %(time_zone)s::text)
                   END,
           kind = coalesce(nullif(%(kind)s::text, ''), kind),
           per_day = CASE WHEN %(per_day)s::integer = 0 THEN per_day ELSE %(per_day)s::integer END,
           version = version + 1,
           calendar_version = calendar_version + 1
     WHERE id = %(provider_id)s::bigint
       AND %(version)s::integer IN (0, version)
    RETURNING id, name, time_zone, kind, per_day, version
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'provider.changed', changed.id
      FROM changed
)
SELECT id, name, time_zone, kind, per_day, version
  FROM changed;


-- name: provider_zones :many
-- The zones of all providers, and whose clocks they are shown by.
SELECT DISTINCT time_zone, coalesce(clock, time_zone) AS clock
  FROM provider
 ORDER BY time_zone, clock
 LIMIT 1000;


-- name: provider_set_clock :exec
WITH changed AS (
    UPDATE provider
       SET clock = nullif(%(clock)s::text, time_zone),
           version = version + 1,
           calendar_version = calendar_version + 1
     WHERE time_zone = %(time_zone)s::text
       AND clock IS DISTINCT FROM nullif(%(clock)s::text, time_zone)
    RETURNING id
)
INSERT INTO outbox (type, subject_id)
SELECT 'provider.changed', changed.id
  FROM changed
 ORDER BY 2;


-- name: provider_zone_offsets :value
-- By how many seconds a zone's clock is ahead of UTC at each instant, as PostgreSQL shows it; an
-- error if it does not know the zone.
SELECT array_agg(clock_offset(instant.at, %(time_zone)s::text) ORDER BY instant.n)
  FROM unnest(%(instants)s::timestamptz[]) WITH ORDINALITY AS instant (at, n);


-- name: provider_zone_twin :maybe
-- The first of some zones that PostgreSQL knows and shows at these instants to be so much ahead.
SELECT zone.name
  FROM pg_timezone_names AS zone
 CROSS JOIN unnest(%(instants)s::timestamptz[], %(offsets)s::integer[]) AS instant (at, ahead)
 WHERE zone.name = ANY (%(names)s::text[])
 GROUP BY zone.name
HAVING bool_and(clock_offset(instant.at, zone.name) = instant.ahead)
 ORDER BY zone.name
 LIMIT 1;
