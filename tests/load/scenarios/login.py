"""A storm of logins: the dearest request there is, and the queue must stay bounded."""

import json
from typing import ClassVar

from tests.load.scenarios.base import Expected, Scenario
from tests.load.stage import PASSWORD
from tests.load.wire import Request, message


class Login(Scenario):
    """Everybody logs in at once; what can't be hashed in time is refused with 503."""

    name = "login"
    help = "everybody logs in: bcrypt, and 503 when its queue is full"
    expected: ClassVar[Expected] = {"login": frozenset({200})}
    eager = True

    def next(self) -> Request | None:
        person = self.anyone()
        body = json.dumps({"username": person.username, "password": PASSWORD}).encode()
        return Request(message("POST", "/api/login/", b"", body, self.world.host), "login")
