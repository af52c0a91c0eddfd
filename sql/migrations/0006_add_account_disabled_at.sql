ALTER TABLE account ADD COLUMN disabled_at timestamptz;
