-- Who is told of what has happened, and how that went.

CREATE TABLE webhook (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    owner_id       bigint      NOT NULL,
    url            text        NOT NULL,
    -- The types of events that it wants; none: all there are.
    types          text[]      NOT NULL DEFAULT '{}',
    -- What goes with an event besides, as it is when the delivery is made.
    include        text[]      NOT NULL DEFAULT '{}',
    -- Which of its secrets signs; until old_until the one before it does, too.
    generation     integer     NOT NULL DEFAULT 1,
    old_until      timestamptz,
    status         text        NOT NULL DEFAULT 'enabled',
    -- Why it is disabled.
    reason         text        NOT NULL DEFAULT '',
    -- The last event of which it is known whether it becomes a delivery.
    position       bigint      NOT NULL,
    -- Failures since it last took something, from the first of them on, and when it last did that, or was
    -- enabled.
    failures       integer     NOT NULL DEFAULT 0,
    failing_since  timestamptz,
    well_at        timestamptz NOT NULL DEFAULT now(),
    -- Until when the receiver wants to be left alone.
    rests_until    timestamptz,
    -- Before that there is nothing to send; NULL: nothing at all. One that is early costs a look.
    wakes_at       timestamptz,
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_owner_fkey FOREIGN KEY (owner_id) REFERENCES account (id),
    CONSTRAINT webhook_url_length CHECK (char_length(url) BETWEEN 1 AND 2000),
    CONSTRAINT webhook_include_known CHECK (include <@ '{appointment}'),
    CONSTRAINT webhook_status_known CHECK (status IN ('enabled', 'disabled', 'deleted')),
    CONSTRAINT webhook_reason_known CHECK (reason IN ('', 'failing', 'gone', 'owner')),
    CONSTRAINT webhook_failing_since_first CHECK ((failures = 0) = (failing_since IS NULL))
);

CREATE INDEX webhook_owner ON webhook (owner_id, id);
CREATE INDEX webhook_enabled ON webhook (position) WHERE status = 'enabled';
CREATE INDEX webhook_wakes ON webhook (wakes_at) WHERE status = 'enabled' AND wakes_at IS NOT NULL;
CREATE INDEX webhook_deleted ON webhook (id) WHERE status = 'deleted';

-- An event on its way to a webhook. It goes out once no earlier one of its appointment is pending. Who sends it
-- has leased it, for the lease-th time: what comes of it counts while nobody else has.
CREATE TABLE delivery (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    webhook_id    bigint      NOT NULL,
    -- NULL: no event, but a test.
    event_id      bigint,
    -- The appointment that it is of, if it is of one.
    subject_id    bigint,
    type          text        NOT NULL,
    included      text,
    status        text        NOT NULL DEFAULT 'pending',
    -- Since it was made, or asked for again; manual is whether that was by somebody.
    attempts      integer     NOT NULL DEFAULT 0,
    manual        boolean     NOT NULL DEFAULT false,
    due_at        timestamptz NOT NULL,
    lease         integer     NOT NULL DEFAULT 0,
    leased_until  timestamptz,
    last_status   integer,
    last_error    text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    settled_at    timestamptz,
    CONSTRAINT delivery_pkey PRIMARY KEY (id),
    CONSTRAINT delivery_one_per_event UNIQUE (webhook_id, event_id),
    CONSTRAINT delivery_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES webhook (id),
    CONSTRAINT delivery_status_known CHECK (status IN ('pending', 'delivered', 'failed')),
    CONSTRAINT delivery_settled_iff_not_pending CHECK ((status = 'pending') = (settled_at IS NULL)),
    CONSTRAINT delivery_attempts_sane CHECK (attempts >= 0)
);

CREATE INDEX delivery_due ON delivery (webhook_id, due_at) WHERE status = 'pending';
CREATE INDEX delivery_turn ON delivery (webhook_id, subject_id, event_id) WHERE status = 'pending';
CREATE INDEX delivery_webhook ON delivery (webhook_id, id);
CREATE INDEX delivery_failed ON delivery (webhook_id, id) WHERE status = 'failed';
CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;
-- For who forgets a person: nothing else in deliveries is about one.
CREATE INDEX delivery_included ON delivery (subject_id) WHERE included IS NOT NULL;

-- What came of sending. error is a class of failures, detail a sentence, excerpt the beginning of the answer.
CREATE TABLE attempt (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    delivery_id  bigint      NOT NULL,
    at           timestamptz NOT NULL,
    manual       boolean     NOT NULL,
    ms           integer     NOT NULL,
    status       integer,
    error        text,
    detail       text,
    excerpt      text,
    CONSTRAINT attempt_pkey PRIMARY KEY (id),
    CONSTRAINT attempt_delivery_fkey FOREIGN KEY (delivery_id) REFERENCES delivery (id),
    CONSTRAINT attempt_excerpt_length CHECK (octet_length(excerpt) <= 4096)
);

CREATE INDEX attempt_delivery ON attempt (delivery_id, id);

-- Whose calendar somebody keeps: a provider's id, -1 for all, 0 for none.
CREATE FUNCTION staff_of(account account) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN account.disabled_at IS NOT NULL THEN 0
            WHEN account.role = 'admin' THEN -1
            WHEN account.role = 'provider' THEN account.provider_id
            ELSE 0
       END;

-- Whether an event is to be told to a webhook of this account: what its feed tells it in full, of the calendar
-- that it keeps and of its own appointments. Who keeps none any more is told nothing.
CREATE FUNCTION is_told(webhook webhook, account account, event event) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (webhook.types = '{}' OR event.type = ANY (webhook.types))
   AND staff_of(account) <> 0
   AND (is_event_of(event, staff_of(account)) OR coalesce(event.account_id = account.id, false));

-- The appointment of an event as this account may see it now, where the webhook wants it.
CREATE FUNCTION included(webhook webhook, account account, event event) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT row_to_json(ROW (
               appointment.id,
               row_to_json(slot_full(slot, provider)),
               shown_name(customer),
               appointment.notes,
               status_now(appointment.status, appointment.expires_at)
           )::appointment_document)::text
      FROM appointment
      JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      JOIN provider ON provider.id = ANY (ARRAY[slot.provider_id])
      JOIN account AS customer ON customer.id = ANY (ARRAY[appointment.account_id])
     WHERE appointment.id = event.appointment_id
       AND 'appointment' = ANY (webhook.include)
       AND NOT is_hold(appointment.status)
       AND (is_staff(slot, staff_of(account)) OR appointment.account_id = account.id));

-- A webhook as its owner sees it. cursor is that of the feed behind which it goes on.
CREATE TYPE webhook_document AS (
    id             bigint,
    url            text,
    types          text[],
    include        text[],
    status         text,
    reason         text,
    failing_since  timestamptz,
    cursor         bigint,
    created_at     timestamptz
);

CREATE FUNCTION webhook_document(webhook webhook) RETURNS webhook_document
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    webhook.id, webhook.url, webhook.types, webhook.include, webhook.status, webhook.reason,
    webhook.failing_since, webhook.position, webhook.created_at
)::webhook_document;

-- A delivery as the owner of its webhook sees it.
CREATE TYPE delivery_document AS (
    id           bigint,
    event        bigint,
    type         text,
    status       text,
    attempts     integer,
    due_at       timestamptz,
    last_status  integer,
    last_error   text,
    created_at   timestamptz,
    settled_at   timestamptz
);

CREATE FUNCTION delivery_document(delivery delivery) RETURNS delivery_document
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    delivery.id, delivery.event_id, delivery.type, delivery.status, delivery.attempts,
    CASE WHEN delivery.status = 'pending' THEN delivery.due_at END,
    delivery.last_status, delivery.last_error, delivery.created_at, delivery.settled_at
)::delivery_document;
