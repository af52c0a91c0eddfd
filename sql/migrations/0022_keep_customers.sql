-- People whom staff book for: an account that nobody can log in with, since it has no username.
-- Of those there are, Python makes the words.
-- serves: 17
ALTER TABLE account
    ALTER COLUMN username DROP NOT NULL,
    ALTER COLUMN email DROP NOT NULL,
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD COLUMN name text,
    ADD COLUMN phone text,
    ADD COLUMN time_zone text,
    ADD COLUMN language text,
    ADD COLUMN made_by bigint,
    ADD COLUMN words tsvector,
    ADD CONSTRAINT account_made_by_fkey FOREIGN KEY (made_by) REFERENCES provider (id),
    ADD CONSTRAINT account_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    ADD CONSTRAINT account_logs_in_or_is_named CHECK (
        CASE WHEN username IS NULL
             THEN password_hash IS NULL AND name IS NOT NULL AND role = 'customer'
             ELSE password_hash IS NOT NULL AND email IS NOT NULL END
    );

CREATE INDEX account_words ON account USING gin (words);
CREATE INDEX account_without_words ON account (id) WHERE words IS NULL;

CREATE FUNCTION shown_name(account account) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(account.username, account.name);

CREATE FUNCTION is_customer_of(account account, staff_of bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN account.role = 'customer'
   AND (staff_of = -1
        OR account.made_by = staff_of
        OR EXISTS (
               SELECT FROM appointment
                 JOIN appointment_history AS change
                   ON change.appointment_id = ANY (ARRAY[appointment.id])
                 JOIN slot ON slot.id = ANY (ARRAY[change.to_slot_id])
                WHERE appointment.account_id = account.id
                  AND slot.provider_id = staff_of));

CREATE TYPE customer_document AS (
    id          bigint,
    username    text,
    name        text,
    email       text,
    phone       text,
    time_zone   text,
    language    text,
    made_by     bigint,
    created_at  timestamptz
);

CREATE FUNCTION customer_document(account account) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN row_to_json(ROW (
    account.id,
    account.username,
    account.name,
    account.email,
    account.phone,
    account.time_zone,
    account.language,
    account.made_by,
    account.created_at
)::customer_document)::text;
