-- Answers that are given again.

-- Answers to writes by the key the client gave them, kept for 24 hours. Written in the transaction
-- of what they answer, so a crash leaves both or neither. Account 0 is whoever has none yet; hence
-- no foreign key.
CREATE TABLE idempotency (
    account_id   bigint      NOT NULL,
    key          text        NOT NULL,
    -- SHA-256 of method, target and body, without secrets.
    fingerprint  text        NOT NULL,
    body         text        NOT NULL,
    version      integer     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key),
    CONSTRAINT idempotency_key_length CHECK (char_length(key) BETWEEN 1 AND 255)
);

CREATE INDEX idempotency_created ON idempotency (created_at);

-- Reserves a key until the transaction ends; false while another one holds it.
CREATE FUNCTION idempotency_lock(account_id bigint, key text) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN key = '' OR pg_try_advisory_xact_lock(hashtextextended(key, account_id));

-- What is known of a key: NULL means go on.
CREATE FUNCTION idempotency_verdict(
    stored idempotency, fingerprint text, locked boolean
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN stored.key IS NOT NULL AND stored.fingerprint = fingerprint THEN 'replayed'
    WHEN stored.key IS NOT NULL THEN 'key_reused'
    WHEN NOT locked THEN 'key_in_flight'
END;

-- The same of an item of a set, the nth of its key. An empty key means: none was given.
CREATE FUNCTION idempotency_set_verdict(
    stored idempotency, account_id bigint, key text, fingerprint text, nth bigint
) RETURNS text
LANGUAGE sql VOLATILE
RETURN CASE
    WHEN key <> '' THEN coalesce(
        idempotency_verdict(stored, fingerprint, idempotency_lock(account_id, key)),
        CASE WHEN nth > 1 THEN 'again' END)
END;
