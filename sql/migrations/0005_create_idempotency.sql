CREATE TABLE idempotency (
    account_id   bigint      NOT NULL,
    key          text        NOT NULL,
    fingerprint  text        NOT NULL,
    body         text        NOT NULL,
    version      integer     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key),
    CONSTRAINT idempotency_key_length CHECK (char_length(key) BETWEEN 1 AND 255)
);

CREATE INDEX idempotency_created ON idempotency (created_at);

CREATE FUNCTION idempotency_lock(account_id bigint, key text) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN key = '' OR pg_try_advisory_xact_lock(hashtextextended(key, account_id));

CREATE FUNCTION idempotency_verdict(
    stored idempotency, fingerprint text, locked boolean
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN stored.key IS NOT NULL AND stored.fingerprint = fingerprint THEN 'replayed'
    WHEN stored.key IS NOT NULL THEN 'key_reused'
    WHEN NOT locked THEN 'key_in_flight'
END;
