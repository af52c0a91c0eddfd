-- How many places of a slot one person may have at a time. Who has more already keeps them.
-- In steps, as in 0013.
-- serves: 5
-- was: 35b2df8108ecc5a112121d6d86d63390b3f75ec93a81d6725b10c52dc8a88d2f
ALTER TABLE slot ADD COLUMN per_person smallint;
UPDATE slot SET per_person = 1;
ALTER TABLE slot
    ALTER COLUMN per_person SET DEFAULT 1,
    ALTER COLUMN per_person SET NOT NULL,
    ADD CONSTRAINT slot_per_person_sane CHECK (per_person BETWEEN 1 AND 1000);

-- It answers whole slots, so it has to be made anew.
CREATE OR REPLACE FUNCTION free_slots_near(
    provider_id bigint, near timestamptz, except_ids bigint[]
)
RETURNS SETOF slot
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT slot.*
      FROM (SELECT *
              FROM slot
             WHERE slot.provider_id = free_slots_near.provider_id
               AND slot.deleted_at IS NULL
               AND slot.starts_at > greatest(near, now())
             ORDER BY slot.starts_at
             LIMIT 200) AS slot
     WHERE slot_status(slot) = 'free'
       AND slot.id <> ALL (except_ids)
     ORDER BY slot.starts_at
     LIMIT 3;
END;

CREATE FUNCTION slot_alone(slot slot, provider provider) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.per_person = 1 THEN row_to_json(slot_full(slot, provider))::text
    ELSE left(row_to_json(slot_full(slot, provider))::text, -1)
        || ',"per_person":' || slot.per_person || '}'
END;
