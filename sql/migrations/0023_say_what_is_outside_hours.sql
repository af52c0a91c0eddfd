-- serves: 17
ALTER TABLE provider ADD COLUMN zone_data text;

CREATE INDEX service_horizon ON service (horizon_days) WHERE retired_at IS NULL;

CREATE FUNCTION furthest_horizon() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    (SELECT service.horizon_days
       FROM service
      WHERE service.retired_at IS NULL
      ORDER BY service.horizon_days DESC
      LIMIT 1), 0);

CREATE FUNCTION outside_hours(slot slot, provider provider) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.overrides @> '{closed}' THEN NULL
    WHEN EXISTS (
        SELECT FROM closures_between(provider, slot.starts_at, slot.ends_at) AS closed (at)
         WHERE closed.at && tstzrange(slot.starts_at, slot.ends_at))
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
    THEN 'hours'
END;

CREATE TYPE conflict_document AS (appointment_id bigint, starts_at timestamptz, reason text);

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
