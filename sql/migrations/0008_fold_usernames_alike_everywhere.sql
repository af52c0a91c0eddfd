-- serves: 5
-- PostgreSQL has one of these two from 17 on; before, it may have been built without the second.
DO $$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION folded(username text) RETURNS text '
        'LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(username COLLATE %I)',
        (SELECT collname
           FROM pg_collation
          WHERE collname IN ('pg_c_utf8', 'und-x-icu')
          ORDER BY collname
          LIMIT 1)
    );
END
$$;

DROP INDEX account_username_unique;
CREATE UNIQUE INDEX account_username_unique ON account (folded(username));
-- For code from before, which looks names up by lower().
CREATE INDEX account_username_lower ON account (lower(username));
