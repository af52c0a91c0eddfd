-- What an operator wants to know of the server itself; nothing here is asked while serving.


-- name: server_facts :one
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::integer AS version_number,
       pg_is_in_recovery() AS standby,
       current_setting('wal_level') AS wal_level,
       current_setting('data_checksums') AS data_checksums,
       current_setting('max_connections')::integer
           - current_setting('superuser_reserved_connections')::integer
           - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
           AS connections_left,
       current_user AS role,
       has_database_privilege(current_database(), 'CREATE') AS may_migrate,
       to_regclass('provider') IS NOT NULL AS has_providers,
       now() AS clock;


-- name: server_zones :many
-- The zones of all providers, and whether PostgreSQL knows them.
SELECT zone.name, known.name IS NOT NULL AS known
  FROM (SELECT DISTINCT time_zone AS name FROM provider) AS zone
  LEFT JOIN pg_timezone_names AS known ON known.name = zone.name
 ORDER BY zone.name
 LIMIT 1000;


-- name: server_wall_clocks :many
-- What PostgreSQL takes a wall clock of each zone to show at some instants.
SELECT zone.name, instant.at, to_char(instant.at AT TIME ZONE zone.name, 'HH24:MI') AS shown
  FROM unnest(%(zones)s::text[]) AS zone (name)
 CROSS JOIN unnest(%(instants)s::timestamptz[]) AS instant (at)
 ORDER BY zone.name, instant.at
 LIMIT 100000;
