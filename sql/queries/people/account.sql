-- name: account_create :one
-- A taken username falls to account_username_unique. Who registers is answered with the row.
INSERT INTO account (username, username_key, email, password_hash, role, provider_id, words)
VALUES (%(username)s::text, %(username_key)s::text, %(email)s::text, %(password_hash)s::text,
        %(role)s::text, nullif(%(provider_id)s::bigint, 0), array_to_tsvector(%(words)s::text[]))
RETURNING id, username, email;


-- name: account_by_username :maybe
-- One without a key is found by its very spelling, before whoever has the name in any other.
SELECT id, username, password_hash, role, coalesce(provider_id, 0) AS provider_id,
       disabled_at IS NOT NULL AS disabled
  FROM (SELECT 1 AS turn, id
          FROM account
         WHERE username COLLATE "C" = %(username)s::text
           AND username_key IS NULL
         UNION ALL
        SELECT 2, id
          FROM account
         WHERE username_key = %(username_key)s::text) AS found
  JOIN account USING (id)
 ORDER BY turn
 LIMIT 1;


-- name: account_get :maybe
-- Its owner is answered with the row.
SELECT id, username, email, role
  FROM account
 WHERE id = %(account_id)s::bigint;


-- name: account_password_hash :maybe
SELECT password_hash
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
-- Those that one can log in with. An empty role means: any; not disabled means: those who are and
-- those who are not.
SELECT id, username, email, role, coalesce(provider_id, 0) AS provider_id, created_at, disabled_at
  FROM account
 WHERE id > %(after_id)s::bigint
   AND username IS NOT NULL
   AND %(role)s::text IN ('', role)
   AND (disabled_at IS NOT NULL OR NOT %(disabled)s::boolean)
 ORDER BY id
 LIMIT %(limit)s::integer;


-- name: account_set_role :maybe
UPDATE account
   SET role = %(role)s::text,
       provider_id = nullif(%(provider_id)s::bigint, 0)
 WHERE id = %(account_id)s::bigint
RETURNING id, username;


-- name: account_set_password :maybe
-- Whatever it was: for an operator, who knows no old one.
UPDATE account
   SET password_hash = %(password_hash)s::text
 WHERE id = %(account_id)s::bigint
RETURNING id, username;


-- name: account_set_disabled :maybe
-- Disabling twice keeps the first instant.
UPDATE account
   SET disabled_at = CASE WHEN %(disabled)s::boolean THEN coalesce(disabled_at, now()) END
 WHERE id = %(account_id)s::bigint
RETURNING id, username;


-- name: account_rename :maybe
-- A taken username falls to account_username_unique.
UPDATE account
   SET username = %(username)s::text,
       username_key = %(username_key)s::text
 WHERE id = %(account_id)s::bigint
RETURNING id, username;


-- name: account_without_key :many
-- Whose username nobody has folded yet, or is an older account's in another spelling.
SELECT id, username
  FROM account
 WHERE username_key IS NULL
   AND username COLLATE "C" > %(after)s::text
 ORDER BY username COLLATE "C"
 LIMIT %(limit)s::integer;


-- name: account_of_key :maybe
SELECT id, username
  FROM account
 WHERE username_key = %(username_key)s::text;


-- name: account_set_key :maybe
-- An empty one takes it away.
UPDATE account
   SET username_key = nullif(%(username_key)s::text, '')
 WHERE id = %(account_id)s::bigint
RETURNING id;


-- name: account_told :maybe
-- All that an account is searched by.
SELECT username, name, email, phone
  FROM account
 WHERE id = %(account_id)s::bigint;


-- name: account_without_words :many
-- Those whom nobody finds by a word yet.
SELECT id, username, name, email, phone
  FROM account
 WHERE words IS NULL
   AND id > %(after_id)s::bigint
 ORDER BY id
 LIMIT %(limit)s::integer;


-- name: account_set_words :maybe
UPDATE account
   SET words = array_to_tsvector(%(words)s::text[])
 WHERE id = %(account_id)s::bigint
RETURNING id;
