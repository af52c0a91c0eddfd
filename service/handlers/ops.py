"""What watches the process, and what answers where nothing is."""

from collections.abc import Awaitable

from service.errors import NotFound, Unavailable
from service.http.base import ApiHandler, endpoint
from service.http.routing.declaration import Charged
from service.openapi.answers import ops as answers
from service.telemetry import metrics

TAG = "Operations", "For whoever runs the service."


class Health(ApiHandler):
    @endpoint("getHealth", charged=Charged.NOBODY, answers=(200, answers.Healthy))
    async def get(self) -> None:
        """The process runs."""
        self.answer(200, {"status": "ok"})


class Ready(ApiHandler):
    @endpoint(
        "getReadiness",
        charged=Charged.PROBE,
        answers=(200, answers.Ready),
        raises=(Unavailable,),
    )
    async def get(self) -> None:
        """PostgreSQL and Redis answer, the schema is current and passwords can be hashed."""
        if self.deps.traffic.draining:
            raise Unavailable("This process is stopping.")
        await self.deps.readiness.check()
        self.answer(200, {"status": "ready"})


class Metrics(ApiHandler):
    media = metrics.CONTENT_TYPE
    tail = b""  # it has its own

    @endpoint("getMetrics", charged=Charged.PROBE, answers=(200, answers.Figures))
    async def get(self) -> None:
        """The figures of this process, for Prometheus."""
        self.answer(200, self.deps.metrics.exposition())


class Nothing(ApiHandler):
    """Every path that is no route."""

    def prepare(self) -> Awaitable[None] | None:
        # About the server as such (RFC 9110 section 9.3.7), which is what balancers ask for.
        if self.request.method == "OPTIONS" and self.request.path in ("*", "/"):
            return None
        return self.turn_away(NotFound())
