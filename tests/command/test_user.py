"""run.py user ..."""

import json
from typing import Any

import pytest

from tests.command.conftest import Booking


def _made(booking: Booking, name: str, more: str = "--role customer") -> None:
    said = booking(f"user create --username {name} --email {name}@example.org {more}")
    assert said.code == 0, said


def _account(rows: Any, name: str) -> tuple[Any, ...]:
    rows.execute(
        "SELECT role, provider_id, disabled_at IS NOT NULL FROM account WHERE username = %s", [name]
    )
    [found] = rows.fetchall()
    return tuple(found)


def test_create_makes_an_account_of_any_role(booking: Booking, rows: Any) -> None:
    _made(booking, "eve", "--role provider --provider 2")
    assert _account(rows, "eve") == ("provider", 2, False)
    again = booking("user create --username EVE --email e@example.org --role admin")
    assert (again.code, again.err) == (1, "A user with that username already exists.\n")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--username a!b --email a@example.org --role admin", 2, "username: Enter a valid value"),
        ("--username ab --email nowhere --role admin", 2, "email: Enter a valid value"),
        ("--username ab --email a@example.org --role provider", 2, "--provider ID goes with"),
        ("--username ab --email a@example.org --role admin --provider 1", 2, "--provider ID goes"),
        (
            "--username ab --email a@b.c --role provider --provider 99",
            1,
            "There is no provider 99.",
        ),
        ("--username ab --email a@b.c --role king", 2, "invalid choice: 'king'"),
    ],
)
def test_create_says_what_is_wrong(booking: Booking, line: str, code: int, said: str) -> None:
    refused = booking(f"user create {line}")
    assert (refused.code, refused.out) == (code, "")
    assert said in refused.err
    assert len(refused.err.splitlines()) == 1


def test_a_password_may_come_from_standard_input_but_never_be_missing(booking: Booking) -> None:
    line = "user create --username piped --email p@example.org --role customer"
    missing = booking(line, BOOKING_PASSWORD="")
    assert (missing.code, missing.err) == (
        2,
        "There is no password: set BOOKING_PASSWORD, or type one.\n",
    )
    short = booking(line, stdin="short\n", BOOKING_PASSWORD="")
    assert (short.code, short.err.startswith("password: ")) == (2, True)
    assert booking(line, stdin="correct horse\n", BOOKING_PASSWORD="").code == 0


def test_list_shows_accounts_and_their_state(booking: Booking) -> None:
    for name in ("lisa", "lars"):
        _made(booking, name)
    booking("user disable lars")
    shown = booking("user list").out
    assert shown.splitlines()[0].split() == ["id", "username", "role", "since", "state", "email"]
    assert max(len(line) for line in shown.splitlines()) < 80
    assert "lisa" in shown
    disabled = json.loads(booking("user list --disabled --role customer --json").out)
    assert "lars" in {one["username"] for one in disabled}
    assert all(one["disabled_at"] for one in disabled)
    assert "password" not in shown + str(disabled)
    assert booking("user list --disabled --role admin").out == "There is no such account.\n"


def test_role_disable_enable_and_password_change_the_account(booking: Booking, rows: Any) -> None:
    _made(booking, "rosa")
    assert booking("user role rosa --role provider --provider 1").code == 0
    assert _account(rows, "rosa") == ("provider", 1, False)
    assert booking("user role rosa --role admin").out == "rosa is admin now; 0 tokens ended\n"
    assert booking("user disable rosa").code == 0
    assert _account(rows, "rosa") == ("admin", None, True)
    assert booking("user enable rosa").code == 0
    assert _account(rows, "rosa") == ("admin", None, False)
    rows.execute("SELECT password_hash FROM account WHERE username = 'rosa'")
    before = rows.fetchone()
    assert booking("user password rosa", BOOKING_PASSWORD="another horse").code == 0
    rows.execute("SELECT password_hash FROM account WHERE username = 'rosa'")
    assert rows.fetchone() != before


@pytest.mark.parametrize("line", ["role x --role admin", "disable x", "enable x", "password x"])
def test_nobody_of_that_name_is_said(booking: Booking, line: str) -> None:
    refused = booking(f"user {line}")
    assert (refused.code, refused.out, refused.err) == (1, "", "There is no account x.\n")


def test_redis_that_does_not_answer_leaves_it_half_done_and_says_so(
    booking: Booking, rows: Any
) -> None:
    _made(booking, "half")
    said = booking("user disable half", REDIS_URL="redis://127.0.0.1:1")
    assert said.code == 1
    assert "Do it again." in said.err
    assert _account(rows, "half") == ("customer", None, True)


def test_rename_frees_the_old_name_and_logs_out(booking: Booking, rows: Any) -> None:
    _made(booking, "nadja")
    said = booking("user rename NADJA Na\u0434\u044f")
    assert (said.code, said.out) == (0, "NADJA is Na\u0434\u044f now; 0 tokens ended\n")
    assert _account(rows, "Na\u0434\u044f") == ("customer", None, False)
    _made(booking, "nadja")
    taken = booking("user rename nadja NA\u0434\u042f")
    assert (taken.code, taken.err) == (1, "A user with that username already exists.\n")
    wrong = booking("user rename nadja a!b")
    assert (wrong.code, wrong.err[:31]) == (2, "username: Enter a valid value: ")


def test_any_spelling_names_the_account(booking: Booking, rows: Any) -> None:
    _made(booking, "wide")
    assert booking("user role \uff37\uff29\uff24\uff25 --role admin").code == 0
    assert _account(rows, "wide") == ("admin", None, False)


def test_two_accounts_of_one_name_are_told_by_migrate_and_doctor(
    booking: Booking, rows: Any
) -> None:
    _made(booking, "twin")
    rows.execute(
        "INSERT INTO account (username, username_key, email, password_hash)"
        " VALUES (%s, NULL, 'e', '-')",
        ["\uff34win"],
    )
    for command in ("migrate", "doctor"):
        said = " ".join(booking(command).out.split())
        assert "\uff34win (account " in said
        assert "in another spelling" in said
        assert "run.py user rename \uff34win NEW" in said
    assert booking("user rename \uff34win twin2").code == 0
    assert "spelling" not in booking("migrate").out
