-- name: delivery_claim :many
-- Leases what is due: of each webhook that is awake so much at a time, of one in trouble one, and of each
-- appointment the oldest. Who is asleep is found by nobody, however much it has pending. It sleeps until the
-- next is due or a lease ends; what comes of a delivery wakes it. To who is no staff any more nothing goes out.
SELECT set_config('booking.awake', coalesce(string_agg(awake.id::text, ','), ''), true) AS awake
  FROM (SELECT webhook.id
          FROM webhook
         WHERE webhook.status = 'enabled'
           AND webhook.wakes_at <= (now() + %(ahead)s::interval)
           AND (SELECT staff_of(owner)
                  FROM account AS owner
                 WHERE owner.id = webhook.owner_id) <> 0
         ORDER BY webhook.wakes_at
         LIMIT %(most)s::integer
           FOR NO KEY UPDATE SKIP LOCKED) AS awake;

WITH awake AS MATERIALIZED (
    SELECT webhook.id, webhook.url, webhook.generation,
           webhook.old_until > (now() + %(ahead)s::interval) AS overlaps,
           CASE WHEN webhook.failures >= %(trouble)s::integer THEN 1 ELSE %(at_once)s::integer END
           - (SELECT count(*)
                FROM delivery
               WHERE delivery.webhook_id = webhook.id
                 AND delivery.status = 'pending'
                 AND delivery.leased_until > (now() + %(ahead)s::interval)) AS free
      FROM webhook
     WHERE webhook.id = ANY (string_to_array(current_setting('booking.awake', true), ',')::bigint[])
), due AS MATERIALIZED (
    SELECT awake.id AS webhook_id, next.id, row_number() OVER (ORDER BY next.nth, awake.id) AS turn
      FROM awake
     CROSS JOIN LATERAL (
           SELECT delivery.id,
                  row_number() OVER (ORDER BY delivery.event_id NULLS FIRST, delivery.id) AS nth
             FROM delivery
            WHERE delivery.webhook_id = awake.id
              AND delivery.status = 'pending'
              AND delivery.due_at <= (now() + %(ahead)s::interval)
              AND coalesce(delivery.leased_until <= (now() + %(ahead)s::interval), true)
              AND NOT EXISTS (
                      SELECT FROM delivery AS earlier
                       WHERE earlier.webhook_id = delivery.webhook_id
                         AND earlier.subject_id = delivery.subject_id
                         AND earlier.event_id < delivery.event_id
                         AND earlier.status = 'pending')
            ORDER BY delivery.event_id NULLS FIRST, delivery.id
            LIMIT greatest(awake.free, 0)
     ) AS next
), claimed AS (
    UPDATE delivery
       SET lease = delivery.lease + 1,
           leased_until = (now() + %(ahead)s::interval) + %(lease_seconds)s::integer * interval '1 second'
      FROM due
     WHERE delivery.id = ANY (ARRAY[due.id])
       AND due.turn <= %(most)s::integer
    RETURNING delivery.id, delivery.webhook_id, delivery.event_id, delivery.type, delivery.included,
              delivery.attempts, delivery.lease, delivery.leased_until, delivery.manual, due.turn
), asleep AS (
    UPDATE webhook
       SET wakes_at = CASE
               WHEN EXISTS (SELECT FROM due
                             WHERE due.webhook_id = webhook.id AND due.turn > %(most)s::integer)
               THEN (now() + %(ahead)s::interval)
               ELSE least(
                   (SELECT max(claimed.leased_until)
                      FROM claimed
                     WHERE claimed.webhook_id = webhook.id),
                   (SELECT min(greatest(delivery.due_at, delivery.leased_until))
                      FROM delivery
                     WHERE delivery.webhook_id = webhook.id
                       AND delivery.status = 'pending'
                       AND greatest(delivery.due_at, delivery.leased_until) > (now() + %(ahead)s::interval)))
           END
      FROM awake
     WHERE webhook.id = ANY (ARRAY[awake.id])
    RETURNING 1
)
SELECT claimed.id, claimed.lease, claimed.webhook_id, claimed.event_id,
       (SELECT left(head.log::text, 8) FROM event_head AS head) AS log, claimed.type, claimed.attempts,
       claimed.manual, awake.url, awake.generation, coalesce(awake.overlaps, false) AS overlaps,
       (now() + %(ahead)s::interval) AS claimed_at, coalesce(event.at, now()) AS at,
       coalesce(event.data, '{"webhook_id":' || claimed.webhook_id || '}') AS data, claimed.included
  FROM claimed
  JOIN awake ON awake.id = claimed.webhook_id
  LEFT JOIN event ON event.id = ANY (ARRAY[claimed.event_id])
 ORDER BY claimed.turn
 LIMIT %(most)s::integer;
