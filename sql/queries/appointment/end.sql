-- book.sql says how all of them lock and look rows up.


-- name: appointment_end :many
-- Ends each appointment as cancelled, noshow or fulfilled, approves or declines one that was asked for, or
-- lets go of a hold. Who leaves a slot frees the place, and with the last one a time that was made goes,
-- here and where it has run out (expire()): no time becomes free elsewhere, but by a move.
-- What has come to that already succeeds again and changes nothing.
SELECT idempotency_lock(item.actor_id, item.key)
  FROM unnest(%(actor_id)s::bigint[], %(key)s::text[]) AS item (actor_id, key)
 WHERE item.key <> '';

-- Of whom something is approved: as for a hold that is confirmed.
SELECT set_config('booking.accounts', coalesce(array_agg(mine.id)::text, '{}'), true) AS accounts
  FROM (SELECT account.id
          FROM account
         WHERE account.id = ANY (ARRAY(
                   SELECT appointment.account_id
                     FROM unnest(%(appointment_id)s::bigint[], %(status)s::text[]) AS item (appointment_id, to_status)
                     JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
                    WHERE item.to_status = 'booked'))
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
               %(appointment_id)s::bigint[], %(action)s::text[], %(begins)s::text[], %(status)s::text[],
               %(staff_only)s::boolean[], %(message)s::text[],
               %(reason)s::text[], %(version)s::integer[],
               %(actor_id)s::bigint[], %(staff_of)s::bigint[], %(expand)s::boolean[],
               %(key)s::text[], %(fingerprint)s::text[]
           ) WITH ORDINALITY AS item (
               appointment_id, action, begins, to_status, staff_only, message, reason, version,
               actor_id, staff_of, expand, key, fingerprint, n)
), mine AS MATERIALIZED (  -- what of all that is locked
    SELECT locked('accounts') AS account_ids, locked('appointments') AS appointment_ids,
           locked('slots') AS slot_ids
), considered AS (
    SELECT item.*, slot, appointment.id,
           version_now(appointment.version, appointment.expires_at) AS old_version,
           appointment.status AS old_status, stored,
           coalesce(idempotency_set_verdict(stored, item.actor_id, item.key, item.fingerprint,
                                            row_number() OVER same_key),
           CASE
               -- Before any lock: a stranger hears at once what is heard of one that never was.
               WHEN appointment.id IS NULL THEN 'not_found'
               WHEN NOT is_staff(slot, item.staff_of)
                AND appointment.account_id <> item.actor_id THEN 'not_found'
               WHEN is_hold(appointment.status) <> is_hold(item.to_status) THEN 'not_found'
               WHEN appointment.id <> ALL (mine.appointment_ids)
                 OR slot.id <> ALL (mine.slot_ids) THEN 'locked'
               WHEN item.to_status = 'booked'
                AND (appointment.account_id <> ALL (mine.account_ids)
                     OR ran_out_meanwhile(appointment.expires_at)) THEN 'locked'
               WHEN NOT is_staff(slot, item.staff_of)
                AND item.staff_only THEN 'forbidden'
               WHEN item.version <> 0
                AND item.version <> version_now(appointment.version, appointment.expires_at) THEN 'stale'
               WHEN by_now.status = item.to_status
                AND (item.to_status <> 'booked' OR was_approved(appointment.id)) THEN 'ended'
               WHEN by_now.status <> ALL (string_to_array(item.begins, ','))
               THEN CASE WHEN item.begins = 'pending' THEN 'not_pending' ELSE 'not_active' END
               WHEN item.to_status = 'noshow' AND slot.starts_at > now() THEN 'too_early'
               WHEN NOT is_staff(slot, item.staff_of) AND is_open(appointment.status)
                AND slot.starts_at <= now() + notice_of(slot, %(notice)s::interval) THEN 'too_late'
               WHEN row_number() OVER (PARTITION BY item.appointment_id ORDER BY item.n) > 1
               THEN 'again'
           END) AS verdict
      FROM item
     CROSS JOIN mine
      LEFT JOIN appointment ON appointment.id = ANY (ARRAY[item.appointment_id])
      LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
     CROSS JOIN LATERAL (SELECT status_now(appointment.status, appointment.expires_at) AS status) AS by_now
      LEFT JOIN idempotency AS stored
             ON stored.account_id = ANY (ARRAY[item.actor_id]) AND stored.key = ANY (ARRAY[item.key])
    WINDOW same_key AS (PARTITION BY item.actor_id, item.key ORDER BY item.n)
), ended AS (
    UPDATE appointment
       SET status = considered.to_status, version = appointment.version + 1, expires_at = NULL,
           place = CASE WHEN considered.to_status NOT IN ('declined', 'expired') THEN appointment.place END
      FROM considered
     WHERE considered.verdict IS NULL
       AND appointment.id = ANY (ARRAY[considered.appointment_id])
    RETURNING considered.n, appointment.id, appointment.version, appointment.slot_id,
              CASE WHEN leaves(appointment.status) THEN appointment.size ELSE 0 END AS leaving,
              considered.old_status IN ('held', 'pending') AS was_tentative,
              considered.actor_id, considered.action, considered.old_status,
              considered.to_status, considered.reason
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
           CASE WHEN NOT leaves(ended.to_status) THEN ended.slot_id END,
           ended.old_status, ended.to_status, ended.reason
      FROM ended
     ORDER BY ended.n
), counted AS (
    UPDATE slot
       SET booked = slot.booked - freed.size, version = slot.version + 1,
           deleted_at = CASE WHEN is_over(slot, freed.size) THEN now() END,
           next_expiry = CASE WHEN freed.was_tentative
                              THEN (SELECT min(other.expires_at)
                                      FROM appointment AS other
                                     WHERE other.slot_id = slot.id
                                       AND other.status <> 'cancelled'
                                       AND other.place > 0
                                       AND NOT EXISTS (SELECT FROM ended WHERE ended.id = other.id))
                              ELSE slot.next_expiry
                         END
      FROM (SELECT slot_id, sum(leaving) AS size, bool_or(was_tentative) AS was_tentative
              FROM ended
             WHERE leaving > 0 OR was_tentative
             GROUP BY slot_id) AS freed
     WHERE slot.id = ANY (ARRAY[freed.slot_id])
    RETURNING slot AS after, freed.was_tentative
), released AS (  -- what went with a time that is over, or is as tentative
    UPDATE slot
       SET booked = CASE WHEN (counted.after).deleted_at IS NULL THEN slot.booked ELSE 0 END,
           version = slot.version + 1,
           deleted_at = (counted.after).deleted_at, next_expiry = (counted.after).next_expiry
      FROM counted
     CROSS JOIN LATERAL slots_with((counted.after).id) AS went
     WHERE ((counted.after).deleted_at IS NOT NULL OR counted.was_tentative)
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
