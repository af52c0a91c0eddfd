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
       to_regproc('clock_offset') IS NOT NULL AS has_clocks,
       now() AS clock;
