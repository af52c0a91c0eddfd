-- book.sql says how all of them lock and look rows up.


-- name: appointment_move :many
-- Moves each appointment that is still in from_slot; 'again' where it has left since we looked.
SELECT idempotency_lock(item.actor_id, item.key)
  FROM unnest(%(actor_id)s::bigint[], %(key)s::text[]) AS item (actor_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE %(no_overlap)s::boolean
           AND account.id = ANY (ARRAY(
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

SELECT set_config('booking.slots', coalesce(array_agg(mine.id)::text, '{}'), true) AS slots,
       expire(array_agg(mine.id) FILTER (WHERE mine.next_expiry <= now())) AS expired
  FROM (SELECT slot.id, slot.next_expiry
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT unnest(ARRAY[item.from_slot_id, item.to_slot_id])
                     FROM unnest(%(appointment_id)s::bigint[], %(from_slot_id)s::bigint[],
                                 %(to_slot_id)s::bigint[])
                       AS item (appointment_id, from_slot_id, to_slot_id)
                    WHERE item.appointment_id = ANY (locked('appointments'))))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(appointment_id)s::bigint[], %(from_slot_id)s::bigint[],
               %(to_slot_id)s::bigint[], %(version)s::integer[],
               %(actor_id)s::bigint[], %(staff_of)s::bigint[], %(expand)s::boolean[],
               %(key)s::text[], %(fingerprint)s::text[]
           ) WITH ORDINALITY AS item (
               appointment_id, from_slot_id, to_slot_id, version, actor_id, staff_of, expand,
               key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids,
           locked('appointments') AS appointment_ids,
           locked('slots') AS slot_ids
), considered AS (
    SELECT item.*, origin, target, stored, appointment.size,
           coalesce(idempotency_set_verdict(stored, item.actor_id, item.key, item.fingerprint,
                                            row_number() OVER same_key),
           CASE
               WHEN appointment.id <> ALL (mine.appointment_ids)
                 OR origin.id <> ALL (mine.slot_ids)
                 OR target.id <> ALL (mine.slot_ids)
                 OR target.next_expiry <= now()
                 OR (%(no_overlap)s::boolean AND appointment.account_id <> ALL (mine.account_ids))
               THEN 'locked'
               WHEN appointment.slot_id <> item.from_slot_id THEN 'again'
               WHEN item.version <> 0 AND item.version <> appointment.version THEN 'stale'
               WHEN appointment.status = 'pending' THEN 'not_approved'
               WHEN NOT is_open(appointment.status) THEN 'not_active'
               WHEN item.from_slot_id = item.to_slot_id THEN 'same_slot'
               WHEN NOT is_staff(origin, item.staff_of)
                AND origin.starts_at <= now() + notice_of(origin, %(notice)s::interval) THEN 'too_late'
               WHEN target.id IS NULL OR target.deleted_at IS NOT NULL THEN 'no_slot'
               WHEN appointment.account_id <> item.actor_id
                AND NOT is_staff(target, item.staff_of) THEN 'forbidden'
               WHEN target.starts_at <= now() THEN 'slot_in_past'
               WHEN target.service_id IS NOT NULL AND NOT is_staff(target, item.staff_of)
                AND needs_approval(target.service_id) THEN 'approval_needed'
               WHEN slot_status(target) <> 'free' THEN 'slot_taken'
               WHEN appointment.size > target.capacity - target.booked THEN 'slot_taken'
               WHEN target.booked > 0 AND target.per_person < target.capacity
                AND target.per_person <= (SELECT count(*)
                                            FROM appointment AS other
                                           WHERE other.slot_id = ANY (ARRAY[target.id])
                                             AND other.account_id = appointment.account_id
                                             AND other.status <> 'cancelled'
                                             AND other.place > 0
                                             AND NOT is_aside(other.id, other.slot_id))
               THEN 'already_booked'
               WHEN %(no_overlap)s::boolean
                AND has_overlap(appointment.account_id, target.starts_at, target.ends_at, target.id,
                                appointment.id) THEN 'overlap'
               WHEN %(no_overlap)s::boolean
                AND row_number() OVER (PARTITION BY appointment.account_id ORDER BY item.n) > 1
               THEN 'again'
               WHEN target.per_person < target.capacity AND row_number() OVER same_wish > 1
                AND row_number() OVER same_wish + target.booked > target.per_person
               THEN 'again'
               WHEN row_number() OVER (PARTITION BY item.appointment_id ORDER BY item.n) > 1
               THEN 'again'
           END) AS verdict
      FROM item
     CROSS JOIN mine
      JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
      JOIN slot AS origin ON origin.id = ANY (ARRAY[item.from_slot_id])
      LEFT JOIN slot AS target ON target.id = ANY (ARRAY[item.to_slot_id])
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
    WINDOW same_key AS (PARTITION BY item.actor_id, item.key ORDER BY item.n),
           same_wish AS (PARTITION BY item.to_slot_id, appointment.account_id ORDER BY item.n)
), queued AS (
    SELECT coming.n, coming.from_slot_id, coming.to_slot_id, coming.actor_id, coming.appointment_id,
           coming.expand, coming.key, coming.fingerprint, coming.target, coming.stored, coming.turn,
           CASE
               WHEN coming.verdict IS NOT NULL THEN coming.verdict
               -- Among parties one that is smaller may still fit.
               WHEN coming.seats > (coming.target).capacity - (coming.target).booked
                AND coming.seats > coming.turn THEN 'again'
           END AS verdict
      FROM (SELECT considered.*,
                   row_number() OVER same_slot AS turn, sum(considered.size) OVER same_slot AS seats
              FROM considered
            WINDOW same_slot AS (PARTITION BY to_slot_id, verdict IS NULL ORDER BY n)) AS coming
), place AS (
    SELECT wanted.to_slot_id, free.place,
           row_number() OVER (PARTITION BY wanted.to_slot_id ORDER BY free.place) AS turn
      FROM (SELECT to_slot_id, target, count(*) AS asked
              FROM queued
             WHERE verdict IS NULL
             GROUP BY to_slot_id, target) AS wanted
     CROSS JOIN LATERAL free_places(wanted.target, wanted.asked) AS free (place)
), moved AS (
    UPDATE appointment
       SET slot_id = queued.to_slot_id, place = place.place, version = appointment.version + 1
      FROM queued
      JOIN place ON place.to_slot_id = queued.to_slot_id AND place.turn = queued.turn
     WHERE queued.verdict IS NULL
       AND appointment.id = ANY (ARRAY[queued.appointment_id])
       AND appointment.slot_id = queued.from_slot_id
       AND is_open(appointment.status)
    RETURNING queued.n, appointment.id, appointment.version, appointment.status, appointment.size,
              queued.from_slot_id, queued.to_slot_id, queued.actor_id
), recorded AS (
    INSERT INTO appointment_history
           (appointment_id, at, actor_id, action, from_slot_id, to_slot_id, from_status, to_status)
    SELECT moved.id,
           greatest(clock_timestamp(), (SELECT change.at
                                          FROM appointment_history AS change
                                         WHERE change.appointment_id = ANY (ARRAY[moved.id])
                                         ORDER BY change.id DESC
                                         LIMIT 1)),
           moved.actor_id, 'reschedule', moved.from_slot_id, moved.to_slot_id,
           moved.status, moved.status
      FROM moved
     ORDER BY moved.n
), counted AS (
    UPDATE slot
       SET booked = slot.booked + change.size, version = slot.version + 1,
           deleted_at = CASE WHEN is_over(slot, -change.size) THEN now() ELSE slot.deleted_at END
      FROM (SELECT step.slot_id, sum(step.size) AS size
              FROM moved
             CROSS JOIN LATERAL (VALUES (moved.from_slot_id, -moved.size), (moved.to_slot_id, moved.size))
                     AS step (slot_id, size)
             GROUP BY step.slot_id) AS change
     WHERE slot.id = ANY (ARRAY[change.slot_id])
    RETURNING slot AS after
), released AS (  -- what went with a time that is over
    UPDATE slot
       SET booked = 0, version = slot.version + 1, deleted_at = now()
      FROM counted
     CROSS JOIN LATERAL slots_with((counted.after).id) AS went
     WHERE (counted.after).deleted_at IS NOT NULL
       AND slot.id = ANY (ARRAY[went.id])
), given_back AS MATERIALIZED (  -- in order, or two could wait for each other
    SELECT served.service_id, served.provider_id
      FROM service_provider AS served
      JOIN counted ON served.service_id = ANY (ARRAY[(counted.after).service_id])
                  AND served.provider_id = ANY (ARRAY[(counted.after).provider_id])
     WHERE (counted.after).deleted_at IS NOT NULL AND (counted.after).chosen
     ORDER BY served.service_id, served.provider_id
       FOR NO KEY UPDATE OF served
), undone AS (
    UPDATE service_provider AS served
       SET served = served.served - back.count * 100.0 / served.weight
      FROM (SELECT service_id, provider_id, count(*) AS count FROM given_back GROUP BY 1, 2) AS back
     WHERE served.service_id = back.service_id
       AND served.provider_id = back.provider_id
), alternative AS (
    SELECT lost.to_slot_id,
           '[' || string_agg(row_to_json(slot_full(slot, provider))::text, ',' ORDER BY slot.starts_at)
               || ']' AS body
      FROM (SELECT DISTINCT queued.to_slot_id, (queued.target).provider_id, (queued.target).starts_at
              FROM queued
              LEFT JOIN place ON place.to_slot_id = queued.to_slot_id AND place.turn = queued.turn
             WHERE queued.verdict = 'slot_taken'
                OR (queued.verdict IS NULL AND place.place IS NULL)) AS lost
      JOIN provider ON provider.id = lost.provider_id
     CROSS JOIN LATERAL free_slots_near(
               lost.provider_id, lost.starts_at, %(to_slot_id)s::bigint[]) AS slot
     GROUP BY lost.to_slot_id
), answer AS (
    SELECT queued.n, queued.actor_id, queued.key, queued.fingerprint,
           CASE WHEN moved.id IS NOT NULL THEN 'moved'
                ELSE coalesce(queued.verdict, 'slot_taken')
           END AS verdict,
           CASE WHEN queued.verdict = 'replayed' THEN (queued.stored).body
                WHEN moved.id IS NULL THEN alternative.body
                ELSE row_to_json(ROW (
                         %(message)s::text,
                         moved.id,
                         CASE WHEN queued.expand
                              THEN (SELECT row_to_json(slot_full(counted.after, provider))
                                      FROM counted
                                      JOIN provider ON provider.id = (counted.after).provider_id
                                     WHERE (counted.after).id = moved.from_slot_id)
                              ELSE to_json(moved.from_slot_id)
                         END,
                         CASE WHEN queued.expand
                              THEN (SELECT row_to_json(slot_full(counted.after, provider))
                                      FROM counted
                                      JOIN provider ON provider.id = (counted.after).provider_id
                                     WHERE (counted.after).id = moved.to_slot_id)
                              ELSE to_json(moved.to_slot_id)
                         END
                     )::move_document)::text
           END AS body,
           coalesce(moved.version, (queued.stored).version) AS version
      FROM queued
      LEFT JOIN moved ON moved.n = queued.n
      LEFT JOIN alternative ON alternative.to_slot_id = queued.to_slot_id
), kept AS (
    INSERT INTO idempotency (account_id, key, fingerprint, body, version)
    SELECT answer.actor_id, answer.key, answer.fingerprint, answer.body, answer.version
      FROM answer
     WHERE answer.key <> '' AND answer.verdict = 'moved'
)
SELECT answer.n, answer.verdict, answer.body, answer.version
  FROM answer
 ORDER BY answer.n;
