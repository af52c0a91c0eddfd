"""run.py slots ... and run.py provider ..."""

import json
from typing import Any

import pytest

from tests.command.conftest import Booking

WEEK = "--start 2030-01-07 --until 2030-01-13"  # from Monday to Sunday


def _provider(booking: Booking, zone: str = "Europe/Berlin") -> int:
    """A provider with an empty calendar."""
    said = booking(f"provider create --name Somebody --zone {zone}")
    assert said.code == 0, said
    return int(said.out.split()[-1])


def _walls(rows: Any, provider_id: int) -> list[str]:
    """When the provider's slots begin, on the clock of Berlin."""
    rows.execute(
        "SELECT to_char(starts_at AT TIME ZONE 'Europe/Berlin', 'MM-DD HH24:MI') FROM slot"
        " WHERE provider_id = %s AND deleted_at IS NULL ORDER BY starts_at",
        [provider_id],
    )
    return [wall for (wall,) in rows.fetchall()]


def test_publish_shows_what_it_comes_to_and_does_it(booking: Booking, rows: Any) -> None:
    one = _provider(booking)
    line = f"slots publish --provider {one} --days mon,fri --from 09:00 --to 10:00 --every 30m"
    said = booking(f"{line} {WEEK} --capacity 3")
    assert said[:3] == (
        0,
        f"Somebody (provider {one}), on the clock of Europe/Berlin\n"
        "  asked for  4 slots of 3 places on 2 days\n"
        "  first      Mon 2030-01-07 09:00-09:30\n"
        "  last       Fri 2030-01-11 09:30-10:00\n"
        "  new        4 slots\n"
        "published 4 slots\n",
        "",
    )
    assert _walls(rows, one) == ["01-07 09:00", "01-07 09:30", "01-11 09:00", "01-11 09:30"]


def test_publishing_again_adds_nothing_and_what_overlaps_is_left_out(
    booking: Booking, rows: Any
) -> None:
    one = _provider(booking)
    line = f"slots publish --provider {one} --days mon --every 1h {WEEK}"
    booking(f"{line} --from 09:00 --to 11:00")
    again = booking(f"{line} --from 09:00 --to 12:00").out
    assert "  there      2 slots already, left as they are\n  new        1 slot\n" in again
    shifted = booking(f"{line} --from 08:30 --to 13:30").out
    assert (
        "  overlap    4 slots, left out\n             first Mon 2030-01-07 08:30-09:30" in shifted
    )
    assert shifted.endswith("published 1 slot\n")
    assert _walls(rows, one) == [f"01-07 {hour}" for hour in ("09:00", "10:00", "11:00", "12:30")]


def test_a_dry_run_does_nothing(booking: Booking, rows: Any) -> None:
    one = _provider(booking)
    said = booking(
        f"slots publish --provider {one} --days mon --from 9:00 --to 10:00 --every 1h {WEEK} "
        "--dry-run"
    )
    assert said.out.endswith("  new        1 slot\ndry run: nothing was published\n")
    assert _walls(rows, one) == []


def test_breaks_and_skipped_days_stay_free(booking: Booking, rows: Any) -> None:
    one = _provider(booking)
    booking(
        f"slots publish --provider {one} --days mon-wed --from 09:00 --to 14:00 --every 90m {WEEK} "
        "--break 12:15-12:30 --break 10:30-10:45 --skip 2030-01-08"
    )
    walls = ["09:00", "10:45", "12:30"]
    assert _walls(rows, one) == [f"01-{day} {wall}" for day in ("07", "09") for wall in walls]


def test_days_on_which_the_clocks_change_are_said_and_right(booking: Booking, rows: Any) -> None:
    one = _provider(booking, "UTC")
    line = (
        f"slots publish --provider {one} --days sun --every 30m --zone Europe/Berlin --from 01:30"
    )
    spring = booking(f"{line} --to 03:30 --start 2030-03-31 --until 2030-03-31").out
    assert "  clocks     Sun 2030-03-31 2 slots left out, the clocks skip them\n" in spring
    autumn = booking(f"{line} --to 03:30 --start 2030-10-27 --until 2030-10-27").out
    assert "  clocks     Sun 2030-10-27 2 slots at times that come twice, opened once\n" in autumn
    assert _walls(rows, one) == [
        "03-31 01:30",
        "03-31 03:00",
        "10-27 01:30",
        "10-27 02:00",
        "10-27 02:30",
        "10-27 03:00",
    ]


def test_the_whole_day_round_the_clock(booking: Booking) -> None:
    one = _provider(booking)
    line = f"slots publish --provider {one} --days mon-sun --from 00:00 --to 24:00 --every 1h --yes"
    assert "published 168 slots" in booking(f"{line} {WEEK}").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("--days mon --from 9:00 --to 8:00 --every 1h --until 2030-01-07", 2, "--to must be later"),
        ("--days mon --from 9:00 --to 10:00 --every 2h --until 2030-01-07", 2, "No slot fits"),
        ("--days mon --from 9:00 --to 10:00 --every 1h --until 9999-01-01", 2, "1970 to 9998"),
        (f"--days mon --from 9:00 --to 10:00 --every 1h {WEEK} --capacity 1001", 2, "at most 1000"),
        (f"--days mon --from 9:00 --to 10:00 --every 1h {WEEK} --zone Mars", 2, "not a valid"),
        ("--days mon --from 9:00 --to 10:00 --every 1h --until 2030-02-30", 2, "is not a day like"),
        ("--days mon --from 9:00 --to 10:00 --every 1h --until 2030-01-07 --break 1-2", 2, "break"),
    ],
)  # fmt: skip
def test_publish_says_what_is_wrong(booking: Booking, arguments: str, code: int, said: str) -> None:
    refused = booking(f"slots publish --provider 1 {arguments}")
    assert (refused.code, refused.out) == (code, "")
    assert said in refused.err
    assert len(refused.err.splitlines()) == 1


def test_too_many_at_once_are_refused(booking: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.cli.commands.calendar.slots.MOST", 100)
    line = f"slots publish --provider 1 --days mon-sun --from 0:00 --to 24:00 --every 1h {WEEK}"
    refused = booking(line)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "These are more than 100 slots: publish fewer days at once.\n"


def test_close_and_open_change_what_list_shows(booking: Booking) -> None:
    one = _provider(booking)
    booking(f"slots publish --provider {one} --days mon --from 9:00 --to 12:00 --every 1h {WEEK}")
    listed = f"slots list --provider {one} --start 2030-01-07"
    ids = [slot["id"] for slot in json.loads(booking(f"{listed} --json").out)]
    assert booking(f"slots close {ids[0]} {ids[2]}").out.count("is busy-unavailable") == 2
    assert booking(f"slots open {ids[2]}").out == f"slot {ids[2]} is free\n"
    shown = booking(f"{listed} --limit 2").out
    assert shown.splitlines()[0] == "Somebody, Europe/Berlin"
    assert f"{ids[0]}  2030-01-07  09:00-10:00  busy-unavailable  1 of 1" in shown
    assert "There are more: --limit 4" in shown
    free = [slot["id"] for slot in json.loads(booking(f"{listed} --status free --json").out)]
    assert free == ids[1:]
    assert booking(f"slots list --provider {one} --start 2031-01-01").out.startswith("There is no")
    missing = booking("slots close 999999")
    assert (missing.code, missing.err) == (1, "There is no slot 999999.\n")


def test_a_provider_is_made_renamed_and_moved(booking: Booking) -> None:
    one = _provider(booking)
    assert (
        booking(f"provider rename {one} --name Éva").out
        == f"provider {one} is Éva, Europe/Berlin\n"
    )
    assert booking(f"provider zone {one} --zone UTC").out == f"provider {one} is Éva, UTC\n"
    assert {"id": one, "name": "Éva", "time_zone": "UTC"} in json.loads(
        booking("provider list --json").out
    )
    assert booking("provider rename 999 --name x").err == "There is no provider 999.\n"
    assert booking(f"provider rename {one} --name ''").code == 2
    assert booking(f"provider zone {one} --zone Mars/Olympus").code == 2
