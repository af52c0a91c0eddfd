"""The summary that is printed and sent in a mail."""

from typing import Any

from tests.load.report.words import duration, percent, rate

MUCH = 0.2  # cores that others may use before it is said
POINTS = ("p50", "p90", "p99", "p99.9", "max")


def text(result: dict[str, Any]) -> str:
    """The whole result in some thirty lines."""
    parts = [
        head(result),
        run_lines(result["run"]),
        outcome_lines(result["run"]),
        ramp_lines(result["ramp"]) if result["ramp"] else [],
        limit_lines(result["limits"]) if result["limits"] else [],
        check_lines(result),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def head(result: dict[str, Any]) -> list[str]:
    """What was run, on what."""
    machine = result["machine"]
    return [
        f"{result['scenario']}: {result['about']}",
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['Python']}; "
        f"{machine['server']}",
        result.get("command", ""),
    ]


def how(run: dict[str, Any]) -> str:
    """How a run was sent."""
    if run["loop"] == "open":
        return f"open loop at {rate(run['rate'])}, at most {run['connections']} connections"
    return f"closed loop over {run['connections']} connections"


def run_lines(run: dict[str, Any]) -> list[str]:
    """Throughput, latency and CPU of a run."""
    latency = run["latency"]
    lines = [
        f"{how(run)}, {run['seconds']:g} s",
        f"throughput  {rate(run['throughput'])}, successes {rate(run['good'])}",
        "latency     " + "  ".join(f"{point} {duration(latency[point])}" for point in POINTS),
    ]
    if run["cpu"]:
        used = [
            f"{name} {one['per_request']:,.0f} µs ({percent(one['share'])} of a core)"
            for name, one in run["cpu"].items()
            if one["per_request"] is not None and one["share"] is not None
        ]
        lines.append("CPU/answer  " + ", ".join(used))
    if run["beside"]:
        lines.append(f"beside      {run['beside']}")
    return lines + [f"note        {words}" for words in warnings(run)]


def warnings(run: dict[str, Any]) -> list[str]:
    """What makes the figures of a run less than they seem."""
    found = []
    if run["generator"]["was_the_limit"]:
        found.append(
            f"the generator used {percent(run['generator']['share'])} of a core: "
            "IT was the limit, not the server"
        )
    others = run["machine"]["others"]
    if others is not None and others > MUCH:
        found.append(
            f"other programs used {percent(others)} of a core meanwhile: "
            "an idle machine would do more"
        )
    if run["ran_out"]:
        found.append("the scenario ran out of slots before the time was over")
    return found


def outcome_lines(run: dict[str, Any]) -> list[str]:
    """One line for each kind and status."""
    lines = [f"{'':12}{'answer':14}{'count':>10}{'p50':>10}{'p99':>10}{'max':>10}"]
    for one in run["outcomes"]:
        times = "".join(f"{duration(one[point]):>10}" for point in ("p50", "p99", "max"))
        odd = "" if one["allowed"] else "  UNEXPECTED"
        lines.append(f"{one['kind']:12}{one['words']:14}{one['count']:>10,}{times}{odd}")
    return lines


def ramp_lines(ramp: dict[str, Any]) -> list[str]:
    """The search for the highest rate."""
    lines = [
        f"highest rate with p99 up to {duration(ramp['p99_limit'])}: {rate(ramp['highest'])} "
        f"(closed loop {rate(ramp['closed_throughput'])}, "
        f"a lone client's median {duration(ramp['lone_p50'])})"
    ]
    for one in ramp["steps"]:
        word = "held" if one["held"] else "too much"
        lines.append(
            f"  {rate(one['rate']):>9}  answered {rate(one['throughput']):>9}  "
            f"p50 {duration(one['p50']):>8}  p99 {duration(one['p99']):>8}  {word}"
        )
    return lines


def limit_lines(limits: dict[str, Any]) -> list[str]:
    """The server beside its limits."""
    lines = [
        f"limits, medians of {limits['repeat']} turns of {limits['seconds']:g} s, "
        f"{limits['connections']} callers; CPU in µs for one answer",
        f"  {'':52}{'rate':>10}{'ratio':>8}{'process':>9}{'Postgres':>9}{'Redis':>7}",
    ]
    for one in limits["arms"]:
        cpu = one["cpu"]
        lines.append(
            f"  {one['words']:52}{rate(one['throughput']):>10}{one['ratio']:>8.2f}"
            f"{cpu.get('server', 0):>9,.0f}{cpu.get('PostgreSQL', 0):>9,.0f}"
            f"{cpu.get('Redis', 0):>7,.0f}"
        )
    return [*lines, "  ratio: the server's rate divided by this one's"]


def check_lines(result: dict[str, Any]) -> list[str]:
    """What was checked and the verdict."""
    lines = []
    for check in result["checks"]:
        lines.append(f"{'ok  ' if check['ok'] else 'FAIL'}  {check['name']} ({check['detail']})")
        lines += [f"        {wrong}" for wrong in check["wrong"]]
    return [*lines, f"verdict: {result['verdict']}"]
