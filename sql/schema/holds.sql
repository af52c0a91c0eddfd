-- Holds and requests: what runs out by itself, and makes room for whoever comes next.

-- A held time as clients see it.
CREATE TYPE hold_document AS (id bigint, expires_at timestamptz, slot json);

-- What a hold was of, for who wants it once more: of a time its service, else only the slot.
CREATE TYPE held_document AS (
    slot        bigint,
    service     bigint,
    provider    bigint,
    starts_at   timestamptz,
    account_id  bigint,
    size        integer,
    notes       text
);

-- Until when a booking only holds its time, or waits for approval; NULL where it is booked at once. most is
-- how many seconds may be held where the service does not say. Nothing waits longer than until it begins.
CREATE FUNCTION runs_out_at(
    seconds integer, most integer, starts_at timestamptz, service service, by_staff boolean
) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN seconds > 0
    THEN least(starts_at, now() + make_interval(
             secs => least(seconds, coalesce(service.hold_seconds, most))))
    WHEN service.approval_minutes IS NOT NULL AND NOT by_staff
    THEN least(starts_at, now() + make_interval(mins => service.approval_minutes))
END;

-- How much of a person's is still to be confirmed, and to be approved, now or once it is confirmed.
CREATE FUNCTION waiting_counts(account_id bigint, wanted boolean)
RETURNS TABLE (held bigint, pending bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT count(*) FILTER (WHERE appointment.status = 'held'),
           count(*) FILTER (WHERE appointment.status = 'pending' OR service.approval_minutes IS NOT NULL)
      FROM appointment
      LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      LEFT JOIN service ON service.id = ANY (ARRAY[slot.service_id])
     WHERE wanted
       AND appointment.account_id = waiting_counts.account_id
       AND coalesce(appointment.expires_at > now(), false);  -- so written, none of an index of everybody's
END;

-- Which of a person's limits is met for one more hold, or request.
CREATE FUNCTION waiting_limit(
    account_id bigint, held boolean, service service, by_staff boolean, max_holds integer, max_pending integer
) RETURNS TABLE (met text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN waiting_limit.held AND counts.held >= max_holds THEN 'holds'
               WHEN service.approval_minutes IS NOT NULL AND NOT by_staff AND counts.pending >= max_pending
               THEN 'pending'
           END
      FROM waiting_counts(
               waiting_limit.account_id,
               waiting_limit.held OR service.approval_minutes IS NOT NULL) AS counts;
END;

-- The slots with holds or requests that have run out and that keep one of these providers busy in a span:
-- of what went with a slot, that one. OFFSET 0 keeps this a look-up for each provider.
CREATE FUNCTION run_out_between(provider_ids bigint[], span tstzrange) RETURNS TABLE (id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT run_out.id
      FROM unnest(provider_ids) AS busy (provider_id)
     CROSS JOIN LATERAL (
           SELECT coalesce(slot.lead_slot_id, slot.id) AS id
             FROM slot
            WHERE slot.provider_id = busy.provider_id
              AND slot.next_expiry <= now()
              AND slot.starts_at > lower(span) - interval '32 hours'
              AND slot.starts_at < upper(span) + interval '8 hours'
              AND blocks(slot) && span
              AND num_nulls(slot.deleted_at) = 1
           OFFSET 0
     ) AS run_out;
END;

-- Whether staff have approved an appointment.
CREATE FUNCTION was_approved(appointment_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM appointment_history AS change
     WHERE change.appointment_id = was_approved.appointment_id
       AND change.action = 'approve');

-- Whether an appointment was a hold first, or an offer.
CREATE FUNCTION was_held(appointment_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM appointment_history AS change
     WHERE change.appointment_id = was_held.appointment_id
       AND change.action IN ('hold', 'offer'));

-- From when to when a service keeps its provider busy.
CREATE FUNCTION service_block(service service, starts_at timestamptz) RETURNS tstzrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN tstzrange(
    starts_at - make_interval(mins => service.buffer_before_minutes),
    starts_at + make_interval(mins => service.duration_minutes + service.buffer_after_minutes));

-- Ends the holds and requests in these slots that have run out, and says how many. What somebody else decides
-- about just now it leaves alone, and the slot as it is: next_expiry tells.
CREATE FUNCTION end_run_out(slot_ids bigint[]) RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH due AS MATERIALIZED (
        SELECT appointment.id
          FROM appointment
         WHERE appointment.slot_id = ANY (slot_ids)
           AND appointment.status <> 'cancelled'
           AND appointment.place > 0
           AND coalesce(appointment.expires_at <= now(), false)  -- else by all that have run out anywhere
         ORDER BY appointment.id
           FOR NO KEY UPDATE SKIP LOCKED
    ), ended AS (
        UPDATE appointment
           SET status = status_now(appointment.status, appointment.expires_at),
               expires_at = NULL, place = NULL, version = appointment.version + 1
          FROM due
         WHERE appointment.id = ANY (ARRAY[due.id])
        RETURNING appointment.id, appointment.slot_id, appointment.size, appointment.status
    ), recorded AS (
        INSERT INTO appointment_history
               (appointment_id, at, actor_id, action, from_slot_id, from_status, to_status)
        SELECT ended.id,
               greatest(clock_timestamp(), (SELECT change.at
                                              FROM appointment_history AS change
                                             WHERE change.appointment_id = ANY (ARRAY[ended.id])
                                             ORDER BY change.id DESC
                                             LIMIT 1)),
               0, 'expire', ended.slot_id,
               CASE ended.status WHEN 'expired' THEN 'held' ELSE 'pending' END, ended.status
          FROM ended
         ORDER BY ended.id
    ), counted AS (
        UPDATE slot
           SET booked = slot.booked - freed.size, version = slot.version + freed.count,
               deleted_at = CASE WHEN is_over(slot, freed.size) THEN now() END,
               next_expiry = (SELECT min(other.expires_at)
                                FROM appointment AS other
                               WHERE other.slot_id = slot.id
                                 AND other.status <> 'cancelled'
                                 AND other.place > 0
                                 AND NOT EXISTS (SELECT FROM ended WHERE ended.id = other.id))
          FROM (SELECT ended.slot_id, sum(ended.size) AS size, count(*)::integer AS count
                  FROM ended
                 GROUP BY ended.slot_id) AS freed
         WHERE slot.id = ANY (ARRAY[freed.slot_id])
        RETURNING slot AS after
    ), with_them AS (
        UPDATE slot
           SET booked = CASE WHEN (counted.after).deleted_at IS NULL THEN slot.booked ELSE 0 END,
               version = slot.version + 1,
               deleted_at = (counted.after).deleted_at, next_expiry = (counted.after).next_expiry
          FROM counted
         CROSS JOIN LATERAL slots_with((counted.after).id) AS went
         WHERE slot.id = ANY (ARRAY[went.id])
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
    )
    SELECT count(*) FROM ended;
END;

-- The same, and offers what is left to those in line, before anybody else decides about it. Whoever calls it has
-- locked the slots before, in the same transaction.
CREATE FUNCTION expire(slot_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql STRICT
AS $$
DECLARE
    ended bigint := end_run_out(slot_ids);
BEGIN
    PERFORM offer(freed.id) FROM unnest(slot_ids) AS freed (id);
    RETURN ended;
END
$$;
