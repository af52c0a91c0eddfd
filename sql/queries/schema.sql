-- name: schema_version :one
-- The schema, and the oldest code that it serves; by to_jsonb, for an older one has no such column.
-- And whether this is a standby, which takes no writes.
SELECT COALESCE(max(version), 0) AS version,
       COALESCE(max(COALESCE((to_jsonb(schema_migration) ->> 'serves')::integer, version)), 0)
           AS serves,
       pg_is_in_recovery() AS standby
  FROM schema_migration;
