"""Types as JSON Schema (2020-12, as OpenAPI 3.1 has it), and an example of each.

msgspec writes the schemas from the very types that it checks requests with.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

Schema = dict[str, Any]
REF = "#/components/schemas/"
TELLING = {"$ref", "items", "examples"}  # a schema that says what an example of it is like
INT32, INT64 = 2**31 - 1, 2**63 - 1

# What a field of this name holds in examples; `Type.field` where a name alone says too little.
EXAMPLES: dict[str, Any] = {
    "action": "reschedule",
    "approval_minutes": 1440,
    "actor": "ada",
    "appointment": 17,
    "appointment_id": 17,
    "Appointment.id": 17,
    "AppointmentBrief.id": 17,
    "at": "2027-01-02T18:20:30.123456+00:00",
    "bookable": True,
    "buffer_after_minutes": 10,
    "buffer_before_minutes": 0,
    "capacity": 1,
    "code": "not_found",
    "customer": 3,
    "created_at": "2027-01-02T18:15:00.654321+00:00",
    "current": True,
    "current_password": "correct horse",
    "date": "2027-01-04",
    "description": "A first conversation.",
    "detail": "Not found.",
    "duration_minutes": 30,
    "email": "ada@example.org",
    "end_time": "10:30",
    "ends_at": "2027-01-04T09:30:00+00:00",
    "expires_at": "2027-01-02T18:30:30.123456+00:00",
    "from_slot": 5,
    "from_status": "booked",
    "docs": "/docs/",
    "horizon_days": 90,
    "Customer.name": "Zoë O'Brien",
    "CustomerBody.name": "Zoë O'Brien",
    "CustomerChanges.name": "Zoë O'Brien",
    "Event.type": "slot.changed",
    "Hold.id": 17,
    "hold_seconds": 600,
    "offer_minutes": 60,
    "id": 3,
    "index": 1,
    "if_still_free": True,
    "into": 4,
    "kind": "person",
    "language": "en",
    "lead_minutes": 60,
    "made_by": 1,
    "message": "Done.",
    "name": "Dr Okafor",
    "new_password": "battery staple",
    "new_slot": 8,
    "notes": "Initial consultation",
    "notice_minutes": 1440,
    "Offer.provider": 1,
    "OfferBody.provider": 1,
    "party_max": 1,
    "phone": "+49 170 1234567",
    "per_customer_day": 1,
    "per_customer_open": 3,
    "per_day": 8,
    "old_slot": 5,
    "openapi": "/api/openapi.json",
    "Overview.title": "Appointments",
    "override": "closed",
    "password": "correct horse",
    "per_person": 1,
    "provider": "Dr Okafor",
    "Provider.id": 1,
    "provider_id": 1,
    "providers": 2,
    "reason": "I am ill.",
    "remaining": 1,
    "request_id": "5f2c9a1b3d4e-1a",
    "Reason.code": "too_soon",
    "Reason.detail": "This service has to be booked earlier than that.",
    "role": "customer",
    "replaces": 16,
    "seconds": 600,
    "service": 3,
    "size": 1,
    "Service.name": "Consultation",
    "Service.version": 1,
    "ServiceBody.name": "Consultation",
    "ServiceChanges.name": "Consultation",
    "slot": 5,
    "Slot.id": 5,
    "SlotBody.provider": 1,
    "SlotBrief.id": 5,
    "SlotNamed.id": 5,
    "SlotChanges.status": "busy-unavailable",
    "SlotAlone.per_person": 2,
    "SlotAlone.status": "free",
    "Slot.status": "free",
    "start_time": "10:00",
    "starts_at": "2027-01-04T09:00:00+00:00",
    "status": "booked",
    "step_minutes": 30,
    "time_zone": "Europe/Berlin",
    "every": 1,
    "unit": "week",
    "count": 12,
    "result": "booked",
    "conflicts": "refuse",
    "SeriesBody.provider": 1,
    "SeriesBody.until": None,
    "SeriesBody.customer": None,
    "SeriesLine.code": "slot_taken",
    "SeriesLine.limit": "per_day",
    "SeriesDate.code": "slot_taken",
    "Series.provider": 1,
    "MoveBody.provider": None,
    "MoveBody.starts_at": None,
    "MoveBody.version": 1,
    "HoldTimeBody.provider": 1,
    "WaitBody.slot": None,
    "WaitBody.provider": 1,
    "WaitBody.from": "2027-01-04",
    "WaitBody.to": "2027-01-08",
    "hold": 17,
    "position": 1,
    "Joined.status": "waiting",
    "Waiting.status": "offered",
    "Waiting.position": None,
    "Waiting.slot": None,
    "Waiting.provider": 1,
    "Waiting.from": "2027-01-04T00:00:00+00:00",
    "Waiting.to": "2027-01-08T00:00:00+00:00",
    "MoveTimeBody.provider": 1,
    "TimeBody.provider": 1,
    "title": "Not found",
    "to_slot": 8,
    "Token.id": 7,
    "to_status": "booked",
    "token": "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b",
    "type": "/docs/#not_found",
    "user": "ada",
    "username": "ada",
    "version": "1.0.0",
    "weight": 100,
    "url": "https://example.org/bookings",
    "old_until": "2027-01-03T18:15:00.654321+00:00",
    "overlap_hours": 24,
    "after": 4000,
    "only_failed": True,
    "delivery": 90,
    "event": 4711,
    "attempts": 2,
    "due_at": None,
    "last_status": 204,
    "last_error": None,
    "settled_at": "2027-01-02T18:20:31.654321+00:00",
    "trigger": "auto",
    "ms": 31,
    "error": "server_error",
    "excerpt": "Try later.",
    "failing_since": None,
    "cursor": 4711,
    "include": "appointment",
    "types": "appointment.booked",
    "Attempt.detail": None,
    "Attempt.status": 503,
    "Delivery.id": 90,
    "Delivery.status": "delivered",
    "Delivery.type": "appointment.booked",
    "DeliveryTold.id": 90,
    "DeliveryTold.status": "delivered",
    "DeliveryTold.type": "appointment.booked",
    "EnableBody.from": "cursor",
    "ReplayBody.until": 4711,
    "Replayed.until": 4711,
    "Webhook.reason": "",
    "Webhook.status": "enabled",
    "WebhookChanges.status": "disabled",
    "WebhookMade.reason": "",
    "WebhookMade.status": "enabled",
    "of": "me",
    "last_used_at": "2027-01-04T09:00:00.654321+00:00",
    "CalendarLink.provider": None,
    "CalendarSource.provider": 1,
    "CalendarSource.status": "ok",
    "CalendarSource.kind": "ics",
    "CalendarSourceShown.provider": 1,
    "CalendarSourceShown.status": "ok",
    "CalendarSourceShown.kind": "ics",
    "CalendarBody.kind": "ics",
    "CalendarBody.url": "https://calendar.example.org/okafor.ics",
    "CalendarSource.error": None,
    "CalendarSourceShown.error": None,
    "events": 12,
    "host": "calendar.example.org",
    "last_ok_at": "2027-01-04T09:00:00.654321+00:00",
    "next_at": "2027-01-04T09:15:00.654321+00:00",
    "CalendarLinkMade.provider": None,
    "LinkBody.provider": None,
    "closes": "17:00",
    "conflicts_total": 1,
    "days": "mon",
    "from": "2027-12-24",
    "to": "2027-12-26",
    "opens": "09:00",
    "opened_until": "2027-04-10",
    "services": 3,
    "until": "2028-06-30",
    "Conflict.reason": "hours",
    "DayBody.date": "2027-12-24",
    "HoursOfDay.date": "2027-12-24",
    "DayBody.reason": "Christmas Eve",
    "HoursOfDay.reason": "Christmas Eve",
    "Schedule.provider": 1,
    "ScheduleChanged.provider": 1,
    "Schedule.version": 2,
    "ScheduleChanged.version": 2,
    "Closure.provider": 1,
    "Closure.starts_at": None,
    "Closure.ends_at": None,
    "Closure.reason": "Christmas",
    "ClosureTried.provider": 1,
    "ClosureTried.starts_at": None,
    "ClosureTried.ends_at": None,
    "ClosureTried.reason": "Christmas",
    "ClosureMade.provider": 1,
    "ClosureMade.starts_at": None,
    "ClosureMade.ends_at": None,
    "ClosureMade.reason": "Christmas",
    "ClosureBody.provider": 1,
    "ClosureBody.starts_at": None,
    "ClosureBody.ends_at": None,
    "ClosureBody.reason": "Christmas",
}


class Schemas:
    """The schemas of all types that were asked for; `components` has the named ones."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type."""
        (schema,), found = msgspec.json.schema_components([kind], ref_template=REF + "{name}")
        for name, component in found.items():
            component = _tidy(component)
            if self.components.setdefault(name, component) != component:
                raise ValueError(f"two types are called {name}")
        return schema

    def inline(self, kind: Any) -> Schema:
        """The schema of a struct, written out; what it refers to is known by name."""
        name = self.of(kind)["$ref"].removeprefix(REF)
        return self.components.pop(name)

    def named(self, name: str, schema: Schema) -> Schema:
        """A schema of our own, by name."""
        self.components[name] = schema
        return {"$ref": REF + name}

    def example(self, schema: Schema, name: str = "", owner: str = "") -> Any:
        """A value of this schema; `name` is the field that has it, `owner` that field's type.

        Raises LookupError where EXAMPLES lacks one.
        """
        match schema:
            case {"$ref": str(ref)}:
                name = ref.removeprefix(REF)
                return self.example(self.components[name], owner=name)
            case {"examples": [value]} | {"enum": [value]}:
                return value
            case {"type": "array", "items": items}:
                return [self.example(items, name, owner)]
            case {"type": "object", "properties": fields}:
                return {one: self.example(fields[one], one, owner) for one in fields}
            case {"type": "object"}:
                return {}
            case {"type": "null"}:
                return None
            case {"anyOf": [*kinds]} if told := [kind for kind in kinds if TELLING & kind.keys()]:
                return self.example(told[0], name, owner)
        for known in (f"{owner}.{name}", f"{owner.removesuffix('Expanded')}.{name}", name):
            if known in EXAMPLES:
                return EXAMPLES[known]
        raise LookupError(f"no example of {owner}.{name}")


def fields(kind: type[msgspec.Struct]) -> Iterator[tuple[str, Schema]]:
    """The fields of a query struct as schemas, by name; null is no word of a query string."""
    _, found = msgspec.json.schema_components([kind])
    schema = _tidy(found[kind.__name__])
    for name, field in schema["properties"].items():
        default = field.pop("default", None)
        if "enum" in field:
            field["enum"] = [word for word in field["enum"] if word is not None]
        if "anyOf" in field:
            (field,) = (one for one in field["anyOf"] if one != {"type": "null"})
        if field.get("format") == "date-time":
            field = {"type": "string", "format": "date-or-date-time"}  # few can send a union
        yield name, field if default in (None, "") else field | {"default": default}


def _tidy(schema: Any) -> Any:
    """The schema with regular expressions and texts as others read them."""
    if isinstance(schema, list | tuple):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {name: _tidy(value) for name, value in schema.items()}
    if isinstance(tidied.get("pattern"), str):
        tidied["pattern"] = tidied["pattern"].replace(r"\Z", "$")  # ECMA-262 has no \Z
    if tidied.get("type") == "integer" and tidied.get("maximum", INT64) > INT32:
        tidied["format"] = "int64"  # in Java and Go a plain integer has 32 bits
    if "enum" in tidied and all(isinstance(one, str) for one in tidied["enum"]):
        tidied["type"] = "string"
    if isinstance(tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(tidied["description"])
    return tidied
