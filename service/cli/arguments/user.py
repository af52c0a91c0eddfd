"""The commands about accounts."""

from service.cli.arguments.command import Command, Parser, Values
from service.cli.arguments.server import json_argument

ROLES = ("customer", "provider", "admin")


def create_arguments(parser: Parser) -> None:
    """Add what user create takes."""
    parser.add_argument("--username", required=True, help="name to log in with")
    parser.add_argument("--email", required=True, help="address of the person")
    role_arguments(parser)


def role_arguments(parser: Parser) -> None:
    """Add a role and what belongs to it."""
    parser.add_argument("--role", required=True, choices=ROLES, help="what the account may do")
    parser.add_argument(
        "--provider",
        type=int,
        dest="provider_id",
        metavar="ID",
        help="whose calendar an account of the role provider keeps",
    )


def role_wrong(values: Values) -> str:
    """Return what is wrong with the provider of a role, or nothing."""
    if (values.role == "provider") != (values.provider_id is not None):
        return "--provider ID goes with --role provider, and only with it."
    return ""


def list_arguments(parser: Parser) -> None:
    """Add what user list takes."""
    parser.add_argument("--role", choices=ROLES, default="", help="only accounts of this role")
    parser.add_argument("--disabled", action="store_true", help="only accounts that are disabled")
    json_argument(parser)


def change_role_arguments(parser: Parser) -> None:
    """Add what user role takes."""
    one_arguments(parser)
    role_arguments(parser)


def rename_arguments(parser: Parser) -> None:
    """Add what user rename takes."""
    one_arguments(parser)
    parser.add_argument("new", metavar="NEW", help="the name it gets")


def one_arguments(parser: Parser) -> None:
    """Add what commands about one account take."""
    parser.add_argument("username", metavar="USERNAME", help="name of the account")


CREATE = Command(
    "user create",
    "make an account of any role",
    "Makes an account. Its password is taken from BOOKING_PASSWORD; without that you are asked "
    "for it, or it is read from standard input when that is no terminal.",
    (
        "--username ada --email ada@example.org --role admin",
        "--username okafor --email okafor@example.org --role provider --provider 1",
    ),
    "people.user.create",
    create_arguments,
    role_wrong,
)
LIST = Command(
    "user list",
    "show accounts",
    "Shows all accounts by id, or those of one role, or those that are disabled.",
    ("", "--role admin", "--disabled --json"),
    "people.user.show",
    list_arguments,
)
ROLE = Command(
    "user role",
    "change what an account may do",
    "Gives an account another role. Whoever is logged in with it has to log in again.",
    ("ada --role customer", "ada --role provider --provider 1"),
    "people.user.change_role",
    change_role_arguments,
    role_wrong,
)
PASSWORD = Command(
    "user password",
    "set an account's password",
    "Sets a new password, from BOOKING_PASSWORD or asked for as by `user create`. Whoever is "
    "logged in with the account has to log in again.",
    ("ada",),
    "people.user.set_password",
    one_arguments,
)
RENAME = Command(
    "user rename",
    "give an account another username",
    "Gives an account another username, for whoever asks for it, or where two accounts share one "
    "in two spellings, as `doctor` tells. Whoever is logged in with it has to log in again.",
    ("okafor c.okafor",),
    "people.user.rename",
    rename_arguments,
)
DISABLE = Command(
    "user disable",
    "lock an account out; its appointments stay",
    "Locks an account out: its tokens end at once, and logging in is answered as a wrong "
    "password is. Its appointments stay as they are. `user enable` undoes it.",
    ("ada",),
    "people.user.disable",
    one_arguments,
)
ENABLE = Command(
    "user enable",
    "let a disabled account log in again",
    "Lets an account that was disabled log in again, with the password it had.",
    ("ada",),
    "people.user.enable",
    one_arguments,
)
COMMANDS = (CREATE, LIST, ROLE, PASSWORD, RENAME, DISABLE, ENABLE)
