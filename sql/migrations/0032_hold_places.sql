-- Places can be held for a while, and services may want approval. What has run out gives its place back by
-- having none, so that no index has to be built anew: appointment_one_per_place takes any number of those.
-- Code from before shows holds in its lists, takes them for booked, and has no way to confirm or approve.
-- serves: 17
ALTER TABLE appointment
    ADD COLUMN expires_at timestamptz,
    ALTER COLUMN place DROP NOT NULL,
    DROP CONSTRAINT appointment_status_known,
    ADD CONSTRAINT appointment_status_known CHECK (
        status IN ('booked', 'cancelled', 'declined', 'expired', 'fulfilled', 'held', 'noshow', 'pending')
    ),
    ADD CONSTRAINT appointment_runs_out CHECK ((status IN ('held', 'pending')) = (expires_at IS NOT NULL)),
    ADD CONSTRAINT appointment_gave_its_place_back CHECK (
        (status IN ('declined', 'expired')) = (place IS NULL)
    );

ALTER TABLE appointment_history
    DROP CONSTRAINT appointment_history_action_known,
    ADD CONSTRAINT appointment_history_action_known CHECK (
        action IN ('approve', 'book', 'cancel', 'confirm', 'decline', 'expire', 'fulfill', 'hold',
                   'keep', 'noshow', 'release', 'request', 'reschedule')
    );

ALTER TABLE slot ADD COLUMN next_expiry timestamptz;

ALTER TABLE service
    ADD COLUMN approval_minutes integer,
    ADD COLUMN hold_seconds integer,
    ADD CONSTRAINT service_approval_sane CHECK (approval_minutes BETWEEN 1 AND 525600),
    ADD CONSTRAINT service_hold_sane CHECK (hold_seconds BETWEEN 1 AND 86400);

CREATE INDEX appointment_gone ON appointment (slot_id, id) WHERE status IN ('cancelled', 'declined');
DROP INDEX appointment_cancelled;
CREATE INDEX appointment_expires ON appointment (expires_at) WHERE expires_at IS NOT NULL;

CREATE FUNCTION is_coming(status text, expires_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN is_open(status) OR expires_at > now();

CREATE FUNCTION status_now(status text, expires_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN expires_at > now() OR expires_at IS NULL THEN status
    WHEN status = 'held' THEN 'expired'
    ELSE 'declined'
END;

CREATE FUNCTION ran_out_meanwhile(expires_at timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN coalesce(expires_at > now() AND expires_at <= clock_timestamp(), false);

CREATE FUNCTION version_now(version integer, expires_at timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN version + CASE WHEN expires_at <= now() THEN 1 ELSE 0 END;

CREATE FUNCTION is_hold(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('held', 'expired');

CREATE FUNCTION leaves(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('cancelled', 'declined', 'expired');

CREATE FUNCTION size_run_out(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(appointment.size), 0)::integer
      FROM appointment
     WHERE appointment.slot_id = size_run_out.slot_id
       AND appointment.status <> 'cancelled'
       AND appointment.place > 0
       AND coalesce(appointment.expires_at <= now(), false);
END;

CREATE FUNCTION count_run_out(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT count(*)::integer
      FROM appointment
     WHERE appointment.slot_id = count_run_out.slot_id
       AND appointment.status <> 'cancelled'
       AND appointment.place > 0
       AND coalesce(appointment.expires_at <= now(), false);
END;

CREATE FUNCTION somebody_stays(slot_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM appointment
     WHERE appointment.slot_id = somebody_stays.slot_id
       AND appointment.status <> 'cancelled'
       AND appointment.place > 0
       AND (appointment.expires_at > now() OR appointment.expires_at IS NULL));

CREATE FUNCTION taken(slot slot) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN slot.booked - CASE WHEN slot.next_expiry <= now() THEN size_run_out(slot.id) ELSE 0 END;

CREATE FUNCTION slot_version_now(slot slot) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN slot.version + CASE WHEN slot.next_expiry <= now() THEN count_run_out(slot.id) ELSE 0 END;

CREATE FUNCTION has_run_out(slot slot) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.next_expiry <= now() AND slot.blocks_from IS NOT NULL
    THEN NOT somebody_stays(coalesce(slot.lead_slot_id, slot.id))
    ELSE false
END;

CREATE OR REPLACE FUNCTION slot_status(slot slot) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.closed THEN 'busy-unavailable'
    WHEN taken(slot) < slot.capacity THEN 'free'
    WHEN slot.next_expiry IS NULL THEN 'busy'
    ELSE 'busy-tentative'
END;

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
    slot.capacity - taken(slot),
    slot_status(slot)
)::slot_full;

CREATE OR REPLACE FUNCTION free_slots_near(provider_id bigint, near timestamptz, except_ids bigint[])
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
       AND NOT has_run_out(slot)
       AND slot.id <> ALL (except_ids)
     ORDER BY slot.starts_at
     LIMIT 3;
END;

-- It shows more.
DROP FUNCTION service_document(service);
DROP TYPE service_document;

CREATE TYPE service_document AS (
    id                     bigint,
    name                   text,
    description            text,
    duration_minutes       integer,
    step_minutes           integer,
    buffer_before_minutes  integer,
    buffer_after_minutes   integer,
    lead_minutes           integer,
    horizon_days           integer,
    per_day                integer,
    per_customer_day       integer,
    per_customer_open      integer,
    capacity               integer,
    party_max              integer,
    approval_minutes       integer,
    hold_seconds           integer,
    notice_minutes         integer,
    providers              json,
    needs                  json,
    version                integer
);

CREATE FUNCTION service_document(service service) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN row_to_json(ROW (
    service.id,
    service.name,
    service.description,
    service.duration_minutes,
    service.step_minutes,
    service.buffer_before_minutes,
    service.buffer_after_minutes,
    service.lead_minutes,
    service.horizon_days,
    service.per_day,
    service.per_customer_day,
    service.per_customer_open,
    service.capacity,
    service.party_max,
    service.approval_minutes,
    service.hold_seconds,
    service.notice_minutes,
    service_offers(service.id),
    service_needs(service.id),
    service.version
)::service_document)::text;

CREATE FUNCTION needs_approval(service_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM service
     WHERE service.id = needs_approval.service_id
       AND service.approval_minutes IS NOT NULL);

CREATE OR REPLACE FUNCTION shared_slot(service_id bigint, provider_id bigint, at timestamptz, except_slot_id bigint)
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
