-- serves: 5
ALTER TABLE provider ADD COLUMN version integer NOT NULL DEFAULT 1;
