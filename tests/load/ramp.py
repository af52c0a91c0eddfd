"""Finds the highest rate that keeps p99 under a limit: by halving, with real open loops."""

from typing import Any

from tests.load.measure import Load, measured
from tests.load.scenarios.base import Scenario
from tests.load.target import Target

STEPS = 7
TRIES = 2  # a rate is too much when it was so twice: a search must not fall for one hiccup
CLOSE = 0.04  # the search ends when both ends are so near to each other
KEPT_UP = 0.98  # share of the rate that must have been answered in time
CONNECTIONS = 256


async def ramp(
    target: Target, scenario: Scenario, *, p99: float, seconds: float, connections: int
) -> dict[str, Any]:
    """Try rates of some seconds each; p99 is in microseconds.

    Returns each step, the highest rate that held, and the median of a lone client.
    """
    lone = await one(target, scenario, Load(1, min(seconds, 2.0)), "lone client")
    full = await one(target, scenario, Load(connections, seconds), "as fast as it goes")
    low, high = 0.0, full["throughput"] * 1.1
    steps: list[dict[str, Any]] = []
    rate = high / 2
    runs = [lone, full]
    while len(steps) < STEPS and high - low > CLOSE * high:
        load = Load(CONNECTIONS, seconds, rate=rate)
        for _ in range(TRIES):
            run = await one(target, scenario, load, f"step {len(steps) + 1}/{STEPS} {rate:,.0f}/s")
            runs.append(run)
            tried = step(run, p99)
            if tried["held"]:
                break
        steps.append(tried)
        low, high = (rate, high) if tried["held"] else (low, rate)
        rate = (low + high) / 2
    return {
        "p99_limit": p99,
        "lone_p50": lone["latency"]["p50"],
        "closed_throughput": full["throughput"],
        "highest": round(low, 1),
        "steps": sorted(steps, key=lambda one: float(one["rate"])),
        "runs": runs,
    }


async def one(target: Target, scenario: Scenario, load: Load, title: str) -> dict[str, Any]:
    """Prepare and measure one run."""
    await scenario.prepare(load.most)
    return await measured(target, scenario, load, title)


def step(run: dict[str, Any], p99: float) -> dict[str, Any]:
    """What one rate came to."""
    latency = run["latency"]
    kept_up = run["throughput"] >= KEPT_UP * run["rate"]
    return {
        "rate": round(run["rate"], 1),
        "throughput": run["throughput"],
        "good": run["good"],
        "p50": latency["p50"],
        "p99": latency["p99"],
        "generator": run["generator"]["share"],
        "held": kept_up and latency["p99"] <= p99,
    }
