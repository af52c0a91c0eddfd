-- How all of this folder lock and look rows up. Whoever changes an appointment locks in this order and each level by id:
-- account, appointment, slot. So two changes can wait for each other, but never in a circle.
--
-- A query of several statements is sent as one message: one round trip and one transaction. Its
-- first statements only lock; the last one decides on a snapshot taken after the locks were got.
-- (A single statement that locks and decides would decide on a snapshot older than its locks.)
-- Decisions are made for a whole set of items; each answer carries its item's number n.
--
-- A set does not wait for a row that somebody else holds, or all of it would. It locks what is free
-- and notes the ids in a setting of the transaction; an item of another row is 'locked' and comes
-- again a little later.
--
-- What has run out in the slots that it has locked (a hold, a request) it ends at once: expire(), which is
-- not called where there is nothing to end.
--
-- `= ANY (ARRAY[x])` means `= x`, and that the rows of a table are looked up one by one: a plain =
-- may become a hash join, which is right for what a query has made itself, but reads a whole table
-- where the plan was made before the table had grown.
--
-- The slot as a change leaves it is a sub-select where it is shown (?expand=slot): as a join it was
-- gone through for each item.


-- name: appointment_book :many
-- One verdict per item: booked, or why not; 'again' where only a neighbour was in the way.
SELECT idempotency_lock(item.account_id, item.key)
  FROM unnest(%(account_id)s::bigint[], %(key)s::text[]) AS item (account_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (%(account_id)s::bigint[])
           AND (%(max_open)s::integer > 0 OR %(no_overlap)s::boolean)
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
               %(account_id)s::bigint[], %(slot_id)s::bigint[],
               %(notes)s::text[], %(expand)s::boolean[],
               %(key)s::text[], %(fingerprint)s::text[]
           ) WITH ORDINALITY AS item (account_id, slot_id, notes, expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids,
           locked('slots') AS slot_ids
), open_count AS (
    SELECT appointment.account_id, count(*) AS count
      FROM appointment
      -- The LIMIT keeps this a look-up per appointment; as a join it may read all slots there are.
      -- And the status in it keeps away from an index of those that are open, which is not a person's.
     CROSS JOIN LATERAL (SELECT FROM slot
                          WHERE slot.id = appointment.slot_id AND slot.starts_at > now()
                            AND is_coming(appointment.status, appointment.expires_at)
                          LIMIT 1) AS coming
     WHERE %(max_open)s::integer > 0
       AND appointment.account_id = ANY (%(account_id)s::bigint[])
     GROUP BY appointment.account_id
), considered AS (
    SELECT item.*, slot, coalesce(open_count.count, 0) AS open_count, stored,
           coalesce(idempotency_set_verdict(stored, item.account_id, item.key, item.fingerprint,
                                            row_number() OVER same_key),
           CASE
               WHEN slot.id IS NULL THEN 'no_slot'
               WHEN slot.id <> ALL (mine.slot_ids) THEN 'locked'
               WHEN (%(max_open)s::integer > 0 OR %(no_overlap)s::boolean)
                AND item.account_id <> ALL (mine.account_ids) THEN 'locked'
               WHEN slot.next_expiry <= now() THEN 'locked'  -- by who decides about a hold in it
               WHEN slot.deleted_at IS NOT NULL THEN 'no_slot'
               WHEN slot.starts_at <= now() THEN 'slot_in_past'
               WHEN slot.service_id IS NOT NULL AND needs_approval(slot.service_id) THEN 'approval_needed'
               WHEN slot_status(slot) <> 'free' THEN 'slot_taken'
               WHEN slot.booked > 0 AND slot.per_person < slot.capacity
                AND slot.per_person <= (SELECT count(*)
                                          FROM appointment
                                         WHERE appointment.slot_id = ANY (ARRAY[slot.id])
                                           AND appointment.account_id = item.account_id
                                           AND appointment.status <> 'cancelled'
                                           AND appointment.place > 0)
               THEN 'already_booked'
               WHEN slot.per_person < slot.capacity AND row_number() OVER same_wish > 1
                AND row_number() OVER same_wish + slot.booked > slot.per_person
               THEN 'again'
           END) AS refusal
      FROM item
     CROSS JOIN mine
      LEFT JOIN slot ON slot.id = ANY (ARRAY[item.slot_id])
      LEFT JOIN open_count ON open_count.account_id = item.account_id
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[item.account_id]) AND stored.key = ANY (ARRAY[item.key])
    WINDOW same_key AS (PARTITION BY item.account_id, item.key ORDER BY item.n),
           same_wish AS (PARTITION BY item.slot_id, item.account_id ORDER BY item.n)
), within_limit AS (
    SELECT considered.*,
           CASE
               WHEN refusal IS NOT NULL THEN refusal
               WHEN %(no_overlap)s::boolean
                AND has_overlap(account_id, (slot).starts_at, (slot).ends_at, slot_id, 0) THEN 'overlap'
               WHEN %(no_overlap)s::boolean
                AND EXISTS (SELECT FROM considered AS before
                             WHERE before.n < considered.n
                               AND before.account_id = considered.account_id
                               AND before.refusal IS NULL
                               AND before.slot_id <> considered.slot_id
                               AND (before.slot).starts_at < (considered.slot).ends_at
                               AND (before.slot).ends_at > (considered.slot).starts_at) THEN 'again'
               WHEN %(max_open)s::integer = 0 THEN NULL
               WHEN open_count >= %(max_open)s::integer THEN 'limit_reached'
               WHEN open_count + row_number() OVER (PARTITION BY account_id, refusal IS NULL ORDER BY n)
                    > %(max_open)s::integer THEN 'again'
           END AS verdict
      FROM considered
), queued AS (
    SELECT within_limit.*,
           row_number() OVER (PARTITION BY slot_id, verdict IS NULL ORDER BY n) AS turn
      FROM within_limit
), place AS (
    SELECT wanted.slot_id, free.place,
           row_number() OVER (PARTITION BY wanted.slot_id ORDER BY free.place) AS turn
      FROM (SELECT slot_id, slot, count(*) AS asked
              FROM queued
             WHERE verdict IS NULL
             GROUP BY slot_id, slot) AS wanted
     CROSS JOIN LATERAL free_places(wanted.slot, wanted.asked) AS free (place)
), booked AS (
    INSERT INTO appointment (slot_id, place, account_id, notes)
    SELECT queued.slot_id, place.place, queued.account_id, queued.notes
      FROM queued
      JOIN place ON place.slot_id = queued.slot_id AND place.turn = queued.turn
     WHERE queued.verdict IS NULL
     ORDER BY queued.n
    RETURNING appointment.*
), recorded AS (
    INSERT INTO appointment_history (appointment_id, at, actor_id, action, to_slot_id, to_status)
    SELECT booked.id, clock_timestamp(), booked.account_id, 'book', booked.slot_id, booked.status
      FROM booked
), counted AS (
    UPDATE slot
       SET booked = slot.booked + taken.count, version = slot.version + 1
      FROM (SELECT slot_id, count(*) AS count FROM booked GROUP BY slot_id) AS taken
     WHERE slot.id = ANY (ARRAY[taken.slot_id])
    RETURNING slot AS after
), alternative AS (
    SELECT lost.slot_id,
           '[' || string_agg(row_to_json(slot_full(slot, provider))::text, ',' ORDER BY slot.starts_at)
               || ']' AS body
      FROM (SELECT DISTINCT queued.slot_id, (queued.slot).provider_id, (queued.slot).starts_at
              FROM queued
              LEFT JOIN place ON place.slot_id = queued.slot_id AND place.turn = queued.turn
             WHERE queued.verdict = 'slot_taken'
                OR (queued.verdict IS NULL AND place.place IS NULL)) AS lost
      JOIN provider ON provider.id = lost.provider_id
     CROSS JOIN LATERAL free_slots_near(
               lost.provider_id, lost.starts_at, %(slot_id)s::bigint[]) AS slot
     GROUP BY lost.slot_id
), answer AS (
    SELECT queued.n, queued.account_id, queued.key, queued.fingerprint,
           CASE WHEN booked.id IS NOT NULL THEN 'booked'
                ELSE coalesce(queued.verdict, 'slot_taken')
           END AS verdict,
           CASE WHEN queued.verdict = 'replayed' THEN (queued.stored).body
                WHEN booked.id IS NULL THEN alternative.body
                ELSE row_to_json(ROW (
                         booked.id,
                         CASE WHEN queued.expand
                              THEN (SELECT row_to_json(slot_full(counted.after, provider))
                                      FROM counted
                                     WHERE (counted.after).id = booked.slot_id)
                              ELSE row_to_json(slot_named(queued.slot, provider))
                         END,
                         shown_name(account),
                         booked.notes,
                         booked.status
                     )::appointment_document)::text
           END AS body,
           coalesce(booked.version, (queued.stored).version) AS version
      FROM queued
      LEFT JOIN place ON queued.verdict IS NULL
                     AND place.slot_id = queued.slot_id AND place.turn = queued.turn
      LEFT JOIN booked ON booked.slot_id = place.slot_id AND booked.place = place.place
      LEFT JOIN account ON account.id = ANY (ARRAY[booked.account_id])
      LEFT JOIN provider ON provider.id = (queued.slot).provider_id
      LEFT JOIN alternative ON alternative.slot_id = queued.slot_id
), kept AS (
    INSERT INTO idempotency (account_id, key, fingerprint, body, version)
    SELECT answer.account_id, answer.key, answer.fingerprint, answer.body, answer.version
      FROM answer
     WHERE answer.key <> '' AND answer.verdict = 'booked'
)
SELECT answer.n, answer.verdict, answer.body, answer.version
  FROM answer
 ORDER BY answer.n;
