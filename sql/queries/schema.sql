-- name: schema_version :value
SELECT max(version) FROM schema_migration;
