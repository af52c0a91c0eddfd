-- Everything about appointments. Whoever changes one locks in this order and each level by id:
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
-- `= ANY (ARRAY[x])` means `= x`, and that the rows of a table are looked up one by one: a plain =
-- may become a hash join, which is right for what a query has made itself, but reads a whole table
-- where the plan was made before the table had grown.
--
-- The slot as a change leaves it is a sub-select where it is shown (?expand=slot): as a join it was
-- gone through for each item.


-- name: appointment_book :many
-- One verdict per item: booked, or why not; 'again' where only a neighbour was in the way.
SELECT idempotency_lock(item.account_id, item.key)
  FROM unnest(%(account_ids)s::bigint[], %(keys)s::text[]) AS item (account_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (%(account_ids)s::bigint[])
           AND %(max_open)s::integer > 0
         ORDER BY account.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.slots', coalesce(array_agg(mine.id)::text, '{}'), true) AS slots
  FROM (SELECT slot.id
          FROM slot
         WHERE slot.id = ANY (%(slot_ids)s::bigint[])
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(account_ids)s::bigint[], %(slot_ids)s::bigint[],
               %(notes)s::text[], %(expands)s::boolean[],
               %(keys)s::text[], %(fingerprints)s::text[]
           ) WITH ORDINALITY AS item (account_id, slot_id, notes, expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids,
           locked('slots') AS slot_ids
), open_count AS (
    SELECT appointment.account_id, count(*) AS count
      FROM appointment
      -- The LIMIT keeps this a look-up per appointment; as a join it may read all slots there are.
     CROSS JOIN LATERAL (SELECT FROM slot
                          WHERE slot.id = appointment.slot_id AND slot.starts_at > now()
                          LIMIT 1) AS coming
     WHERE %(max_open)s::integer > 0
       AND appointment.account_id = ANY (%(account_ids)s::bigint[])
       AND appointment.status = 'booked'
     GROUP BY appointment.account_id
), considered AS (
    SELECT item.*, slot, coalesce(open_count.count, 0) AS open_count, stored,
           CASE
               WHEN item.key <> ''
                AND idempotency_verdict(stored, item.fingerprint,
                                        idempotency_lock(item.account_id, item.key)) IS NOT NULL
               THEN idempotency_verdict(stored, item.fingerprint, false)
               WHEN item.key <> '' AND row_number() OVER same_key > 1 THEN 'again'
               WHEN slot.id IS NULL THEN 'no_slot'
               WHEN slot.id <> ALL (mine.slot_ids) THEN 'locked'
               WHEN %(max_open)s::integer > 0
                AND item.account_id <> ALL (mine.account_ids) THEN 'locked'
               WHEN slot.deleted_at IS NOT NULL THEN 'no_slot'
               WHEN slot.starts_at <= now() THEN 'slot_in_past'
               WHEN slot_status(slot) <> 'free' THEN 'slot_taken'
               WHEN slot.booked > 0 AND slot.per_person < slot.capacity
                AND slot.per_person <= (SELECT count(*)
                                          FROM appointment
                                         WHERE appointment.slot_id = ANY (ARRAY[slot.id])
                                           AND appointment.account_id = item.account_id
                                           AND appointment.status <> 'cancelled')
               THEN 'already_booked'
               WHEN slot.per_person < slot.capacity AND row_number() OVER same_wish > 1
                AND row_number() OVER same_wish + slot.booked > slot.per_person
               THEN 'again'
           END AS refusal
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
     ORDER BY booked.id
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
               lost.provider_id, lost.starts_at, %(slot_ids)s::bigint[]) AS slot
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
                         account.username,
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


-- name: appointment_find :many
-- Where each appointment is now and what is known of the key, which comes first: the appointment may
-- have left since. No row for one that this actor may not see, if its key is not known either.
SELECT item.n, appointment.slot_id,
       idempotency_verdict(stored, item.fingerprint, true) AS verdict, stored.body, stored.version
  FROM unnest(
           %(appointment_ids)s::bigint[], %(actor_ids)s::bigint[], %(staff_ofs)s::bigint[],
           %(keys)s::text[], %(fingerprints)s::text[]
       ) WITH ORDINALITY AS item (appointment_id, actor_id, staff_of, key, fingerprint, n)
  LEFT JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
  LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  LEFT JOIN idempotency AS stored
         ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
 WHERE stored.key IS NOT NULL
    OR appointment.account_id = item.actor_id
    OR (appointment.id IS NOT NULL AND is_staff(slot, item.staff_of))
 ORDER BY item.n;


-- name: appointment_end :many
-- Ends each booked appointment as cancelled, noshow or fulfilled; only cancelling frees the place.
-- Cancelling what is cancelled already succeeds again and changes nothing.
SELECT idempotency_lock(item.actor_id, item.key)
  FROM unnest(%(actor_ids)s::bigint[], %(keys)s::text[]) AS item (actor_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.appointments', coalesce(array_agg(mine.id)::text, '{}'), true) AS appointments
  FROM (SELECT appointment.id
          FROM appointment
         WHERE appointment.id = ANY (%(appointment_ids)s::bigint[])
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
               %(appointment_ids)s::bigint[], %(actions)s::text[], %(statuses)s::text[],
               %(messages)s::text[], %(reasons)s::text[], %(versions)s::integer[],
               %(actor_ids)s::bigint[], %(staff_ofs)s::bigint[], %(expands)s::boolean[],
               %(keys)s::text[], %(fingerprints)s::text[]
           ) WITH ORDINALITY AS item (
               appointment_id, action, to_status, message, reason, version,
               actor_id, staff_of, expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('appointments') AS appointment_ids,
           locked('slots') AS slot_ids
), considered AS (
    SELECT item.*, slot, appointment.id, appointment.version AS old_version, stored,
           CASE
               WHEN item.key <> ''
                AND idempotency_verdict(stored, item.fingerprint,
                                        idempotency_lock(item.actor_id, item.key)) IS NOT NULL
               THEN idempotency_verdict(stored, item.fingerprint, false)
               WHEN item.key <> '' AND row_number() OVER same_key > 1 THEN 'again'
               -- Before any lock: a stranger hears at once what is heard of one that never was.
               WHEN appointment.id IS NULL THEN 'not_found'
               WHEN NOT is_staff(slot, item.staff_of)
                AND appointment.account_id <> item.actor_id THEN 'not_found'
               WHEN appointment.id <> ALL (mine.appointment_ids)
                 OR slot.id <> ALL (mine.slot_ids) THEN 'locked'
               WHEN NOT is_staff(slot, item.staff_of)
                AND item.to_status <> 'cancelled' THEN 'forbidden'
               WHEN item.version <> 0 AND item.version <> appointment.version THEN 'stale'
               WHEN appointment.status = item.to_status THEN 'ended'
               WHEN appointment.status <> 'booked' THEN 'not_active'
               WHEN item.to_status = 'noshow' AND slot.starts_at > now() THEN 'too_early'
               WHEN NOT is_staff(slot, item.staff_of)
                AND slot.starts_at <= now() + %(notice)s::interval THEN 'too_late'
               WHEN row_number() OVER (PARTITION BY item.appointment_id ORDER BY item.n) > 1
               THEN 'again'
           END AS verdict
      FROM item
     CROSS JOIN mine
      LEFT JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
      LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
    WINDOW same_key AS (PARTITION BY item.actor_id, item.key ORDER BY item.n)
), ended AS (
    UPDATE appointment
       SET status = considered.to_status, version = appointment.version + 1
      FROM considered
     WHERE considered.verdict IS NULL
       AND appointment.id = ANY (ARRAY[considered.appointment_id])
    RETURNING considered.n, appointment.id, appointment.version, appointment.slot_id,
              considered.actor_id, considered.action, considered.to_status, considered.reason
), recorded AS (
    INSERT INTO appointment_history
           (appointment_id, at, actor_id, action, from_slot_id, to_slot_id,
            from_status, to_status, reason)
    SELECT ended.id,
           -- After the locks were got, and not before the last change, whatever clocks do.
           greatest(clock_timestamp(), (SELECT change.at
                                          FROM appointment_history AS change
                                         WHERE change.appointment_id = ANY (ARRAY[ended.id])
                                         ORDER BY change.id DESC
                                         LIMIT 1)),
           ended.actor_id, ended.action, ended.slot_id,
           CASE WHEN ended.to_status <> 'cancelled' THEN ended.slot_id END,
           'booked', ended.to_status, ended.reason
      FROM ended
     ORDER BY ended.n
), counted AS (
    UPDATE slot
       SET booked = slot.booked - freed.count, version = slot.version + 1
      FROM (SELECT slot_id, count(*) AS count
              FROM ended
             WHERE to_status = 'cancelled'
             GROUP BY slot_id) AS freed
     WHERE slot.id = ANY (ARRAY[freed.slot_id])
    RETURNING slot AS after
), answer AS (
    SELECT considered.n, considered.actor_id, considered.key, considered.fingerprint,
           CASE WHEN ended.id IS NOT NULL THEN 'ended' ELSE considered.verdict END AS verdict,
           CASE WHEN considered.verdict = 'replayed' THEN (considered.stored).body
                WHEN ended.id IS NOT NULL OR considered.verdict = 'ended'
                THEN row_to_json(ROW (
                         considered.message,
                         considered.id,
                         CASE WHEN considered.expand
                              THEN (SELECT row_to_json(slot_full(
                                               coalesce(counted.after, considered.slot), provider))
                                      FROM provider
                                      LEFT JOIN counted
                                             ON (counted.after).id = (considered.slot).id
                                     WHERE provider.id = (considered.slot).provider_id)
                              ELSE to_json((considered.slot).id)
                         END
                     )::end_document)::text
           END AS body,
           coalesce((considered.stored).version, ended.version, considered.old_version) AS version
      FROM considered
      LEFT JOIN ended ON ended.n = considered.n
), kept AS (
    INSERT INTO idempotency (account_id, key, fingerprint, body, version)
    SELECT answer.actor_id, answer.key, answer.fingerprint, answer.body, answer.version
      FROM answer
     WHERE answer.key <> '' AND answer.verdict = 'ended'
)
SELECT answer.n, answer.verdict, answer.body, answer.version
  FROM answer
 ORDER BY answer.n;


-- name: appointment_get :maybe
SELECT row_to_json(ROW (
           appointment.id,
           CASE WHEN %(expand)s::boolean THEN row_to_json(slot_full(slot, provider))
                ELSE row_to_json(slot_named(slot, provider))
           END,
           account.username,
           appointment.notes,
           appointment.status
       )::appointment_document)::text AS body,
       appointment.version,
       slot.version AS slot_version,
       provider.version AS provider_version
  FROM appointment
  JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  JOIN provider ON provider.id = slot.provider_id
  JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
 WHERE appointment.id = %(appointment_id)s::bigint
   AND (appointment.account_id = %(actor_id)s::bigint
        OR is_staff(slot, %(staff_of)s::bigint));


-- name: appointment_history :maybe
-- One page of an appointment's changes, oldest first; no row where the actor may not see it. Whoever
-- is no staff of it sees no staff's name, and what they remarked only where it was cancelled.
WITH page AS (
    SELECT change.*, account.username, change.actor_id = %(actor_id)s::bigint AS own,
           row_number() OVER (ORDER BY change.id) AS nth
      FROM appointment_history AS change
      JOIN account ON account.id = ANY (ARRAY[change.actor_id])
     WHERE change.appointment_id = %(appointment_id)s::bigint
       AND change.id > %(after_id)s::bigint
     ORDER BY change.id
     LIMIT %(limit)s::integer + 1
)
SELECT '[' || coalesce(string_agg(row_to_json(ROW (
                  page.at, page.action,
                  CASE WHEN page.own OR is_staff(slot, %(staff_of)s::bigint) THEN page.username
                       ELSE 'staff'
                  END,
                  page.from_slot_id, page.to_slot_id,
                  page.from_status, page.to_status,
                  CASE WHEN page.own OR is_staff(slot, %(staff_of)s::bigint)
                         OR page.action = 'cancel' THEN page.reason
                       ELSE ''
                  END
              )::history_document)::text, ',' ORDER BY page.id)
              FILTER (WHERE page.id IS NOT NULL), '') || ']' AS body,
       max(page.id) AS last_id,
       (SELECT count(*) FROM page) > %(limit)s::integer AS more
  FROM appointment
  JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  LEFT JOIN page ON page.nth <= %(limit)s::integer
 WHERE appointment.id = %(appointment_id)s::bigint
   AND (appointment.account_id = %(actor_id)s::bigint
        OR is_staff(slot, %(staff_of)s::bigint))
 GROUP BY appointment.id;
