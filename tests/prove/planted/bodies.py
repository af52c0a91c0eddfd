"""Bugs in what becomes of a request whose client leaves before its body is over."""

import time

from service.http.wire.exchange import Exchange
from tests.prove.planted.ground import Ground, bug

QUIET = "none"  # no fault is needed
SECONDS = 0.5


@bug("I4", QUIET)
def half_a_body_is_taken(ground: Ground) -> None:
    """Where a client leaves, what has come of the body is taken for all of it."""
    lost = Exchange.lost

    def taken(self: Exchange) -> None:
        if self._delegate is not None and not self.complete:
            self.complete = True
            self._delegate.finish()
            self._delegate = None
        lost(self)

    ground.put(Exchange, "lost", taken)


@bug("I22", QUIET)
def half_a_body_holds_up_all(ground: Ground) -> None:
    """Whoever leaves in the middle of a body keeps the whole process busy for a while."""
    lost = Exchange.lost

    def slowly(self: Exchange) -> None:
        if not self.complete:
            time.sleep(SECONDS)
        lost(self)

    ground.put(Exchange, "lost", slowly)
