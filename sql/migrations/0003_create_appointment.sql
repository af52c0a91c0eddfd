CREATE TABLE appointment (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    slot_id     bigint      NOT NULL,
    place       integer     NOT NULL,
    account_id  bigint      NOT NULL,
    status      text        NOT NULL DEFAULT 'booked',
    notes       text        NOT NULL DEFAULT '',
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT appointment_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_slot_fkey FOREIGN KEY (slot_id) REFERENCES slot (id),
    CONSTRAINT appointment_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT appointment_place_counts_from_one CHECK (place >= 1),
    CONSTRAINT appointment_status_known CHECK (
        status IN ('booked', 'cancelled', 'fulfilled', 'noshow')
    ),
    CONSTRAINT appointment_notes_length CHECK (char_length(notes) <= 4000)
) WITH (fillfactor = 90);

CREATE UNIQUE INDEX appointment_one_per_place ON appointment (slot_id, place)
    WHERE status <> 'cancelled';
CREATE INDEX appointment_account ON appointment (account_id, id);

CREATE TABLE appointment_history (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    appointment_id  bigint      NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    actor_id        bigint      NOT NULL,
    action          text        NOT NULL,
    from_slot_id    bigint,
    to_slot_id      bigint,
    from_status     text,
    to_status       text        NOT NULL,
    reason          text        NOT NULL DEFAULT '',
    CONSTRAINT appointment_history_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_history_appointment_fkey
        FOREIGN KEY (appointment_id) REFERENCES appointment (id),
    CONSTRAINT appointment_history_action_known CHECK (
        action IN ('book', 'reschedule', 'cancel', 'noshow', 'fulfill')
    ),
    CONSTRAINT appointment_history_reason_length CHECK (char_length(reason) <= 500)
);

CREATE INDEX appointment_history_appointment ON appointment_history (appointment_id, id);
