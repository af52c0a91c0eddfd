-- name: delivery_settle :many
-- What came of sending, where the lease is still ours; the ids of those. outcome is delivered, gone or failed;
-- delay_ms is until it is tried again, NULL where it is not. A webhook that takes nothing for so many days, and
-- has failed for so many hours, is disabled, and one that is gone at once; which is told as an event. rest_ms
-- is for how long it wants to be left alone.
SELECT webhook.id
  FROM webhook
 WHERE webhook.id = ANY (%(webhook_id)s::bigint[])
 ORDER BY webhook.id
   FOR NO KEY UPDATE;

WITH item AS MATERIALIZED (
    SELECT item.id, item.lease, item.webhook_id, item.outcome, item.delay_ms, item.rest_ms, item.ms,
           item.status, item.error, item.detail, item.excerpt
      FROM unnest(%(id)s::bigint[], %(lease)s::integer[], %(webhook_id)s::bigint[], %(outcome)s::text[],
                  %(delay_ms)s::bigint[], %(rest_ms)s::bigint[], %(ms)s::integer[], %(status)s::integer[],
                  %(error)s::text[], %(detail)s::text[], %(excerpt)s::text[])
           AS item (id, lease, webhook_id, outcome, delay_ms, rest_ms, ms, status, error, detail, excerpt)
), settled AS (
    UPDATE delivery
       SET status = CASE WHEN item.outcome = 'delivered' THEN 'delivered'
                         WHEN item.delay_ms IS NULL THEN 'failed'
                         ELSE 'pending' END,
           settled_at = CASE WHEN item.outcome = 'delivered' OR item.delay_ms IS NULL
                             THEN (now() + %(ahead)s::interval) END,
           attempts = delivery.attempts + 1,
           due_at = (now() + %(ahead)s::interval) + coalesce(item.delay_ms, 0) * interval '1 millisecond',
           leased_until = NULL,
           last_status = item.status,
           last_error = item.error
      FROM item
     WHERE delivery.id = ANY (ARRAY[item.id])
       AND delivery.lease = item.lease
       AND delivery.settled_at IS NULL  -- by status it would be looked for among all that are pending
       AND delivery.leased_until IS NOT NULL
    RETURNING delivery.id, delivery.webhook_id, delivery.manual, item.outcome, item.rest_ms, item.ms,
              item.status, item.error, item.detail, item.excerpt
), noted AS (
    INSERT INTO attempt (delivery_id, at, manual, ms, status, error, detail, excerpt)
    SELECT settled.id, (now() + %(ahead)s::interval), settled.manual, settled.ms, settled.status, settled.error,
           settled.detail, settled.excerpt
      FROM settled
     ORDER BY settled.id
    RETURNING 1
), seen AS (  -- of each webhook
    SELECT settled.webhook_id, bool_or(settled.outcome = 'delivered') AS well,
           bool_or(settled.outcome = 'gone') AS gone,
           count(*) AS failures, max(settled.rest_ms) AS rest_ms
      FROM settled
     GROUP BY settled.webhook_id
), judged AS (
    SELECT webhook.id,
           CASE WHEN webhook.status <> 'enabled' THEN NULL
                WHEN seen.gone THEN 'gone'
                WHEN NOT seen.well
                 AND webhook.well_at <= (now() + %(ahead)s::interval) - %(bad_days)s::integer * interval '1 day'
                 AND webhook.failing_since
                     <= (now() + %(ahead)s::interval) - %(bad_hours)s::integer * interval '1 hour'
                THEN 'failing' END AS reason,
           CASE WHEN seen.well THEN 0 ELSE webhook.failures + seen.failures END AS failures,
           CASE WHEN NOT seen.well THEN coalesce(webhook.failing_since, (now() + %(ahead)s::interval)) END
               AS failing_since,
           CASE WHEN seen.well THEN (now() + %(ahead)s::interval) ELSE webhook.well_at END AS well_at,
           greatest(
               (now() + %(ahead)s::interval) + seen.rest_ms * interval '1 millisecond',
               CASE WHEN NOT seen.well AND webhook.failures + seen.failures >= %(trouble)s::integer
                    THEN (now() + %(ahead)s::interval) + %(probe_seconds)s::integer * interval '1 second' END)
               AS rests_until
      FROM seen
      JOIN webhook ON webhook.id = ANY (ARRAY[seen.webhook_id])
), kept AS (
    UPDATE webhook
       SET status = CASE WHEN judged.reason IS NULL THEN webhook.status ELSE 'disabled' END,
           reason = coalesce(judged.reason, webhook.reason),
           version = webhook.version + CASE WHEN judged.reason IS NULL THEN 0 ELSE 1 END,
           failures = judged.failures,
           failing_since = judged.failing_since,
           well_at = judged.well_at,
           rests_until = judged.rests_until,
           wakes_at = greatest((now() + %(ahead)s::interval), judged.rests_until)
      FROM judged
     WHERE webhook.id = ANY (ARRAY[judged.id])
    RETURNING webhook.id, judged.reason
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'webhook.disabled', kept.id
      FROM kept
     WHERE kept.reason IS NOT NULL
     ORDER BY kept.id
    RETURNING 1
)
SELECT settled.id
  FROM settled
 ORDER BY settled.id
 LIMIT cardinality(%(id)s::bigint[]);
