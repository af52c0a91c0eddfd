-- What hours and closures mean.

-- The first instant of a day on a wall clock. AT TIME ZONE takes the second showing of what comes twice.
CREATE FUNCTION day_begins(day date, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    (SELECT min(begins.at)
       FROM unnest(ARRAY[interval '0', '30 minutes', '1 hour', '2 hours']) AS shown (before)
      CROSS JOIN LATERAL (SELECT (day::timestamp AT TIME ZONE zone) - shown.before) AS begins (at)
      WHERE (begins.at AT TIME ZONE zone)::date = day),
    day::timestamp AT TIME ZONE zone);

-- Whether a slot was made for a time, rather than published.
CREATE FUNCTION is_made(slot slot) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN slot.blocks_from IS NOT NULL;

CREATE FUNCTION furthest_horizon() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    (SELECT service.horizon_days
       FROM service
      WHERE service.retired_at IS NULL
      ORDER BY service.horizon_days DESC
      LIMIT 1), 0);

-- What a closure takes from a provider: by days, those of the provider's zone.
CREATE FUNCTION closure_time(closure closure, provider provider) RETURNS tstzrange
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN closure.from_day IS NULL THEN tstzrange(closure.starts_at, closure.ends_at)
    ELSE tstzrange(
        day_begins(closure.from_day, wall_zone(provider)),
        day_begins(closure.until_day + 1, wall_zone(provider)))
END;

-- What closures take from a provider around some time, and since when; each branch has its part of the index.
CREATE FUNCTION closures_between(provider provider, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (at tstzrange, made_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT closure_time(closure, provider), closure.created_at
      FROM closure
     WHERE closure.provider_id = provider.id
       AND closure.ends_at > from_at
       AND closure.starts_at < to_at
     UNION ALL
    SELECT closure_time(closure, provider), closure.created_at
      FROM closure
     WHERE closure.provider_id IS NULL
       AND closure.ends_at > from_at
       AND closure.starts_at < to_at;
END;

-- The same as one.
CREATE FUNCTION closed_times(provider provider, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (times tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(range_agg(closed.at), '{}')
      FROM closures_between(provider, from_at, to_at) AS closed;
END;

-- When staff last said that somebody in a slot comes although its provider is closed: as they booked it, or
-- as they kept it.
CREATE FUNCTION kept_at(slot slot) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT max(change.at)
      FROM appointment
      JOIN appointment_history AS change ON change.appointment_id = ANY (ARRAY[appointment.id])
     WHERE appointment.slot_id = slot.id
       AND appointment.status <> 'cancelled'
       AND change.to_slot_id = slot.id
       AND change.overrides @> '{closed}');

-- Why a slot's provider would not have it now: a closure is in its way, or it was made from a time
-- that no hours hold. NULL where it is fine, where staff keep it all the same, or where openings are not
-- made yet; a closure that was made since they said so is in its way again. Nothing depends on it but what
-- staff are told: whoever is in the slot stays.
CREATE FUNCTION outside_hours(slot slot, provider provider) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN EXISTS (
        SELECT FROM closures_between(provider, slot.starts_at, slot.ends_at) AS closed
         WHERE closed.at && tstzrange(slot.starts_at, slot.ends_at)
           AND coalesce(closed.made_at > kept_at(slot), true))
    THEN 'closure'
    WHEN is_made(slot)
     AND (slot.starts_at AT TIME ZONE wall_zone(provider))::date <= provider.opened_until
     AND NOT EXISTS (
        SELECT FROM opening
         WHERE opening.provider_id = slot.provider_id
           AND opening.starts_at <= slot.starts_at
           AND opening.starts_at > slot.starts_at - interval '48 hours'
           AND opening.stops_at > slot.starts_at
           AND opening.ends_at >= slot.ends_at
           AND (opening.service_ids IS NULL OR slot.service_id = ANY (opening.service_ids)))
     AND num_nulls(kept_at(slot)) = 1
    THEN 'hours'
END;

-- An appointment outside of the hours, and why.
CREATE TYPE conflict_document AS (appointment_id bigint, starts_at timestamptz, reason text);

-- A closure as it was written: by days, or by instants.
CREATE TYPE closure_document AS (
    id         bigint,
    provider   bigint,
    "from"     date,
    "to"       date,
    starts_at  timestamptz,
    ends_at    timestamptz,
    reason     text
);

CREATE FUNCTION closure_document(closure closure) RETURNS closure_document
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ROW (
    closure.id,
    closure.provider_id,
    closure.from_day,
    closure.until_day,
    CASE WHEN closure.from_day IS NULL THEN closure.starts_at END,
    CASE WHEN closure.from_day IS NULL THEN closure.ends_at END,
    closure.reason
)::closure_document;
