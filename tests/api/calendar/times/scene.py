"""A provider that is open every day, and services with it."""

from datetime import datetime, timedelta
from typing import Any

from tests.api.calendar.hours.scene import day_after, every_day, path
from tests.cast import Api, Given, Person, Reply

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
NINE = day_after(7, 9)  # when it opens, a week from today


class Clinic:
    """Open from 09:00 to 17:00 UTC; a visit takes an hour."""

    def __init__(self, api: Api, given: Given, keeper: Person) -> None:
        self.api, self.given, self.keeper = api, given, keeper
        self.provider_id: int = keeper.session.provider_id

    async def open(self, *more: int, **terms: Any) -> int:
        """Open it, and these providers as well; the id of a visit with all of them."""
        boss = await self.given.make_person(f"boss{self.provider_id}", role="admin")
        for one in (self.provider_id, *more):
            reply = await self.api.call("PUT", path(one), every_day(), who=boss)
            assert reply.status == 200, reply.json
        return await self.visit(*more, **terms)

    async def visit(self, *more: int, **terms: Any) -> int:
        """The id of a service of an hour, unless told otherwise."""
        usual = {"name": "Visit", "duration_minutes": 60, "step_minutes": 60}
        return await self.given.make_service(self.provider_id, *more, **usual | terms)

    async def times(self, service_id: int, query: str = "", **options: Any) -> Reply:
        day = NINE.date().isoformat()
        following = (NINE + 24 * HOUR).date().isoformat()
        mine = f"provider={self.provider_id}&from={day}&to={following}"
        return await self.api.get(f"/api/services/{service_id}/times/?{query or mine}", **options)

    async def starts(self, service_id: int, query: str = "") -> list[str]:
        reply = await self.times(service_id, query)
        assert reply.status == 200, reply.json
        return [one["start_time"] for one in reply.json]

    async def book(
        self, who: Person, service_id: int, at: datetime = NINE, query: str = "", **more: Any
    ) -> Reply:
        """With this provider, unless told otherwise."""
        wanted = {"provider": self.provider_id} | more
        body = {name: value for name, value in wanted.items() if value is not None}
        body |= {"service": service_id, "starts_at": at.isoformat()}
        options = {"headers": body.pop("headers")} if "headers" in body else {}
        return await self.api.post(f"/api/appointments/{query}", body, who=who, **options)
