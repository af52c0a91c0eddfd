-- What speaks against a time of a service, and what does not.

-- From when to when a slot keeps its provider busy.
CREATE FUNCTION blocks(slot slot) RETURNS tstzrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN tstzrange(coalesce(slot.blocks_from, slot.starts_at), coalesce(slot.blocks_until, slot.ends_at));

-- When a provider is busy, from an instant to another; but for a slot and what goes with it.
CREATE FUNCTION busy_times(
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

-- The days on which a provider, or a service with it, has as many appointments as it may.
CREATE FUNCTION full_days(
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

-- The roles that a service needs, each with one provider that is free then: NULL where none is. Whether
-- everybody is closed is asked of the lead alone, so that staff override it once.
CREATE FUNCTION rooms_at(service_id bigint, block tstzrange, except_slot_id bigint)
RETURNS TABLE (role text, provider_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT need.role,
           min(need.provider_id) FILTER (
               WHERE NOT busy.times && block
                 AND NOT EXISTS (
                         SELECT FROM closure
                          WHERE closure.provider_id = need.provider_id
                            AND closure.ends_at > lower(block)
                            AND closure.starts_at < upper(block)
                            AND closure_time(closure, room) && block))
      FROM service_need AS need
      JOIN provider AS room ON room.id = need.provider_id
     CROSS JOIN LATERAL busy_times(
               need.provider_id, lower(block), upper(block), except_slot_id) AS busy
     WHERE need.service_id = rooms_at.service_id
     GROUP BY need.role;
END;

-- What speaks against a time, all of it, in the order in which it is told. The one verdict of the
-- list, of explain, of a dry run and of booking, which only differ in how they come to its arguments.
CREATE FUNCTION time_refusals(
    at timestamptz, ends_at timestamptz, block tstzrange,
    fits boolean, earliest timestamptz, last_day date, local_day date,
    opening_day date, opening_ends_at timestamptz, on_grid boolean,
    closed tstzmultirange, full_days date[], busy tstzmultirange, missing text
) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN array_remove(ARRAY[
    CASE WHEN NOT fits THEN 'party_too_large' END,
    CASE WHEN at <= now() THEN 'slot_in_past' WHEN at < earliest THEN 'too_soon' END,
    CASE WHEN coalesce(opening_day, local_day) > last_day THEN 'too_far' END,
    CASE WHEN opening_day IS NULL OR opening_ends_at < ends_at OR closed && tstzrange(at, ends_at)
         THEN 'closed' END,
    CASE WHEN NOT on_grid THEN 'off_grid' END,
    CASE WHEN local_day = ANY (full_days) THEN 'limit_reached' END,
    CASE WHEN missing IS NOT NULL OR busy && block THEN 'slot_taken' END
], NULL);

-- The same of a slot that stands at that time already: published for the service, or shared by people.
CREATE FUNCTION shared_refusals(
    at timestamptz, ends_at timestamptz, fits boolean, earliest timestamptz, last_day date,
    local_day date, closed tstzmultirange, has_room boolean
) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN array_remove(ARRAY[
    CASE WHEN NOT fits THEN 'party_too_large' END,
    CASE WHEN at <= now() THEN 'slot_in_past' WHEN at < earliest THEN 'too_soon' END,
    CASE WHEN local_day > last_day THEN 'too_far' END,
    CASE WHEN closed && tstzrange(at, ends_at) THEN 'closed' END,
    CASE WHEN NOT has_room THEN 'slot_taken' END
], NULL);

-- A service's rules as intervals and instants, as they are now, for a provider.
CREATE FUNCTION service_terms(service service, provider provider)
RETURNS TABLE (
    duration interval, step interval, before interval, after interval,
    earliest timestamptz, last_day date, zone text
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT make_interval(mins => service.duration_minutes),
           make_interval(mins => service.step_minutes),
           make_interval(mins => service.buffer_before_minutes),
           make_interval(mins => service.duration_minutes + service.buffer_after_minutes),
           now() + make_interval(mins => service.lead_minutes),
           (now() AT TIME ZONE wall_zone(provider))::date + service.horizon_days,
           wall_zone(provider)
    OFFSET 0;  -- so that it is worked out once
END;

-- The slot that stands at a time of a service already, if there is one.
CREATE FUNCTION shared_slot(service_id bigint, provider_id bigint, at timestamptz, except_slot_id bigint)
RETURNS SETOF slot
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT slot.*
      FROM slot
     WHERE slot.provider_id = shared_slot.provider_id
       AND slot.starts_at = shared_slot.at
       AND num_nulls(slot.deleted_at) = 1
       AND slot.service_id = shared_slot.service_id
       AND slot.lead_slot_id IS NULL
       AND (slot.capacity > 1 OR NOT is_made(slot))
       AND slot.id <> except_slot_id
       AND NOT has_run_out(slot)
     ORDER BY slot.id
     LIMIT 1;
END;

-- The opening of a provider in which a service may begin at an instant.
CREATE FUNCTION opening_at(provider_id bigint, service_id bigint, at timestamptz) RETURNS SETOF opening
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT opening.*
      FROM opening
     WHERE opening.provider_id = opening_at.provider_id
       AND opening.starts_at <= at
       AND opening.starts_at > at - interval '48 hours'
       AND opening.stops_at > at
       AND (opening.service_ids IS NULL OR opening_at.service_id = ANY (opening.service_ids))
     LIMIT 1;
END;

-- What is to be said of one time of a service with a provider: nothing speaks against it where the
-- refusals are empty. slot_id is of the slot that stands there already; where none does, rooms are the
-- providers that would go with it, missing is the first role that nobody is free for.
CREATE FUNCTION time_verdict(
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

-- What of refusals is left where staff override some by name, and the names that it took; waived are the
-- codes that the names stand for. A slot which stands there stays full, and buffers give way only where no
-- slot itself does. Nothing is looked up without an override.
CREATE FUNCTION overridden(
    override text, waived text, said text[], slot_id bigint, missing text,
    provider_id bigint, starts_at timestamptz, ends_at timestamptz
) RETURNS TABLE (refusals text[], overrides text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(array_agg(refusal.code ORDER BY refusal.nth)
                        FILTER (WHERE waiver.name IS NULL), '{}'),
           array_agg(DISTINCT waiver.name) FILTER (WHERE waiver.name IS NOT NULL)
      FROM unnest(said) WITH ORDINALITY AS refusal (code, nth)
      LEFT JOIN unnest(string_to_array(override, ','), string_to_array(waived, ',')) AS waiver (name, code)
             ON waiver.code = refusal.code
            AND (waiver.code <> 'slot_taken' OR num_nulls(overridden.slot_id) = 1)
            AND (waiver.name <> 'buffer'
                 OR (num_nulls(overridden.missing) = 1
                     AND NOT EXISTS (SELECT FROM slot
                                      WHERE slot.provider_id = overridden.provider_id
                                        AND num_nulls(slot.deleted_at) = 1
                                        AND slot.starts_at < overridden.ends_at
                                        AND slot.ends_at > overridden.starts_at
                                        AND slot.starts_at > overridden.starts_at - interval '48 hours')))
     WHERE override <> '';
END;
