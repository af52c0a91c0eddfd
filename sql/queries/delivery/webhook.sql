-- Webhooks, as their owners keep them; nobody else ever sees them. Whoever changes one locks its row first.


-- name: webhook_create :maybe
-- It begins with what happens from now on. No row: its owner has as many as one may have.
SELECT account.id
  FROM account
 WHERE account.id = %(owner_id)s::bigint
   FOR NO KEY UPDATE;

INSERT INTO webhook (owner_id, url, types, include, position)
SELECT %(owner_id)s::bigint, %(url)s::text, %(types)s::text[], %(include)s::text[], head.position
  FROM event_head AS head
 WHERE (SELECT count(*)
          FROM webhook
         WHERE webhook.owner_id = %(owner_id)s::bigint
           AND webhook.status <> 'deleted') < %(most)s::integer
RETURNING id, version, row_to_json(webhook_document(webhook))::text AS body;


-- name: webhook_get :maybe
-- With a tag of all that is shown, for much of that is no change by anybody.
SELECT webhook.id, webhook.version,
       webhook.version || '.' || webhook.position || '-' || webhook.failures AS tag,
       webhook.status, webhook.generation,
       CASE WHEN webhook.old_until > now() THEN webhook.old_until END AS old_until,
       row_to_json(webhook_document(webhook))::text AS body
  FROM webhook
 WHERE webhook.id = %(webhook_id)s::bigint
   AND %(owner_id)s::bigint IN (0, webhook.owner_id)
   AND webhook.status <> 'deleted';


-- name: webhook_lock :maybe
-- The same, until the transaction ends.
SELECT webhook.id
  FROM webhook
 WHERE webhook.id = %(webhook_id)s::bigint
   FOR NO KEY UPDATE;

SELECT webhook.id, webhook.version, webhook.status, webhook.generation,
       CASE WHEN webhook.old_until > now() THEN webhook.old_until END AS old_until,
       row_to_json(webhook_document(webhook))::text AS body
  FROM webhook
 WHERE webhook.id = %(webhook_id)s::bigint
   AND %(owner_id)s::bigint IN (0, webhook.owner_id)
   AND webhook.status <> 'deleted';


-- name: webhook_list :many
-- By id; of an owner, or of all for 0.
SELECT webhook.id, row_to_json(webhook_document(webhook))::text AS body
  FROM webhook
 WHERE webhook.id > %(after_id)s::bigint
   AND %(owner_id)s::bigint IN (0, webhook.owner_id)
   AND webhook.status <> 'deleted'
 ORDER BY webhook.id
 LIMIT %(limit)s::integer;


-- name: webhook_change :one
-- NULL leaves a column as it is. Another URL may be well.
UPDATE webhook
   SET url = coalesce(%(url)s::text, webhook.url),
       types = coalesce(%(types)s::text[], webhook.types),
       include = coalesce(%(include)s::text[], webhook.include),
       status = coalesce(%(status)s::text, webhook.status),
       reason = CASE WHEN %(status)s::text IS NULL THEN webhook.reason ELSE 'owner' END,
       failures = CASE WHEN %(url)s::text <> webhook.url THEN 0 ELSE webhook.failures END,
       failing_since = CASE WHEN %(url)s::text <> webhook.url THEN NULL ELSE webhook.failing_since END,
       rests_until = CASE WHEN %(url)s::text <> webhook.url THEN NULL ELSE webhook.rests_until END,
       wakes_at = now(),
       version = webhook.version + 1
 WHERE webhook.id = %(webhook_id)s::bigint
RETURNING webhook.version, row_to_json(webhook_document(webhook))::text AS body;


-- name: webhook_rotate :one
-- Another secret, beside which the old one goes on for so long.
UPDATE webhook
   SET generation = webhook.generation + 1,
       old_until = now() + make_interval(hours => %(overlap_hours)s::integer),
       version = webhook.version + 1
 WHERE webhook.id = %(webhook_id)s::bigint
RETURNING webhook.version, webhook.generation,
          CASE WHEN webhook.old_until > now() THEN webhook.old_until END AS old_until;


-- name: webhook_enable :one
-- It goes on where it was, with all that is pending at once; or from now on, and what is pending has failed.
UPDATE delivery
   SET status = CASE WHEN %(from_now)s::boolean THEN 'failed' ELSE delivery.status END,
       settled_at = CASE WHEN %(from_now)s::boolean THEN now() END,
       last_error = CASE WHEN %(from_now)s::boolean THEN 'skipped' ELSE delivery.last_error END,
       due_at = least(delivery.due_at, now())
 WHERE delivery.webhook_id = %(webhook_id)s::bigint
   AND delivery.status = 'pending';

UPDATE webhook
   SET status = 'enabled',
       reason = '',
       position = CASE WHEN %(from_now)s::boolean THEN head.position ELSE webhook.position END,
       failures = 0,
       failing_since = NULL,
       well_at = now(),
       rests_until = NULL,
       wakes_at = now(),
       version = webhook.version + 1
  FROM event_head AS head
 WHERE webhook.id = %(webhook_id)s::bigint
RETURNING webhook.version, row_to_json(webhook_document(webhook))::text AS body;


-- name: webhook_delete :exec
-- Nothing is sent any more, and nobody sees it; its deliveries go little by little.
UPDATE webhook
   SET status = 'deleted',
       version = webhook.version + 1
 WHERE webhook.id = %(webhook_id)s::bigint;


-- name: webhook_test :value
-- A delivery of no event.
UPDATE webhook
   SET wakes_at = now()
 WHERE webhook.id = %(webhook_id)s::bigint;

INSERT INTO delivery (webhook_id, type, due_at, manual)
VALUES (%(webhook_id)s::bigint, 'webhook.test', now(), true)
RETURNING id;


-- name: webhook_replay :one
-- Deliveries of the events after one, up to another, are made again: those there were, or only those that have
-- failed, and those that there never were. Only so many events are looked at: how many deliveries are pending
-- because of this, and which event was looked at last.
UPDATE webhook
   SET wakes_at = now()
 WHERE webhook.id = %(webhook_id)s::bigint;

WITH looked AS MATERIALIZED (
    SELECT event, event.id
      FROM event
     WHERE event.id > %(after_id)s::bigint
       AND event.id <= %(until_id)s::bigint
     ORDER BY event.id
     LIMIT %(most)s::integer
), wanted AS (
    SELECT looked.event, looked.id, webhook, owner
      FROM webhook
      JOIN account AS owner ON owner.id = ANY (ARRAY[webhook.owner_id])
     CROSS JOIN looked
     WHERE webhook.id = %(webhook_id)s::bigint
       AND looked.id <= webhook.position
       AND is_told(webhook, owner, looked.event)
       AND (NOT %(only_failed)s::boolean
            OR EXISTS (SELECT FROM delivery
                        WHERE delivery.webhook_id = %(webhook_id)s::bigint
                          AND delivery.event_id = ANY (ARRAY[looked.id])
                          AND delivery.status = 'failed'))
), made AS (
    INSERT INTO delivery (webhook_id, event_id, subject_id, type, included, due_at, manual)
    SELECT (wanted.webhook).id, wanted.id, (wanted.event).appointment_id, (wanted.event).type,
           included(wanted.webhook, wanted.owner, wanted.event), now(), true
      FROM wanted
     ORDER BY wanted.id
        ON CONFLICT ON CONSTRAINT delivery_one_per_event DO UPDATE
       SET status = 'pending', attempts = 0, manual = true, due_at = now(), settled_at = NULL,
           leased_until = NULL, included = excluded.included
     WHERE delivery.status <> 'pending'
    RETURNING 1
)
SELECT (SELECT count(*) FROM made) AS count,
       coalesce((SELECT max(looked.id) FROM looked), %(after_id)s::bigint) AS until;
