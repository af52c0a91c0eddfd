-- Answers kept by the key that the client gave, written in the transaction of what they answer. An
-- empty key means: none was given. Queries that decide sets keep their own answers.


-- name: idempotency_claim :one
-- Reserves the key until the transaction ends and says what is known of it: 'replayed' with the
-- answer of then, 'key_reused', 'key_in_flight', or NULL: go on. The lock comes in a statement of
-- its own, so that the second one sees what its last holder committed; a lock that is free only by
-- then does not count, since what its holder committed may be too new to be seen.
SELECT set_config(
           'booking.key_locked',
           idempotency_lock(%(account_id)s::bigint, %(key)s::text)::text, true);

SELECT idempotency_verdict(
           stored, %(fingerprint)s::text, current_setting('booking.key_locked')::boolean
       ) AS verdict,
       stored.body, stored.version
  FROM (SELECT) AS always
  LEFT JOIN idempotency AS stored
         ON stored.account_id = %(account_id)s::bigint AND stored.key = %(key)s::text;


-- name: idempotency_keep :exec
INSERT INTO idempotency (account_id, key, fingerprint, body, version)
VALUES (%(account_id)s::bigint, %(key)s::text, %(fingerprint)s::text,
        %(body)s::text, %(version)s::integer);


-- name: idempotency_expire :exec
-- Forgets some of the oldest keys; called again while there are more.
DELETE FROM idempotency
 WHERE (account_id, key) IN (
           SELECT account_id, key
             FROM idempotency
            WHERE created_at < now() - interval '24 hours'
            ORDER BY created_at
            LIMIT %(most)s::integer
              FOR UPDATE SKIP LOCKED);
