"""When a delivery that was not taken is tried again."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Seconds to wait after each attempt, as Standard Webhooks has them: ten attempts in 75 hours.
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.2
LONGEST = 86_400.0


def wait(attempts: int, asked: float = 0.0) -> float | None:
    """Seconds until the next attempt, after so many; None after the last. The receiver may have
    asked for more, which it gets up to a day."""
    if attempts > len(WAITS):
        return None
    usual = WAITS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    return max(usual, min(asked, LONGEST))


def asked(retry_after: str, now: datetime) -> float:
    """Seconds that a Retry-After asks for (RFC 9110, section 10.2.3); 0 for what is none."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        at = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
