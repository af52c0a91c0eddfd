-- serves: 5
-- Names beyond ASCII get theirs from Python, which knows the profile. So does, of two accounts that
-- the locale of the database took for two names, not the younger one: it stays without.
ALTER TABLE account ADD COLUMN username_key text COLLATE "C";

UPDATE account
   SET username_key = named.key
  FROM (SELECT DISTINCT ON (key) id, lower(username COLLATE "C") AS key
          FROM account
         WHERE octet_length(username) = char_length(username)
         ORDER BY key, id) AS named
 WHERE account.id = named.id;

DROP INDEX account_username_unique;
CREATE UNIQUE INDEX account_username_unique ON account (username_key);
CREATE UNIQUE INDEX account_without_key ON account (username COLLATE "C")
    WHERE username_key IS NULL;

-- For code from before, which looks names up by lower(), and gives no key.
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

ALTER TABLE account ALTER COLUMN username_key SET DEFAULT '';
CREATE TRIGGER account_key_username BEFORE INSERT ON account
    FOR EACH ROW WHEN (NEW.username_key = '') EXECUTE FUNCTION key_username();
