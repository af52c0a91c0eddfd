-- Waiting for a time that others have. What is offered is a hold (offers.sql of the schema).


-- name: waitlist_join :one
-- A place in line, for a slot or for a time of a service, provider 0 being anybody; or why there is none.
SELECT account.id
  FROM account
 WHERE account.id = %(account_id)s::bigint
   FOR NO KEY UPDATE;

SELECT line_lock(%(slot_id)s::bigint, %(service_id)s::bigint, true);

WITH judged AS (
    SELECT CASE
               WHEN %(slot_id)s::bigint <> 0 AND num_nulls(slot.id) = 1 THEN 'no_slot'
               WHEN %(service_id)s::bigint <> 0 AND num_nulls(service.id) = 1 THEN 'no_service'
               WHEN %(service_id)s::bigint <> 0
                AND NOT EXISTS (SELECT FROM givers(service.id, %(provider_id)s::bigint)) THEN 'not_offered'
               WHEN slot.starts_at <= now() OR %(until_at)s::timestamptz <= now() THEN 'slot_in_past'
               WHEN %(size)s::integer > coalesce(service.party_max, slot.per_person) THEN 'party_too_large'
               WHEN %(max_waiting)s::integer <= (SELECT count(*)
                                                   FROM waiting
                                                  WHERE waiting.account_id = %(account_id)s::bigint
                                                    AND num_nulls(waiting.hold_id, waiting.left_at) = 2
                                                    AND waiting.until_at > now())
               THEN 'limit_reached'
           END AS verdict,
           slot.id AS slot_id, CASE WHEN %(service_id)s::bigint <> 0 THEN service.id END AS service_id,
           coalesce(slot.starts_at, %(from_at)s::timestamptz) AS from_at,
           coalesce(slot.starts_at + interval '1 microsecond', %(until_at)s::timestamptz) AS until_at
      FROM (SELECT 1) AS this
      LEFT JOIN slot ON slot.id = ANY (ARRAY[%(slot_id)s::bigint]) AND num_nulls(slot.deleted_at) = 1
      LEFT JOIN service
             ON service.id = ANY (ARRAY[coalesce(nullif(%(service_id)s::bigint, 0), slot.service_id)])
            AND num_nulls(service.retired_at) = 1
), joined AS (
    INSERT INTO waiting (
               account_id, slot_id, service_id, provider_id, from_at, until_at, size, max_open, no_overlap)
    SELECT %(account_id)s::bigint, judged.slot_id, judged.service_id, nullif(%(provider_id)s::bigint, 0),
           judged.from_at, judged.until_at, %(size)s::integer, %(max_open)s::integer, %(no_overlap)s::boolean
      FROM judged
     WHERE num_nulls(judged.verdict) = 1
    RETURNING waiting AS one
), stand AS (
    INSERT INTO waiting_line (slot_id, service_id, provider_id, day, waiting_id)
    SELECT coalesce((joined.one).slot_id, 0), coalesce((joined.one).service_id, 0),
           coalesce((joined.one).provider_id, 0), waited.day, (joined.one).id
      FROM joined
     CROSS JOIN LATERAL waiting_days(joined.one) AS waited
)
SELECT coalesce(judged.verdict, 'waiting') AS verdict, (joined.one).id,
       CASE WHEN (joined.one).id IS NOT NULL THEN place_in_line(joined.one) END AS position
  FROM judged
  LEFT JOIN joined ON true;


-- name: waitlist_offer :exec
-- Offers the times of a provider, or 0 of all of them, between two instants, which have become free otherwise
-- than by somebody who left; after the caller has locked them. What services need besides is locked here.
SELECT provider.id
  FROM provider
 WHERE provider.id = ANY (ARRAY(
           SELECT need.provider_id
             FROM service_provider AS giver
             JOIN service_need AS need ON need.service_id = giver.service_id
            WHERE giver.provider_id = %(provider_id)s::bigint))
 ORDER BY provider.id
   FOR NO KEY UPDATE;

SELECT offer_between(
           ARRAY(SELECT provider.id FROM provider WHERE %(provider_id)s::bigint IN (0, provider.id)),
           %(from_at)s::timestamptz, %(until_at)s::timestamptz);


-- name: waitlist_list :many
-- What somebody waits for or was offered, by id; not what they have left.
SELECT waiting.id, row_to_json(waiting_document(waiting, hold))::text AS body
  FROM waiting
  LEFT JOIN appointment AS hold ON hold.id = ANY (ARRAY[waiting.hold_id])
 WHERE waiting.account_id = %(account_id)s::bigint
   AND waiting.id > %(after_id)s::bigint
   AND num_nulls(waiting.left_at) = 1
 ORDER BY waiting.id
 LIMIT %(limit)s::integer;


-- name: waitlist_leave :maybe
-- Waits no more; again it changes nothing. hold_id is of what is offered just now.
WITH gone AS (
    UPDATE waiting
       SET left_at = coalesce(waiting.left_at, now())
     WHERE waiting.id = %(waiting_id)s::bigint
       AND waiting.account_id = %(account_id)s::bigint
    RETURNING waiting AS one
), left_line AS (
    DELETE FROM waiting_line AS stand
     USING gone
     CROSS JOIN LATERAL waiting_days(gone.one) AS waited
     WHERE stand.slot_id = ANY (ARRAY[coalesce((gone.one).slot_id, 0)])
       AND stand.service_id = ANY (ARRAY[coalesce((gone.one).service_id, 0)])
       AND stand.provider_id = ANY (ARRAY[coalesce((gone.one).provider_id, 0)])
       AND stand.day = ANY (ARRAY[waited.day])
       AND stand.waiting_id = (gone.one).id
)
SELECT CASE WHEN status_now(hold.status, hold.expires_at) = 'held' THEN hold.id END AS hold_id
  FROM gone
  LEFT JOIN appointment AS hold ON hold.id = ANY (ARRAY[(gone.one).hold_id]);
