-- serves: 17
-- Appointments that were booked as a series, with one provider throughout.
CREATE TABLE series (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    service_id   bigint      NOT NULL,
    provider_id  bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT series_pkey PRIMARY KEY (id),
    CONSTRAINT series_service_fkey FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT series_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id)
);

-- Its dates as they were asked for: each with its appointment, or the code of why it has none. No start
-- where the clock skips it.
CREATE TABLE series_date (
    series_id       bigint NOT NULL,
    day             date   NOT NULL,
    starts_at       timestamptz,
    appointment_id  bigint,
    code            text,
    CONSTRAINT series_date_pkey PRIMARY KEY (series_id, day),
    CONSTRAINT series_date_series_fkey FOREIGN KEY (series_id) REFERENCES series (id),
    CONSTRAINT series_date_appointment_fkey FOREIGN KEY (appointment_id) REFERENCES appointment (id),
    CONSTRAINT series_date_booked_or_why_not CHECK ((appointment_id IS NULL) = (code IS NOT NULL))
);
