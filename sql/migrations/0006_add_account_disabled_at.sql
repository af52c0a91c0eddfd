-- serves: 5
ALTER TABLE account ADD COLUMN disabled_at timestamptz;
