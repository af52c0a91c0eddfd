-- What has run out is in nobody's way: neither in what is asked of calendars, nor for who takes its place.
-- serves: 17
CREATE OR REPLACE FUNCTION busy_times(
    provider_id bigint, from_at timestamptz, to_at timestamptz, except_slot_id bigint
) RETURNS TABLE (times tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(range_agg(taken.block), '{}')
      FROM (SELECT slot.id, slot.lead_slot_id, blocks(slot) AS block, has_run_out(slot) AS has_run_out
              FROM slot
             WHERE slot.provider_id = busy_times.provider_id
               AND num_nulls(slot.deleted_at) = 1
               AND slot.starts_at > from_at - interval '32 hours'
               AND slot.starts_at < to_at + interval '8 hours'
             UNION ALL
            SELECT slot.id, slot.lead_slot_id, blocks(slot), has_run_out(slot)
              FROM slot
             WHERE slot.provider_id = busy_times.provider_id
               AND num_nulls(slot.deleted_at) = 1
               AND slot.starts_at <= from_at - interval '32 hours'
               AND slot.ends_at - slot.starts_at > '24:00:00') AS taken
     WHERE taken.id <> except_slot_id
       AND taken.lead_slot_id IS DISTINCT FROM except_slot_id
       AND NOT taken.has_run_out;
END;

CREATE OR REPLACE FUNCTION full_days(
    service service, provider provider, from_at timestamptz, to_at timestamptz, except_slot_id bigint
) RETURNS TABLE (days date[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(array_agg(taken.day), '{}')
      FROM (SELECT (slot.starts_at AT TIME ZONE wall_zone(provider))::date AS day
              FROM slot
             WHERE num_nulls(service.per_day, provider.per_day) < 2
               AND slot.provider_id = provider.id
               AND num_nulls(slot.deleted_at) = 1
               AND is_made(slot)
               AND slot.starts_at > from_at - interval '27 hours'
               AND slot.starts_at < to_at + interval '27 hours'
               AND slot.id <> except_slot_id
               AND slot.lead_slot_id IS DISTINCT FROM except_slot_id
               AND NOT has_run_out(slot)
             GROUP BY 1
            HAVING count(*) >= provider.per_day
                OR count(*) FILTER (WHERE slot.service_id = service.id) >= service.per_day) AS taken;
END;

CREATE OR REPLACE FUNCTION time_verdict(
    service service, provider provider, at timestamptz, size integer, except_slot_id bigint
) RETURNS TABLE (
    refusals text[], slot_id bigint, ends_at timestamptz, block tstzrange, rooms bigint[], missing text, local_day date
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN shared.id IS NOT NULL
                THEN shared_refusals(
                         shared.starts_at, shared.ends_at, size <= service.party_max, terms.earliest,
                         terms.last_day, coalesce(opening.day, asked.local_day), closed.times,
                         NOT shared.closed AND taken(shared) + size <= shared.capacity)
                ELSE time_refusals(
                         at, asked.ends_at, asked.block, size <= service.party_max, terms.earliest,
                         terms.last_day, asked.local_day, opening.day, opening.ends_at,
                         date_bin(terms.step, at, opening.anchor_at) = at,
                         closed.times, full_days.days, busy.times, rooms.missing)
           END,
           shared.id, coalesce(shared.ends_at, asked.ends_at), asked.block,
           CASE WHEN num_nulls(shared.id) = 1 THEN rooms.ids END,
           CASE WHEN num_nulls(shared.id) = 1 THEN rooms.missing END,
           asked.local_day
      FROM service_terms(service, provider) AS terms
     CROSS JOIN LATERAL (
           SELECT at + terms.duration AS ends_at,
                  tstzrange(at - terms.before, at + terms.after) AS block,
                  (at AT TIME ZONE terms.zone)::date AS local_day
           OFFSET 0
     ) AS asked
      LEFT JOIN LATERAL shared_slot(service.id, provider.id, at, except_slot_id) AS shared ON true
      LEFT JOIN LATERAL opening_at(provider.id, service.id, at) AS opening ON true
     CROSS JOIN LATERAL closed_times(
               provider, at, coalesce(shared.ends_at, asked.ends_at)) AS closed
     CROSS JOIN LATERAL full_days(service, provider, at, at, except_slot_id) AS full_days
     CROSS JOIN LATERAL busy_times(
               provider.id, lower(asked.block), upper(asked.block), except_slot_id) AS busy
     CROSS JOIN LATERAL (
           SELECT array_agg(room.provider_id) AS ids,
                  min(room.role) FILTER (WHERE num_nulls(room.provider_id) = 1) AS missing
             FROM rooms_at(service.id, asked.block, except_slot_id) AS room
     ) AS rooms;
END;

CREATE OR REPLACE FUNCTION service_times(
    service service, provider provider, from_at timestamptz, to_at timestamptz,
    size integer, except_slot_id bigint, most integer
) RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, remaining integer, slot_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH known AS MATERIALIZED (
        SELECT terms.*, size <= service.party_max AS fits, service.id AS service_id, service.capacity,
               closed.times AS closed, full_days.days AS full_days, busy.times AS busy,
               shut.starts + taken.starts + roomless.starts + full_times.times AS hindered
          FROM service_terms(service, provider) AS terms
         CROSS JOIN LATERAL closed_times(provider, from_at, to_at + interval '24 hours') AS closed
         CROSS JOIN LATERAL full_days(service, provider, from_at, to_at, except_slot_id) AS full_days
         CROSS JOIN LATERAL busy_times(
                   provider.id, from_at - interval '8 hours', to_at + interval '32 hours', except_slot_id) AS busy
         CROSS JOIN LATERAL starts_meeting(closed.times, interval '0', terms.duration) AS shut
         CROSS JOIN LATERAL starts_meeting(busy.times, terms.before, terms.after) AS taken
         CROSS JOIN LATERAL starts_without_rooms(
                   service, from_at - interval '8 hours', to_at + interval '32 hours',
                   terms.before, terms.after, except_slot_id) AS roomless
         CROSS JOIN LATERAL (
               SELECT coalesce(range_agg(tstzrange(day_begins(full_day.day, terms.zone),
                                                   day_begins(full_day.day + 1, terms.zone))), '{}') AS times
                 FROM unnest(full_days.days) AS full_day (day)
         ) AS full_times
    )
    (SELECT start.at, start.at + known.duration, known.capacity, NULL::bigint
      FROM opening
     CROSS JOIN known
     CROSS JOIN LATERAL (
           SELECT least(opening.ends_at - known.duration,
                        opening.stops_at - interval '1 microsecond',
                        to_at - interval '1 microsecond') AS at
     ) AS last
     CROSS JOIN LATERAL unnest(
               tstzmultirange(tstzrange(least(opening.starts_at, last.at), last.at, '[]'))
               - known.hindered) AS free (starts)
     CROSS JOIN LATERAL generate_series(
               date_bin(known.step, greatest(lower(free.starts), opening.starts_at, from_at, known.earliest)
                                    + known.step - interval '1 microsecond', opening.anchor_at),
               upper(free.starts),
               known.step) AS start (at)
     WHERE known.fits
       AND opening.provider_id = provider.id
       AND opening.starts_at > from_at - interval '48 hours'
       AND opening.starts_at < to_at
       AND opening.stops_at > from_at
       AND opening.day <= known.last_day
       AND (opening.service_ids IS NULL OR known.service_id = ANY (opening.service_ids))
       AND time_refusals(
               start.at, start.at + known.duration,
               tstzrange(start.at - known.before, start.at + known.after), known.fits,
               known.earliest, known.last_day,
               CASE WHEN known.full_days <> '{}' THEN (start.at AT TIME ZONE known.zone)::date END,
               opening.day, opening.ends_at, true, known.closed, known.full_days, known.busy,
               NULL) = '{}'
     ORDER BY opening.starts_at, start.at
     LIMIT most)
     UNION ALL
    (SELECT slot.starts_at, slot.ends_at, slot.capacity - taken(slot), slot.id
      FROM slot
     CROSS JOIN known
     WHERE slot.provider_id = provider.id
       AND slot.starts_at >= greatest(from_at, now())
       AND slot.starts_at < to_at
       AND num_nulls(slot.deleted_at) = 1
       AND slot.service_id = service.id
       AND slot.lead_slot_id IS NULL
       AND (slot.capacity > 1 OR NOT is_made(slot))
       AND slot.id <> except_slot_id
       AND NOT has_run_out(slot)
       AND shared_refusals(
               slot.starts_at, slot.ends_at, known.fits, known.earliest, known.last_day,
               coalesce((SELECT opening.day
                           FROM opening_at(provider.id, known.service_id, slot.starts_at) AS opening),
                        (slot.starts_at AT TIME ZONE known.zone)::date), known.closed,
               NOT slot.closed AND taken(slot) + size <= slot.capacity) = '{}'
     ORDER BY slot.starts_at  -- no two of a provider's begin at once
     LIMIT most);
END;

CREATE OR REPLACE FUNCTION customer_counts(
    service service, account_id bigint, day date, slot_id bigint, except_id bigint, wanted boolean
) RETURNS TABLE (of_day bigint, of_service bigint, open bigint, in_slot bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT count(*) FILTER (WHERE at.service_id = service.id AND at.day = customer_counts.day),
           count(*) FILTER (WHERE at.service_id = service.id AND at.coming),
           count(*) FILTER (WHERE at.coming),
           count(*) FILTER (WHERE appointment.slot_id = customer_counts.slot_id)
      FROM appointment
      -- The LIMIT keeps this a look-up per appointment. And the status in it keeps away from an index of
      -- those that are not cancelled, which is not a person's.
     CROSS JOIN LATERAL (
           SELECT slot.service_id, slot.starts_at > now() AND is_coming(appointment.status, appointment.expires_at) AS coming,
                  (slot.starts_at AT TIME ZONE wall_zone(provider))::date AS day
             FROM slot
             JOIN provider ON provider.id = slot.provider_id
            WHERE slot.id = appointment.slot_id
              AND NOT leaves(status_now(appointment.status, appointment.expires_at))
              AND NOT is_aside(appointment.id, appointment.slot_id)
            LIMIT 1
     ) AS at
     WHERE wanted
       AND appointment.account_id = customer_counts.account_id
       AND appointment.id <> except_id;
END;

CREATE OR REPLACE FUNCTION has_overlap(
    account_id bigint, starts_at timestamptz, ends_at timestamptz, slot_id bigint, except_id bigint
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT
          FROM appointment
          -- As in customer_counts().
         CROSS JOIN LATERAL (
               SELECT
                 FROM slot
                WHERE slot.id = appointment.slot_id
                  AND is_coming(appointment.status, appointment.expires_at)
                  AND NOT is_aside(appointment.id, appointment.slot_id)
                  AND slot.starts_at < has_overlap.ends_at
                  AND slot.ends_at > has_overlap.starts_at
                  AND slot.id IS DISTINCT FROM has_overlap.slot_id
                LIMIT 1
         ) AS at
         WHERE appointment.account_id = has_overlap.account_id
           AND appointment.id <> except_id);
END;

CREATE OR REPLACE FUNCTION places_left(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT slot.capacity - taken(slot)
      FROM slot
     WHERE slot.id = places_left.slot_id
       AND taken(slot) < slot.capacity
       AND NOT slot.closed);

CREATE TYPE hold_document AS (id bigint, expires_at timestamptz, slot json);

CREATE TYPE held_document AS (
    slot        bigint,
    service     bigint,
    provider    bigint,
    starts_at   timestamptz,
    account_id  bigint,
    size        integer,
    notes       text
);

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

CREATE FUNCTION was_approved(appointment_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM appointment_history AS change
     WHERE change.appointment_id = was_approved.appointment_id
       AND change.action = 'approve');

CREATE FUNCTION was_held(appointment_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM appointment_history AS change
     WHERE change.appointment_id = was_held.appointment_id
       AND change.action = 'hold');

CREATE FUNCTION service_block(service service, starts_at timestamptz) RETURNS tstzrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN tstzrange(
    starts_at - make_interval(mins => service.buffer_before_minutes),
    starts_at + make_interval(mins => service.duration_minutes + service.buffer_after_minutes));

CREATE FUNCTION expire(slot_ids bigint[]) RETURNS bigint
LANGUAGE sql VOLATILE STRICT
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
