-- serves: 5
CREATE FUNCTION locked(kind text) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('booking.' || kind, true), ''), '{}')::bigint[];
