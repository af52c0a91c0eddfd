"""`user`: accounts, by the same rules as over HTTP."""

import getpass
import os
import sys

from service.booking.people import account, operator
from service.cli.commands.calendar.provider import known
from service.cli.commands.pages import PAGE, whole
from service.cli.commands.screen import counted, json_text, table
from service.cli.commands.servers import asked_wrongly, with_deps
from service.deps import Deps
from service.handlers.people.register import RegisterBody
from service.http.fields import convert
from service.settings import Settings
from service.values.named import named


def create(
    settings: Settings, *, username: str, email: str, role: str, provider_id: int | None
) -> int:
    """Make an account of any role."""
    password = new_password()

    async def work(deps: Deps) -> None:
        said = {"username": username, "email": email, "password": password}
        new = convert(said, RegisterBody)
        account.check_password(deps, "password", new.password)
        hashed = await deps.passwords.hash(new.password)
        if provider_id is not None:
            await known(deps, provider_id)
        created = await account.create(
            deps,
            new.username,
            named(account.Details, new),
            hashed,
            role=role,
            provider_id=provider_id or 0,
        )
        print(f"created {role} {created.username} with id {created.id}")

    return with_deps(settings, work)


def show(settings: Settings, *, role: str, disabled: bool, as_json: bool) -> int:
    """List accounts."""

    async def work(deps: Deps) -> None:
        found = await whole(
            lambda after: operator.list_page(
                deps, role=role, disabled=disabled, after_id=after, limit=PAGE
            )
        )
        print(listed_json(found) if as_json else listed(found))

    return with_deps(settings, work)


def listed(found: list[operator.Listed]) -> str:
    """Accounts as a table for 80 columns."""
    if not found:
        return "There is no such account."
    return table(
        ("id", "username", "role", "since", "state", "email"),
        (
            (
                one.id,
                one.username,
                f"{one.role} {one.provider_id}" if one.provider_id else one.role,
                f"{one.created_at:%Y-%m-%d}",
                "disabled" if one.disabled_at else "active",
                one.email,
            )
            for one in found
        ),
    )


def listed_json(found: list[operator.Listed]) -> str:
    """Accounts as a JSON array."""
    return json_text([one._asdict() | {"provider_id": one.provider_id or None} for one in found])


def change_role(settings: Settings, *, username: str, role: str, provider_id: int | None) -> int:
    """Give an account another role."""

    async def work(deps: Deps) -> None:
        if provider_id is not None:
            await known(deps, provider_id)
        ended = await operator.change_role(deps, username, role, provider_id or 0)
        print(f"{username} is {role} now; {logged_out(ended)}")

    return with_deps(settings, work)


def set_password(settings: Settings, *, username: str) -> int:
    """Set an account's password."""
    password = new_password()

    async def work(deps: Deps) -> None:
        ended = await operator.set_password(deps, username, password)
        print(f"{username} has a new password; {logged_out(ended)}")

    return with_deps(settings, work)


def rename(settings: Settings, *, username: str, new: str) -> int:
    """Give an account another username."""

    async def work(deps: Deps) -> None:
        ended = await operator.rename(deps, username, new)
        print(f"{username} is {new} now; {logged_out(ended)}")

    return with_deps(settings, work)


def disable(settings: Settings, *, username: str) -> int:
    """Lock an account out."""

    async def work(deps: Deps) -> None:
        ended = await operator.set_disabled(deps, username, True)
        print(f"{username} is disabled; {logged_out(ended)}")

    return with_deps(settings, work)


def enable(settings: Settings, *, username: str) -> int:
    """Let an account log in again."""

    async def work(deps: Deps) -> None:
        await operator.set_disabled(deps, username, False)
        print(f"{username} can log in again")

    return with_deps(settings, work)


def logged_out(ended: int) -> str:
    """How many sessions ended, in words."""
    return f"{counted(ended, 'token')} ended"


def new_password() -> str:
    """BOOKING_PASSWORD, or what is typed twice, or a line of standard input.

    Raises SystemExit with a sentence and code 2 when there is none or the two differ.
    """
    try:
        password = _given_password()
        password.encode()
    except UnicodeError:
        asked_wrongly("The password is not UTF-8.")
    if not password:
        asked_wrongly("There is no password: set BOOKING_PASSWORD, or type one.")
    return password


def _given_password() -> str:
    password = os.environ.get("BOOKING_PASSWORD", "")
    if not password and sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Once more: "):
            asked_wrongly("The two passwords differ.")
    elif not password:
        password = sys.stdin.readline().rstrip("\n")
    return password
