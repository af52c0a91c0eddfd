"""All invariants in their order, and what else a run shows."""

import time
from collections.abc import Callable

from tests.prove.checker.access import owned, revoked
from tests.prove.checker.allowed import allowed
from tests.prove.checker.answers import healed, in_time, no_bug, quiet
from tests.prove.checker.around.alone import one_at_a_time
from tests.prove.checker.around.ends import ends_in_time
from tests.prove.checker.around.line import in_line
from tests.prove.checker.around.sets import kept, repeated, together
from tests.prove.checker.costs import cheap
from tests.prove.checker.effects import at_most_once, durable, indefinite, no_phantoms
from tests.prove.checker.events import private, told
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.holds import no_double_holding
from tests.prove.checker.hooks import heard
from tests.prove.checker.limits import exact
from tests.prove.checker.moves import atomic_moves
from tests.prove.checker.order import strict_serializable
from tests.prove.checker.recency import recent
from tests.prove.checker.refusals import earned
from tests.prove.checker.shown import documented, truthful
from tests.prove.checker.state import conserved, no_double_booking
from tests.prove.checker.times.agreed import agreed
from tests.prove.checker.times.fair import shared_out, untouched, within_limits
from tests.prove.checker.times.taken import apart, held, with_rooms
from tests.prove.checker.verdict import Verdict

CHECKS: tuple[Callable[[Evidence], Verdict], ...] = (
    no_double_booking,
    no_double_holding,
    durable,
    no_phantoms,
    at_most_once,
    atomic_moves,
    conserved,
    strict_serializable,
    recent,
    earned,
    owned,
    revoked,
    exact,
    quiet,
    in_time,
    healed,
    no_bug,
    indefinite,
    allowed,
    truthful,
    documented,
    cheap,
    apart,
    held,
    agreed,
    untouched,
    within_limits,
    with_rooms,
    shared_out,
    ends_in_time,
    in_line,
    together,
    repeated,
    kept,
    one_at_a_time,
    told,
    private,
    heard,
)


def judge(evidence: Evidence, told: Callable[[str], None] = lambda words: None) -> list[Verdict]:
    """A verdict per invariant."""
    verdicts = []
    for check in CHECKS:
        began = time.monotonic()
        verdicts.append(checked(check, evidence))
        told(f"{verdicts[-1].name} judged in {time.monotonic() - began:.1f} s")
    return verdicts


def checked(check: Callable[[Evidence], Verdict], evidence: Evidence) -> Verdict:
    """What a check says. One that breaks has met a history that can't be."""
    try:
        return check(evidence)
    except Exception as error:
        name, _, title = (check.__doc__ or "").partition(": ")
        verdict = Verdict(name, title.split("\n")[0])
        verdict.violated(f"the history makes no sense: {type(error).__name__} {error}")
        return verdict
