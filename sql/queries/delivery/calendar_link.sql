-- The links by which other calendars read one of ours.


-- name: calendar_link_create :one
-- One more link of an account, or why not; those who make theirs at the same time wait.
SELECT account.id
  FROM account
 WHERE account.id = %(account_id)s::bigint
   FOR NO KEY UPDATE;

WITH judged AS (
    SELECT CASE
               WHEN %(provider_id)s::bigint <> 0
                AND NOT EXISTS (SELECT FROM provider WHERE provider.id = %(provider_id)s::bigint)
               THEN 'no_provider'
               WHEN %(most)s::integer <= (SELECT count(*)
                                            FROM calendar_link AS link
                                           WHERE link.account_id = %(account_id)s::bigint)
               THEN 'limit_reached'
           END AS verdict
), made AS (
    INSERT INTO calendar_link (account_id, provider_id, token_sha256)
    SELECT %(account_id)s::bigint, nullif(%(provider_id)s::bigint, 0), %(digest)s::text
      FROM judged
     WHERE judged.verdict IS NULL
    RETURNING calendar_link AS link
)
SELECT coalesce(judged.verdict, 'made') AS verdict,
       CASE WHEN (made.link).id IS NOT NULL
            THEN row_to_json(calendar_link_document(made.link))::text
       END AS body
  FROM judged
  LEFT JOIN made ON true;


-- name: calendar_link_list :value
-- All of an account's: there are never many.
SELECT coalesce(json_agg(row_to_json(calendar_link_document(link)) ORDER BY link.id), '[]')::text AS body
  FROM calendar_link AS link
 WHERE link.account_id = %(account_id)s::bigint;


-- name: calendar_link_delete :exec
DELETE FROM calendar_link AS link
 WHERE link.id = %(link_id)s::bigint
   AND link.account_id = %(account_id)s::bigint;


-- name: calendar_link_find :maybe
-- Whose calendar a token opens: not of who may not log in any more, or keeps that provider's no longer. Used
-- is not noted more than once a day.
SELECT link.id, link.account_id, coalesce(link.provider_id, 0) AS provider_id,
       coalesce(provider.name, shown_name(account)) AS name,
       coalesce(link.last_used_at < now() - interval '1 day', true) AS unused
  FROM calendar_link AS link
  JOIN account ON account.id = ANY (ARRAY[link.account_id])
  LEFT JOIN provider ON provider.id = ANY (ARRAY[link.provider_id])
 WHERE link.token_sha256 = %(digest)s::text
   AND account.disabled_at IS NULL
   AND (link.provider_id IS NULL
        OR account.role = 'admin'
        OR account.provider_id = link.provider_id);


-- name: calendar_link_use :exec
UPDATE calendar_link
   SET last_used_at = now()
 WHERE calendar_link.id = %(link_id)s::bigint;
