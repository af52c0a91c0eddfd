-- Booking a time of a service makes the slot of the appointment with it. book.sql says how all of this
-- folder lock and look rows up; whoever takes a time locks its provider before any slot. The order of
-- all locks is account, service, provider, appointment, slot, each by id.


-- name: appointment_book_time :many
-- One verdict per item: booked, or why not; 'again' where only a neighbour was in the way. Provider 0
-- stands for any of the service: whose turn it is among those who are free then (start-time fair
-- queueing), for the nth of a set who is nth in line. At other starts than the first of them only while no
-- earlier one in line would have less served even with one more. With seconds it is only held for
-- so long, and a service may want approval first.
SELECT idempotency_lock(item.actor_id, item.key)
  FROM unnest(%(actor_id)s::bigint[], %(key)s::text[]) AS item (actor_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (%(account_id)s::bigint[])
           AND (%(max_open)s::integer > 0 OR %(no_overlap)s::boolean
                OR 0 < ANY (%(seconds)s::integer[])
                OR EXISTS (SELECT FROM service
                            WHERE service.id = ANY (%(service_id)s::bigint[])
                              AND num_nulls(service.per_customer_day, service.per_customer_open,
                                            service.approval_minutes) < 3))
         ORDER BY account.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.services', coalesce(array_agg(mine.id)::text, '{}'), true) AS services
  FROM (SELECT service.id
          FROM service
         WHERE service.id = ANY (ARRAY(
                   SELECT item.service_id
                     FROM unnest(%(service_id)s::bigint[], %(provider_id)s::bigint[])
                       AS item (service_id, provider_id)
                    WHERE item.provider_id = 0))
         ORDER BY service.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.providers', coalesce(array_agg(mine.id)::text, '{}'), true) AS providers
  FROM (SELECT provider.id
          FROM provider
         WHERE provider.id = ANY (ARRAY(
                   SELECT unnest(%(provider_id)s::bigint[])
                    UNION ALL
                   SELECT service_provider.provider_id
                     FROM service_provider
                    WHERE service_provider.service_id = ANY (locked('services'))
                    UNION ALL
                   SELECT service_need.provider_id
                     FROM service_need
                    WHERE service_need.service_id = ANY (%(service_id)s::bigint[])))
         ORDER BY provider.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

-- Those that people share may be booked by their id meanwhile, too. And what has run out in the way.
SELECT set_config('booking.slots', coalesce(array_agg(mine.id)::text, '{}'), true) AS slots,
       expire(array_agg(mine.id) FILTER (WHERE mine.next_expiry <= now())) AS expired
  FROM (SELECT slot.id, slot.next_expiry
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT shared.id
                     FROM unnest(%(service_id)s::bigint[], %(provider_id)s::bigint[],
                                 %(starts_at)s::timestamptz[])
                       AS item (service_id, provider_id, starts_at)
                    CROSS JOIN LATERAL givers(item.service_id, item.provider_id) AS served
                    CROSS JOIN LATERAL shared_slot(
                              served.service_id, served.provider_id, item.starts_at, 0) AS shared
                    WHERE served.provider_id = ANY (locked('providers'))
                    UNION ALL
                   SELECT run_out.id
                     FROM unnest(%(service_id)s::bigint[], %(starts_at)s::timestamptz[])
                       AS item (service_id, starts_at)
                     JOIN service ON service.id = ANY (ARRAY[item.service_id])
                    CROSS JOIN LATERAL run_out_between(
                              locked('providers'), service_block(service, item.starts_at)) AS run_out))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(account_id)s::bigint[], %(actor_id)s::bigint[], %(staff_of)s::bigint[],
               %(service_id)s::bigint[], %(provider_id)s::bigint[], %(starts_at)s::timestamptz[],
               %(size)s::integer[], %(notes)s::text[],
               %(override)s::text[], %(waived)s::text[], %(reason)s::text[],
               %(seconds)s::integer[], %(expand)s::boolean[],
               %(key)s::text[], %(fingerprint)s::text[]
           ) WITH ORDINALITY AS item (
               account_id, actor_id, staff_of, service_id, provider_id, starts_at, size, notes,
               override, waived, reason, seconds, expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids, locked('services') AS service_ids,
           locked('providers') AS provider_ids, locked('slots') AS slot_ids
), turn AS (  -- nth in line of those who ask for anybody: who wants the first start, then others, of
              -- whom as many are looked at as there are providers
    SELECT wish.n, wish.turn, wish.later,
           wish.later AND (SELECT service.capacity > 1
                                  OR wish.turn > (SELECT count(*) FROM givers(service.id, 0))
                             FROM service
                            WHERE service.id = ANY (ARRAY[wish.service_id])) AS waits
      FROM (SELECT asked.n, asked.service_id, asked.later,
                   CASE WHEN asked.provider_id = 0
                        THEN row_number() OVER (PARTITION BY asked.service_id, asked.provider_id = 0
                                                ORDER BY asked.later, asked.n)
                        ELSE 1
                   END AS turn
              FROM (SELECT item.n, item.service_id, item.provider_id,
                           item.provider_id = 0
                           AND item.starts_at <> first_value(item.starts_at) OVER (
                                   PARTITION BY item.service_id, item.provider_id = 0
                                   ORDER BY item.n) AS later
                      FROM item) AS asked) AS wish
), candidate AS MATERIALIZED (  -- for each item its provider, or all of the service
    SELECT item.n, served.provider_id, provider, served.served, served.last_at, served.weight,
           verdict.slot_id, verdict.ends_at, verdict.block, verdict.rooms, verdict.missing,
           verdict.local_day, verdict.met, judged.overrides,
           CASE WHEN item.override = '' THEN coalesce(verdict.refusals, '{}')
                ELSE judged.refusals
           END AS refusals
      FROM item
     CROSS JOIN mine
      JOIN turn ON turn.n = item.n AND NOT turn.waits
      JOIN service ON service.id = ANY (ARRAY[item.service_id]) AND num_nulls(service.retired_at) = 1
     CROSS JOIN LATERAL givers(item.service_id, item.provider_id) AS served
      JOIN provider ON provider.id = ANY (ARRAY[served.provider_id])
      LEFT JOIN LATERAL (  -- of one that somebody else holds nothing can be said
            SELECT verdict.slot_id, verdict.ends_at, verdict.block, verdict.rooms, verdict.missing,
                   verdict.local_day, told.refusals, told.met
              FROM time_verdict(service, provider, item.starts_at, item.size, 0) AS verdict
             CROSS JOIN LATERAL refusals_for(
                       item.account_id, service, verdict.refusals, verdict.local_day, verdict.slot_id, 0,
                       %(max_open)s::integer,
                       CASE WHEN %(no_overlap)s::boolean
                            THEN tstzrange(item.starts_at, verdict.ends_at)
                       END) AS told
             WHERE item.provider_id = 0 OR served.provider_id = ANY (mine.provider_ids)
            OFFSET 0  -- else it would be worked out all the same
     ) AS verdict ON true
     CROSS JOIN LATERAL overridden(
               item.override, item.waived, verdict.refusals, verdict.slot_id, verdict.missing,
               served.provider_id, item.starts_at, verdict.ends_at) AS judged
), in_line AS (  -- where all are refused, whoever is in line hears of the first
    SELECT candidate.*, bool_and(candidate.refusals <> '{}') OVER (PARTITION BY candidate.n) AS hopeless,
           row_number() OVER (
               PARTITION BY candidate.n
               ORDER BY candidate.refusals <> '{}',
                        CASE WHEN candidate.refusals = '{}' THEN candidate.slot_id END,
                        refusal_rank(candidate.refusals[1]) DESC,
                        candidate.served, candidate.last_at NULLS FIRST, candidate.provider_id) AS rank,
           -- What whoever has served the least has served with one more.
           min(candidate.served + 100.0 / candidate.weight) FILTER (WHERE candidate.refusals = '{}')
               OVER (PARTITION BY candidate.n
                     ORDER BY candidate.served, candidate.last_at NULLS FIRST, candidate.provider_id
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS next_served
      FROM candidate
), considered AS (
    SELECT item.*, service, chosen.provider_id AS giver_id, chosen.provider,
           chosen.slot_id, chosen.ends_at, chosen.block, chosen.rooms,
           chosen.missing, chosen.local_day, chosen.met, chosen.overrides, stored,
           limited.personal, limited.daily, runs_out.at AS expires_at, waiting.met AS waiting,
           coalesce(idempotency_set_verdict(stored, item.actor_id, item.key, item.fingerprint,
                                            row_number() OVER same_key),
           CASE
               WHEN num_nulls(service.id) = 1 OR num_nulls(service.retired_at) = 0 THEN 'no_service'
               WHEN item.account_id <> item.actor_id
                AND is_customer_of(customer, item.staff_of) IS NOT TRUE THEN 'no_customer'
               WHEN NOT turn.waits
                AND NOT EXISTS (SELECT FROM candidate WHERE candidate.n = item.n) THEN 'not_offered'
               WHEN NOT turn.waits AND num_nulls(chosen.provider_id) = 1 THEN 'again'
               WHEN (item.account_id <> item.actor_id OR item.override <> '')
                AND item.staff_of NOT IN (-1, chosen.provider_id) THEN 'forbidden'
               WHEN chosen.provider_id <> ALL (mine.provider_ids)
                 OR NOT coalesce(array_remove(chosen.rooms, NULL), '{}') <@ mine.provider_ids
                 OR (chosen.slot_id IS NOT NULL AND chosen.slot_id <> ALL (mine.slot_ids))
                 OR (item.provider_id = 0 AND item.service_id <> ALL (mine.service_ids))
                 OR (limited.personal AND item.account_id <> ALL (mine.account_ids))
                 OR EXISTS (SELECT FROM run_out_between(chosen.provider_id || chosen.rooms, chosen.block))
               THEN 'locked'
               WHEN turn.waits THEN 'again'
               WHEN turn.turn > 1 AND chosen.refusals <> '{}' AND NOT chosen.hopeless THEN 'again'
               WHEN turn.later AND chosen.next_served < chosen.served AND NOT chosen.hopeless THEN 'again'
               WHEN waiting.met IS NOT NULL
                AND (chosen.refusals = '{}' OR chosen.refusals[1] IN ('slot_taken', 'already_booked'))
                AND 'limit' <> ALL (coalesce(string_to_array(item.override, ','), '{}'))
               THEN 'limit_reached'
               ELSE chosen.refusals[1]
           END) AS refusal
      FROM item
     CROSS JOIN mine
      JOIN turn ON turn.n = item.n
      LEFT JOIN service ON service.id = ANY (ARRAY[item.service_id])
      LEFT JOIN account AS customer ON customer.id = ANY (ARRAY[item.account_id])
      LEFT JOIN in_line AS chosen
             ON chosen.n = item.n
            AND chosen.rank = CASE WHEN service.capacity > 1 OR chosen.hopeless THEN 1
                                   ELSE turn.turn
                              END
     CROSS JOIN LATERAL waiting_limit(
               item.account_id, item.seconds > 0, service, item.staff_of IN (-1, chosen.provider_id),
               %(max_holds)s::integer, %(max_pending)s::integer) AS waiting
     CROSS JOIN LATERAL (SELECT runs_out_at(
                                    item.seconds, %(hold_seconds)s::integer, item.starts_at, service,
                                    item.staff_of IN (-1, chosen.provider_id)) AS at) AS runs_out
     CROSS JOIN LATERAL (
           SELECT %(max_open)s::integer > 0 OR %(no_overlap)s::boolean
                  OR num_nulls(service.per_customer_day, service.per_customer_open, runs_out.at) < 3
                     AS personal,
                  num_nulls(service.per_day, (chosen.provider).per_day) < 2 AS daily
     ) AS limited
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
    WINDOW same_key AS (PARTITION BY item.actor_id, item.key ORDER BY item.n)
), queued AS (
    SELECT considered.*,
           CASE
               WHEN considered.refusal IS NOT NULL THEN considered.refusal
               -- Of those who come into one slot that stands, as many as it has room for.
               WHEN considered.slot_id IS NOT NULL
                AND sum(considered.size) OVER same_slot + (shared.booked) > shared.capacity THEN 'again'
               WHEN EXISTS (
                        SELECT FROM considered AS before
                         WHERE before.n < considered.n
                           AND before.refusal IS NULL
                           AND ((before.account_id = considered.account_id
                                 AND (considered.personal OR before.slot_id = considered.slot_id))
                                OR ((before.giver_id = considered.giver_id
                                     OR before.rooms && considered.rooms
                                     OR before.rooms && ARRAY[considered.giver_id]
                                     OR considered.rooms && ARRAY[before.giver_id])
                                    AND coalesce(before.slot_id <> considered.slot_id, true)
                                    AND (before.block && considered.block
                                         OR (considered.daily
                                             AND (before.local_day, before.giver_id)
                                                 = (considered.local_day, considered.giver_id))))))
               THEN 'again'
           END AS verdict
      FROM considered
      LEFT JOIN slot AS shared ON shared.id = ANY (ARRAY[considered.slot_id])
    WINDOW same_slot AS (PARTITION BY considered.slot_id, considered.refusal IS NULL
                         ORDER BY considered.n)
), made AS (
    INSERT INTO slot (
               provider_id, starts_at, ends_at, capacity, booked, service_id, service_version,
               blocks_from, blocks_until, wall_at, overrides, chosen, next_expiry)
    SELECT queued.giver_id, queued.starts_at, queued.ends_at,
           (queued.service).capacity, queued.size, (queued.service).id, (queued.service).version,
           lower(queued.block), upper(queued.block),
           queued.starts_at AT TIME ZONE wall_zone(queued.provider),
           queued.overrides, CASE WHEN queued.provider_id = 0 THEN true END, queued.expires_at
      FROM queued
     WHERE queued.verdict IS NULL AND queued.slot_id IS NULL
     ORDER BY queued.giver_id, queued.starts_at
    RETURNING slot AS taken, slot.provider_id, slot.starts_at
), with_rooms AS (
    INSERT INTO slot (
               provider_id, starts_at, ends_at, booked, service_id, service_version,
               lead_slot_id, blocks_from, blocks_until, wall_at, overrides, next_expiry)
    SELECT room.provider_id, (made.taken).starts_at, (made.taken).ends_at, 1,
           (made.taken).service_id, (made.taken).service_version, (made.taken).id,
           (made.taken).blocks_from, (made.taken).blocks_until, (made.taken).wall_at,
           (made.taken).overrides, (made.taken).next_expiry
      FROM made
      JOIN queued ON queued.giver_id = made.provider_id
                 AND queued.starts_at = made.starts_at
                 AND queued.verdict IS NULL AND queued.slot_id IS NULL
                 AND num_nulls(queued.rooms) = 0
     CROSS JOIN LATERAL unnest(queued.rooms) AS room (provider_id)
     WHERE room.provider_id IS NOT NULL
     ORDER BY room.provider_id, (made.taken).starts_at
), placed AS (
    SELECT queued.n, made.taken AS slot, 1 AS place
      FROM queued
      JOIN made ON made.provider_id = queued.giver_id AND made.starts_at = queued.starts_at
     WHERE queued.verdict IS NULL AND queued.slot_id IS NULL
     UNION ALL
    SELECT coming.n, coming.slot, free.place
      FROM (SELECT queued.n, slot,
                   row_number() OVER (PARTITION BY queued.slot_id ORDER BY queued.n) AS turn
              FROM queued
              JOIN slot ON slot.id = ANY (ARRAY[queued.slot_id])
             WHERE queued.verdict IS NULL) AS coming
     CROSS JOIN LATERAL (
           SELECT free_places.place, row_number() OVER (ORDER BY free_places.place) AS turn
             FROM free_places(coming.slot, coming.turn) AS free_places (place)) AS free
     WHERE free.turn = coming.turn
), booked AS (
    INSERT INTO appointment (slot_id, place, account_id, notes, size, status, expires_at)
    SELECT (placed.slot).id, placed.place, queued.account_id, queued.notes, queued.size,
           CASE WHEN queued.expires_at IS NULL THEN 'booked' WHEN queued.seconds > 0 THEN 'held' ELSE 'pending' END,
           queued.expires_at
      FROM queued
      JOIN placed ON placed.n = queued.n
     ORDER BY queued.n
    RETURNING appointment.*
), recorded AS (
    INSERT INTO appointment_history (
               appointment_id, at, actor_id, action, to_slot_id, to_status, reason, overrides)
    SELECT booked.id, clock_timestamp(), queued.actor_id,
           CASE booked.status WHEN 'held' THEN 'hold' WHEN 'pending' THEN 'request' ELSE 'book' END,
           booked.slot_id, booked.status,
           queued.reason, queued.overrides
      FROM booked
      JOIN placed ON (placed.slot).id = booked.slot_id AND placed.place = booked.place
      JOIN queued ON queued.n = placed.n
), counted AS (
    UPDATE slot
       SET booked = slot.booked + taken.size, version = slot.version + 1,
           next_expiry = least(slot.next_expiry, taken.next_expiry)
      FROM (SELECT queued.slot_id, sum(queued.size) AS size, min(queued.expires_at) AS next_expiry
              FROM queued
             WHERE queued.verdict IS NULL AND queued.slot_id IS NOT NULL
             GROUP BY queued.slot_id) AS taken
     WHERE slot.id = ANY (ARRAY[taken.slot_id])
    RETURNING slot AS after
), with_them AS (  -- what is there for all of them
    UPDATE slot
       SET version = slot.version + 1, next_expiry = (counted.after).next_expiry
      FROM counted
     CROSS JOIN LATERAL slots_with((counted.after).id) AS went
     WHERE (counted.after).next_expiry IS NOT NULL
       AND slot.id = ANY (ARRAY[went.id])
), lent AS MATERIALIZED (  -- a turn for each slot, in order: or two could wait for each other
    SELECT served.service_id, served.provider_id, won.count
      FROM (SELECT queued.service_id, queued.giver_id AS provider_id, count(*) AS count
              FROM queued
             WHERE queued.verdict IS NULL AND queued.provider_id = 0 AND queued.slot_id IS NULL
             GROUP BY 1, 2) AS won
      JOIN service_provider AS served
        ON served.service_id = ANY (ARRAY[won.service_id])
       AND served.provider_id = ANY (ARRAY[won.provider_id])
     ORDER BY served.service_id, served.provider_id
       FOR NO KEY UPDATE OF served
), distributed AS (
    UPDATE service_provider AS served
       SET served = served.served + lent.count * 100.0 / served.weight, last_at = now()
      FROM lent
     WHERE served.service_id = lent.service_id
       AND served.provider_id = lent.provider_id
), near AS (  -- what whoever lost could have instead, once for all who wanted the same
    SELECT lost.*, times_near(service, lost.provider_id, lost.starts_at, lost.size, 0) AS times
      FROM (SELECT DISTINCT queued.service_id, queued.provider_id, queued.starts_at, queued.size
              FROM queued
             WHERE queued.verdict = 'slot_taken') AS lost
      JOIN service ON service.id = ANY (ARRAY[lost.service_id])
), answer AS (
    SELECT queued.n, queued.actor_id, queued.key, queued.fingerprint,
           coalesce(queued.verdict, 'booked') AS verdict,
           CASE WHEN queued.verdict = 'replayed' THEN (queued.stored).body
                WHEN queued.verdict = 'limit_reached' THEN coalesce(queued.met, queued.waiting)
                WHEN queued.verdict = 'slot_taken'
                THEN coalesce(queued.missing, '') || E'\n' || near.times
                     || E'\n' || coalesce(places_left(queued.slot_id)::text, '')
                WHEN booked.status = 'held'
                THEN row_to_json(ROW (booked.id, booked.expires_at, shown.slot)::hold_document)::text
                WHEN booked.id IS NOT NULL
                THEN row_to_json(ROW (
                         booked.id, shown.slot, shown_name(account), booked.notes, booked.status
                     )::appointment_document)::text
           END AS body,
           coalesce(booked.version, (queued.stored).version) AS version
      FROM queued
      LEFT JOIN placed ON placed.n = queued.n
      LEFT JOIN booked ON booked.slot_id = (placed.slot).id AND booked.place = placed.place
      LEFT JOIN account ON account.id = ANY (ARRAY[booked.account_id])
      LEFT JOIN near ON queued.verdict = 'slot_taken'
                    AND (near.service_id, near.provider_id, near.starts_at, near.size)
                        = (queued.service_id, queued.provider_id, queued.starts_at, queued.size)
      LEFT JOIN LATERAL (
           SELECT CASE WHEN queued.expand
                       THEN row_to_json(slot_full(coalesce(
                                (SELECT counted.after FROM counted WHERE (counted.after).id = booked.slot_id),
                                placed.slot), queued.provider))
                       ELSE row_to_json(slot_named(placed.slot, queued.provider))
                  END AS slot
            WHERE booked.id IS NOT NULL) AS shown ON true
), kept AS (
    INSERT INTO idempotency (account_id, key, fingerprint, body, version)
    SELECT answer.actor_id, answer.key, answer.fingerprint, answer.body, answer.version
      FROM answer
     WHERE answer.key <> '' AND answer.verdict = 'booked'
)
SELECT answer.n, answer.verdict, answer.body, answer.version
  FROM answer
 ORDER BY answer.n;
