-- serves: 17
CREATE INDEX slot_standing ON slot (provider_id, service_id, starts_at)
    WHERE service_id IS NOT NULL AND lead_slot_id IS NULL AND (capacity > 1 OR blocks_from IS NULL);

DROP FUNCTION times_near(service, bigint, timestamptz, integer, bigint);

DROP FUNCTION service_times(service, provider, timestamptz, timestamptz, integer, bigint);

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
CREATE OR REPLACE FUNCTION time_document(
    provider provider, starts_at timestamptz, ends_at timestamptz, remaining integer, slot_id bigint
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot_id IS NULL
    THEN row_to_json(time_shown(provider, starts_at, ends_at, remaining))::text
    ELSE left(row_to_json(time_shown(provider, starts_at, ends_at, remaining))::text, -1)
        || ',"slot":' || slot_id || '}'
END;

-- Who gives a service: a provider, or for 0 all of them.
CREATE FUNCTION givers(service_id bigint, provider_id bigint) RETURNS SETOF service_provider
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT served.*
      FROM service_provider AS served
     WHERE served.service_id = ANY (ARRAY[givers.service_id])
       AND served.provider_id = ANY (ARRAY[givers.provider_id])
     UNION ALL
    SELECT served.*
      FROM service_provider AS served
     WHERE givers.provider_id = 0
       AND served.service_id = ANY (ARRAY[givers.service_id]);
END;

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
    (SELECT slot.starts_at, slot.ends_at, slot.capacity - slot.booked, slot.id
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
       AND shared_refusals(
               slot.starts_at, slot.ends_at, known.fits, known.earliest, known.last_day,
               coalesce((SELECT opening.day
                           FROM opening_at(provider.id, known.service_id, slot.starts_at) AS opening),
                        (slot.starts_at AT TIME ZONE known.zone)::date), known.closed,
               NOT slot.closed AND slot.booked + size <= slot.capacity) = '{}'
     ORDER BY slot.starts_at, slot.id
     LIMIT most);
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
