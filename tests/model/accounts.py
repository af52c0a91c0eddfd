"""The model of accounts, their tokens, and the keys of their requests."""

from collections.abc import Callable
from typing import Any

from service.booking.actions import ENDINGS
from tests.model.call import STATUS, Call, Expected, Refused
from tests.model.things import Account

SHORTEST, LONGEST = 8, 72
# A view of its own of who may what, or the model would find right whatever the table says.
STAFF_ONLY = {
    "noshow", "fulfill", "slot_create", "slot_change", "slot_delete", "provider_change",
    "schedule", "closure_create", "closure_get", "closure_delete", "customer_create",
    "customer_get",
}  # fmt: skip
ADMIN_ONLY = {"provider_create", "service_create", "service_change", "service_retire"}
OPEN = {
    "register", "login", "provider_get", "slot_get", "slot_list", "service_get", "schedule_get",
    "times", "next",
}  # fmt: skip


class Accounts:
    """Who there is, and whose tokens live. Subclasses add what else can be asked for."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, tuple[Account, int]] = {}  # token: whose, its id (0: not known)
        self.kept: dict[tuple[int | str, str], tuple[Any, Expected]] = {}

    def answer(self, call: Call, made: list[int]) -> Expected:
        """What the API should say; `made` are the ids it has given to what is new."""
        try:
            who = None if call.action in OPEN else self._who(call)
            rule = "end" if call.action in ENDINGS else call.action
            answer: Expected = getattr(self, f"_{rule}")(call, who, made)
            return answer
        except Refused as refused:
            return Expected(STATUS[refused.code], {"code": refused.code} | refused.more)

    def _who(self, call: Call) -> Account:
        if call.token is None:
            raise Refused("not_authenticated")
        if call.token not in self.tokens:
            raise Refused("invalid_token")
        who = self.tokens[call.token][0]
        if who.role == "customer" and call.action in STAFF_ONLY | ADMIN_ONLY:
            raise Refused("permission_denied")
        if who.role != "admin" and call.action in ADMIN_ONLY:
            raise Refused("permission_denied")
        return who

    def _once(self, call: Call, owner: int | str, work: Callable[[], Expected]) -> Expected:
        """Done once under its key; refusals leave none."""
        if call.key is None:
            return work()
        if (owner, call.key) in self.kept:
            identity, answer = self.kept[owner, call.key]
            if identity != call.identity:
                raise Refused("idempotency_key_reused")
            return answer._replace(replayed=True)
        answer = work()
        self.kept[owner, call.key] = call.identity, answer
        return answer

    def _register(self, call: Call, _: None, made: list[int]) -> Expected:
        body = call.body
        _check_password("password", body["password"])

        def create() -> Expected:
            name = body["username"].lower()
            if name in self.accounts:
                raise Refused("username_taken")
            new = Account(made[0], body["username"], body["email"], body["password"])
            self.accounts[name] = new
            return Expected(201, new.document())

        return self._once(call, body["username"], create)  # who has no account has a name

    def _login(self, call: Call, _: None, made: list[int]) -> Expected:
        account = self.accounts.get(call.body["username"].lower())
        if account is None or account.password != call.body["password"]:
            raise Refused("wrong_credentials")
        return Expected(200, {"username": account.username})

    def logged_in(self, username: str, token: str, token_id: int = 0) -> None:
        """A login worked: this token lives."""
        self.tokens[token] = self.accounts[username.lower()], token_id

    def _logout(self, call: Call, who: Account, made: list[int]) -> Expected:
        assert call.token
        del self.tokens[call.token]
        return Expected(200, {"message": "Logged out successfully"})

    def _logout_one(self, call: Call, who: Account, made: list[int]) -> Expected:
        for token, (account, token_id) in self.tokens.items():
            if account is who and token_id == call.id:
                del self.tokens[token]
                return Expected(204)
        raise Refused("not_found")

    def _logout_all(self, call: Call, who: Account, made: list[int]) -> Expected:
        self._forget(who, keep=None)
        return Expected(204)

    def _forget(self, who: Account, keep: str | None) -> None:
        dead = [one for one, (owner, _) in self.tokens.items() if owner is who and one != keep]
        for token in dead:
            del self.tokens[token]

    def _tokens(self, call: Call, who: Account, made: list[int]) -> Expected:
        ids = {
            token_id: token == call.token
            for token, (owner, token_id) in self.tokens.items()
            if owner is who
        }
        return Expected(200, ids)

    def _password(self, call: Call, who: Account, made: list[int]) -> Expected:
        current, new = call.body["current_password"], call.body["new_password"]
        _check_password("new_password", new)

        def change() -> Expected:
            if current != who.password:
                raise Refused("invalid", errors={"current_password": ["Wrong password."]})
            who.password = new
            return Expected(200, {"message": "Password changed successfully"})

        answer = self._once(call, who.id, change)
        self._forget(who, keep=call.token)
        return answer

    def _me(self, call: Call, who: Account, made: list[int]) -> Expected:
        return Expected(200, who.document() | {"role": who.role})


def _check_password(field: str, password: str) -> None:
    if len(password) < SHORTEST:
        message = f"Ensure this field has at least {SHORTEST} characters."
    elif len(password.encode()) > LONGEST:
        message = f"Ensure this field has no more than {LONGEST} bytes."
    else:
        return
    raise Refused("invalid", errors={field: [message]})
