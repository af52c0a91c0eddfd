CREATE TABLE provider (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL,
    time_zone   text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT provider_pkey PRIMARY KEY (id),
    CONSTRAINT provider_name_length CHECK (char_length(name) BETWEEN 1 AND 200)
);

CREATE TABLE account (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    username       text        NOT NULL,
    email          text        NOT NULL,
    password_hash  text        NOT NULL,
    role           text        NOT NULL DEFAULT 'customer',
    provider_id    bigint,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT account_role_known CHECK (role IN ('customer', 'provider', 'admin')),
    CONSTRAINT account_provider_iff_role CHECK ((role = 'provider') = (provider_id IS NOT NULL))
);

CREATE UNIQUE INDEX account_username_unique ON account (lower(username));
