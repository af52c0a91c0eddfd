-- Who has which piece of whose time, and how that came about.

-- A piece of a provider's time, half-open: [starts_at, ends_at).
CREATE TABLE slot (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    provider_id  bigint      NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    capacity     integer     NOT NULL DEFAULT 1,
    -- How many places are taken; kept equal to the rows that are not cancelled, under its row lock.
    booked       integer     NOT NULL DEFAULT 0,
    -- Closed by its provider: nobody can book it.
    closed       boolean     NOT NULL DEFAULT false,
    -- Raised by every change, bookings included; the ETag.
    version      integer     NOT NULL DEFAULT 1,
    -- Deleted slots stay, since the history of appointments points to them.
    deleted_at   timestamptz,
    -- How many of its places one person may have at a time.
    per_person   smallint    NOT NULL DEFAULT 1,
    -- What it is for. A slot that was made for a time has blocks: from when to when its provider is busy
    -- with it, buffers included. It goes when the last one leaves it.
    service_id       bigint,
    service_version  integer,
    -- Of what the service needs besides: the slot of the appointment.
    lead_slot_id     bigint,
    blocks_from      timestamptz,
    blocks_until     timestamptz,
    -- What the wall clock was to show, as it was promised.
    wall_at          timestamp,
    -- What staff overrode to make it.
    overrides        text[],
    -- Whether we chose the provider, among all of the service.
    chosen           boolean,
    -- When the first of the holds and requests in it runs out. What went with it has the same. It is in no
    -- index, or holding and confirming would touch all of them.
    next_expiry      timestamptz,
    -- Since when a calendar of somebody else has its time; NULL: none has. Nobody can book it then either.
    blocked_at       timestamptz,
    CONSTRAINT slot_pkey PRIMARY KEY (id),
    CONSTRAINT slot_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT slot_starts_before_ends CHECK (starts_at < ends_at),
    -- Outside of this range drivers can't read an instant back.
    CONSTRAINT slot_within_calendar CHECK (
        starts_at >= '1970-01-01 00:00:00+00' AND ends_at < '9999-01-01 00:00:00+00'
    ),
    CONSTRAINT slot_capacity_sane CHECK (capacity BETWEEN 1 AND 1000),
    CONSTRAINT slot_per_person_sane CHECK (per_person BETWEEN 1 AND 1000),
    CONSTRAINT slot_booked_within_capacity CHECK (booked BETWEEN 0 AND capacity),
    CONSTRAINT slot_service_fkey FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT slot_blocks_both CHECK ((blocks_from IS NULL) = (blocks_until IS NULL)),
    CONSTRAINT slot_blocks_hold_it CHECK (blocks_from <= starts_at AND blocks_until >= ends_at),
    CONSTRAINT slot_no_overlap EXCLUDE USING gist (
        provider_id WITH =,
        tstzrange(coalesce(blocks_from, starts_at), coalesce(blocks_until, ends_at)) WITH &&
    ) WHERE (deleted_at IS NULL AND (overrides IS NULL OR NOT overrides && '{overlap,buffer}'))
-- Room in each page, so that the counter changes in place without touching an index.
) WITH (fillfactor = 70);

CREATE INDEX slot_starts ON slot (starts_at, id) WHERE deleted_at IS NULL;
CREATE INDEX slot_provider_starts ON slot (provider_id, starts_at, id);
CREATE INDEX slot_lead ON slot (lead_slot_id) WHERE lead_slot_id IS NOT NULL;
-- Few last longer than a day, as no slot that is made for a time does: others are found by when they begin.
CREATE INDEX slot_long ON slot (provider_id, starts_at) WHERE ends_at - starts_at > '24:00:00';
-- Few stand among the times of a service: they are not gone through with all others.
CREATE INDEX slot_standing ON slot (provider_id, service_id, starts_at)
    WHERE service_id IS NOT NULL AND lead_slot_id IS NULL AND (capacity > 1 OR blocks_from IS NULL);

-- One person's place in one slot. It may be held for a while, or a request that staff have to approve by a
-- deadline: both run out by themselves, at expires_at on the clock of the database.
CREATE TABLE appointment (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    slot_id     bigint      NOT NULL,
    -- Which of the slot's places, from 1 to its capacity. NULL for who had one and was not confirmed.
    place       integer,
    account_id  bigint      NOT NULL,
    status      text        NOT NULL DEFAULT 'booked',
    notes       text        NOT NULL DEFAULT '',
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- How many people come: so much of the slot's capacity.
    size        integer     NOT NULL DEFAULT 1,
    expires_at  timestamptz,
    CONSTRAINT appointment_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_slot_fkey FOREIGN KEY (slot_id) REFERENCES slot (id),
    CONSTRAINT appointment_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT appointment_place_counts_from_one CHECK (place >= 1),
    CONSTRAINT appointment_status_known CHECK (
        status IN ('booked', 'cancelled', 'declined', 'expired', 'fulfilled', 'held', 'noshow', 'pending')
    ),
    CONSTRAINT appointment_runs_out CHECK ((status IN ('held', 'pending')) = (expires_at IS NOT NULL)),
    CONSTRAINT appointment_gave_its_place_back CHECK (
        (status IN ('declined', 'expired')) = (place IS NULL)
    ),
    CONSTRAINT appointment_notes_length CHECK (char_length(notes) <= 4000),
    CONSTRAINT appointment_size_sane CHECK (size BETWEEN 1 AND 1000)
) WITH (fillfactor = 90);

-- The last word on double booking: who has no place is in nobody's way, nor is who cancelled.
CREATE UNIQUE INDEX appointment_one_per_place ON appointment (slot_id, place)
    WHERE status <> 'cancelled';
-- The others of a slot, for its provider's list.
CREATE INDEX appointment_gone ON appointment (slot_id, id) WHERE status IN ('cancelled', 'declined');
-- A user's own list, page by page.
CREATE INDEX appointment_account ON appointment (account_id, id);
-- What has still to be confirmed or approved.
CREATE INDEX appointment_expires ON appointment (expires_at) WHERE expires_at IS NOT NULL;

-- Whether an appointment of this status can still be moved, or come to an end.
CREATE FUNCTION is_open(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status = 'booked';

-- Whether it counts among what somebody has coming, held and asked for included.
CREATE FUNCTION is_coming(status text, expires_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN is_open(status) OR expires_at > now();

-- What has run out has its next status from that moment on, whenever somebody gets to write it down.
CREATE FUNCTION status_now(status text, expires_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN expires_at > now() OR expires_at IS NULL THEN status
    WHEN status = 'held' THEN 'expired'
    ELSE 'declined'
END;

-- Whether it has run out since this transaction began. Others have seen that by now, so that the next transaction
-- has to decide.
CREATE FUNCTION ran_out_meanwhile(expires_at timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN coalesce(expires_at > now() AND expires_at <= clock_timestamp(), false);

CREATE FUNCTION version_now(version integer, expires_at timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN version + CASE WHEN expires_at <= now() THEN 1 ELSE 0 END;

-- Whether it is an appointment for clients: a hold is none until it is confirmed.
CREATE FUNCTION is_hold(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('held', 'expired');

-- Whether an appointment that comes to this status leaves its slot.
CREATE FUNCTION leaves(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('cancelled', 'declined', 'expired');

-- Every change of an appointment: who, when, from where to where. Written in the transaction of the
-- change. Slots and actors carry no foreign key: they are never deleted, and each key would lock
-- their rows once more for every booking.
CREATE TABLE appointment_history (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    appointment_id  bigint      NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    -- 0 for what the clock did.
    actor_id        bigint      NOT NULL,
    action          text        NOT NULL,
    from_slot_id    bigint,
    to_slot_id      bigint,
    from_status     text,
    to_status       text        NOT NULL,
    reason          text        NOT NULL DEFAULT '',
    -- What staff overrode.
    overrides       text[],
    CONSTRAINT appointment_history_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_history_appointment_fkey
        FOREIGN KEY (appointment_id) REFERENCES appointment (id),
    CONSTRAINT appointment_history_action_known CHECK (
        action IN ('approve', 'book', 'cancel', 'confirm', 'decline', 'expire', 'fulfill', 'hold',
                   'keep', 'noshow', 'offer', 'release', 'request', 'reschedule')
    ),
    CONSTRAINT appointment_history_reason_length CHECK (char_length(reason) <= 500)
);

CREATE INDEX appointment_history_appointment ON appointment_history (appointment_id, id);

-- Appointments that were booked as a series, with one provider throughout.
CREATE TABLE series (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    service_id   bigint      NOT NULL,
    provider_id  bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT series_pkey PRIMARY KEY (id),
    CONSTRAINT series_service_fkey FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT series_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id)
);

-- Its dates as they were asked for: each with its appointment, or the code of why it has none. No start
-- where the clock skips it.
CREATE TABLE series_date (
    series_id       bigint NOT NULL,
    day             date   NOT NULL,
    starts_at       timestamptz,
    appointment_id  bigint,
    code            text,
    CONSTRAINT series_date_pkey PRIMARY KEY (series_id, day),
    CONSTRAINT series_date_series_fkey FOREIGN KEY (series_id) REFERENCES series (id),
    CONSTRAINT series_date_appointment_fkey FOREIGN KEY (appointment_id) REFERENCES appointment (id),
    CONSTRAINT series_date_booked_or_why_not CHECK ((appointment_id IS NULL) = (code IS NOT NULL))
);
