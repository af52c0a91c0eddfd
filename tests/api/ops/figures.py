"""The figures of an application, as Prometheus reads them."""

from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from tests.cast import Api

Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


async def text_of(api: Api, **headers: str) -> Any:
    """The answer of GET /metrics."""
    client = AsyncHTTPClient(force_instance=True)
    try:
        return await client.fetch(HTTPRequest(f"{api.url}/metrics", headers=headers))
    finally:
        client.close()


async def figures_of(api: Api) -> Figures:
    """All samples of an application, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families((await text_of(api)).body.decode())
        for sample in family.samples
    }


def value_of(figures: Figures, name: str, **labels: str) -> float:
    """One of them; 0 where nothing was ever counted."""
    return figures.get((f"booking_{name}", frozenset(labels.items())), 0.0)
