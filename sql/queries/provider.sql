-- name: provider_create :one
INSERT INTO provider (name, time_zone)
VALUES (%(name)s::text, %(time_zone)s::text)
RETURNING id, name, time_zone;


-- name: provider_get :maybe
SELECT id, name, time_zone
  FROM provider
 WHERE id = %(provider_id)s::bigint;


-- name: provider_list :many
SELECT id, name, time_zone
  FROM provider
 WHERE id > %(after_id)s::bigint
 ORDER BY id
 LIMIT %(limit)s::integer;


-- name: provider_change :maybe
-- An empty text means: leave it as it is.
UPDATE provider
   SET name = coalesce(nullif(%(name)s::text, ''), name),
       time_zone = coalesce(nullif(%(time_zone)s::text, ''), time_zone)
 WHERE id = %(provider_id)s::bigint
RETURNING id, name, time_zone;
