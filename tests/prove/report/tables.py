"""The tables of a proof: outcomes per verb, invariants, kinds of faults, coverage."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from tests.load.report.words import duration, percent
from tests.prove.faults import KINDS
from tests.prove.report.timeline import OUTCOMES

EFFECTS = (("done", "good"), ("not done", "refused"), ("unknown", "taken"))
SEEN = 100  # operations of each effect that make a cell of the coverage full


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table in a card; cells are HTML."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="card {kind}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def bar(parts: Sequence[tuple[float, str]], title: str) -> str:
    """Shares of a whole, as a strip."""
    total = sum(size for size, _ in parts) or 1
    pieces = "".join(
        f'<i class="{colour}" style="width:{100 * size / total:.2f}%"></i>'
        for size, colour in parts
        if size
    )
    return f'<div class="strip" title="{escape(title)}">{pieces}</div>'


def outcomes(result: dict[str, Any]) -> str:
    """What came of each verb."""
    rows = []
    for verb, counts in result["outcomes"].items():
        total = sum(counts.values())
        times = result["latency"].get(verb, {})
        found = [(counts.get(name, 0), colour) for name, _, colour in OUTCOMES]
        words = ", ".join(f"{counts.get(name, 0):,} {words}" for name, words, _ in OUTCOMES)
        statuses = result.get("statuses", {}).get(verb, {})
        rows.append(
            [
                escape(verb),
                bar(found, words),
                f"{total:,}",
                *(f"{counts.get(name, 0):,}" for name, _, _ in OUTCOMES),
                seen(statuses),
                *(duration(1000 * times[point]) if point in times else "" for point in
                  ("p50", "p99", "max")),
            ]
        )  # fmt: skip
    heads = ("verb", "", "asked", "done", "refused", "unknown", "statuses", "median", "99 %",
             "slowest")  # fmt: skip
    return table(heads, rows, "outcomes")


def seen(statuses: Mapping[str, int]) -> str:
    """The statuses that came, most often first; 0 is a connection that ended without one."""
    found = sorted(statuses.items(), key=lambda one: -one[1])
    words = [
        f'<span class="status s{status[:1]}" title="{count:,} times">'
        f"{'cut' if status == '0' else escape(status)}</span>"
        for status, count in found
    ]
    return f'<span class="statuses">{"".join(words)}</span>'


def invariants(result: dict[str, Any]) -> str:
    """Each promise, how often it was looked at, and what broke it."""
    rows = []
    for one in result["invariants"]:
        outcome = {"OK": "ok", "VIOLATED": "failed"}.get(one["outcome"], "unseen")
        broken = "".join(f"<li>{escape(each['words'])}</li>" for each in one["violations"])
        more = f" of which {one['wrong']:,} wrong" if one["wrong"] else ""
        note = f" · {escape(one['note'])}" if one["note"] else ""
        rows.append(
            f'<li class="{outcome}"><b>{escape(one["name"])}</b> {escape(one["title"])} '
            f'<span class="soft">{one["checked"]:,} looked at{more}{note}</span>'
            f"{f'<ul>{broken}</ul>' if broken else ''}</li>"
        )
    return f'<ul class="card checks invariants">{"".join(rows)}</ul>'


def recoveries(faults: Sequence[dict[str, Any]]) -> list[float]:
    """Seconds from the end of each fault until all was well."""
    return [
        max(one["healed_at"] - one["ended_at"], 0.0)
        for one in faults
        if one.get("healed_at") and one.get("bit", True)
    ]


def kinds(result: dict[str, Any]) -> str:
    """Each kind: how often, whether it bit, how long it took until all was well."""
    rows = []
    worst_of_all = max(recoveries(result["faults"]), default=1.0) or 1.0
    for name, faults in by_kind(result["faults"]).items():
        bit = [one for one in faults if one.get("bit", True)]
        found = recoveries(faults)
        never = sum(not one.get("healed_at") for one in bit)
        median = statistics.median(found) if found else 0.0
        worst = max(found, default=0.0)
        kind = KINDS.get(name)
        statuses = result.get("kind_statuses", {}).get(name, {})
        rows.append(
            [
                f'<b>{escape(name)}</b><br><span class="soft">'
                f"{escape(kind.about if kind else '')}</span>",
                f"{len(faults):,}",
                f"{len(bit):,}" if bit else '<span class="odd">0</span>',
                span([one["ended_at"] - one["began_at"] for one in bit]),
                duration(median * 1e6) if found else "",
                (duration(worst * 1e6) if found else "")
                + (f' <span class="odd">{never} never</span>' if never else ""),
                reach(median / worst_of_all, worst / worst_of_all),
                seen(statuses),
            ]
        )
    heads = ("fault", "made", "bit", "lasted", "recovery", "worst", "",
             "statuses meanwhile")  # fmt: skip
    return table(heads, rows, "kinds")


def by_kind(faults: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The faults of each kind, in the order of the kinds."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in KINDS}
    for fault in faults:
        found.setdefault(fault["kind"], []).append(fault)
    return {name: made for name, made in found.items() if made}


def span(seconds: Sequence[float]) -> str:
    """From the shortest to the longest."""
    if not seconds:
        return ""
    low, high = min(seconds), max(seconds)
    return f"{low:.1f} s" if high - low < 0.1 else f"{low:.1f} to {high:.1f} s"


def reach(median: float, worst: float) -> str:
    """A strip up to the worst, dark up to the median."""
    return (
        f'<div class="reach"><i class="far" style="width:{100 * worst:.1f}%"></i>'
        f'<i class="near" style="width:{100 * median:.1f}%"></i></div>'
    )


def coverage(result: dict[str, Any]) -> str:
    """Kind of fault by verb: operations under way meanwhile that took effect, and that did not."""
    found = result["coverage"]
    verbs = sorted({verb for counts in found.values() for verb in counts})
    rows = []
    for name in [one for one in KINDS if one in found]:
        cells = [cell(name, verb, found[name].get(verb, {})) for verb in verbs]
        rows.append([escape(name), *cells])
    return table(("", *verbs), rows, "coverage")


def cell(kind: str, verb: str, counts: Mapping[str, int]) -> str:
    """One square: its shares, and how many there were."""
    total = sum(counts.values())
    if not total:
        return '<span class="none" title="never">·</span>'
    words = ", ".join(f"{counts.get(name, 0):,} {name}" for name, _ in EFFECTS)
    strip = bar([(counts.get(name, 0), colour) for name, colour in EFFECTS], words)
    title = escape(f"{kind}, {verb}: {words}")
    return f'<div class="cell" title="{title}">{count(total)}{strip}</div>'


def count(value: int) -> str:
    """A number that has little room."""
    return f"{value / 1000:.0f}k" if value >= 9500 else f"{value:,}"


def covered(result: dict[str, Any]) -> str:
    """How much of the coverage is full, in a sentence."""
    cells = [counts for verbs in result["coverage"].values() for counts in verbs.values()]
    both = sum(bool(one.get("done")) and bool(one.get("not done")) for one in cells)
    return (
        f"In {both:,} of {len(cells):,} pairs of a fault and a verb both were seen: operations "
        f"that took effect and operations that did not ({percent(both / max(len(cells), 1))})."
    )


def oddities(faults: Sequence[dict[str, Any]]) -> str:
    """The faults that took hold of nothing, were not healed in time, or took longest to heal."""
    slow = sorted(
        (one for one in faults if one.get("healed_at")),
        key=lambda one: one["ended_at"] - one["healed_at"],
    )[:20]
    odd = [one for one in faults if not one.get("healed_at")]
    listed = {one["number"]: one for one in (*odd[:50], *slow)}
    rows = [
        [
            f"{one['number']} · {escape(one['kind'])}",
            escape(one["target"]),
            f"{one['began_at']:.1f} s",
            f"{one['ended_at'] - one['began_at']:.2f} s",
            duration(1e6 * max(one["healed_at"] - one["ended_at"], 0.0))
            if one.get("healed_at")
            else '<span class="odd">never</span>',
            f'<span class="detail">{escape(one.get("detail", ""))}</span>',
        ]
        for one in listed.values()
    ]
    heads = ("fault", "target", "at", "lasted", "recovery", "how it was seen to bite")
    return table(heads, rows, "oddities")


def planted(found: Sequence[Mapping[str, Any]]) -> str:
    """Each planted bug, and what caught it after how many operations."""
    rows = []
    for one in found:
        caught = one.get("caught_by") or one.get("caught") or []
        words = ", ".join(caught) if isinstance(caught, list | tuple) else str(caught)
        rows.append(
            [
                f'<b>{escape(str(one["name"]))}</b><br><span class="soft">'
                f"{escape(str(one.get('about', '')))}</span>",
                f"{one.get('operations', 0):,}",
                f'<span class="{"caught" if caught else "odd"}">'
                f"{escape(words) if caught else 'not caught'}</span>",
            ]
        )
    return table(("planted bug", "operations", "caught by"), rows, "planted")
