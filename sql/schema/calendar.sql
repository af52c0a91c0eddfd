-- Who has a calendar, what can be booked in it, and when it is open.

-- Lets an exclusion constraint compare a bigint beside a range.
CREATE EXTENSION btree_gist;

-- Whoever appointments are with. time_zone is an IANA name: the wall clock its slots are shown on.
CREATE TABLE provider (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL,
    time_zone   text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Another zone whose clock it is shown by, where PostgreSQL misreads the name; NULL elsewhere.
    clock       text,
    -- Raised by every change; the ETag, and a part of those of its slots and their appointments.
    version     integer     NOT NULL DEFAULT 1,
    -- A person; or a room or a thing that services need besides.
    kind        text        NOT NULL DEFAULT 'person',
    -- How many appointments for services it takes on a day; NULL: any number.
    per_day     integer,
    -- Raised by every change of its hours, its closures and its services.
    calendar_version integer NOT NULL DEFAULT 1,
    -- Up to which day its openings are made.
    opened_until date,
    -- With which release of the zone data its openings were made.
    zone_data   text,
    CONSTRAINT provider_pkey PRIMARY KEY (id),
    CONSTRAINT provider_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT provider_kind_known CHECK (kind IN ('person', 'room', 'thing')),
    CONSTRAINT provider_per_day_sane CHECK (per_day BETWEEN 1 AND 1000)
);

-- What can be booked at times that nobody has to publish one by one. NULL in a limit: there is none.
-- Every change makes a new version; a slot keeps the one it was made under.
CREATE TABLE service (
    id                     bigint GENERATED ALWAYS AS IDENTITY,
    name                   text        NOT NULL,
    description            text        NOT NULL DEFAULT '',
    duration_minutes       integer     NOT NULL,
    -- Times begin so far apart, from when a window opens.
    step_minutes           integer     NOT NULL,
    buffer_before_minutes  integer     NOT NULL DEFAULT 0,
    buffer_after_minutes   integer     NOT NULL DEFAULT 0,
    -- How long before its start a time has to be booked at the latest, and how many days at the earliest.
    lead_minutes           integer     NOT NULL DEFAULT 0,
    horizon_days           integer     NOT NULL DEFAULT 90,
    per_day                integer,
    per_customer_day       integer,
    per_customer_open      integer,
    -- More than one: so many people share a start, each party of at most so many.
    capacity               integer     NOT NULL DEFAULT 1,
    party_max              integer     NOT NULL DEFAULT 1,
    -- How long before its start customers may still change it; NULL: as the settings say.
    notice_minutes         integer,
    version                integer     NOT NULL DEFAULT 1,
    created_at             timestamptz NOT NULL DEFAULT now(),
    -- Since when it can't be booked any more.
    retired_at             timestamptz,
    -- Customers only ask for it, and staff have so long to approve; NULL: they book.
    approval_minutes       integer,
    -- How long a time may be held at most; NULL: as the settings say.
    hold_seconds           integer,
    -- How long who waits for a time has to take it, once it is offered; NULL: an hour.
    offer_minutes          integer,
    CONSTRAINT service_pkey PRIMARY KEY (id),
    CONSTRAINT service_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT service_description_length CHECK (char_length(description) <= 4000),
    CONSTRAINT service_duration_sane CHECK (duration_minutes BETWEEN 1 AND 1440),
    CONSTRAINT service_step_sane CHECK (step_minutes BETWEEN 1 AND 1440),
    CONSTRAINT service_buffer_before_sane CHECK (buffer_before_minutes BETWEEN 0 AND 480),
    CONSTRAINT service_buffer_after_sane CHECK (buffer_after_minutes BETWEEN 0 AND 480),
    CONSTRAINT service_lead_sane CHECK (lead_minutes BETWEEN 0 AND 525600),
    CONSTRAINT service_horizon_sane CHECK (horizon_days BETWEEN 1 AND 730),
    CONSTRAINT service_per_day_sane CHECK (per_day BETWEEN 1 AND 1000),
    CONSTRAINT service_per_customer_day_sane CHECK (per_customer_day BETWEEN 1 AND 1000),
    CONSTRAINT service_per_customer_open_sane CHECK (per_customer_open BETWEEN 1 AND 1000),
    CONSTRAINT service_capacity_sane CHECK (capacity BETWEEN 1 AND 1000),
    CONSTRAINT service_party_within_capacity CHECK (party_max BETWEEN 1 AND capacity),
    CONSTRAINT service_notice_sane CHECK (notice_minutes BETWEEN 0 AND 525600),
    CONSTRAINT service_approval_sane CHECK (approval_minutes BETWEEN 1 AND 525600),
    CONSTRAINT service_hold_sane CHECK (hold_seconds BETWEEN 1 AND 86400),
    CONSTRAINT service_offer_sane CHECK (offer_minutes BETWEEN 1 AND 525600)
);

-- What a service was in each of its versions, as clients saw it.
CREATE TABLE service_version (
    service_id  bigint      NOT NULL,
    version     integer     NOT NULL,
    document    jsonb       NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    actor_id    bigint      NOT NULL,
    CONSTRAINT service_version_pkey PRIMARY KEY (service_id, version),
    CONSTRAINT service_version_service_fkey FOREIGN KEY (service_id) REFERENCES service (id)
);

-- Who offers a service. Of those who are free, whoever has served the least gets who asks for anybody: each
-- time that is made so counts 100 / weight, unless everybody leaves it (start-time fair queueing).
CREATE TABLE service_provider (
    service_id   bigint      NOT NULL,
    provider_id  bigint      NOT NULL,
    weight       integer     NOT NULL DEFAULT 100,
    served       numeric     NOT NULL DEFAULT 0,
    last_at      timestamptz,
    CONSTRAINT service_provider_pkey PRIMARY KEY (service_id, provider_id),
    CONSTRAINT service_provider_service_fkey FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT service_provider_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT service_provider_weight_sane CHECK (weight BETWEEN 1 AND 1000)
);

CREATE INDEX service_provider_provider ON service_provider (provider_id, service_id);

-- What a service needs besides its provider: of each role one that is free.
CREATE TABLE service_need (
    service_id   bigint  NOT NULL,
    role         text    NOT NULL,
    provider_id  bigint  NOT NULL,
    CONSTRAINT service_need_pkey PRIMARY KEY (service_id, provider_id),
    CONSTRAINT service_need_service_fkey FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT service_need_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT service_need_role_length CHECK (char_length(role) BETWEEN 1 AND 50)
);

-- The hours of a provider, as people wrote them: on these weekdays (1 is Monday), on its wall clock, for all
-- services or some. closes at or before opens is the next day; 24:00 is midnight.
CREATE TABLE schedule_rule (
    provider_id  bigint    NOT NULL,
    n            integer   NOT NULL,
    weekdays     integer[] NOT NULL,
    opens        time      NOT NULL,
    closes       time      NOT NULL,
    from_day     date,
    until_day    date,
    service_ids  bigint[],
    CONSTRAINT schedule_rule_pkey PRIMARY KEY (provider_id, n),
    CONSTRAINT schedule_rule_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT schedule_rule_weekdays_known CHECK (
        weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cardinality(weekdays) > 0
    )
);

-- The hours of one day, instead of those of its weekday; a row without hours closes it.
CREATE TABLE schedule_day (
    provider_id  bigint   NOT NULL,
    day          date     NOT NULL,
    n            integer  NOT NULL,
    opens        time,
    closes       time,
    service_ids  bigint[],
    reason       text     NOT NULL DEFAULT '',
    CONSTRAINT schedule_day_pkey PRIMARY KEY (provider_id, day, n),
    CONSTRAINT schedule_day_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT schedule_day_hours CHECK ((opens IS NULL) = (closes IS NULL)),
    CONSTRAINT schedule_day_reason_length CHECK (char_length(reason) <= 500)
);

-- Calendars of somebody else, whose busy times close a provider's. The address is a secret: it is often all
-- that one needs to read them.
CREATE TABLE calendar_source (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    provider_id   bigint      NOT NULL,
    actor_id      bigint      NOT NULL,
    kind          text        NOT NULL DEFAULT 'ics',
    url           text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- When it is asked for again, and was last.
    next_at       timestamptz NOT NULL DEFAULT now(),
    tried_at      timestamptz,
    -- When it last said something that could be used, and what it says of that version of it.
    last_ok_at    timestamptz,
    etag          text,
    modified      text,
    -- Of what it said when it was last read, and when that was.
    digest        text,
    read_at       timestamptz,
    -- Since when it says that nothing is there any more, where much was: it has to say so twice.
    doubted_at    timestamptz,
    -- How often it has failed since, and what is wrong with it, in a sentence.
    failures      integer     NOT NULL DEFAULT 0,
    error         text,
    CONSTRAINT calendar_source_pkey PRIMARY KEY (id),
    CONSTRAINT calendar_source_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT calendar_source_kind_known CHECK (kind = 'ics'),
    CONSTRAINT calendar_source_url_length CHECK (char_length(url) BETWEEN 1 AND 2000)
);

CREATE INDEX calendar_source_provider ON calendar_source (provider_id, id);
CREATE INDEX calendar_source_next ON calendar_source (next_at, id);

-- When a provider, or where it is NULL everybody, is not there: whole days on each provider's clock, or from
-- an instant to another. Of days, starts_at and ends_at are bounds within which they lie in any zone.
CREATE TABLE closure (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    provider_id  bigint,
    from_day     date,
    until_day    date,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    actor_id     bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- The calendar of somebody else that says so; NULL: staff do.
    source_id    bigint,
    CONSTRAINT closure_pkey PRIMARY KEY (id),
    CONSTRAINT closure_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT closure_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT closure_days_in_order CHECK (from_day <= until_day),
    CONSTRAINT closure_days_both CHECK ((from_day IS NULL) = (until_day IS NULL)),
    CONSTRAINT closure_reason_length CHECK (char_length(reason) <= 500),
    CONSTRAINT closure_source_fkey FOREIGN KEY (source_id) REFERENCES calendar_source (id)
);

CREATE INDEX closure_provider_ends ON closure (provider_id, ends_at);
-- Those that staff wrote, beside thousands that calendars say; and those.
CREATE INDEX closure_written ON closure (provider_id, ends_at) WHERE source_id IS NULL;
CREATE INDEX closure_source ON closure (source_id, starts_at) WHERE source_id IS NOT NULL;

-- What rules and days mean, as instants: made by Python, at will. Times may begin from starts_at to before
-- stops_at, at anchor_at plus so many steps, and have to end by ends_at. A window in which the clocks change
-- is two rows.
CREATE TABLE opening (
    provider_id  bigint      NOT NULL,
    day          date        NOT NULL,
    starts_at    timestamptz NOT NULL,
    stops_at     timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    anchor_at    timestamptz NOT NULL,
    service_ids  bigint[],
    CONSTRAINT opening_pkey PRIMARY KEY (provider_id, starts_at),
    CONSTRAINT opening_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT opening_in_order CHECK (starts_at < stops_at AND stops_at <= ends_at),
    CONSTRAINT opening_within_two_days CHECK (ends_at <= starts_at + interval '48 hours')
);

-- For how many days ahead anything can be booked: so far openings are made.
CREATE INDEX service_horizon ON service (horizon_days) WHERE retired_at IS NULL;
