"""What watches the process, and what answers where nothing is."""

from service.errors import NotFound, Unavailable
from service.handlers.base import EVERYONE, ApiHandler, endpoint


class Health(ApiHandler):
    @endpoint(EVERYONE)
    async def get(self) -> None:
        """The process runs."""
        self.answer(200, {"status": "ok"})


class Ready(ApiHandler):
    @endpoint(EVERYONE)
    async def get(self) -> None:
        """PostgreSQL and Redis answer and the schema is current."""
        if self.deps.traffic.draining:
            raise Unavailable("This process is stopping.")
        await self.deps.readiness.check()
        self.answer(200, {"status": "ready"})


class Nothing(ApiHandler):
    """Every path that is no route."""

    def prepare(self) -> None:
        self.refuse(NotFound())


ROUTES = [
    (r"/healthz/?", Health),
    (r"/readyz/?", Ready),
]
