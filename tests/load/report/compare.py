"""The sections of a page that compare: the server with its limits, one rate with another."""

from typing import Any

from tests.load.report import charts
from tests.load.report.parts import section, two
from tests.load.report.words import digits, duration, percent, rate


def limits(found: dict[str, Any]) -> str:
    """The server beside what each of its parts would allow."""
    arms = found["arms"]
    # The token look-up is so much faster that the others would be too short to compare.
    most = max(one["throughput"] for one in arms if one["name"] != "redis")
    rates = [(one["words"], rate_words(one), [rate_part(one, most)]) for one in arms]
    dearest = max(sum(cpu_of(one).values()) for one in arms) or 1
    costs = [
        (one["words"], f"{sum(cpu_of(one).values()):,.0f} µs", charts.cpu_parts(cpu_of(one)))
        for one in arms
    ]
    legend = [
        ("our process", "blue"),
        ("PostgreSQL", "teal"),
        ("Redis", "amber"),
    ]
    words = (
        f"Medians of {found['repeat']} turns of {found['seconds']:g} seconds each, taken in turn, "
        f"{found['connections']} callers. Beside each rate: the server's own in terms of it."
    )
    return section(
        "Beside its limits",
        words,
        two(
            charts.figure("Answers per second", charts.bars(rates, most)),
            charts.figure("CPU time per answer", charts.bars(costs, dearest), legend),
        ),
    )


def cpu_of(arm: dict[str, Any]) -> dict[str, float]:
    """The microseconds of an arm by process."""
    return {name: float(value) for name, value in arm["cpu"].items()}


def rate_words(arm: dict[str, Any]) -> str:
    """The rate of an arm and where the server stands."""
    said = rate(arm["throughput"])
    if arm["name"] == "server":
        return said
    ratio = arm["ratio"]
    compared = f"{digits(ratio)} times this" if ratio >= 1 else percent(ratio)
    return f"{said} · server {compared}"


def rate_part(arm: dict[str, Any], most: float) -> tuple[float, str, str]:
    """The bar of an arm; one that is beyond the scale says so."""
    if arm["throughput"] > most:
        return most, "beyond", "longer than there is room"
    return arm["throughput"], "blue" if arm["name"] == "server" else "grey", ""


def ramp(found: dict[str, Any]) -> str:
    """The search for the highest rate."""
    words = (
        f"The highest rate whose 99 % stay under {duration(found['p99_limit'])} is "
        f"{rate(found['highest'])}. As fast as it goes it answered "
        f"{rate(found['closed_throughput'])}; a lone client's median is "
        f"{duration(found['lone_p50'])}. The run above was made at 70 % of the highest rate."
    )
    rows = "".join(
        f"<tr><td>{rate(one['rate'])}</td><td>{rate(one['throughput'])}</td>"
        f"<td>{duration(one['p50'])}</td><td>{duration(one['p99'])}</td>"
        f"<td>{'held' if one['held'] else '<span class=odd>too much</span>'}</td></tr>"
        for one in found["steps"]
    )
    heads = "<th>rate</th><th>answered</th><th>median</th><th>99 %</th><th></th>"
    table = f'<div class="card"><table><tr>{heads}</tr>{rows}</table></div>'
    return section("How far it goes", words, two(charts.ramp(found), table))
