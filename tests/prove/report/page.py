"""One HTML page with everything: it asks for no other file, and prints well."""

import statistics
from html import escape
from pathlib import Path
from typing import Any

from tests.load.report.page import STYLE as LOAD_STYLE
from tests.load.report.parts import facts, section, two
from tests.load.report.words import duration, rate
from tests.prove.checker.verdict import UNSEEN
from tests.prove.report import tables
from tests.prove.report.timeline import OUTCOMES, timeline

STYLE = Path(__file__).with_name("style.css")


def page(result: dict[str, Any]) -> str:
    """The whole report of a proof."""
    style = LOAD_STYLE.read_text(encoding="utf-8") + STYLE.read_text(encoding="utf-8")
    planted = result.get("planted") or []
    body = [
        header(result),
        tiles(result),
        *(f'<p class="warning failed">{escape(words)}</p>' for words in alarms(result)),
        *(f'<p class="warning">{escape(words)}</p>' for words in remarks(result)),
        section("The run", WORDS["run"], over_time(result)),
        section("Invariants", WORDS["invariants"], tables.invariants(result)),
        section("Answers", WORDS["answers"], tables.outcomes(result)),
        section("Faults", WORDS["faults"], tables.kinds(result)) if result["faults"] else "",
        section("Coverage", tables.covered(result), legend(tables.EFFECTS),
                tables.coverage(result)) if result["coverage"] else "",
        section("Planted bugs", WORDS["planted"], tables.planted(planted)) if planted else "",
        section("Slowest recoveries", WORDS["slowest"],
                tables.oddities(result["faults"])) if result["faults"] else "",
        conditions(result),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Proof of the booking API, seed {result['seed']}: {result['verdict']}</title>"
        f"<style>{style}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


WORDS = {
    "run": "What clients heard, second by second, and who was hurt meanwhile. The pale end of a "
    "mark is the time until every route of every server was right again.",
    "invariants": "Judged from the answers, from the changes that PostgreSQL's own log shows, and "
    "from the tables.",
    "answers": "Done is 2xx. Refused is surely not done: 4xx and 503. Unknown is 504 or a "
    "connection that ended; the witnesses say which of them were done.",
    "faults": "How often each was made and seen to bite. Recovery is the median time from a "
    "fault's end, or from the moment when the database takes sessions again, until every route of "
    "every server gave its right answer.",
    "planted": "Bugs put into the servers on purpose, to see whether the checker sees.",
    "slowest": "The faults whose recovery took longest, and any that did not heal.",
}


def legend(keys: Any) -> str:
    """What the colours mean."""
    found = "".join(
        f'<li><i class="key {colour}"></i>{escape(words)}</li>' for words, colour in keys
    )
    return f'<ul class="legend">{found}</ul>'


def header(result: dict[str, Any]) -> str:
    """What was done, and how it ended."""
    ok = result["verdict"] == "OK"
    words = held(result) if ok else "VIOLATED" if alarms(result) else UNSEEN
    made = result["made_at"].replace("T", " ").replace("+00:00", " UTC")
    faults = f"{len(result['faults']):,} faults" if result["faults"] else "No faults"
    wrong = sum(one["wrong"] for one in result["invariants"])
    return (
        f'<header><div><p class="overline">Proof of the booking API · {escape(made)} · '
        f"seed {result['seed']}</p>"
        f"<h1>{result['operations']:,} operations, {faults}, "
        f"{f'{wrong:,} violations' if wrong else 'no violation'}</h1>"
        '<p class="soft">Nothing booked twice, nothing promised lost, no one in who should not '
        "be: asked at random, under fire, and checked against PostgreSQL's own log.</p></div>"
        f'<div class="verdict {"ok" if ok else "failed"}" style="flex:none">{words}</div></header>'
    )


def unseen_of(result: dict[str, Any]) -> list[str]:
    """The invariants for which nothing came up."""
    return [one["name"] for one in result["invariants"] if one["outcome"] == UNSEEN]


def held(result: dict[str, Any]) -> str:
    """What a run without a violation may claim: nothing of what it did not look at."""
    seen = len(result["invariants"]) - len(unseen_of(result))
    if unseen := unseen_of(result):
        return f"{seen} held, {len(unseen)} not looked at"
    return "Every invariant held"


def tiles(result: dict[str, Any]) -> str:
    """The figures that people ask for first."""
    found = tables.recoveries(result["faults"])
    bit = [one for one in result["faults"] if one.get("bit", True)]
    looked = sum(one["checked"] for one in result["invariants"])
    told = [
        ("Operations", f"{result['operations']:,}", f"{rate(result['rate'])} for "
         f"{spoken(result['seconds'])}"),
        ("Faults that bit", f"{len(bit):,}", f"of {len(result['kinds'])} kinds"),
        ("Commits witnessed", f"{result['commits']:,}", "read from the WAL"),
        ("Looks at invariants", f"{looked:,}",
         f"{len(result['invariants']) - len(unseen_of(result))} invariants"),
        ("Recovery, median", duration(1e6 * statistics.median(found)) if found else "none",
         f"worst {duration(1e6 * max(found))}" if found else ""),
    ]  # fmt: skip
    inside = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for name, value, more in told
    )
    return f'<dl class="tiles">{inside}</dl>'


def spoken(seconds: float) -> str:
    """A length of time."""
    if seconds < 180:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def alarms(result: dict[str, Any]) -> list[str]:
    """What is wrong, before any figure."""
    broken = [one for one in result["invariants"] if one["wrong"]]
    return [f"{one['name']} is violated {one['wrong']:,} times: {one['title']}." for one in broken]


def remarks(result: dict[str, Any]) -> list[str]:
    """What makes the proof less than it seems."""
    said = []
    for name, faults in tables.by_kind(result["faults"]).items():
        if not any(one.get("bit", True) for one in faults):
            why = faults[0].get("detail", "")
            said.append(f"{name} was never seen to bite: {why}.")
    if unseen := unseen_of(result):
        said.append(f"Nothing came up for {', '.join(unseen)} to be judged by.")
    return said


def over_time(result: dict[str, Any]) -> str:
    """The timeline with its legend."""
    keys = [(words, colour) for _, words, colour in OUTCOMES]
    keys += [("a fault", "hurt"), ("recovery", "healing")]
    return (
        f'<figure class="timeline"><figcaption>Answers per second</figcaption>{legend(keys)}'
        f"{timeline(result)}</figure>"
    )


def conditions(result: dict[str, Any]) -> str:
    """What it depends on, and how to repeat it."""
    run = {
        "seed": str(result["seed"]),
        "our processes": str(result["servers"]),
        "asking process": f"{result['client_cpu']:.0f} s of CPU",
        "looks at the tables": f"{result['looks']:,}",
    }
    cards = [
        facts("Run", run),
        facts("Machine", result.get("machine") or {}),
        facts("Servers", result["environment"]),
    ]
    command = f"<pre>{escape(result.get('command', ''))}</pre>"
    words = "The same seed asks and strikes the same; who wins a race differs. To repeat this run:"
    return section("Conditions", words, command, two(*filter(None, cards)))
