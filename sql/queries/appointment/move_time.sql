-- book.sql says how all of this folder lock and look rows up, book_time.sql in which order.


-- name: appointment_move_time :many
-- Moves each appointment for a service, which is still in from_slot, to another time of it; provider 0
-- stands for the one it is with. 'again' where it has left since we looked, or a neighbour was in the way.
SELECT idempotency_lock(item.actor_id, item.key)
  FROM unnest(%(actor_id)s::bigint[], %(key)s::text[]) AS item (actor_id, key)
 WHERE item.key <> '';

SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (ARRAY(
                   SELECT appointment.account_id
                     FROM appointment
                     JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
                     JOIN service ON service.id = ANY (ARRAY[slot.service_id])
                    WHERE appointment.id = ANY (%(appointment_id)s::bigint[])
                      AND (%(no_overlap)s::boolean OR num_nulls(service.per_customer_day) = 0)))
         ORDER BY account.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.providers', coalesce(array_agg(mine.id)::text, '{}'), true) AS providers
  FROM (SELECT provider.id
          FROM provider
         WHERE provider.id = ANY (ARRAY(
                   SELECT unnest(%(provider_id)s::bigint[])
                    UNION ALL
                   SELECT slot.provider_id
                     FROM slot
                    WHERE slot.id = ANY (%(from_slot_id)s::bigint[])
                    UNION ALL
                   SELECT need.provider_id
                     FROM slot
                     JOIN service_need AS need ON need.service_id = ANY (ARRAY[slot.service_id])
                    WHERE slot.id = ANY (%(from_slot_id)s::bigint[])))
         ORDER BY provider.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

SELECT set_config('booking.appointments', coalesce(array_agg(mine.id)::text, '{}'), true) AS appointments
  FROM (SELECT appointment.id
          FROM appointment
         WHERE appointment.id = ANY (%(appointment_id)s::bigint[])
         ORDER BY appointment.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

-- Where they are, those that stand where they want to go, and those that have run out there.
SELECT set_config('booking.slots', coalesce(array_agg(mine.id)::text, '{}'), true) AS slots,
       expire(array_agg(mine.id) FILTER (WHERE mine.next_expiry <= now())) AS expired
  FROM (SELECT slot.id, slot.next_expiry
          FROM slot
         WHERE slot.id = ANY (ARRAY(
                   SELECT unnest(%(from_slot_id)s::bigint[])
                    UNION ALL
                   SELECT shared.id
                     FROM unnest(%(from_slot_id)s::bigint[], %(provider_id)s::bigint[],
                                 %(starts_at)s::timestamptz[])
                       AS item (from_slot_id, provider_id, starts_at)
                     JOIN slot AS origin ON origin.id = ANY (ARRAY[item.from_slot_id])
                    CROSS JOIN LATERAL shared_slot(
                              origin.service_id,
                              coalesce(nullif(item.provider_id, 0), origin.provider_id),
                              item.starts_at, 0) AS shared
                    UNION ALL
                   SELECT run_out.id
                     FROM unnest(%(from_slot_id)s::bigint[], %(starts_at)s::timestamptz[])
                       AS item (from_slot_id, starts_at)
                     JOIN slot AS origin ON origin.id = ANY (ARRAY[item.from_slot_id])
                     JOIN service ON service.id = ANY (ARRAY[origin.service_id])
                    CROSS JOIN LATERAL run_out_between(
                              locked('providers'), service_block(service, item.starts_at)) AS run_out))
         ORDER BY slot.id
           FOR NO KEY UPDATE SKIP LOCKED) AS mine;

WITH item AS (
    SELECT item.*
      FROM unnest(
               %(appointment_id)s::bigint[], %(from_slot_id)s::bigint[], %(provider_id)s::bigint[],
               %(starts_at)s::timestamptz[], %(version)s::integer[],
               %(actor_id)s::bigint[], %(staff_of)s::bigint[], %(expand)s::boolean[],
               %(key)s::text[], %(fingerprint)s::text[]
           ) WITH ORDINALITY AS item (
               appointment_id, from_slot_id, provider_id, starts_at, version, actor_id, staff_of,
               expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids, locked('providers') AS provider_ids,
           locked('appointments') AS appointment_ids, locked('slots') AS slot_ids
), wanted AS (
    SELECT item.*, appointment, origin, service, provider, served.weight,
           CASE WHEN is_over(origin, appointment.size) THEN origin.id ELSE 0 END AS left_slot_id
      FROM item
      JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
      JOIN slot AS origin ON origin.id = ANY (ARRAY[item.from_slot_id])
      LEFT JOIN service ON service.id = ANY (ARRAY[origin.service_id])
                       AND num_nulls(service.retired_at) = 1
      LEFT JOIN provider ON provider.id = ANY (ARRAY[coalesce(nullif(item.provider_id, 0),
                                                             origin.provider_id)])
      LEFT JOIN service_provider AS served
             ON served.service_id = ANY (ARRAY[service.id])
            AND served.provider_id = ANY (ARRAY[provider.id])
), considered AS (
    SELECT wanted.*, verdict.slot_id, verdict.ends_at, verdict.block, verdict.rooms,
           verdict.missing, verdict.local_day, told.met, stored,
           coalesce(idempotency_set_verdict(stored, wanted.actor_id, wanted.key, wanted.fingerprint,
                                            row_number() OVER same_key),
           CASE
               WHEN (wanted.appointment).id <> ALL (mine.appointment_ids)
                 OR (wanted.origin).id <> ALL (mine.slot_ids)
                 OR (wanted.provider).id <> ALL (mine.provider_ids)
                 OR NOT coalesce(array_remove(verdict.rooms, NULL), '{}') <@ mine.provider_ids
                 OR (verdict.slot_id IS NOT NULL AND verdict.slot_id <> ALL (mine.slot_ids))
                 OR ((%(no_overlap)s::boolean OR num_nulls((wanted.service).per_customer_day) = 0)
                     AND (wanted.appointment).account_id <> ALL (mine.account_ids))
                 OR EXISTS (SELECT FROM run_out_between(
                                       (wanted.provider).id || verdict.rooms, verdict.block))
               THEN 'locked'
               WHEN (wanted.appointment).slot_id <> wanted.from_slot_id THEN 'again'
               WHEN wanted.version <> 0 AND wanted.version <> (wanted.appointment).version THEN 'stale'
               WHEN (wanted.appointment).status = 'pending' THEN 'not_approved'
               WHEN NOT is_open((wanted.appointment).status) THEN 'not_active'
               WHEN (wanted.origin).provider_id = (wanted.provider).id
                AND (wanted.origin).starts_at = wanted.starts_at THEN 'same_slot'
               WHEN NOT is_staff(wanted.origin, wanted.staff_of)
                AND (wanted.origin).starts_at
                    <= now() + notice_of(wanted.origin, %(notice)s::interval) THEN 'too_late'
               WHEN wanted.weight IS NULL THEN 'not_offered'
               WHEN (wanted.appointment).account_id <> wanted.actor_id
                AND wanted.staff_of NOT IN (-1, (wanted.provider).id) THEN 'forbidden'
               WHEN num_nulls((wanted.service).approval_minutes) = 0
                AND wanted.staff_of NOT IN (-1, (wanted.provider).id) THEN 'approval_needed'
               ELSE told.refusals[1]
           END) AS refusal
      FROM wanted
     CROSS JOIN mine
      LEFT JOIN LATERAL time_verdict(
                wanted.service, wanted.provider, wanted.starts_at, (wanted.appointment).size,
                wanted.left_slot_id) AS verdict ON wanted.weight IS NOT NULL
      LEFT JOIN LATERAL refusals_for(
                (wanted.appointment).account_id, wanted.service, verdict.refusals, verdict.local_day,
                verdict.slot_id, (wanted.appointment).id, 0,
                CASE WHEN %(no_overlap)s::boolean
                     THEN tstzrange(wanted.starts_at, verdict.ends_at)
                END) AS told ON wanted.weight IS NOT NULL
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[wanted.actor_id])
            AND stored.key = ANY (ARRAY[wanted.key])
    WINDOW same_key AS (PARTITION BY wanted.actor_id, wanted.key ORDER BY wanted.n)
), queued AS (
    SELECT considered.*,
           CASE
               WHEN considered.refusal IS NOT NULL THEN considered.refusal
               WHEN EXISTS (
                        SELECT FROM considered AS before
                         WHERE before.n < considered.n
                           AND before.refusal IS NULL
                           AND (before.appointment_id = considered.appointment_id
                                OR before.slot_id = considered.slot_id
                                -- A row changes once in a statement: nobody comes to where one leaves.
                                OR before.slot_id = considered.from_slot_id
                                OR before.from_slot_id = considered.slot_id
                                OR ((before.appointment).account_id
                                     = (considered.appointment).account_id
                                    AND (%(no_overlap)s::boolean
                                         OR num_nulls((considered.service).per_customer_day) = 0))
                                OR (((before.provider).id = (considered.provider).id
                                     OR before.rooms && considered.rooms
                                     OR before.rooms && ARRAY[(considered.provider).id]
                                     OR considered.rooms && ARRAY[(before.provider).id])
                                    AND (before.block && considered.block
                                         OR (before.local_day = considered.local_day
                                             AND num_nulls((considered.service).per_day,
                                                           (considered.provider).per_day) < 2)))))
               THEN 'again'
           END AS verdict
      FROM considered
), freed AS (
    UPDATE slot
       SET booked = slot.booked - gone.size, version = slot.version + 1,
           deleted_at = CASE WHEN is_over(slot, gone.size) THEN now() ELSE slot.deleted_at END
      FROM (SELECT queued.from_slot_id, sum((queued.appointment).size) AS size
              FROM queued
             WHERE queued.verdict IS NULL
             GROUP BY queued.from_slot_id) AS gone
     WHERE slot.id = ANY (ARRAY[gone.from_slot_id])
    RETURNING slot AS after
), released AS (  -- what went with a time that is over
    UPDATE slot
       SET booked = 0, version = slot.version + 1, deleted_at = now()
      FROM freed
     CROSS JOIN LATERAL slots_with((freed.after).id) AS went
     WHERE (freed.after).deleted_at IS NOT NULL
       AND slot.id = ANY (ARRAY[went.id])
    RETURNING slot.id
), made AS (  -- once all of that is free: it may lie in what it leaves
    INSERT INTO slot (
               provider_id, starts_at, ends_at, capacity, booked, service_id, service_version,
               blocks_from, blocks_until, wall_at, chosen)
    SELECT (queued.provider).id, queued.starts_at, queued.ends_at,
           (queued.service).capacity, (queued.appointment).size,
           (queued.service).id, (queued.service).version,
           lower(queued.block), upper(queued.block),
           queued.starts_at AT TIME ZONE wall_zone(queued.provider),
           CASE WHEN (queued.origin).provider_id = (queued.provider).id
                 AND is_over(queued.origin, (queued.appointment).size)
                THEN (queued.origin).chosen
           END
      FROM queued
     WHERE queued.verdict IS NULL AND queued.slot_id IS NULL
       AND (SELECT count(*) FROM freed) + (SELECT count(*) FROM released) > 0
     ORDER BY (queued.provider).id, queued.starts_at
    RETURNING slot AS taken
), with_rooms AS (
    INSERT INTO slot (
               provider_id, starts_at, ends_at, booked, service_id, service_version,
               lead_slot_id, blocks_from, blocks_until, wall_at)
    SELECT room.provider_id, (made.taken).starts_at, (made.taken).ends_at, 1,
           (made.taken).service_id, (made.taken).service_version, (made.taken).id,
           (made.taken).blocks_from, (made.taken).blocks_until, (made.taken).wall_at
      FROM made
      JOIN queued ON (queued.provider).id = (made.taken).provider_id
                 AND queued.starts_at = (made.taken).starts_at
                 AND queued.verdict IS NULL AND queued.slot_id IS NULL
     CROSS JOIN LATERAL unnest(queued.rooms) AS room (provider_id)
     WHERE room.provider_id IS NOT NULL
     ORDER BY room.provider_id, (made.taken).starts_at
), joined AS (
    UPDATE slot
       SET booked = slot.booked + (queued.appointment).size, version = slot.version + 1
      FROM queued
     WHERE queued.verdict IS NULL
       AND slot.id = ANY (ARRAY[queued.slot_id])
    RETURNING slot AS taken
), given_back AS MATERIALIZED (  -- in order, or two could wait for each other
    SELECT served.service_id, served.provider_id
      FROM service_provider AS served
      JOIN freed ON served.service_id = ANY (ARRAY[(freed.after).service_id])
                  AND served.provider_id = ANY (ARRAY[(freed.after).provider_id])
     WHERE (freed.after).deleted_at IS NOT NULL AND (freed.after).chosen
       AND NOT EXISTS (SELECT FROM made
                         JOIN queued ON (queued.provider).id = (made.taken).provider_id
                                    AND queued.starts_at = (made.taken).starts_at
                        WHERE queued.from_slot_id = (freed.after).id AND (made.taken).chosen)
     ORDER BY served.service_id, served.provider_id
       FOR NO KEY UPDATE OF served
), undone AS (
    UPDATE service_provider AS served
       SET served = served.served - back.count * 100.0 / served.weight
      FROM (SELECT service_id, provider_id, count(*) AS count FROM given_back GROUP BY 1, 2) AS back
     WHERE served.service_id = back.service_id
       AND served.provider_id = back.provider_id
), target AS (
    SELECT queued.n, (made.taken) AS slot, 1 AS place
      FROM queued
      JOIN made ON (made.taken).provider_id = (queued.provider).id
               AND (made.taken).starts_at = queued.starts_at
     WHERE queued.verdict IS NULL AND queued.slot_id IS NULL
     UNION ALL
    SELECT queued.n, joined.taken, free.place
      FROM queued
      JOIN joined ON (joined.taken).id = queued.slot_id
      JOIN slot AS before ON before.id = ANY (ARRAY[queued.slot_id])
     CROSS JOIN LATERAL free_places(before, 1) AS free (place)
     WHERE queued.verdict IS NULL
), moved AS (
    UPDATE appointment
       SET slot_id = (target.slot).id, place = target.place, version = appointment.version + 1
      FROM queued
      JOIN target ON target.n = queued.n
     WHERE appointment.id = ANY (ARRAY[queued.appointment_id])
    RETURNING queued.n, appointment.id, appointment.version, appointment.status,
              queued.from_slot_id, appointment.slot_id AS to_slot_id, queued.actor_id
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
), answer AS (
    SELECT queued.n, queued.actor_id, queued.key, queued.fingerprint,
           coalesce(queued.verdict, 'moved') AS verdict,
           CASE WHEN queued.verdict = 'replayed' THEN (queued.stored).body
                WHEN queued.verdict = 'limit_reached' THEN queued.met
                WHEN queued.verdict = 'slot_taken'
                THEN coalesce(queued.missing, '') || E'\n'
                     || times_near(queued.service, (queued.provider).id, queued.starts_at,
                                   (queued.appointment).size, queued.left_slot_id)
                     || E'\n' || coalesce(places_left(queued.slot_id)::text, '')
                WHEN moved.id IS NOT NULL
                THEN row_to_json(ROW (
                         %(message)s::text,
                         moved.id,
                         CASE WHEN queued.expand
                              THEN (SELECT row_to_json(slot_full(freed.after, former))
                                      FROM freed
                                      JOIN provider AS former ON former.id = (freed.after).provider_id
                                     WHERE (freed.after).id = moved.from_slot_id)
                              ELSE to_json(moved.from_slot_id)
                         END,
                         CASE WHEN queued.expand
                              THEN row_to_json(slot_full(target.slot, queued.provider))
                              ELSE to_json(moved.to_slot_id)
                         END
                     )::move_document)::text
           END AS body,
           coalesce(moved.version, (queued.stored).version) AS version
      FROM queued
      LEFT JOIN moved ON moved.n = queued.n
      LEFT JOIN target ON target.n = queued.n
), kept AS (
    INSERT INTO idempotency (account_id, key, fingerprint, body, version)
    SELECT answer.actor_id, answer.key, answer.fingerprint, answer.body, answer.version
      FROM answer
     WHERE answer.key <> '' AND answer.verdict = 'moved'
)
SELECT answer.n, answer.verdict, answer.body, answer.version
  FROM answer
 ORDER BY answer.n;
