-- Holds: a place that is somebody's for a while, until it is confirmed, let go of (end.sql), or has run out.
-- Times are held as they are booked, by book_time.sql. book.sql says how all of them lock and look rows up.


-- name: appointment_hold :many
-- One verdict per item: its place in a slot held, or why not; 'again' where only a neighbour was in the way.
SELECT idempotency_lock(item.actor_id, item.key)
  FROM unnest(%(actor_id)s::bigint[], %(key)s::text[]) AS item (actor_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (%(account_id)s::bigint[])
         ORDER BY account.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.slots', coalesce(array_agg(mine.id)::text, '{}'), true) AS slots,
       expire(array_agg(mine.id) FILTER (WHERE mine.next_expiry <= now())) AS expired
  FROM (SELECT slot.id, slot.next_expiry
          FROM slot
         WHERE slot.id = ANY (%(slot_id)s::bigint[])
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(account_id)s::bigint[], %(actor_id)s::bigint[], %(staff_of)s::bigint[], %(slot_id)s::bigint[],
               %(size)s::integer[], %(notes)s::text[], %(seconds)s::integer[], %(expand)s::boolean[],
               %(key)s::text[], %(fingerprint)s::text[]
           ) WITH ORDINALITY AS item (
               account_id, actor_id, staff_of, slot_id, size, notes, seconds, expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids, locked('slots') AS slot_ids
), considered AS (
    SELECT item.*, slot, service, stored,
           CASE WHEN waiting.met IS NOT NULL THEN waiting.met ELSE 'open' END AS met,
           coalesce(idempotency_set_verdict(stored, item.actor_id, item.key, item.fingerprint,
                                            row_number() OVER same_key),
           CASE
               WHEN slot.id IS NULL THEN 'no_slot'
               WHEN item.account_id <> item.actor_id
                AND is_customer_of(customer, item.staff_of) IS NOT TRUE THEN 'no_customer'
               WHEN item.account_id <> item.actor_id
                AND NOT is_staff(slot, item.staff_of) THEN 'forbidden'
               WHEN slot.id <> ALL (mine.slot_ids)
                 OR item.account_id <> ALL (mine.account_ids)
                 OR slot.next_expiry <= now() THEN 'locked'
               WHEN slot.deleted_at IS NOT NULL THEN 'no_slot'
               WHEN item.size > CASE WHEN slot.service_id IS NULL THEN slot.per_person
                                     ELSE service.party_max
                                END THEN 'party_too_large'
               WHEN slot.starts_at <= now() THEN 'slot_in_past'
               WHEN service.approval_minutes IS NOT NULL THEN 'approval_needed'
               WHEN waiting.met IS NOT NULL
                 OR (%(max_open)s::integer > 0 AND counts.open >= %(max_open)s::integer)
               THEN 'limit_reached'
               WHEN slot_status(slot) <> 'free' OR slot.booked + item.size > slot.capacity THEN 'slot_taken'
               WHEN slot.per_person < slot.capacity
                AND slot.per_person < (SELECT CASE WHEN slot.service_id IS NULL
                                                   THEN coalesce(sum(other.size), 0) + item.size
                                                   ELSE count(*) + 1
                                              END
                                         FROM appointment AS other
                                        WHERE other.slot_id = ANY (ARRAY[slot.id])
                                          AND other.account_id = item.account_id
                                          AND other.status <> 'cancelled'
                                          AND other.place > 0)
               THEN 'already_booked'
               WHEN %(no_overlap)s::boolean
                AND has_overlap(item.account_id, slot.starts_at, slot.ends_at, slot.id, 0) THEN 'overlap'
           END) AS refusal
      FROM item
     CROSS JOIN mine
      LEFT JOIN slot ON slot.id = ANY (ARRAY[item.slot_id])
      LEFT JOIN service ON service.id = ANY (ARRAY[slot.service_id])
      LEFT JOIN account AS customer ON customer.id = ANY (ARRAY[item.account_id])
      LEFT JOIN LATERAL customer_counts(
                service, item.account_id, NULL, 0, 0, %(max_open)s::integer > 0) AS counts ON true
      LEFT JOIN LATERAL waiting_limit(
                item.account_id, true, service, true, %(max_holds)s::integer, 0) AS waiting ON true
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
    WINDOW same_key AS (PARTITION BY item.actor_id, item.key ORDER BY item.n)
), queued AS (
    SELECT considered.*,
           CASE
               WHEN refusal IS NOT NULL THEN refusal
               WHEN row_number() OVER same_account > 1 THEN 'again'
               WHEN (slot).booked + sum(size) OVER same_slot > (slot).capacity THEN 'again'
           END AS verdict
      FROM considered
    WINDOW same_account AS (PARTITION BY account_id, refusal IS NULL ORDER BY n),
           same_slot AS (PARTITION BY slot_id, refusal IS NULL ORDER BY n)
), placed AS (
    SELECT coming.n, (coming.slot).id AS slot_id, free.place
      FROM (SELECT queued.n, queued.slot,
                   row_number() OVER (PARTITION BY queued.slot_id ORDER BY queued.n) AS turn
              FROM queued
             WHERE queued.verdict IS NULL) AS coming
     CROSS JOIN LATERAL (
           SELECT free_places.place, row_number() OVER (ORDER BY free_places.place) AS turn
             FROM free_places(coming.slot, coming.turn) AS free_places (place)) AS free
     WHERE free.turn = coming.turn
), held AS (
    INSERT INTO appointment (slot_id, place, account_id, notes, size, status, expires_at)
    SELECT queued.slot_id, placed.place, queued.account_id, queued.notes, queued.size, 'held',
           runs_out_at(queued.seconds, %(hold_seconds)s::integer, (queued.slot).starts_at,
                       queued.service, true)
      FROM queued
      JOIN placed ON placed.n = queued.n
     ORDER BY queued.n
    RETURNING appointment.*
), recorded AS (
    INSERT INTO appointment_history (appointment_id, at, actor_id, action, to_slot_id, to_status)
    SELECT held.id, clock_timestamp(), queued.actor_id, 'hold', held.slot_id, held.status
      FROM held
      JOIN placed ON placed.slot_id = held.slot_id AND placed.place = held.place
      JOIN queued ON queued.n = placed.n
), counted AS (
    UPDATE slot
       SET booked = slot.booked + taken.size, version = slot.version + 1,
           next_expiry = least(slot.next_expiry, taken.next_expiry)
      FROM (SELECT held.slot_id, sum(held.size) AS size, min(held.expires_at) AS next_expiry
              FROM held
             GROUP BY held.slot_id) AS taken
     WHERE slot.id = ANY (ARRAY[taken.slot_id])
    RETURNING slot AS after
), with_them AS (  -- what is there for all of them
    UPDATE slot
       SET version = slot.version + 1, next_expiry = (counted.after).next_expiry
      FROM counted
     CROSS JOIN LATERAL slots_with((counted.after).id) AS went
     WHERE slot.id = ANY (ARRAY[went.id])
), alternative AS (
    SELECT lost.slot_id,
           '[' || string_agg(row_to_json(slot_full(slot, provider))::text, ',' ORDER BY slot.starts_at)
               || ']' AS body
      FROM (SELECT DISTINCT queued.slot_id, (queued.slot).provider_id, (queued.slot).starts_at
              FROM queued
             WHERE queued.verdict = 'slot_taken') AS lost
      JOIN provider ON provider.id = lost.provider_id
     CROSS JOIN LATERAL free_slots_near(
               lost.provider_id, lost.starts_at, %(slot_id)s::bigint[]) AS slot
     GROUP BY lost.slot_id
), answer AS (
    SELECT queued.n, queued.actor_id, queued.key, queued.fingerprint,
           coalesce(queued.verdict, 'held') AS verdict,
           CASE WHEN queued.verdict = 'replayed' THEN (queued.stored).body
                WHEN queued.verdict = 'limit_reached' THEN queued.met
                WHEN queued.verdict = 'slot_taken' THEN alternative.body
                WHEN held.id IS NOT NULL
                THEN row_to_json(ROW (
                         held.id, held.expires_at,
                         CASE WHEN queued.expand
                              THEN (SELECT row_to_json(slot_full(counted.after, provider))
                                      FROM counted
                                     WHERE (counted.after).id = held.slot_id)
                              ELSE row_to_json(slot_named(queued.slot, provider))
                         END
                     )::hold_document)::text
           END AS body,
           coalesce(held.version, (queued.stored).version) AS version
      FROM queued
      LEFT JOIN placed ON placed.n = queued.n
      LEFT JOIN held ON held.slot_id = placed.slot_id AND held.place = placed.place
      LEFT JOIN provider ON provider.id = (queued.slot).provider_id
      LEFT JOIN alternative ON alternative.slot_id = queued.slot_id
), kept AS (
    INSERT INTO idempotency (account_id, key, fingerprint, body, version)
    SELECT answer.actor_id, answer.key, answer.fingerprint, answer.body, answer.version
      FROM answer
     WHERE answer.key <> '' AND answer.verdict = 'held'
)
SELECT answer.n, answer.verdict, answer.body, answer.version
  FROM answer
 ORDER BY answer.n;


-- name: appointment_hold_get :maybe
SELECT row_to_json(ROW (
           appointment.id, appointment.expires_at,
           CASE WHEN %(expand)s::boolean THEN row_to_json(slot_full(slot, provider))
                ELSE row_to_json(slot_named(slot, provider))
           END
       )::hold_document)::text AS body,
       appointment.version,
       slot.version AS slot_version,
       provider.version AS provider_version
  FROM appointment
  JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  JOIN provider ON provider.id = slot.provider_id
 WHERE appointment.id = %(appointment_id)s::bigint
   AND appointment.status = 'held'
   AND appointment.expires_at > now()
   AND (appointment.account_id = %(actor_id)s::bigint
        OR is_staff(slot, %(staff_of)s::bigint));


-- name: appointment_hold_confirm :many
-- Makes an appointment of each hold that has not run out, or a request where its service wants approval.
-- Of one that has, what it held, for who wants it still. What is confirmed already is shown again. The account
-- is locked, too: a booking that no longer counts the hold comes after its end, and so must this.
SELECT idempotency_lock(item.actor_id, item.key)
  FROM unnest(%(actor_id)s::bigint[], %(key)s::text[]) AS item (actor_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (ARRAY(
                   SELECT appointment.account_id
                     FROM appointment
                    WHERE appointment.id = ANY (%(appointment_id)s::bigint[])))
         ORDER BY account.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.appointments', coalesce(array_agg(mine.id)::text, '{}'), true) AS appointments
  FROM (SELECT appointment.id
          FROM appointment
         WHERE appointment.id = ANY (%(appointment_id)s::bigint[])
         ORDER BY appointment.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.slots', coalesce(array_agg(mine.id)::text, '{}'), true) AS slots
  FROM (SELECT slot.id
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT appointment.slot_id
                     FROM appointment
                    WHERE appointment.id = ANY (locked('appointments'))))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(appointment_id)s::bigint[], %(notes)s::text[], %(version)s::integer[],
               %(actor_id)s::bigint[], %(staff_of)s::bigint[], %(expand)s::boolean[],
               %(key)s::text[], %(fingerprint)s::text[]
           ) WITH ORDINALITY AS item (
               appointment_id, notes, version, actor_id, staff_of, expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids, locked('appointments') AS appointment_ids,
           locked('slots') AS slot_ids
), considered AS (
    SELECT item.*, slot, appointment AS before, stored,
           runs_out_at(0, 0, slot.starts_at, service, is_staff(slot, item.staff_of)) AS expires_at,
           coalesce(idempotency_set_verdict(stored, item.actor_id, item.key, item.fingerprint,
                                            row_number() OVER same_key),
           CASE
               WHEN appointment.id IS NULL THEN 'no_hold'
               WHEN NOT is_staff(slot, item.staff_of)
                AND appointment.account_id <> item.actor_id THEN 'no_hold'
               WHEN NOT is_hold(appointment.status) AND NOT was_held(appointment.id) THEN 'no_hold'
               WHEN appointment.account_id <> ALL (mine.account_ids)
                 OR appointment.id <> ALL (mine.appointment_ids)
                 OR slot.id <> ALL (mine.slot_ids) THEN 'locked'
               WHEN ran_out_meanwhile(appointment.expires_at) THEN 'locked'
               WHEN by_now.status IN ('booked', 'pending') THEN 'confirmed'
               WHEN by_now.status = 'expired' THEN 'hold_expired'
               WHEN by_now.status <> 'held' THEN 'not_active'
               WHEN item.version <> 0 AND item.version <> appointment.version THEN 'stale'
               WHEN row_number() OVER same_hold > 1 THEN 'again'
           END) AS verdict
      FROM item
     CROSS JOIN mine
      LEFT JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
      LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      LEFT JOIN service ON service.id = ANY (ARRAY[slot.service_id])
     CROSS JOIN LATERAL (SELECT status_now(appointment.status, appointment.expires_at) AS status) AS by_now
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
    WINDOW same_key AS (PARTITION BY item.actor_id, item.key ORDER BY item.n),
           same_hold AS (PARTITION BY item.appointment_id ORDER BY item.n)
), confirmed AS (
    UPDATE appointment
       SET status = CASE WHEN considered.expires_at IS NULL THEN 'booked' ELSE 'pending' END,
           expires_at = considered.expires_at,
           notes = coalesce(considered.notes, appointment.notes), version = appointment.version + 1
      FROM considered
     WHERE considered.verdict IS NULL
       AND appointment.id = ANY (ARRAY[considered.appointment_id])
    RETURNING appointment AS after, considered.n, considered.actor_id
), recorded AS (
    INSERT INTO appointment_history
           (appointment_id, at, actor_id, action, from_slot_id, to_slot_id, from_status, to_status)
    SELECT (confirmed.after).id,
           greatest(clock_timestamp(), (SELECT change.at
                                          FROM appointment_history AS change
                                         WHERE change.appointment_id = ANY (ARRAY[(confirmed.after).id])
                                         ORDER BY change.id DESC
                                         LIMIT 1)),
           confirmed.actor_id, 'confirm', (confirmed.after).slot_id, (confirmed.after).slot_id,
           'held', (confirmed.after).status
      FROM confirmed
     ORDER BY confirmed.n
), settled AS (
    UPDATE slot
       SET version = slot.version + 1,
           next_expiry = least(
               sure.next_expiry,
               (SELECT min(other.expires_at)
                  FROM appointment AS other
                 WHERE other.slot_id = slot.id
                   AND other.status <> 'cancelled'
                   AND other.place > 0
                   AND NOT EXISTS (SELECT FROM confirmed WHERE (confirmed.after).id = other.id)))
      FROM (SELECT (confirmed.after).slot_id, min((confirmed.after).expires_at) AS next_expiry
              FROM confirmed
             GROUP BY 1) AS sure
     WHERE slot.id = ANY (ARRAY[sure.slot_id])
    RETURNING slot AS after
), with_them AS (
    UPDATE slot
       SET version = slot.version + 1, next_expiry = (settled.after).next_expiry
      FROM settled
     CROSS JOIN LATERAL slots_with((settled.after).id) AS went
     WHERE slot.id = ANY (ARRAY[went.id])
), answer AS (
    SELECT considered.n, considered.actor_id, considered.key, considered.fingerprint,
           CASE WHEN confirmed.n IS NOT NULL THEN 'confirmed' ELSE considered.verdict END AS verdict,
           CASE WHEN considered.verdict = 'replayed' THEN (considered.stored).body
                WHEN considered.verdict = 'hold_expired'
                THEN row_to_json(ROW (
                         (considered.slot).id,
                         CASE WHEN is_made(considered.slot) THEN (considered.slot).service_id END,
                         (considered.slot).provider_id, (considered.slot).starts_at,
                         (considered.before).account_id, (considered.before).size,
                         (considered.before).notes
                     )::held_document)::text
                WHEN (shown.one).id IS NOT NULL
                THEN row_to_json(ROW (
                         considered.appointment_id,
                         CASE WHEN considered.expand
                              THEN row_to_json(slot_full(
                                       coalesce((SELECT settled.after
                                                   FROM settled
                                                  WHERE (settled.after).id = (considered.slot).id),
                                                considered.slot), provider))
                              ELSE row_to_json(slot_named(considered.slot, provider))
                         END,
                         shown_name(account), (shown.one).notes, (shown.one).status
                     )::appointment_document)::text
           END AS body,
           coalesce((shown.one).version, (considered.stored).version) AS version
      FROM considered
      LEFT JOIN confirmed ON confirmed.n = considered.n
     CROSS JOIN LATERAL (
           SELECT CASE WHEN considered.verdict = 'confirmed' THEN considered.before
                       ELSE confirmed.after
                  END AS one
     ) AS shown
      LEFT JOIN account ON account.id = ANY (ARRAY[(shown.one).account_id])
      LEFT JOIN provider ON provider.id = (considered.slot).provider_id
), kept AS (
    INSERT INTO idempotency (account_id, key, fingerprint, body, version)
    SELECT answer.actor_id, answer.key, answer.fingerprint, answer.body, answer.version
      FROM answer
     WHERE answer.key <> '' AND answer.verdict = 'confirmed'
)
SELECT answer.n, answer.verdict, answer.body, answer.version
  FROM answer
 ORDER BY answer.n;


-- name: appointment_hold_expire :value
-- Ends some of the holds and requests that have run out, and says how many; called again while there are more.
SELECT expire(array_agg(due.id)) AS expired
  FROM (SELECT slot.id
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT appointment.slot_id
                     FROM appointment
                    WHERE appointment.expires_at <= now()
                    ORDER BY appointment.expires_at
                    LIMIT %(most)s::integer))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS due;
