-- Deliveries, as the owner of their webhook sees them.


-- name: delivery_list :many
-- Of a webhook, the newest first, before an id; of any status for an empty one.
SELECT delivery.id, row_to_json(delivery_document(delivery))::text AS body
  FROM delivery
 WHERE delivery.webhook_id = %(webhook_id)s::bigint
   AND delivery.id < %(before_id)s::bigint
   AND %(status)s::text IN ('', delivery.status)
 ORDER BY delivery.id DESC
 LIMIT %(limit)s::integer;


-- name: delivery_get :maybe
SELECT row_to_json(delivery_document(delivery))::text AS body
  FROM delivery
 WHERE delivery.id = %(delivery_id)s::bigint
   AND delivery.webhook_id = %(webhook_id)s::bigint;


-- name: delivery_attempts :many
-- The last ones, in order.
SELECT last.at, CASE WHEN last.manual THEN 'manual' ELSE 'auto' END AS trigger, last.ms, last.status,
       last.error, last.detail, last.excerpt
  FROM (SELECT attempt.id, attempt.at, attempt.manual, attempt.ms, attempt.status, attempt.error,
               attempt.detail, attempt.excerpt
          FROM attempt
         WHERE attempt.delivery_id = %(delivery_id)s::bigint
         ORDER BY attempt.delivery_id DESC, attempt.id DESC
         LIMIT %(most)s::integer) AS last
 ORDER BY last.id
 LIMIT %(most)s::integer;


-- name: delivery_replay :maybe
-- It is pending again, or due at once.
UPDATE webhook
   SET wakes_at = now()
 WHERE webhook.id = %(webhook_id)s::bigint;

UPDATE delivery
   SET status = 'pending',
       attempts = CASE WHEN delivery.status = 'pending' THEN delivery.attempts ELSE 0 END,
       manual = true,
       due_at = now(),
       settled_at = NULL
 WHERE delivery.id = %(delivery_id)s::bigint
   AND delivery.webhook_id = %(webhook_id)s::bigint
RETURNING delivery.id;


-- name: delivery_prune :one
-- Forgets some of what is over for so many days, and of what is deleted: how many deliveries went.
WITH old AS MATERIALIZED (
    SELECT found.id
      FROM ((SELECT delivery.id
               FROM delivery
              WHERE delivery.settled_at < now() - %(days)s::integer * interval '1 day'
              ORDER BY delivery.settled_at
              LIMIT %(most)s::integer)
            UNION
            (SELECT gone.id
               FROM webhook
              CROSS JOIN LATERAL (
                    SELECT delivery.id
                      FROM delivery
                     WHERE delivery.webhook_id = webhook.id
                     LIMIT %(most)s::integer
              ) AS gone
              WHERE webhook.status = 'deleted'
                AND webhook.id > 0
              LIMIT %(most)s::integer)) AS found
), attempts AS (
    DELETE FROM attempt
     USING old
     WHERE attempt.delivery_id = ANY (ARRAY[old.id])
    RETURNING 1
)
SELECT set_config('booking.old', coalesce(string_agg(old.id::text, ','), ''), true) AS old,
       (SELECT count(*) FROM attempts) AS attempts
  FROM old;

WITH gone AS (
    DELETE FROM delivery
     WHERE delivery.id = ANY (string_to_array(current_setting('booking.old', true), ',')::bigint[])
       AND (delivery.settled_at IS NOT NULL  -- unless somebody wants it again by now
            OR EXISTS (SELECT FROM webhook
                        WHERE webhook.id = ANY (ARRAY[delivery.webhook_id])
                          AND webhook.status = 'deleted'))
    RETURNING 1
), empty AS (
    DELETE FROM webhook
     WHERE webhook.status = 'deleted'
       AND webhook.id > 0
       AND NOT EXISTS (SELECT FROM delivery WHERE delivery.webhook_id = ANY (ARRAY[webhook.id]))
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM empty) AS webhooks;
