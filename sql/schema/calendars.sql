-- Appointments in other calendars.

-- What tells this installation's appointments from those of all others, in calendars everywhere: made once,
-- and kept through backups.
CREATE TABLE installation (
    id  uuid NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT installation_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX installation_one_row ON installation ((true));

INSERT INTO installation DEFAULT VALUES;

-- Who knows the token of a link may read a calendar: an account's own, or a provider's for its staff. Of the
-- token only the SHA-256 is kept.
CREATE TABLE calendar_link (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    account_id    bigint      NOT NULL,
    provider_id   bigint,
    token_sha256  text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- To the day.
    last_used_at  timestamptz,
    CONSTRAINT calendar_link_pkey PRIMARY KEY (id),
    CONSTRAINT calendar_link_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT calendar_link_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT calendar_link_token_unique UNIQUE (token_sha256),
    CONSTRAINT calendar_link_token_is_hashed CHECK (token_sha256 ~ '^[0-9a-f]{64}$')
);

CREATE INDEX calendar_link_account ON calendar_link (account_id, id);

CREATE TYPE calendar_link_document AS (
    id            bigint,
    "of"          text,
    provider      bigint,
    created_at    timestamptz,
    last_used_at  timestamptz
);

CREATE FUNCTION calendar_link_document(link calendar_link) RETURNS calendar_link_document
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ROW (
    link.id,
    CASE WHEN link.provider_id IS NULL THEN 'me' ELSE 'provider' END,
    link.provider_id,
    link.created_at,
    link.last_used_at
)::calendar_link_document;

-- An appointment as calendars show it: to its owner with whom it is, to the provider whose it is. No notes, no
-- address, no phone number. The function is one of rows, which becomes a part of the query that asks it: as a
-- value it would be called again for each column.
CREATE TYPE calendar_entry AS (
    id          bigint,
    sequence    integer,
    status      text,
    starts_at   timestamptz,
    ends_at     timestamptz,
    changed_at  timestamptz,
    summary     text
);

CREATE FUNCTION calendar_entry(
    id bigint, version integer, status text, expires_at timestamptz,
    slot slot, provider provider, account account, of_provider boolean
) RETURNS SETOF calendar_entry
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT calendar_entry.id,
           version_now(calendar_entry.version, calendar_entry.expires_at) - 1,
           status_now(calendar_entry.status, calendar_entry.expires_at),
           slot.starts_at,
           slot.ends_at,
           CASE WHEN calendar_entry.expires_at <= now() THEN calendar_entry.expires_at
                ELSE (SELECT change.at
                        FROM appointment_history AS change
                       WHERE change.appointment_id = calendar_entry.id
                       ORDER BY change.id DESC
                       LIMIT 1)
           END,
           CASE WHEN of_provider THEN shown_name(account) ELSE provider.name END;
END;

-- Whether a calendar of somebody else has some of a provider's time.
CREATE FUNCTION is_blocked(provider_id bigint, from_at timestamptz, until_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM closure
     WHERE closure.provider_id = is_blocked.provider_id
       AND closure.source_id IS NOT NULL
       AND closure.ends_at > from_at
       AND closure.starts_at < until_at);

CREATE TYPE calendar_source_document AS (
    id           bigint,
    provider     bigint,
    kind         text,
    host         text,
    status       text,
    events       bigint,
    last_ok_at   timestamptz,
    next_at      timestamptz,
    error        text
);

CREATE FUNCTION calendar_source_document(source calendar_source) RETURNS calendar_source_document
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    source.id,
    source.provider_id,
    source.kind,
    substring(source.url FROM '^[a-z]+://([^/?#]+)'),
    CASE
        WHEN coalesce(source.last_ok_at, source.created_at) < now() - interval '24 hours' THEN 'stale'
        WHEN source.failures > 0 THEN 'failing'
        WHEN source.last_ok_at IS NULL THEN 'waiting'
        ELSE 'ok'
    END,
    (SELECT count(*) FROM closure WHERE closure.source_id = source.id),
    source.last_ok_at,
    source.next_at,
    source.error
)::calendar_source_document;
