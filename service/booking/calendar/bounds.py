"""What a slot may be: when, and for how many. The constraints of sql/schema.sql say the same."""

from datetime import UTC, datetime

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9998, 12, 31, tzinfo=UTC)
MOST_PLACES = 1000
