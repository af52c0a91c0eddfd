CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE slot (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    provider_id  bigint      NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    capacity     integer     NOT NULL DEFAULT 1,
    booked       integer     NOT NULL DEFAULT 0,
    closed       boolean     NOT NULL DEFAULT false,
    version      integer     NOT NULL DEFAULT 1,
    deleted_at   timestamptz,
    CONSTRAINT slot_pkey PRIMARY KEY (id),
    CONSTRAINT slot_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT slot_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT slot_within_calendar CHECK (
        starts_at >= '1970-01-01 00:00:00+00' AND ends_at < '9999-01-01 00:00:00+00'
    ),
    CONSTRAINT slot_capacity_sane CHECK (capacity BETWEEN 1 AND 1000),
    CONSTRAINT slot_booked_within_capacity CHECK (booked BETWEEN 0 AND capacity),
    CONSTRAINT slot_no_overlap EXCLUDE USING gist (
        provider_id WITH =, tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (deleted_at IS NULL)
) WITH (fillfactor = 70);

CREATE INDEX slot_starts ON slot (starts_at, id) WHERE deleted_at IS NULL;
CREATE INDEX slot_provider_starts ON slot (provider_id, starts_at, id);
