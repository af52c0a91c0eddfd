"""What becomes of a session of PostgreSQL that is no longer good."""

import pytest

from service.deps import Deps
from service.errors import Unavailable

ACCOUNT = {"email": "w@example.org", "password_hash": "x", "role": "customer", "provider_id": 0}


async def test_one_that_may_only_read_is_not_asked_twice(deps: Deps) -> None:
    async with deps.postgres.pool.link() as link:  # the next one to be used, too
        await link.execute("SET default_transaction_read_only = on")

    with pytest.raises(Unavailable):
        await deps.postgres.run("account_create", username="refused", **ACCOUNT)
    made = await deps.postgres.run("account_create", username="written", **ACCOUNT)

    assert made[1] == "written"
