"""What those who hold and wait believe to have; may be wrong, as in life."""

import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.prove.ask import Ask
    from tests.prove.client import Answer
    from tests.prove.people import Person

GONE = frozenset({"seal", "let", "drop", "grant", "deny"})
WAITS = "waiting"
SPARED = 2  # every so manieth request is left alone until it has begun


class Queue:
    """Who holds, has asked for, has and waits for what."""

    def __init__(self, facts: dict[str, Any], people: "list[Person]") -> None:
        self.facts, self.people = facts, people
        self.status: dict[int, tuple[str, str]] = {}  # whose, and what it is, by appointment
        self.slot_of: dict[int, int] = {}
        self.starts: dict[int, int] = {}  # when what was asked for begins, in seconds since 1970
        self.waiting: dict[str, list[int]] = {}
        self.series: dict[str, list[int]] = {}
        self.closures: list[int] = []

    def held(self, person: "Person") -> list[int]:
        """The holds of somebody."""
        return self._of(person, "held")

    def held_by_others(self, person: "Person") -> list[int]:
        """The holds of everybody else, the latest last."""
        items = self.status.items()
        return [one for one, (whose, what) in items if what == "held" and whose != person.name]

    def booked(self, person: "Person") -> list[int]:
        """The appointments of somebody."""
        return self._of(person, "booked")

    def pending(self, person: "Person") -> list[int]:
        """What somebody has asked for, and may be answered before it begins."""
        return [number for number in self._of(person, "pending") if number % SPARED]

    def places(self, person: "Person") -> list[int]:
        """The appointments of somebody in slots that are published."""
        slots = self.facts["slots"]
        return [one for one in self.booked(person) if self.slot_of[one] in slots]

    def all_pending(self) -> list[int]:
        """What anybody has asked for, and may be answered before it begins."""
        return [number for person in self.people for number in self.pending(person)]

    def overdue(self, now: float) -> list[int]:
        """What has been asked for, not answered, and has begun."""
        items = self.status.items()
        return [n for n, (_, what) in items if what == "pending" and self.starts.get(n, now) < now]

    def _of(self, person: "Person", status: str) -> list[int]:
        wanted = (person.name, status)
        return [number for number, found in self.status.items() if found == wanted]

    def learn(self, person: "Person", ask: "Ask", status: int, told: Any) -> None:
        """Let them know what an answer says."""
        number = ask.args.get("appointment", 0)
        if status in (404, 409) and ask.verb in GONE:
            self.status.pop(number, None)
        if status == 409 and ask.verb == "moves":
            for one, _ in ask.args["moves"]:
                self.status.pop(one, None)
        if not 200 <= status < 300:
            return
        match ask.verb:
            case "hold" | "grab" | "request" | "seal":
                self.status.pop(ask.args.get("replaces", 0), None)
                self.status[told["id"]] = (person.name, told["status"])
                self.slot_of[told["id"]] = told["slot"]
                self.starts[told["id"]] = ask.args.get("starts", 0)
            case "let" | "drop" | "deny":
                self.status.pop(number, None)
            case "grant" if number in self.status:
                self.status[number] = (self.status[number][0], "booked")
            case "lines":
                self.waiting[person.name] = [one for one, what, _ in told["lines"] if what == WAITS]
                for _, what, hold in told["lines"]:
                    if what == "offered":
                        self.status.setdefault(hold, (person.name, "held"))
                        self.slot_of.setdefault(hold, 0)
            case "moves":
                self.slot_of |= {one: slot for one, _, slot in told["moved"]}
            case "series":
                self.series.setdefault(person.name, []).append(told["id"])
                for one in told["dates"]:
                    if one[1]:
                        self.status[one[1]] = (person.name, "booked")
                        self.slot_of[one[1]] = 0
            case "bar":
                self.closures.append(told["id"])
            case "unbar":
                number = int(ask.path.rstrip("/").rpartition("/")[2])
                self.closures = [one for one in self.closures if one != number]


def seconds(text: str) -> float:
    """An instant in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def brief(verb: str, answer: "Answer", body: Any) -> Any:
    """The parts of a body that are judged."""
    kept: dict[str, Any] = {"crc": zlib.crc32(answer.body)}
    match verb:
        case "hold":
            kept |= {"id": body["id"], "status": "held", "slot": body["slot"]["id"]}
            kept |= {"expires": seconds(body["expires_at"])}
        case "grab" | "request" | "seal":
            kept |= {"id": body["id"], "status": body["status"], "slot": body["slot"]["id"]}
        case "wait" | "bar":
            kept |= {"id": body["id"]}
        case "lines":
            kept |= {"lines": [[one["id"], one["status"], one["hold"]] for one in body]}
        case "moves":
            ends = ("appointment_id", "old_slot", "new_slot")
            kept |= {"moved": [[one[name] for name in ends] for one in body]}
        case "series":
            dates = [
                [int(seconds(one["starts_at"])), one.get("appointment_id", 0), one.get("code", "")]
                for one in body["dates"]
            ]
            kept |= {"id": body["id"], "dates": dates}
    return kept
