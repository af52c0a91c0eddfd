CREATE TYPE slot_brief AS (id bigint, start_time text, end_time text);

CREATE TYPE slot_named AS (id bigint, start_time text, end_time text, provider text);

CREATE TYPE slot_full AS (
    id           bigint,
    start_time   text,
    end_time     text,
    provider     text,
    provider_id  bigint,
    date         text,
    starts_at    timestamptz,
    ends_at      timestamptz,
    time_zone    text,
    capacity     integer,
    remaining    integer,
    status       text
);

CREATE FUNCTION wall_clock(at timestamptz, zone text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(at AT TIME ZONE zone, 'HH24:MI');

CREATE FUNCTION slot_brief(slot slot, provider provider) RETURNS slot_brief
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, provider.time_zone),
    wall_clock(slot.ends_at, provider.time_zone)
)::slot_brief;

CREATE FUNCTION slot_named(slot slot, provider provider) RETURNS slot_named
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, provider.time_zone),
    wall_clock(slot.ends_at, provider.time_zone),
    provider.name
)::slot_named;

CREATE FUNCTION slot_status(slot slot) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.closed THEN 'busy-unavailable'
    WHEN slot.booked >= slot.capacity THEN 'busy'
    ELSE 'free'
END;

CREATE FUNCTION is_staff(slot slot, staff_of bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN staff_of = -1 OR staff_of = slot.provider_id;

CREATE FUNCTION slot_full(slot slot, provider provider) RETURNS slot_full
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, provider.time_zone),
    wall_clock(slot.ends_at, provider.time_zone),
    provider.name,
    slot.provider_id,
    to_char(slot.starts_at AT TIME ZONE provider.time_zone, 'YYYY-MM-DD'),
    slot.starts_at,
    slot.ends_at,
    provider.time_zone,
    slot.capacity,
    slot.capacity - slot.booked,
    slot_status(slot)
)::slot_full;

CREATE FUNCTION free_places(slot slot, asked bigint) RETURNS SETOF integer
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT place
      FROM generate_series(1, slot.capacity) AS place
     WHERE NOT EXISTS (
               SELECT FROM appointment
                WHERE appointment.slot_id = slot.id
                  AND appointment.place = place.place
                  AND appointment.status <> 'cancelled'
           )
     ORDER BY place
     LIMIT asked;
END;

CREATE FUNCTION free_slots_near(provider_id bigint, near timestamptz, except_ids bigint[])
RETURNS SETOF slot
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT slot.*
      FROM (SELECT *
              FROM slot
             WHERE slot.provider_id = free_slots_near.provider_id
               AND slot.deleted_at IS NULL
               AND slot.starts_at > greatest(near, now())
             ORDER BY slot.starts_at
             LIMIT 200) AS slot
     WHERE slot_status(slot) = 'free'
       AND slot.id <> ALL (except_ids)
     ORDER BY slot.starts_at
     LIMIT 3;
END;

CREATE TYPE appointment_document AS (
    id           bigint,
    slot         json,
    "user"       text,
    notes        text,
    status       text
);

CREATE TYPE appointment_brief AS (id bigint, slot json, notes text, status text);

CREATE TYPE move_document AS (message text, appointment_id bigint, old_slot json, new_slot json);

CREATE TYPE end_document AS (message text, appointment_id bigint, slot json);

CREATE TYPE history_document AS (
    at           timestamptz,
    action       text,
    actor        text,
    from_slot    bigint,
    to_slot      bigint,
    from_status  text,
    to_status    text,
    reason       text
);
