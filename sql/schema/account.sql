-- Who logs in, and whom staff book for.

-- An id that never comes again, not even after going back to an older backup: tokens live elsewhere,
-- and one that outlived its account must not be the next one's. Milliseconds, and a turn within them;
-- below 2^53 for seventy years. Its owner's rights: others may not touch the sequence.
CREATE SEQUENCE account_turn AS integer MINVALUE 0 MAXVALUE 4095 CYCLE;

CREATE FUNCTION new_account_id() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
RETURN (extract(epoch FROM clock_timestamp() - timestamptz '2025-01-01 00:00:00+00') * 1000)::bigint
       * 4096 + nextval('account_turn');

-- Whoever logs in, and people whom only staff book for: those have no username. password_hash is
-- bcrypt. A provider's account keeps the calendar of provider_id.
CREATE TABLE account (
    id             bigint      NOT NULL DEFAULT new_account_id(),
    username       text,
    email          text,
    password_hash  text,
    role           text        NOT NULL DEFAULT 'customer',
    provider_id    bigint,
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- Since when nobody can log in with it; NULL where one can.
    disabled_at    timestamptz,
    -- What all spellings of the username have in common; NULL until Python has made it, and where an
    -- older account has it: then the very spelling counts. Empty is what gives none.
    username_key   text COLLATE "C" DEFAULT '',
    name           text,
    phone          text,
    time_zone      text,
    language       text,
    -- The provider whose staff made it.
    made_by        bigint,
    -- What it is found by: the words of its names, address and phone number, which Python makes
    -- (service/values/search.py); NULL until then.
    words          tsvector,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT account_role_known CHECK (role IN ('customer', 'provider', 'admin')),
    CONSTRAINT account_provider_iff_role CHECK ((role = 'provider') = (provider_id IS NOT NULL)),
    CONSTRAINT account_made_by_fkey FOREIGN KEY (made_by) REFERENCES provider (id),
    CONSTRAINT account_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT account_logs_in_or_is_named CHECK (
        CASE WHEN username IS NULL
             THEN password_hash IS NULL AND name IS NOT NULL AND role = 'customer'
             ELSE password_hash IS NOT NULL AND email IS NOT NULL END
    )
);

ALTER SEQUENCE account_turn OWNED BY account.id;

-- Ada and ada are one person, whatever the locale of the database: Python makes the key.
CREATE UNIQUE INDEX account_username_unique ON account (username_key);
CREATE UNIQUE INDEX account_without_key ON account (username COLLATE "C")
    WHERE username_key IS NULL;

CREATE INDEX account_words ON account USING gin (words);
CREATE INDEX account_without_words ON account (id) WHERE words IS NULL;

-- For code from before, which looks names up by lower(), and gives no key: letters beyond ASCII are
-- left to Python.
CREATE INDEX account_username_lower ON account (lower(username));

CREATE FUNCTION key_username() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM account WHERE lower(username) = lower(NEW.username)) THEN
        RAISE unique_violation USING CONSTRAINT = 'account_username_unique';
    END IF;
    NEW.username_key := CASE
        WHEN octet_length(NEW.username) = char_length(NEW.username)
        THEN lower(NEW.username COLLATE "C")
    END;
    RETURN NEW;
END
$$;

CREATE TRIGGER account_key_username BEFORE INSERT ON account
    FOR EACH ROW WHEN (NEW.username_key = '') EXECUTE FUNCTION key_username();
