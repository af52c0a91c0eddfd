-- What has happened, in the order in which it did: one log, read many ways.

-- What a transaction has changed, told as its last statement, after its locks. Ids order the changes of one
-- thing; one of them may be seen before a lower one is committed, so nobody reads them but who numbers them.
-- type is that of the event, and subject_id what it is of; but of 'appointment' a row of appointment_history.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    type        text        NOT NULL,
    subject_id  bigint      NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_type_known CHECK (
        type IN ('account.erased', 'appointment', 'appointment.conflict', 'provider.changed',
                 'schedule.changed', 'service.changed', 'slot.changed', 'slot.created', 'slot.deleted',
                 'webhook.disabled')
    )
-- Nearly all rows in it are dead: they are tidied away by their number, whatever size the table once was.
) WITH (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0);

-- Who numbers sees how many ids were drawn, and may be a role that owns nothing.
GRANT SELECT ON SEQUENCE outbox_id_seq TO PUBLIC;

-- How far the log has come. log names this very log: after a failover that lost some of it, or in another
-- database, the same ids are other events. All in the outbox up to settled has been numbered; up to settling
-- it will have been once no transaction before settling_xid is left.
CREATE TABLE event_head (
    one           boolean NOT NULL DEFAULT true,
    log           uuid    NOT NULL DEFAULT gen_random_uuid(),
    position      bigint  NOT NULL DEFAULT 0,
    settled       bigint  NOT NULL DEFAULT 0,
    settling      bigint  NOT NULL DEFAULT 0,
    settling_xid  xid8    NOT NULL DEFAULT '0',
    CONSTRAINT event_head_pkey PRIMARY KEY (one),
    CONSTRAINT event_head_one_row CHECK (one)
);

-- What has happened, by dense ids. data is what its owner and the staff of its calendars are told: ids, times,
-- statuses and versions, nothing of a person. slots is what everybody is told, of the slots that have changed
-- with it; NULL where nothing is. No foreign keys: it outlives what it tells of.
CREATE TABLE event (
    id                bigint      NOT NULL,
    at                timestamptz NOT NULL,
    type              text        NOT NULL,
    -- Whose calendar it is of, and which one was left for that; NULL: of all of them.
    provider_id       bigint,
    from_provider_id  bigint,
    account_id        bigint,
    appointment_id    bigint,
    slot_ids          bigint[]    NOT NULL DEFAULT '{}',
    data              text        NOT NULL,
    slots             text,
    CONSTRAINT event_pkey PRIMARY KEY (id)
);

CREATE INDEX event_account ON event (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX event_provider ON event (provider_id, id) WHERE provider_id IS NOT NULL;
