"""Numbers as people read them."""

import math


def duration(microseconds: float) -> str:
    """Microseconds with a fitting unit and three digits."""
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    if microseconds < 1_000_000:
        return f"{digits(microseconds / 1000)} ms"
    return f"{digits(microseconds / 1_000_000)} s"


def mark(microseconds: float) -> str:
    """A round duration for an axis, without digits that say nothing."""
    if microseconds < 1000:
        return f"{microseconds:g} µs"
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:g} ms"
    return f"{microseconds / 1_000_000:g} s"


def digits(value: float) -> str:
    """At most three significant digits of a number from 1 to 999, all of a larger one."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rate(value: float) -> str:
    """A number a second."""
    return f"{value:,.0f}/s" if value >= 10 else f"{value:.1f}/s"


def percent(share: float) -> str:
    """A share in per cent; what is there is never 0 %."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    places = 1 if 0 < share < 0.1 else 0
    return f"{100 * share:.{places}f} %"


def ticks(highest: float, about: int = 5) -> list[float]:
    """Round values from 0 up to at least the highest, for an axis."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / about
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= rough * 0.999)
    return [n * step for n in range(math.ceil(highest / step - 1e-9) + 1)]
