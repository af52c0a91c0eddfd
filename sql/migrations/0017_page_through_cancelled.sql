-- A provider's list goes through the cancelled appointments of a slot page by page, by their ids.
-- serves: 5

DROP INDEX appointment_cancelled;
CREATE INDEX appointment_cancelled ON appointment (slot_id, id) WHERE status = 'cancelled';
