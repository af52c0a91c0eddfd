-- name: account_create :one
-- A taken username falls to account_username_unique.
INSERT INTO account (username, email, password_hash, role, provider_id)
VALUES (%(username)s::text, %(email)s::text, %(password_hash)s::text, %(role)s::text,
        nullif(%(provider_id)s::bigint, 0))
RETURNING id, username, email, folded(username) AS folded;


-- name: account_by_username :one
-- Nothing but the folded name where nobody has it: all spellings of one name count as one.
SELECT folded(%(username)s::text) AS folded, id, username, password_hash, role,
       coalesce(provider_id, 0) AS provider_id, disabled_at IS NOT NULL AS disabled
  FROM (SELECT) AS always
  LEFT JOIN account ON folded(username) = folded(%(username)s::text);


-- name: account_get :maybe
SELECT id, username, email, role, password_hash, folded(username) AS folded
  FROM account
 WHERE id = %(account_id)s::bigint;


-- name: account_change_password :maybe
-- Only over the hash that was checked, so that two changes at once can't both succeed.
UPDATE account
   SET password_hash = %(new_hash)s::text
 WHERE id = %(account_id)s::bigint
   AND password_hash = %(old_hash)s::text
RETURNING id;


-- name: account_list :many
-- An empty role means: any; not disabled means: those who are and those who are not.
SELECT id, username, email, role, coalesce(provider_id, 0) AS provider_id, created_at, disabled_at
  FROM account
 WHERE id > %(after_id)s::bigint
   AND %(role)s::text IN ('', role)
   AND (disabled_at IS NOT NULL OR NOT %(disabled)s::boolean)
 ORDER BY id
 LIMIT %(limit)s::integer;


-- name: account_set_role :maybe
UPDATE account
   SET role = %(role)s::text,
       provider_id = nullif(%(provider_id)s::bigint, 0)
 WHERE folded(username) = folded(%(username)s::text)
RETURNING id, username;


-- name: account_set_password :maybe
-- Whatever it was: for an operator, who knows no old one.
UPDATE account
   SET password_hash = %(password_hash)s::text
 WHERE folded(username) = folded(%(username)s::text)
RETURNING id, username;


-- name: account_set_disabled :maybe
-- Disabling twice keeps the first instant.
UPDATE account
   SET disabled_at = CASE WHEN %(disabled)s::boolean THEN coalesce(disabled_at, now()) END
 WHERE folded(username) = folded(%(username)s::text)
RETURNING id, username;
