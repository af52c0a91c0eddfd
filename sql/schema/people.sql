-- People and appointments as clients see them.

-- What somebody is called in appointments.
CREATE FUNCTION shown_name(account account) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(account.username, account.name);

-- Whether a customer is one of a provider's, or of any for -1: has or had an appointment there, or was
-- made by its staff.
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

-- A customer as staff see it.
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

CREATE TYPE appointment_document AS (
    id           bigint,
    slot         json,
    "user"       text,
    notes        text,
    status       text
);

CREATE TYPE appointment_brief AS (id bigint, slot json, notes text, status text);

CREATE TYPE move_document AS (message text, appointment_id bigint, old_slot json, new_slot json);

CREATE TYPE end_document AS (message text, appointment_id bigint, slot json);

CREATE TYPE history_document AS (
    at           timestamptz,
    action       text,
    actor        text,
    from_slot    bigint,
    to_slot      bigint,
    from_status  text,
    to_status    text,
    reason       text
);
