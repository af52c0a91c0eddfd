"""OpenTelemetry and Sentry: started when a setting asks for them and their packages are there.

They are not in requirements.txt. Install each set in one go, or its parts won't fit together.
"""

import logging
from typing import Any

from service import __version__
from service.settings import Settings
from service.telemetry.logs import clean

log = logging.getLogger(__name__)

OTEL = (
    "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http "
    "opentelemetry-instrumentation-tornado opentelemetry-instrumentation-aiopg "
    "opentelemetry-instrumentation-redis"
)


def start(settings: Settings) -> None:
    """Start what is set; what can't be is said in one sentence and costs nothing else."""
    if settings.otel_exporter_otlp_endpoint:
        _start("OTEL_EXPORTER_OTLP_ENDPOINT", OTEL, _opentelemetry, settings)
    if settings.sentry_dsn:
        _start("SENTRY_DSN", "sentry-sdk", _sentry, settings)


def _start(name: str, packages: str, begin: Any, settings: Settings) -> None:
    try:
        begin(settings)
    except ImportError as error:
        log.warning("%s is set but does nothing: pip install %s (%s).", name, packages, error)
    except Exception as error:  # a DSN without its key, parts that don't fit: nobody's booking
        log.warning("%s is set but does nothing: %s.", name, error)


def _opentelemetry(settings: Settings) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.aiopg import AiopgInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.instrumentation.tornado import TornadoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": "booking", "service.version": __version__})
    provider = TracerProvider(resource=resource)
    endpoint = settings.otel_exporter_otlp_endpoint.rstrip("/") + "/v1/traces"
    exporter = _private(OTLPSpanExporter)(endpoint=endpoint)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    for instrumentor in (TornadoInstrumentor(), AiopgInstrumentor(), RedisInstrumentor()):
        instrumentor.instrument()
    log.info("traces go to %s", endpoint)


def _private(exporter: Any) -> Any:
    """The kind of exporter, which leaves out what a client sent: queries, and rows in messages."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Status

    def private(span: Any) -> Any:
        kept = {name: value for name, value in span.attributes.items() if name != "url.query"}
        for name in ("http.target", "http.url", "url.full"):
            if name in kept:
                kept[name] = clean(kept[name].partition("?")[0])
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=kept,
            links=span.links,
            kind=span.kind,
            status=Status(span.status.status_code, first_line(span.status.description)),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    class Private(exporter):  # type: ignore[misc]
        def export(self, spans: Any) -> Any:
            return super().export([private(span) for span in spans])

    return Private


def _sentry(settings: Settings) -> None:
    import sentry_sdk
    from sentry_sdk.integrations.tornado import TornadoIntegration

    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        release=f"booking@{__version__}",
        integrations=[TornadoIntegration()],
        before_send=without_private,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
    )
    log.info("errors go to Sentry")


def without_private(event: Any, hint: Any) -> Any:
    """The event without what a client sent, and of each message only the first line."""
    for name in ("query_string", "headers", "cookies", "data", "env"):
        event.get("request", {}).pop(name, None)
    event.get("extra", {}).pop("secrets", None)
    if url := event.get("request", {}).get("url"):
        event["request"]["url"] = clean(url)
    for one in event.get("exception", {}).get("values", ()):
        one["value"] = first_line(one.get("value"))
    return event


def first_line(text: str | None) -> str | None:
    """Where PostgreSQL says what went wrong; its further lines repeat whole rows."""
    return text.splitlines()[0] if text else text
