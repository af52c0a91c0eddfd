-- A set of moves is decided by the queries that decide single ones (move.sql, move_time.sql), in one
-- transaction. Before them all its appointments are put aside, so that what one leaves another may take;
-- after them nothing is left of that. Nobody else ever sees it: their rows are locked until the end.
-- Several sets go together where none touches what another does.


-- name: moves_put_aside :many
-- Takes the appointments of each set out of the way: each to a place that its slot has not; and that gets as
-- much more room, or makes way where it was made for what leaves it. Slots that nobody of the set can come
-- into stay as they are. to_slot_id is 0 where a time is wanted, whose provider is 0 for the one that the
-- appointment is with.
-- A row for each set: no verdict where all is done, with the slots that have grown, and which of its
-- moves, from 0, is into a time that was made for another service.
SELECT idempotency_lock(asked.account_id, asked.key)
  FROM unnest(%(account_id)s::bigint[], %(key)s::text[]) AS asked (account_id, key)
 WHERE asked.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (ARRAY(
                   SELECT appointment.account_id
                     FROM appointment
                     JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
                     LEFT JOIN service ON service.id = ANY (ARRAY[slot.service_id])
                    WHERE appointment.id = ANY (%(appointment_id)s::bigint[])
                      AND (%(no_overlap)s::boolean OR service.per_customer_day > 0)))
         ORDER BY account.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.providers', coalesce(array_agg(mine.id)::text, '{}'), true) AS providers
  FROM (SELECT provider.id
          FROM provider
         WHERE provider.id = ANY (ARRAY(
                   SELECT unnest(ARRAY[item.provider_id, slot.provider_id, need.provider_id])
                     FROM unnest(%(from_slot_id)s::bigint[], %(to_slot_id)s::bigint[],
                                 %(provider_id)s::bigint[])
                       AS item (from_slot_id, to_slot_id, provider_id)
                     JOIN slot ON slot.id = ANY (ARRAY[item.from_slot_id])
                     LEFT JOIN service_need AS need ON need.service_id = ANY (ARRAY[slot.service_id])
                    WHERE item.to_slot_id = 0))
         ORDER BY provider.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.appointments', coalesce(array_agg(mine.id)::text, '{}'), true) AS appointments
  FROM (SELECT appointment.id
          FROM appointment
         WHERE appointment.id = ANY (%(appointment_id)s::bigint[])
         ORDER BY appointment.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.slots', coalesce(array_agg(mine.id)::text, '{}'), true) AS slots,
       expire(array_agg(mine.id) FILTER (WHERE mine.next_expiry <= now())) AS expired
  FROM (SELECT slot.id, slot.next_expiry
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT unnest(ARRAY[item.from_slot_id, item.to_slot_id])
                     FROM unnest(%(from_slot_id)s::bigint[], %(to_slot_id)s::bigint[])
                       AS item (from_slot_id, to_slot_id)
                    UNION ALL
                   SELECT shared.id
                     FROM unnest(%(from_slot_id)s::bigint[], %(to_slot_id)s::bigint[],
                                 %(provider_id)s::bigint[], %(starts_at)s::timestamptz[])
                       AS item (from_slot_id, to_slot_id, provider_id, starts_at)
                     JOIN slot AS origin ON origin.id = ANY (ARRAY[item.from_slot_id])
                    CROSS JOIN LATERAL shared_slot(
                              origin.service_id,
                              coalesce(nullif(item.provider_id, 0), origin.provider_id),
                              item.starts_at, 0) AS shared
                    WHERE item.to_slot_id = 0))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

WITH item AS (
    SELECT item.*, row_number() OVER (PARTITION BY item.of_set ORDER BY item.n) - 1 AS nth
      FROM unnest(
               %(of_set)s::bigint[], %(appointment_id)s::bigint[], %(from_slot_id)s::bigint[],
               %(to_slot_id)s::bigint[], %(provider_id)s::bigint[]
           ) WITH ORDINALITY AS item (of_set, appointment_id, from_slot_id, to_slot_id, provider_id, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids, locked('providers') AS provider_ids,
           locked('appointments') AS appointment_ids, locked('slots') AS slot_ids
), known AS (
    SELECT item.*, appointment.size, appointment.slot_id, is_open(appointment.status) AS is_open,
           origin, target, mine,
           item.to_slot_id = 0 AS is_timed, appointment.account_id,
           CASE WHEN %(no_overlap)s::boolean OR service.per_customer_day > 0
                THEN appointment.account_id END AS limited_id,
           ARRAY(SELECT coalesce(nullif(item.provider_id, 0), origin.provider_id)
                  UNION
                 SELECT origin.provider_id
                  UNION
                 SELECT need.provider_id
                   FROM service_need AS need
                  WHERE need.service_id = ANY (ARRAY[origin.service_id])) AS provider_ids
      FROM item
     CROSS JOIN mine
      JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
      JOIN slot AS origin ON origin.id = ANY (ARRAY[item.from_slot_id])
      LEFT JOIN slot AS target ON target.id = ANY (ARRAY[item.to_slot_id])
      LEFT JOIN service ON service.id = ANY (ARRAY[origin.service_id])
), touched AS (
    SELECT known.of_set, bool_or(known.is_timed) AS is_timed,
           bool_or(known.slot_id <> known.from_slot_id) AS has_left,
           bool_or(known.appointment_id <> ALL ((known.mine).appointment_ids)
                   OR (known.origin).next_expiry <= now()
                   OR NOT array_remove(ARRAY[(known.origin).id, (known.target).id], NULL)
                              <@ (known.mine).slot_ids
                   OR (known.is_timed
                       AND NOT known.provider_ids <@ (known.mine).provider_ids)
                   OR NOT array_remove(ARRAY[known.limited_id], NULL) <@ (known.mine).account_ids)
               AS is_locked,
           min(known.nth) FILTER (
               WHERE is_made(known.target) AND (known.target).capacity = 1
                 AND (known.target).service_id IS DISTINCT FROM (known.origin).service_id) AS foreign_nth,
           string_to_array(string_agg(concat_ws(
               ',', 'account' || known.account_id, known.from_slot_id, known.to_slot_id,
               CASE WHEN known.is_timed OR is_made(known.origin)
                    THEN 'of' || array_to_string(known.provider_ids, ',of')
               END), ','), ',') AS things
      FROM known
     GROUP BY known.of_set
), judged AS (
    SELECT asked.of_set, touched.is_timed, touched.foreign_nth, stored,
           coalesce(idempotency_set_verdict(stored, asked.account_id, asked.key, asked.fingerprint,
                                            row_number() OVER same_key),
           CASE
               WHEN touched.is_locked THEN 'locked'
               WHEN touched.has_left THEN 'again'
               WHEN EXISTS (SELECT FROM touched AS before
                             WHERE before.of_set < touched.of_set
                               AND before.things && touched.things) THEN 'again'
           END) AS verdict
      FROM unnest(%(account_id)s::bigint[], %(key)s::text[], %(fingerprint)s::text[])
           WITH ORDINALITY AS asked (account_id, key, fingerprint, of_set)
      JOIN touched ON touched.of_set = asked.of_set
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[asked.account_id]) AND stored.key = ANY (ARRAY[asked.key])
    WINDOW same_key AS (PARTITION BY asked.account_id, asked.key ORDER BY asked.of_set)
), going AS (
    SELECT known.*, judged.is_timed AS with_times
      FROM known
      JOIN judged ON judged.of_set = known.of_set
     WHERE num_nulls(judged.verdict) = 1
       AND known.is_open
), left_slot AS (
    SELECT going.from_slot_id AS id, going.of_set,
           least(sum(going.size), 1000 - (going.origin).capacity) AS room,
           is_over(going.origin, sum(going.size)) AND going.from_slot_id <> ALL (%(to_slot_id)s::bigint[])
               AS is_over
      FROM going
     WHERE going.with_times OR going.from_slot_id = ANY (%(to_slot_id)s::bigint[])
     GROUP BY going.from_slot_id, going.of_set, going.origin
), aside AS (  -- behind the last place that the slot had
    UPDATE appointment
       SET place = placed.place
      FROM (SELECT going.appointment_id,
                   (going.origin).capacity
                       + row_number() OVER (PARTITION BY going.from_slot_id ORDER BY going.n) AS place
              FROM going) AS placed
     WHERE appointment.id = ANY (ARRAY[placed.appointment_id])
), noted AS (  -- for is_aside()
    SELECT set_config('booking.aside', coalesce(string_agg(
               going.appointment_id || '@' || going.from_slot_id, ','), ''), true) AS aside
      FROM going
), grown AS (
    UPDATE slot
       SET capacity = slot.capacity + left_slot.room
      FROM left_slot
     WHERE slot.id = ANY (ARRAY[left_slot.id])
       AND NOT left_slot.is_over AND left_slot.room > 0
    RETURNING slot.id, left_slot.of_set, left_slot.room
), out_of_the_way AS (
    UPDATE slot
       SET deleted_at = now()
      FROM left_slot
     WHERE slot.id = ANY (ARRAY[left_slot.id])
       AND left_slot.is_over
), released AS (  -- what went with it
    UPDATE slot
       SET booked = 0, version = slot.version + 1, deleted_at = now()
      FROM left_slot
     CROSS JOIN LATERAL slots_with(left_slot.id) AS went
     WHERE slot.id = ANY (ARRAY[went.id])
       AND left_slot.is_over
)
SELECT judged.verdict, (judged.stored).body, (judged.stored).version, judged.foreign_nth,
       ARRAY(SELECT grown.id FROM grown WHERE grown.of_set = judged.of_set ORDER BY grown.id) AS grown_ids,
       ARRAY(SELECT grown.room FROM grown WHERE grown.of_set = judged.of_set ORDER BY grown.id) AS rooms,
       noted.aside
  FROM judged
 CROSS JOIN noted
 ORDER BY judged.of_set;


-- name: moves_settle :many
-- Slots that had grown have as much room again as they had, unless more have come than that; these, and
-- others that are to be shown, as they are then.
WITH grown AS (
    SELECT grown.*
      FROM unnest(%(grown_id)s::bigint[], %(room)s::integer[]) AS grown (id, room)
), settled AS (
    UPDATE slot
       SET capacity = slot.capacity - grown.room
      FROM grown
     WHERE slot.id = ANY (ARRAY[grown.id])
       AND slot.booked <= slot.capacity - grown.room
    RETURNING slot.id, slot AS after
)
SELECT slot.id, grown.id IS NOT NULL AND settled.id IS NULL AS is_too_full,
       row_to_json(slot_full(coalesce(settled.after, slot), provider))::text AS body
  FROM slot
  JOIN provider ON provider.id = slot.provider_id
  LEFT JOIN grown ON grown.id = slot.id
  LEFT JOIN settled ON settled.id = slot.id
 WHERE slot.id = ANY (%(grown_id)s::bigint[] || %(shown_id)s::bigint[])
 ORDER BY slot.id
 LIMIT 100000;


-- name: moves_keep :exec
-- The answers of sets, by their keys.
INSERT INTO idempotency (account_id, key, fingerprint, body, version)
SELECT answer.account_id, answer.key, answer.fingerprint, answer.body, 0
  FROM unnest(%(account_id)s::bigint[], %(key)s::text[], %(fingerprint)s::text[], %(body)s::text[])
    AS answer (account_id, key, fingerprint, body);
