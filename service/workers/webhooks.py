"""Sends webhooks, and forgets what became of them long ago."""

import asyncio
import contextlib
import logging

from service.booking.delivery import send
from service.booking.delivery.send import Claim, Outcome
from service.deps import Deps
from service.errors import DomainError

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between looks, where nothing wakes it
GATHER = 0.05  # seconds in which more may come to be sent or settled together
PRUNE = 600.0
AT_ONCE = 100  # under way from this process


async def forget_deliveries(deps: Deps) -> None:
    """Forget old deliveries, for ever; a failure is tried again in the next round."""
    while True:
        with contextlib.suppress(DomainError):
            await send.prune(deps)
        await asyncio.sleep(PRUNE)


async def send_webhooks(deps: Deps) -> None:
    """Send what is to be sent, for ever."""
    await Sender(deps).run()


class Sender:
    """Has so many deliveries under way, and settles together what came of some."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._under_way: set[asyncio.Task[None]] = set()
        self._done: list[tuple[Claim, Outcome]] = []
        self._woken = asyncio.Event()
        self._seen = 0  # of the log, of which there are deliveries
        self._wanted = True

    async def run(self) -> None:
        """For ever; what is under way at its end is sent again by another."""
        try:
            while True:
                more = False
                try:
                    more = await self.turn()
                except DomainError:  # a database that does not answer
                    await asyncio.sleep(EVERY)
                except Exception:  # a bug, which must not end all that is told
                    log.exception("webhooks could not be seen to")
                    await asyncio.sleep(EVERY)
                if not more:
                    await self._sleep()
                    await asyncio.sleep(GATHER)
        finally:
            for task in self._under_way:
                task.cancel()

    async def turn(self) -> bool:
        """Settle, make deliveries, and send some; whether there is more to do at once."""
        self._woken.clear()
        self._seen = self._deps.log.position
        await self._settle()
        made = await send.make(self._deps)
        self._wanted = made.wanted
        free = AT_ONCE - len(self._under_way)
        claims = await send.claim(self._deps, free) if free else []
        for one in claims:
            task = asyncio.create_task(self._send(one))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return made.more

    async def _sleep(self) -> None:
        """Until something has happened that anybody wants, or something was sent, or a while."""
        waiting: list[asyncio.Future[bool]] = [asyncio.ensure_future(self._woken.wait())]
        if self._wanted:
            happened = self._deps.log.beyond(self._seen, EVERY)
            waiting.append(asyncio.ensure_future(happened))
        try:
            await asyncio.wait(waiting, timeout=EVERY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _send(self, one: Claim) -> None:
        try:
            outcome = await send.send(self._deps, one)
        except Exception:  # its lease ends, and it is sent again
            log.exception("a webhook could not be sent")
            return
        self._done.append((one, outcome))
        self._woken.set()

    async def _settle(self) -> None:
        """What can't be settled now is tried again in the next round, while its lease lasts."""
        done = self._done[:]
        if not done:
            return
        ours = await send.settle(self._deps, [outcome for _, outcome in done])
        del self._done[: len(done)]
        for one, outcome in done:
            if outcome.id in ours:
                at_once = not one.attempts and not one.manual
                self._deps.metrics.webhook_sent(one.at, outcome.error or "none", first=at_once)
