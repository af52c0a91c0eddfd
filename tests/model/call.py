"""A request of the model: what it asks for, how it is sent, what is expected to come back."""

import json
from typing import Any, NamedTuple

from service.booking.actions import ACTIONS, ENDINGS

EXPANDS = {*ACTIONS, "get", "list", "take", "retime"}
ROUTES = {
    "register": ("POST", "/api/register/"),
    "login": ("POST", "/api/login/"),
    "logout": ("POST", "/api/logout/"),
    "me": ("GET", "/api/me/"),
    "tokens": ("GET", "/api/tokens/"),
    "logout_one": ("DELETE", "/api/tokens/{id}/"),
    "logout_all": ("DELETE", "/api/tokens/"),
    "password": ("POST", "/api/password/"),
    "provider_create": ("POST", "/api/providers/"),
    "provider_get": ("GET", "/api/providers/{id}/"),
    "provider_change": ("PATCH", "/api/providers/{id}/"),
    "slot_create": ("POST", "/api/slots/"),
    "slot_get": ("GET", "/api/slots/{id}/"),
    "slot_change": ("PATCH", "/api/slots/{id}/"),
    "slot_delete": ("DELETE", "/api/slots/{id}/"),
    "slot_list": ("GET", "/api/slots/?provider={id}{more}"),
    "book": ("POST", "/api/appointments/"),
    "get": ("GET", "/api/appointments/{id}/"),
    "list": ("GET", "/api/appointments/?{more}"),
    "reschedule": ("PATCH", "/api/appointments/{id}/reschedule/"),
    "history": ("GET", "/api/appointments/{id}/history/"),
    "service_create": ("POST", "/api/services/"),
    "service_get": ("GET", "/api/services/{id}/"),
    "service_change": ("PATCH", "/api/services/{id}/"),
    "service_retire": ("DELETE", "/api/services/{id}/"),
    "schedule": ("PUT", "/api/providers/{id}/schedule/"),
    "schedule_get": ("GET", "/api/providers/{id}/schedule/"),
    "closure_create": ("POST", "/api/closures/"),
    "closure_get": ("GET", "/api/closures/{id}/"),
    "closure_delete": ("DELETE", "/api/closures/{id}/"),
    "times": ("GET", "/api/services/{id}/times/?{more}"),
    "next": ("GET", "/api/services/{id}/times/next/?{more}"),
    "explain": ("GET", "/api/services/{id}/explain/?{more}"),
    "take": ("POST", "/api/appointments/"),
    "try": ("POST", "/api/appointments/?dry_run=true"),
    "retime": ("PATCH", "/api/appointments/{id}/reschedule/"),
    "hold": ("POST", "/api/holds/"),
    "hold_get": ("GET", "/api/holds/{id}/"),
    "confirm": ("POST", "/api/holds/{id}/confirm/"),
    "release": ("DELETE", "/api/holds/{id}/"),
    "customer_create": ("POST", "/api/customers/"),
    "customer_get": ("GET", "/api/customers/{id}/"),
} | {name: ("POST", f"/api/appointments/{{id}}/{name}/") for name in ENDINGS}


class Call(NamedTuple):
    """One request. `id` and `filters` go into the target, `body` is sent as JSON."""

    action: str
    token: str | None = None
    id: int = 0
    body: Any = None
    filters: tuple[tuple[str, Any], ...] = ()
    key: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    expand: bool = False

    @property
    def method(self) -> str:
        return ROUTES[self.action][0]

    @property
    def target(self) -> str:
        more = "".join(f"&{name}={value}" for name, value in self.filters)
        path = ROUTES[self.action][1].format(id=self.id, more=more)
        if not (self.expand and self.action in EXPANDS):
            return path
        return f"{path}{'&' if '?' in path else '?'}expand=slot"

    @property
    def headers(self) -> dict[str, str]:
        fields = {
            "Authorization": self.token and f"Token {self.token}",
            "Idempotency-Key": self.key,
            "If-Match": self.if_match,
            "If-None-Match": self.if_none_match,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes another request under the same key the same request."""
        return self.method, self.target, json.dumps(self.body)


class Expected(NamedTuple):
    """An answer: for an error its code, else the document; the version is in the ETag."""

    status: int
    body: Any = None
    version: str | None = None
    replayed: bool = False


class Refused(Exception):
    """The answer is an error; `more` are keys of its document besides the usual ones."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code, self.more = code, more


STATUS = {
    "invalid": 400,
    "not_authenticated": 401,
    "invalid_token": 401,
    "wrong_credentials": 401,
    "permission_denied": 403,
    "not_found": 404,
    "username_taken": 409,
    "slot_overlap": 409,
    "slot_in_use": 409,
    "slot_taken": 409,
    "already_booked": 409,
    "same_slot": 409,
    "not_active": 409,
    "hold_expired": 409,
    "precondition_failed": 412,
    "idempotency_key_reused": 422,
    "slot_in_past": 422,
    "too_early": 422,
    "too_late": 422,
    "limit_reached": 422,
    "not_offered": 422,
    "party_too_large": 422,
    "too_soon": 422,
    "too_far": 422,
    "closed": 422,
    "off_grid": 422,
}
