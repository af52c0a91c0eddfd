"""The dashboard and the alert rules speak of nothing that /metrics does not have."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.booking.actions import ACTIONS
from service.deps import Deps

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAME = re.compile(r"\b(?:booking|process|python)_[a-z_]+\b")
ENDS = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
    "unknown": ("",),
}


@pytest.fixture
def exposed(deps: Deps) -> set[str]:
    """The name of every series that /metrics can have."""
    names = set()
    for family in text_string_to_metric_families(deps.metrics.exposition()):
        name = family.name.removesuffix("_total")
        names |= {name + end for end in ENDS[family.type]}
    return names


def dashboard() -> list[str]:
    """Every expression of the dashboard."""
    read = json.loads((DEPLOY / "grafana.json").read_text())
    targets = [target for panel in read["panels"] for target in panel.get("targets", ())]
    asked = [*targets, *read["annotations"]["list"]]
    variables = [
        one["query"]["query"] for one in read["templating"]["list"] if one["name"] != "datasource"
    ]
    return [one["expr"] for one in asked] + variables


def alerts() -> str:
    """The alert rules without their comments and what they say to people."""
    text = (DEPLOY / "alerts.yaml").read_text()
    return re.sub(r"#.*|(summary|description):.*|severity:.*", "", text)


def names(expressions: Iterable[str]) -> set[str]:
    found = NAME.findall(" ".join(expressions))
    return set(found) - {"process_id"}


def test_the_dashboard_names_only_what_there_is(exposed: set[str]) -> None:
    used = names(dashboard())
    assert len(used) > 30
    assert used <= exposed


def test_the_alerts_name_only_what_there_is(exposed: set[str]) -> None:
    used = names([alerts()])
    assert len(used) > 15
    assert used <= exposed


def test_everything_of_ours_is_on_the_dashboard_or_in_an_alert(exposed: set[str]) -> None:
    families = {re.sub("_(bucket|count|sum)$", "", one) for one in exposed if "booking_" in one}
    used = {re.sub("_(bucket|count|sum)$", "", one) for one in names([*dashboard(), alerts()])}
    assert families <= used


def test_panels_have_places_of_their_own() -> None:
    panels = json.loads((DEPLOY / "grafana.json").read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_dashboard_shows_every_action_and_no_other() -> None:
    words = re.findall(r'action=~?"([^"]+)"', " ".join(dashboard()))
    assert {one for word in words for one in word.split("|")} == ACTIONS.keys()
