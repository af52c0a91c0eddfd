"""What is kept of answers about times, and what people learn from them."""

import zlib
from datetime import datetime
from typing import Any

from tests.prove.ask import Ask
from tests.prove.client import Answer
from tests.prove.people import Person, World
from tests.prove.times.offers import MOST_SEEN, Taken, Wanted

VERBS = frozenset({"times", "soonest", "explain", "dry", "hours", "shut", "unshut", "adjust"})
NO_END = 1 << 40
TOTAL = "conflicts_total"


def seconds(text: str) -> int:
    """An instant in seconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp())


def kept(one: dict[str, Any]) -> list[Any]:
    """What is judged of a time: start, provider or how many of them, how many can come, slot."""
    whom = one.get("provider_id", one.get("providers", 0))
    return [seconds(one["starts_at"]), whom, one["remaining"], one.get("slot", 0)]


def brief(verb: str, answer: Answer, body: Any) -> Any:
    """The parts of a body that are judged."""
    match verb:
        case "times":
            times = [kept(one) for one in body]
            more = b'rel="next"' in answer.head
            return {"times": times, "until": times[-1][0] + 1 if more and times else NO_END}
        case "soonest":
            return {"times": [] if body is None else [kept(body)]}
        case "explain":
            reasons = [[one["code"], one["provider_id"]] for one in body["reasons"]]
            times = [kept(one) for one in body["next"]]
            return {"bookable": body["bookable"], "reasons": reasons, "times": times}
        case "dry":
            return {"bookable": body["bookable"], "provider": body["provider_id"]}
    found = {name: body[name] for name in ("id", "version", TOTAL) if body and name in body}
    if verb in ("hours", "shut"):
        found["conflicts"] = [[one["appointment_id"], one["reason"]] for one in body["conflicts"]]
    return found | {"v": found.get("version", 0), "crc": zlib.crc32(answer.body)}


def learn(world: World, person: Person, ask: Ask, body: Any, told: Any) -> None:
    """Let people know what an answer of success says of times."""
    offers = world.offers
    match ask.verb:
        case "times" | "soonest":
            args = ask.args
            seen = [
                Wanted(args["service"], args["provider"] and one[1], one[0], args["size"])
                for one in told["times"]
            ]
            person.times = [*person.times, *seen][-MOST_SEEN:]
        case "take":
            provider = world.sheet.numbers.get(body["slot"]["provider"], 0)
            taken = Taken(provider, ask.args["service"], ask.args["at"])
            offers.taken[told["slot"]] = taken
            for other in world.people if "customer" in ask.args else ():
                if other.name == ask.args["customer"]:
                    other.holds[told["id"]] = (told["slot"], told["v"])
        case "shift":
            if before := offers.taken.get(told["from"]):
                provider = ask.args["provider"] or before.provider
                offers.taken[told["slot"]] = Taken(provider, before.service, ask.args["at"])
        case "shut":
            offers.closures = [*offers.closures, told["id"]]
        case "unshut" if ask.args["closure"] in offers.closures:
            offers.closures.remove(ask.args["closure"])
