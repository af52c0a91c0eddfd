-- name: account_create :one
-- A taken username falls to account_username_unique.
INSERT INTO account (username, email, password_hash, role, provider_id)
VALUES (%(username)s::text, %(email)s::text, %(password_hash)s::text, %(role)s::text,
        nullif(%(provider_id)s::bigint, 0))
RETURNING id, username, email;


-- name: account_by_username :maybe
SELECT id, username, password_hash, role, coalesce(provider_id, 0) AS provider_id
  FROM account
 WHERE lower(username) = lower(%(username)s::text);


-- name: account_get :maybe
SELECT id, username, email, role, password_hash
  FROM account
 WHERE id = %(account_id)s::bigint;


-- name: account_change_password :maybe
-- Only over the hash that was checked, so that two changes at once can't both succeed.
UPDATE account
   SET password_hash = %(new_hash)s::text
 WHERE id = %(account_id)s::bigint
   AND password_hash = %(old_hash)s::text
RETURNING id;
