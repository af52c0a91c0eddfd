-- serves: 5
CREATE SEQUENCE account_turn AS integer MINVALUE 0 MAXVALUE 4095 CYCLE;

CREATE FUNCTION new_account_id() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
RETURN (extract(epoch FROM clock_timestamp() - timestamptz '2025-01-01 00:00:00+00') * 1000)::bigint
       * 4096 + nextval('account_turn');

ALTER TABLE account ALTER COLUMN id DROP IDENTITY;
ALTER TABLE account ALTER COLUMN id SET DEFAULT new_account_id();
ALTER SEQUENCE account_turn OWNED BY account.id;
