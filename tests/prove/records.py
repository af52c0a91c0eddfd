"""What a run leaves behind: one record per operation, one per fault.

All times are seconds of one monotonic clock (`time.monotonic()`), the same in every record.
"""

from typing import Any, Literal

import msgspec

Outcome = Literal["ok", "fail", "info"]


class Operation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One request: what was asked, by whom, when, and what came of it.

    `ok` is 2xx; `fail` is definitely not done (4xx, 503); `info` may be done (504, 502, a dead or
    silent connection). The nonce is the Idempotency-Key; repeats of a request share it.
    """

    number: int
    process: int  # a logical client: it never has two operations at once, and dies with an info
    server: int  # which of our processes was asked
    user: str
    token: str  # short digest of the token sent, "" without one
    verb: str  # register, login, logout, password, search, book, move, cancel, list, get, me
    args: dict[str, Any]
    nonce: str = ""
    sent_at: float = 0.0
    answered_at: float = 0.0
    outcome: Outcome = "info"
    status: int = 0  # 0: no answer
    body: Any = None
    replayed: bool = False
    standing: list[Any] = []  # with a rate limit: policy, limit, window, remaining, seconds
    made: list[Any] = []  # slots that were made for times, as they were shown, and in which fields
    looked: int = 0  # fields of documents and headers that were compared when it was answered
    wrongs: list[str] = []  # and what was wrong with them


class Fault(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One injected fault: what, to whom, from when to when, and when all was well again."""

    number: int
    kind: str  # one of faults.KINDS
    target: str  # server-0, postgres, redis, ...
    began_at: float = 0.0
    ended_at: float = 0.0
    healed_at: float = 0.0  # 0.0: a probe of every route was not right again in time
    bit: bool = True  # it was seen to take hold
    detail: str = ""  # how that was seen, or why not
