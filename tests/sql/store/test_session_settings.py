"""What every connection of the service is set to, whatever the database or its URL says."""

from dataclasses import replace
from urllib.parse import quote

import psycopg2
import pytest

from service.settings import Settings
from service.store.postgres import dsn

OTHERWISE = (
    "-c synchronous_commit=off -c timezone=Asia/Tokyo -c enable_seqscan=on -c lock_timeout=0"
    " -c default_transaction_isolation=serializable -c work_mem=5MB"
)
TIMES = {"lock_timeout": 1.0, "statement_timeout": 2.0, "request_deadline": 3.0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous_commit", "on"),
        ("timezone", "UTC"),
        ("enable_seqscan", "off"),
        ("lock_timeout", "1s"),
        ("transaction_isolation", "read committed"),
        ("statement_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "3s"),
        ("client_connection_check_interval", "1s"),
        ("plan_cache_mode", "force_generic_plan"),
        ("work_mem", "5MB"),  # what is not ours stays as it was set
    ],
)
def test_ours_win_over_those_of_the_url(name: str, value: str, settings: Settings) -> None:
    url = f"{settings.database_url}&options={quote(OTHERWISE)}"
    connection = psycopg2.connect(dsn(replace(settings, database_url=url, **TIMES)))
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)
    connection.close()
