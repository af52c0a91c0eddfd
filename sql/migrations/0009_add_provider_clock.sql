-- serves: 5
ALTER TABLE provider ADD COLUMN clock text;

CREATE FUNCTION clock_offset(at timestamptz, zone text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN extract(epoch FROM (at AT TIME ZONE zone) - (at AT TIME ZONE 'UTC'))::integer;

CREATE FUNCTION wall_zone(provider provider) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(provider.clock, provider.time_zone);

CREATE OR REPLACE FUNCTION slot_brief(slot slot, provider provider) RETURNS slot_brief
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, wall_zone(provider)),
    wall_clock(slot.ends_at, wall_zone(provider))
)::slot_brief;

CREATE OR REPLACE FUNCTION slot_named(slot slot, provider provider) RETURNS slot_named
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, wall_zone(provider)),
    wall_clock(slot.ends_at, wall_zone(provider)),
    provider.name
)::slot_named;

CREATE OR REPLACE FUNCTION slot_full(slot slot, provider provider) RETURNS slot_full
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, wall_zone(provider)),
    wall_clock(slot.ends_at, wall_zone(provider)),
    provider.name,
    slot.provider_id,
    to_char(slot.starts_at AT TIME ZONE wall_zone(provider), 'YYYY-MM-DD'),
    slot.starts_at,
    slot.ends_at,
    provider.time_zone,
    slot.capacity,
    slot.capacity - slot.booked,
    slot_status(slot)
)::slot_full;
