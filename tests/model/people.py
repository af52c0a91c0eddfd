"""Who asks: the people of a run, their tokens, and what they can do with them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.api.checks import NEVER
from tests.cast import PASSWORD
from tests.model.beside import Beside
from tests.model.call import Call
from tests.model.things import Account

# Mostly customers; now and then any token there ever was, one that never was, or none.
WHO = st.sampled_from([*["ann", "bob"] * 4, *["keeper", "admin"] * 2, "any"])
NTH = st.integers(0, 30)  # counted from the latest, round and round
NAMES = st.sampled_from(["ann", "Ann", "bob", "cy"])
PASSWORDS = st.sampled_from([PASSWORD, PASSWORD, "battery staple"])
NEW_PASSWORDS = st.sampled_from([PASSWORD, "battery staple", "short", "x" * 73, "ö" * 37])
LOGOUTS = st.sampled_from(["logout", "logout", "logout_one", "logout_one", "logout_all"])
KEYS = st.sampled_from([None, None, None, "one", "two"])


class People(Beside, RuleBasedStateMachine):
    """Accounts: their rules. `world` is set by a subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.tokens: list[str | None] = [None, "f" * 40, "nonsense"]

    @initialize()
    def people_come(self) -> None:
        self._staff("admin", "admin", 0)
        admin = self.who("admin")
        made = self.do(Call("provider_create", admin, body={"name": "One", "time_zone": "UTC"}))
        self._staff("keeper", "provider", made.json["id"])
        for name in ("ann", "bob"):
            self.registers(name, PASSWORD, None)
        self.opening(admin, made.json["id"])

    def opening(self, admin: str | None, provider_id: int) -> None:
        """What else there is before the first request of a run."""

    def _staff(self, name: str, role: str, provider_id: int) -> None:
        name = self._name(name)
        made = self.world.person(name, role, provider_id)
        email = f"{name}@example.org"
        account = Account(made.id, name, email, PASSWORD, role, provider_id)
        self.model.accounts[name] = account
        self.model.logged_in(name, made.token, made.session.token_id)
        self.tokens.append(made.token)

    def _name(self, name: str) -> str:
        return f"{name}-of-run-{self.run}"

    def who(self, name: str, nth: int = 0) -> str | None:
        """A token of that person, who logs in if there is none."""
        if name == "any":
            return nth_of(self.tokens, nth)
        account = self.model.accounts[self._name(name)]
        living = [one for one, (owner, _) in self.model.tokens.items() if owner is account]
        if not living:
            self.logs_in(name, account.password)
            return self.tokens[-1]
        return nth_of(living, nth)

    @rule(name=NAMES, password=NEW_PASSWORDS, key=KEYS)
    def registers(self, name: str, password: str, key: str | None) -> None:
        body = {"username": self._name(name), "email": "a@example.org", "password": password}
        self.do(Call("register", body=body, key=key))

    @rule(name=NAMES, password=PASSWORDS)
    def logs_in(self, name: str, password: str) -> None:
        body = {"username": self._name(name), "password": password}
        reply = self.do(Call("login", body=body))
        if reply.status == 200:
            self.tokens.append(reply.json["token"])

    @rule(action=LOGOUTS, who=WHO, nth=NTH, other=NTH)
    def logs_out(self, action: str, who: str, nth: int, other: int) -> None:
        ids = [NEVER, *(token_id for _, token_id in self.model.tokens.values())]
        self.do(Call(action, self.who(who, nth), nth_of(ids, other)))

    @rule(who=WHO, nth=NTH, current=PASSWORDS, new=NEW_PASSWORDS, key=KEYS)
    def changes_the_password(
        self, who: str, nth: int, current: str, new: str, key: str | None
    ) -> None:
        body = {"current_password": current, "new_password": new}
        self.do(Call("password", self.who(who, nth), body=body, key=key))


def nth_of(things: Any, nth: int) -> Any:
    """The nth before the last."""
    return list(things)[-1 - nth % len(things)]
