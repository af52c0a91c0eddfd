-- A provider's list finds its appointments by their slots: the live ones by appointment_one_per_place,
-- the cancelled ones by this. Booking writes nothing into it.
-- serves: 5

CREATE INDEX appointment_cancelled ON appointment (slot_id) WHERE status = 'cancelled';
