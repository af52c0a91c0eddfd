"""The server under bad input, who and what is on it, and the judge of its answers."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import bcrypt

from service.http import problems
from tests.bad_input.wire import Answer, Wire, request
from tests.live import Live

PASSWORD = "correct horse"
KEYS = {"type", "title", "status", "detail", "code", "request_id"}
MORE = {
    "invalid": {"errors"},
    "slot_taken": {"alternatives", "times"},
    "limit_reached": {"limit"},
    "series_conflict": {"dates"},
    "cursor_expired": {"oldest", "head"},
}
# Whose rows are not called as the path is.
KEPT_IN = {
    "register": "account",
    "calendar-links": "calendar_link",
    "customers": "account",
    "holds": "appointment",
    "series": "series",
    "waitlist": "waiting",
}
CODES = {kind.code: status for kind, status in problems.STATUS.items()}
LEAKS = (
    "Traceback", "psycopg", "tornado", "asyncio", 'File "', "SELECT ", "redis", "msgspec",
    "sys.", "/site-packages", "postgres", "0x7f",
)  # fmt: skip


class World:
    """One server with a customer, an admin, a provider with slots, and an appointment."""

    TABLES: ClassVar = (
        "account", "provider", "service", "slot", "appointment", "closure", "series", "waiting",
        "calendar_link",
    )  # fmt: skip

    def __init__(self, live: Live, database: Any, redis_url: str) -> None:
        self.live, self.database, self.redis_url = live, database, redis_url
        self.wire = Wire(live.port)
        self.tally: Counter[int] = Counter()
        self.accepted = dict.fromkeys(self.TABLES, 0)
        self.ids: dict[str, int] = {}
        self.tokens: dict[str, str] = {}
        self.day = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def settle(self) -> None:
        """Make the people and things."""
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        with self.database.cursor() as cursor:
            cursor.execute(
                "INSERT INTO account (username, email, password_hash, role) VALUES"
                " ('ada', 'ada@example.org', %s, 'customer'),"
                " ('admin', 'admin@example.org', %s, 'admin')",
                [hashed, hashed],
            )
        for name in ("ada", "admin"):
            who = {"username": name, "password": PASSWORD}
            self.tokens[name] = self.expect(200, "POST", "/api/login/", who)["token"]
        clinic = {"name": "Clinic", "time_zone": "UTC"}
        for name in ("provider", "quiet"):  # the second is never named in a bad request
            self.ids[name] = self.expect(201, "POST", "/api/providers/", clinic, "admin")["id"]
        offer = {"name": "Visit", "duration_minutes": 30}
        offer["providers"] = [{"provider": self.ids["provider"]}]
        self.ids["service"] = self.expect(201, "POST", "/api/services/", offer, "admin")["id"]
        self.ids["taken"], self.ids["slot"] = self.new_slot(), self.new_slot()
        self.expect(201, "POST", "/api/appointments/", {"slot": self.ids["taken"]}, "admin")
        self.ids["appointment"] = self.books_a_slot()
        self.ids["ended"] = self.books_a_slot()
        self.expect(200, "POST", f"/api/appointments/{self.ids['ended']}/cancel/", {}, "ada")
        nowhere = {"url": "https://webhooks.invalid/", "types": ["webhook.disabled"]}
        self.ids["webhook"] = self.expect(201, "POST", "/api/webhooks/", nowhere, "admin")["id"]

    def new_slot(self) -> int:
        """One more free slot."""
        self.day += timedelta(days=1)
        wanted = {
            "provider": self.ids["quiet"],
            "starts_at": self.day.isoformat(),
            "ends_at": (self.day + timedelta(minutes=30)).isoformat(),
        }
        return int(self.expect(201, "POST", "/api/slots/", wanted, "admin")["id"])

    def books_a_slot(self) -> int:
        """A booking, which must work; its id."""
        body = {"slot": self.new_slot(), "notes": "after all that"}
        return int(self.expect(201, "POST", "/api/appointments/", body, "ada")["id"])

    def expect(self, status: int, method: str, path: str, body: Any, who: str = "") -> Any:
        """The document of a good request's answer."""
        raw = request(method, path, json.dumps(body).encode(), token=self.tokens.get(who, ""))
        answer = self.wire.ask(raw)
        assert answer.status == status, answer
        return answer.json

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        found = {}
        with self.database.cursor() as cursor:
            for table in self.TABLES:
                cursor.execute(f"SELECT count(*) FROM {table}")
                found[table] = cursor.fetchone()[0]
        return found

    def ask(self, raw: bytes) -> Answer:
        """The judged answer to a well-framed request."""
        answer = self.wire.ask(raw)
        self.judge(raw, answer)
        return answer

    def ask_all(self, raws: Iterable[bytes]) -> Iterator[tuple[bytes, Answer]]:
        """Well-framed requests, many at once, each with its judged answer."""
        for raw, answer in self.wire.at_once(self.wire.ask, raws):
            self.judge(raw, answer)
            yield raw, answer

    def throw_all(self, raws: Iterable[bytes]) -> Iterator[tuple[bytes, list[Answer]]]:
        """Bytes that may be no requests at all, many at once, each with its judged answers."""
        for raw, answers in self.wire.at_once(self.wire.throw, raws):
            self._judge_all(raw, answers)
            yield raw, answers

    def throw(self, raw: bytes, at_least: int = 1) -> list[Answer]:
        """The judged answers to bytes that may be no request at all."""
        answers = self.wire.throw(raw, at_least)
        self._judge_all(raw, answers)
        return answers

    def _judge_all(self, raw: bytes, answers: list[Answer]) -> None:
        for answer in answers:
            self.judge(raw, answer)
        if not answers:
            self.tally[0] += 1

    def judge(self, raw: bytes, answer: Answer) -> None:
        """A legitimate success, or a refusal in the shape of the contract."""
        self.tally[answer.status] += 1
        asked = f"{raw[:1000]!r} -> {answer.status} {answer.headers} {answer.body[:1000]!r}"
        assert answer.status < 500, asked
        assert answer.headers.get("server") is None, asked
        if "x-request-id" not in answer.headers:  # refused by Tornado itself
            assert (answer.status, answer.body) in ((400, b""), (100, b"")), asked
        elif answer.status >= 400:
            self._judge_problem(raw, answer, asked)
        else:
            self._note_success(raw, answer)

    def _judge_problem(self, raw: bytes, answer: Answer, asked: str) -> None:
        assert answer.headers["content-type"] == "application/problem+json", asked
        assert ("allow" in answer.headers) == (answer.status == 405), asked
        assert ("www-authenticate" in answer.headers) == (answer.status == 401), asked
        if raw.startswith(b"HEAD "):
            return
        document = answer.json
        allowed = KEYS | MORE.get(document["code"], set())
        assert KEYS <= set(document) <= allowed, asked
        assert document["status"] == answer.status == CODES[document["code"]], asked
        assert document["request_id"] == answer.headers["x-request-id"], asked
        assert not [word for word in LEAKS if word in document["detail"]], asked

    def _note_success(self, raw: bytes, answer: Answer) -> None:
        if answer.status != 201:
            return
        path = raw.split(b" ", 2)[1].split(b"?")[0].strip(b"/").decode()
        table = KEPT_IN.get(path[4:], path[4:].rstrip("s"))
        self.accepted[table] += len(answer.json) if isinstance(answer.json, list) else 1
