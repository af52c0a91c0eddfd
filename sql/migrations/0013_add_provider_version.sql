-- Step by step: PostgreSQL 15.20 refuses to add a column with a default where a function takes a row
-- of the table.
-- serves: 5
-- was: b9916c922abb12810cde7c7c674ab3966076c023b144493146cef46c0177379d
ALTER TABLE provider ADD COLUMN version integer;
UPDATE provider SET version = 1;
ALTER TABLE provider
    ALTER COLUMN version SET DEFAULT 1,
    ALTER COLUMN version SET NOT NULL;
