-- name: schema_version :one
-- The schema, and the oldest code that it serves; by to_jsonb, for an older one has no such column.
SELECT COALESCE(max(version), 0) AS version,
       COALESCE(max(COALESCE((to_jsonb(schema_migration) ->> 'serves')::integer, version)), 0)
           AS serves
  FROM schema_migration;
