"""What becomes of a session of PostgreSQL that is no longer good."""

import pytest

from service.deps import Deps
from service.errors import Unavailable

ACCOUNT = {
    "email": "w@example.org",
    "password_hash": "x",
    "role": "customer",
    "provider_id": 0,
    "words": [],
}


async def test_where_one_may_only_read_none_is_asked_twice(deps: Deps) -> None:
    pool = deps.postgres.pool
    async with pool.link() as one, pool.link() as other:
        for link in (one, other):
            await link.execute("SET default_transaction_read_only = on")

    with pytest.raises(Unavailable):
        await deps.postgres.run(
            "account_create", username="refused", username_key="refused", **ACCOUNT
        )
    for name in ("writes_again", "as_well"):
        made = await deps.postgres.run(
            "account_create", username=name, username_key=name, **ACCOUNT
        )
        assert made[1] == name
