-- In steps, as in 0013.
-- serves: 17
ALTER TABLE provider
    ADD COLUMN kind text,
    ADD COLUMN per_day integer,
    ADD COLUMN calendar_version integer,
    ADD COLUMN opened_until date;
UPDATE provider SET kind = 'person', calendar_version = 1;
ALTER TABLE provider
    ALTER COLUMN kind SET DEFAULT 'person',
    ALTER COLUMN kind SET NOT NULL,
    ALTER COLUMN calendar_version SET DEFAULT 1,
    ALTER COLUMN calendar_version SET NOT NULL,
    ADD CONSTRAINT provider_kind_known CHECK (kind IN ('person', 'room', 'thing')),
    ADD CONSTRAINT provider_per_day_sane CHECK (per_day BETWEEN 1 AND 1000);

CREATE TABLE service (
    id                     bigint GENERATED ALWAYS AS IDENTITY,
    name                   text        NOT NULL,
    description            text        NOT NULL DEFAULT '',
    duration_minutes       integer     NOT NULL,
    step_minutes           integer     NOT NULL,
    buffer_before_minutes  integer     NOT NULL DEFAULT 0,
    buffer_after_minutes   integer     NOT NULL DEFAULT 0,
    lead_minutes           integer     NOT NULL DEFAULT 0,
    horizon_days           integer     NOT NULL DEFAULT 90,
    per_day                integer,
    per_customer_day       integer,
    per_customer_open      integer,
    capacity               integer     NOT NULL DEFAULT 1,
    party_max              integer     NOT NULL DEFAULT 1,
    notice_minutes         integer,
    version                integer     NOT NULL DEFAULT 1,
    created_at             timestamptz NOT NULL DEFAULT now(),
    retired_at             timestamptz,
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
    CONSTRAINT service_notice_sane CHECK (notice_minutes BETWEEN 0 AND 525600)
);

CREATE TABLE service_version (
    service_id  bigint      NOT NULL,
    version     integer     NOT NULL,
    document    jsonb       NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    actor_id    bigint      NOT NULL,
    CONSTRAINT service_version_pkey PRIMARY KEY (service_id, version),
    CONSTRAINT service_version_service_fkey FOREIGN KEY (service_id) REFERENCES service (id)
);

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

CREATE TABLE service_need (
    service_id   bigint  NOT NULL,
    role         text    NOT NULL,
    provider_id  bigint  NOT NULL,
    CONSTRAINT service_need_pkey PRIMARY KEY (service_id, provider_id),
    CONSTRAINT service_need_service_fkey FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT service_need_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT service_need_role_length CHECK (char_length(role) BETWEEN 1 AND 50)
);
