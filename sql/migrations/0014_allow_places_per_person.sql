-- How many places of a slot one person may have at a time. Who has more already keeps them.
-- serves: 5
ALTER TABLE slot
    ADD COLUMN per_person smallint NOT NULL DEFAULT 1,
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
