-- name: delivery_make :one
-- Events become deliveries of the webhooks that want them, of so many webhooks and events of each; how many
-- deliveries, whether there is more of that, and whether there is any webhook at all. Of a webhook that takes
-- nothing no more is made than it has pending, and of any at most so much: the rest stays in the log, where its
-- position is.
SELECT set_config('booking.behind', coalesce(string_agg(behind.id::text, ','), ''), true) AS behind
  FROM (SELECT webhook.id
          FROM webhook
         WHERE webhook.status = 'enabled'
           AND webhook.position < (SELECT head.position FROM event_head AS head)
           AND NOT EXISTS (
                   SELECT FROM delivery
                    WHERE delivery.webhook_id = webhook.id
                      AND delivery.status = 'pending'
                   OFFSET CASE WHEN webhook.failures >= %(trouble)s::integer THEN 0
                               ELSE %(most_pending)s::integer END)
         ORDER BY webhook.position
         LIMIT %(most_webhooks)s::integer
           FOR NO KEY UPDATE SKIP LOCKED) AS behind;

WITH looked AS MATERIALIZED (
    SELECT webhook, owner, next.event, next.id, webhook.id AS webhook_id
      FROM webhook
      JOIN account AS owner ON owner.id = ANY (ARRAY[webhook.owner_id])
     CROSS JOIN LATERAL (
           SELECT event, event.id
             FROM event
            WHERE event.id > webhook.position
            ORDER BY event.id
            LIMIT %(most_events)s::integer
     ) AS next
     WHERE webhook.id = ANY (string_to_array(current_setting('booking.behind', true), ',')::bigint[])
), made AS (
    INSERT INTO delivery (webhook_id, event_id, subject_id, type, included, due_at)
    SELECT looked.webhook_id, looked.id, (looked.event).appointment_id, (looked.event).type,
           included(looked.webhook, looked.owner, looked.event), now()
      FROM looked
     WHERE is_told(looked.webhook, looked.owner, looked.event)
     ORDER BY looked.webhook_id, looked.id
        ON CONFLICT ON CONSTRAINT delivery_one_per_event DO NOTHING
    RETURNING delivery.webhook_id
), moved AS (
    UPDATE webhook
       SET position = reached.id,
           wakes_at = CASE WHEN reached.made
                           THEN greatest(least(webhook.wakes_at, now()), webhook.rests_until)
                           ELSE webhook.wakes_at END
      FROM (SELECT looked.webhook_id, max(looked.id) AS id,
                   looked.webhook_id IN (SELECT made.webhook_id FROM made) AS made
              FROM looked
             GROUP BY looked.webhook_id) AS reached
     WHERE webhook.id = ANY (ARRAY[reached.webhook_id])
    RETURNING 1
)
SELECT (SELECT count(*) FROM made) AS made,
       EXISTS (SELECT FROM looked
                GROUP BY looked.webhook_id
               HAVING count(*) = %(most_events)s::integer) AS more,
       EXISTS (SELECT FROM webhook
                WHERE webhook.status = 'enabled' AND webhook.position >= 0) AS wanted;
