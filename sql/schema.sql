-- The schema as it is now. People read this file; databases are made by sql/migrations, and a test
-- proves that both come to the same.
--
-- What must never happen is refused here, by constraints, whatever a program does: two appointments
-- in one place, more of them than a slot has places, overlapping slots of one provider.

\ir schema/calendar.sql
\ir schema/account.sql
\ir schema/appointment.sql
\ir schema/waitlist.sql
\ir schema/slot.sql
\ir schema/service.sql
\ir schema/hours.sql
\ir schema/people.sql
\ir schema/verdict.sql
\ir schema/times.sql
\ir schema/offers.sql
\ir schema/holds.sql
\ir schema/events.sql
\ir schema/webhooks.sql
\ir schema/calendars.sql
\ir schema/idempotency.sql
