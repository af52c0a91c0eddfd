-- serves: 5
CREATE FUNCTION idempotency_set_verdict(
    stored idempotency, account_id bigint, key text, fingerprint text, nth bigint
) RETURNS text
LANGUAGE sql VOLATILE
RETURN CASE
    WHEN key <> '' THEN coalesce(
        idempotency_verdict(stored, fingerprint, idempotency_lock(account_id, key)),
        CASE WHEN nth > 1 THEN 'again' END)
END;
