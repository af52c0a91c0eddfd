"""One HTML page with everything: it asks for no other file, and prints well."""

from html import escape
from pathlib import Path
from typing import Any

from tests.load.report import charts
from tests.load.report.compare import limits, ramp
from tests.load.report.parts import facts, section, sentence, two
from tests.load.report.text import how, warnings
from tests.load.report.words import duration, percent, rate

STYLE = Path(__file__).with_name("style.css")


def page(result: dict[str, Any]) -> str:
    """The whole report."""
    run = result["run"]
    body = [
        header(result),
        tiles(run),
        broken(result["checks"]),
        *(remark(words) for words in warnings(run)),
        f"<p>{escape(reading(run))}</p>",
        section("Over time", "", two(charts.throughput(run), charts.latency(run))),
        section(
            "Latency", "", two(charts.percentiles(run), charts.distribution(run)), outcomes(run)
        ),
        cpu(run),
        limits(result["limits"]) if result["limits"] else "",
        ramp(result["ramp"]) if result["ramp"] else "",
        checks(result),
        conditions(result),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Load test: {escape(result['scenario'])}, {result['verdict']}</title>"
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def remark(words: str) -> str:
    """What makes the figures less than they seem, where it can't be missed."""
    return f'<p class="warning">{escape(sentence(words))}</p>'


def broken(found: list[dict[str, Any]]) -> str:
    """The checks that failed, before any figure; nothing when all held."""
    names = [check["name"] for check in found if not check["ok"]]
    return f'<p class="warning failed">Not true: {escape("; ".join(names))}.</p>' if names else ""


def header(result: dict[str, Any]) -> str:
    """What was run, when, and how it ended."""
    ok = result["verdict"] == "OK"
    words = "Every promise kept" if ok else "FAILED: promises were broken"
    made = result["made_at"].replace("T", " ").replace("+00:00", " UTC")
    return (
        f'<header><div><p class="overline">Load test of the booking API · {escape(made)}</p>'
        f"<h1>{escape(result['scenario'].capitalize())}</h1>"
        f'<p class="soft">{escape(sentence(result["about"]))}</p></div>'
        f'<div class="verdict {"ok" if ok else "failed"}" style="flex:none">{words}</div></header>'
    )


def tiles(run: dict[str, Any]) -> str:
    """The figures that people ask for first."""
    latency = run["latency"]
    server = (run["cpu"].get("server") or {}).get("per_request")
    found = [
        ("Answers", rate(run["throughput"]), f"{rate(run['good'])} done"),
        ("Median", duration(latency["p50"]), "half are faster"),
        ("99 %", duration(latency["p99"]), f"slowest {duration(latency['max'])}"),
        ("Server CPU per answer", f"{server:,.0f} µs" if server else "unknown", "of one core"),
        ("Load generator", percent(run["generator"]["share"]), "of one core"),
    ]
    inside = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for name, value, more in found
    )
    return f'<dl class="tiles">{inside}</dl>'


def reading(run: dict[str, Any]) -> str:
    """The run in a few sentences."""
    said = [
        f"{sentence(how(run))[:-1]}, {run['answered']:,} answers in {run['seconds']:g} seconds."
    ]
    if run["loop"] == "open":
        said.append("Latency counts from the time a request was meant for, so none is hidden.")
        said.append(
            "Requests went out "
            f"{duration(run['generator']['send_delay_p99'])} late at the 99th percentile."
        )
    machine = run["machine"]
    if machine["busy"] is not None:
        share = percent(machine["busy"] / machine["cores"])
        said.append(f"The {machine['cores']} cores of the machine were {share} busy.")
    if run["beside"]:
        said.append(f"Beside it {run['beside']}.")
    return " ".join(said)


def outcomes(run: dict[str, Any]) -> str:
    """The table of answers."""
    rows = []
    for one in run["outcomes"]:
        odd = "" if one["allowed"] else ' <span class="odd">unexpected</span>'
        times = "".join(
            f"<td>{duration(one[point])}</td>" for point in ("p50", "p90", "p99", "p99.9", "max")
        )
        share = one["count"] / max(run["answered"], 1)
        rows.append(
            f"<tr><td>{escape(one['kind'])} · {escape(one['words'])}{odd}</td>"
            f"<td>{one['count']:,}</td><td>{percent(share)}</td>{times}</tr>"
        )
    names = ("answer", "count", "share", "median", "90 %", "99 %", "99.9 %", "slowest")
    heads = "".join(f"<th>{name}</th>" for name in names)
    return (
        f'<div class="card" style="margin-top:16px"><table><tr>{heads}</tr>{"".join(rows)}</table>'
        "</div>"
    )


def cpu(run: dict[str, Any]) -> str:
    """What an answer costs, and who was busy."""
    if not run["cpu"]:
        return ""
    costs = [(name, run["cpu"][name]) for name in charts.PROCESS_COLOURS if name in run["cpu"]]
    most = max([one["per_request"] or 0 for _, one in costs], default=1) or 1
    rows = [
        (
            name,
            f"{one['per_request'] or 0:,.0f} µs, {percent(one['share'] or 0)} of a core",
            [(one["per_request"] or 0, charts.PROCESS_COLOURS[name], name)],
        )
        for name, one in costs
    ]
    cost = charts.figure("CPU time per answer", charts.bars(rows, most))
    figures = [cost]
    if len(run["cpu_over_time"]) > 1:
        figures.append(charts.cpu_over_time(run))
        if run["machine"]["others"] is not None:
            figures.append(charts.cores(run))
        if "server" in run["cpu"]:
            figures.append(charts.memory(run))
    words = "Of each process with its children, from the kernel's own account."
    return section("CPU and memory", words, two(*figures))


def checks(result: dict[str, Any]) -> str:
    """What was looked up afterwards."""
    rows = []
    for check in result["checks"]:
        wrong = "".join(f"<li>{escape(one)}</li>" for one in check["wrong"])
        rows.append(
            f'<li class="{"ok" if check["ok"] else "failed"}">{escape(check["name"])} '
            f'<span class="soft">({escape(check["detail"])})</span>'
            f"{f'<ul>{wrong}</ul>' if wrong else ''}</li>"
        )
    words = "After the run, every answer was held against what is really there."
    return section("Check", words, f'<ul class="card checks">{"".join(rows)}</ul>')


def conditions(result: dict[str, Any]) -> str:
    """What the figures depend on, and how to repeat them."""
    cards = [
        facts("Machine", result["machine"]),
        facts("Server", result["settings"]),
        facts("PostgreSQL", result["database"]),
    ]
    command = f"<pre>{escape(result.get('command', ''))}</pre>"
    return section("Conditions", "To repeat this run:", command, two(*filter(None, cards)))
