"""What the judge says of a log of events that was followed to its end."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.prove.checker.events import commits, private, told
from tests.prove.story import Story, honest

ADMIN, KEEPER, CUSTOMER = "root", "follower", "watcher"
HERE, THERE = 1, 2  # calendars
Events = list[dict[str, Any]]


def followed() -> tuple[Story, dict[str, Events]]:
    """An honest day, and what each of the three was shown of it."""
    story = honest()
    steps = sorted(commits(story.evidence()).items(), key=lambda item: item[1][0])
    shown: dict[str, Events] = {ADMIN: [], KEEPER: [], CUSTOMER: []}
    for number, ((appointment, version), (_, slot)) in enumerate(steps, start=1):
        state = {"id": slot, "provider_id": HERE if slot == 1 else THERE, "version": number}
        public = {"id": number, "type": "slot.changed", "data": {"slots": [state]}}
        data = {"appointment_id": appointment, "account_id": 1, "version": version, "slot": state}
        whole = {"id": number, "type": "appointment.booked", "data": data}
        shown[ADMIN].append(whole)
        shown[KEEPER].append(whole if slot == 1 else public)
        shown[CUSTOMER].append(public)
    return story, shown


def outcomes(story: Story, shown: dict[str, Events]) -> tuple[str, str]:
    """What becomes of I36 and I37."""
    story.facts |= {
        "followers": [ADMIN, KEEPER, CUSTOMER],
        "followed": HERE,
        "ids": {CUSTOMER: 9},
    }
    for name, events in shown.items():
        story.feed += [{"reader": name, "events": [event]} for event in events]
    evidence = story.evidence()
    return told(evidence).outcome, private(evidence).outcome


def test_what_was_told_once_and_in_order_is_right() -> None:
    assert outcomes(*followed()) == ("OK", "OK")


def test_where_nobody_followed_nothing_is_called_right() -> None:
    assert told(honest().evidence()).outcome == private(honest().evidence()).outcome
    assert told(honest().evidence()).outcome == "not looked at"


def lost(events: Events) -> None:
    """A change is told by no event, though ids are dense."""
    del events[2]
    for number, event in enumerate(events, start=1):
        event["id"] = number


def left_out(events: Events) -> None:
    del events[2]


def twice(events: Events) -> None:
    events.append(events[0] | {"id": len(events) + 1})


def invented(events: Events) -> None:
    data = events[0]["data"] | {"version": 77}
    events.append(events[0] | {"id": len(events) + 1, "data": data})


def in_another_order(events: Events) -> None:
    """What became of one slot, the last before the first."""
    slots = [event["data"]["slot"]["id"] for event in events]
    first = next(n for n, slot in enumerate(slots) if slots.count(slot) > 1)
    last = len(slots) - 1 - slots[::-1].index(slots[first])
    events[first]["data"], events[last]["data"] = events[last]["data"], events[first]["data"]


@pytest.mark.parametrize("spoil", [lost, left_out, twice, invented, in_another_order])
def test_what_is_not_told_once_in_its_order_is_seen(spoil: Callable[[Events], None]) -> None:
    story, shown = followed()
    spoil(shown[ADMIN])
    assert outcomes(story, shown)[0] == "VIOLATED"


def test_what_was_committed_once_nobody_read_any_more_need_not_be_told() -> None:
    story, shown = followed()
    last = max(number for number, _ in commits(story.evidence()).values())
    story.stream[last].committed = 1000.0
    del shown[ADMIN][-1], shown[KEEPER][-1], shown[CUSTOMER][-1]
    story.facts["followed_until"] = 999.0
    assert outcomes(story, shown) == ("OK", "OK")
    story.facts["followed_until"] = 1001.0
    assert told(story.evidence()).outcome == "VIOLATED"


def test_a_foreign_event_is_seen() -> None:
    for reader in (KEEPER, CUSTOMER):
        story, shown = followed()
        shown[reader][-1] = shown[ADMIN][-1]
        if reader == KEEPER:
            shown[reader][-1]["data"]["slot"]["provider_id"] = THERE
        assert outcomes(story, shown)[1] == "VIOLATED", reader


def test_what_tells_of_a_person_is_seen() -> None:
    story, shown = followed()
    shown[ADMIN][0]["data"]["notes"] = "Ill"
    assert outcomes(story, shown)[1] == "VIOLATED"
