"""What a desk has of sets of appointments."""

from tests.sql.desk import DAY, NINE, Desk


def series(desk: Desk, service_id: int, provider_id: int, *appointment_ids: int) -> int:
    """A series of a week each, whose last date was skipped."""
    count = len(appointment_ids)
    [(series_id,)] = desk.run(
        "series_create",
        service_id=service_id,
        provider_id=provider_id,
        day=[(NINE + 7 * n * DAY).date() for n in range(count + 1)],
        starts_at=[NINE + 7 * n * DAY for n in range(count + 1)],
        appointment_id=[*appointment_ids, None],
        code=[None] * count + ["slot_taken"],
    )
    return int(series_id)
