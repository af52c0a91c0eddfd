-- The times that can be booked, and what becomes of those that were.

-- The starts at which what reaches from so long before them to so long after them would meet one of
-- these times.
CREATE FUNCTION starts_meeting(times tstzmultirange, before interval, after interval)
RETURNS TABLE (starts tstzmultirange)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(range_agg(tstzrange(lower(one.time) - after, upper(one.time) + before, '()')), '{}')
      FROM unnest(times) AS one (time);
END;

-- The starts at which a role that a service needs has nobody who is free.
CREATE FUNCTION starts_without_rooms(
    service service, from_at timestamptz, to_at timestamptz, before interval, after interval,
    except_slot_id bigint
) RETURNS TABLE (starts tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(range_agg(missed.starts), '{}')
      FROM (SELECT range_intersect_agg(met.starts) AS starts
              FROM service_need AS need
              JOIN provider AS room ON room.id = need.provider_id
             CROSS JOIN LATERAL busy_times(room.id, from_at, to_at, except_slot_id) AS busy
             CROSS JOIN LATERAL (
                   SELECT coalesce(range_agg(closure_time(closure, room)), '{}') AS times
                     FROM closure
                    WHERE closure.provider_id = room.id
                      AND closure.ends_at > from_at
                      AND closure.starts_at < to_at
             ) AS closed
             CROSS JOIN LATERAL starts_meeting(busy.times + closed.times, before, after) AS met
             WHERE need.service_id = service.id
             GROUP BY need.role) AS missed;
END;

-- Of the times of a service with a provider that begin from an instant to before another the first, at
-- most so many of those that nobody is in yet and of those in slots. No more are looked at: starts at
-- which something is in the way are left out beforehand, and openings come in their order.
CREATE FUNCTION service_times(
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

-- How far a refusal is in the order of time_refusals(), for who of several came closest.
CREATE FUNCTION refusal_rank(code text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['party_too_large', 'slot_in_past', 'too_soon', 'too_far', 'closed',
                            'off_grid', 'limit_reached', 'slot_taken', 'already_booked'], code);

-- How many appointments a person has: of a service on a day, of a service and of all to come, and in a
-- slot. Nothing is looked up unless it is wanted.
CREATE FUNCTION customer_counts(
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

-- The first of a person's limits that is met.
CREATE FUNCTION limit_met(
    service service, of_day bigint, of_service bigint, open bigint, max_open integer
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN service.per_customer_day <= of_day THEN 'per_customer_day'
    WHEN service.per_customer_open <= of_service THEN 'per_customer_open'
    WHEN max_open > 0 AND max_open <= open THEN 'open'
END;

-- Whether a person has another appointment at that time: booked, held or asked for. How many places of one
-- slot a person may have is up to that.
CREATE FUNCTION has_overlap(
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

-- What a verdict comes to for a person: with their limits, and whether they are in the slot that stands
-- there already. met is the limit that is; of an appointment that is moved, and does not count, only those
-- of a day are asked. own is when the person may have nothing else, NULL where that is allowed.
CREATE FUNCTION refusals_for(
    account_id bigint, service service, said text[], local_day date, slot_id bigint,
    except_id bigint, max_open integer, own tstzrange DEFAULT NULL
) RETURNS TABLE (refusals text[], met text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN theirs.met IS NULL AND theirs.already IS NOT TRUE THEN said
               ELSE ARRAY(SELECT refusal.code
                            FROM unnest(said
                                        || CASE WHEN theirs.met IS NOT NULL THEN ARRAY['limit_reached'] END
                                        || CASE WHEN theirs.already THEN ARRAY['already_booked'] END)
                              AS refusal (code)
                           GROUP BY refusal.code
                           ORDER BY refusal_rank(refusal.code))
           END,
           CASE WHEN 'limit_reached' = ANY (said) THEN 'per_day' ELSE theirs.met END
      FROM (SELECT coalesce(
                       limit_met(service, counts.of_day,
                                 CASE WHEN except_id = 0 THEN counts.of_service END, counts.open, max_open),
                       CASE WHEN num_nulls(refusals_for.own) = 0
                             AND has_overlap(refusals_for.account_id, lower(refusals_for.own),
                                             upper(refusals_for.own), refusals_for.slot_id, except_id)
                            THEN 'overlap'
                       END) AS met,
                   counts.in_slot >= shared.per_person AND shared.per_person < shared.capacity AS already
              FROM customer_counts(
                       service, refusals_for.account_id, local_day, refusals_for.slot_id, except_id,
                       max_open > 0
                       OR num_nulls(service.per_customer_day, service.per_customer_open) < 2
                       OR num_nulls(refusals_for.slot_id) = 0) AS counts
              LEFT JOIN slot AS shared ON shared.id = ANY (ARRAY[refusals_for.slot_id])) AS theirs;
END;

CREATE TYPE time_document AS (
    starts_at    timestamptz,
    ends_at      timestamptz,
    date         text,
    start_time   text,
    end_time     text,
    time_zone    text,
    provider     text,
    provider_id  bigint,
    remaining    integer
);

CREATE FUNCTION time_shown(
    provider provider, starts_at timestamptz, ends_at timestamptz, remaining integer
) RETURNS time_document
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    starts_at, ends_at,
    to_char(starts_at AT TIME ZONE wall_zone(provider), 'YYYY-MM-DD'),
    wall_clock(starts_at, wall_zone(provider)),
    wall_clock(ends_at, wall_zone(provider)),
    provider.time_zone, provider.name, provider.id, remaining
)::time_document;

-- A time of a service as clients see it; the slot where one stands there already.
CREATE FUNCTION time_document(
    provider provider, starts_at timestamptz, ends_at timestamptz, remaining integer, slot_id bigint
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot_id IS NULL
    THEN row_to_json(time_shown(provider, starts_at, ends_at, remaining))::text
    ELSE left(row_to_json(time_shown(provider, starts_at, ends_at, remaining))::text, -1)
        || ',"slot":' || slot_id || '}'
END;

-- Up to three next times of a service after an instant, within two weeks of when it can be booked at the
-- earliest; provider 0 stands for any.
CREATE FUNCTION times_near(
    service service, provider_id bigint, near timestamptz, size integer, except_slot_id bigint
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT '[' || coalesce(string_agg(near.body, ',' ORDER BY near.starts_at, near.id), '') || ']'
      FROM (SELECT time_document(provider, time.starts_at, time.ends_at, time.remaining, time.slot_id) AS body,
                   time.starts_at, provider.id
              FROM givers(service.id, times_near.provider_id) AS served
              JOIN provider ON provider.id = ANY (ARRAY[served.provider_id])
             CROSS JOIN (SELECT greatest(
                           near, now() + make_interval(mins => service.lead_minutes)) AS at) AS soonest
             CROSS JOIN LATERAL (
                   SELECT *
                     FROM service_times(service, provider, soonest.at, soonest.at + interval '14 days',
                                        size, except_slot_id, 3) AS each
                    ORDER BY each.starts_at
                    LIMIT 3
             ) AS time
             ORDER BY time.starts_at, provider.id
             LIMIT 3) AS near;
END;

CREATE TYPE anybody_time_document AS (
    starts_at   timestamptz,
    ends_at     timestamptz,
    date        text,
    start_time  text,
    end_time    text,
    time_zone   text,
    remaining   bigint,
    providers   bigint
);

-- The same of several providers; the clock is that of the first.
CREATE FUNCTION anybody_time_document(
    provider provider, starts_at timestamptz, ends_at timestamptz, remaining bigint, providers bigint
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN row_to_json(ROW (
    starts_at, ends_at,
    to_char(starts_at AT TIME ZONE wall_zone(provider), 'YYYY-MM-DD'),
    wall_clock(starts_at, wall_zone(provider)),
    wall_clock(ends_at, wall_zone(provider)),
    provider.time_zone, remaining, providers
)::anybody_time_document)::text;

-- How many places are left in a slot that people share; NULL where it is full, closed or none.
CREATE FUNCTION places_left(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT slot.capacity - taken(slot)
      FROM slot
     WHERE slot.id = places_left.slot_id
       AND taken(slot) < slot.capacity
       AND NOT slot.closed
       AND slot.blocked_at IS NULL);

-- Whether a slot was made for a time and is over when so many people leave it.
CREATE FUNCTION is_over(slot slot, leaving bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_made(slot) AND slot.booked = leaving;

-- The slots of what a service needs besides, by the slot of the appointment. OFFSET 0 keeps this a look-up.
CREATE FUNCTION slots_with(lead_slot_id bigint) RETURNS TABLE (id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT slot.id
      FROM slot
     WHERE slot.lead_slot_id = slots_with.lead_slot_id
       AND num_nulls(slot.deleted_at) = 1
    OFFSET 0;
END;
