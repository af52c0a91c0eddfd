"""Accounts and their tokens."""

import re
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from service.booking.people import account
from service.errors import InvalidFields, UsernameTaken, WrongCredentials
from service.http import fields
from service.http.base import ApiHandler, endpoint
from service.http.declaration import EVERYONE, SIGNED_IN
from service.http.fields import Body, Cursor, Email, Limit, Username
from service.openapi.answers import people as answers

NewPassword = Annotated[
    str,
    Meta(
        description="At least 8 characters, unless the server is set otherwise, and at most 72 "
        "bytes in UTF-8.",
        extra_json_schema={"format": "password", "maxLength": 72},
    ),
]


class RegisterBody(Body):
    username: Username
    email: Email
    password: NewPassword


class LoginBody(Body):
    username: str
    password: str


class PasswordBody(Body):
    current_password: str
    new_password: NewPassword


class TokenQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Cursor = ""


class NewPasswordHandler(ApiHandler):
    """One whose body has a new password, in the field `secret`."""

    secret: ClassVar[str]

    def read(self, kind: Any) -> Any:
        """The body; the rule for passwords, which is a setting, has its say beside its type."""
        value, wrong = fields.decode(bytes(self._chunks)), {}
        if isinstance(value, dict) and isinstance(value.get(self.secret), str):
            try:
                account.check_password(self.deps, self.secret, value[self.secret])
            except InvalidFields as error:
                wrong = error.errors
        try:
            body = self.convert(value, kind)
        except InvalidFields as error:
            raise InvalidFields(error.errors | wrong) from None
        if wrong:
            raise InvalidFields(wrong)
        return body


class Register(NewPasswordHandler):
    secret = "password"

    @endpoint(
        "register",
        EVERYONE,
        body=RegisterBody,
        answers=(201, answers.Account),
        raises=(UsernameTaken,),
    )
    async def post(self) -> None:
        """Create a customer's account."""
        new: RegisterBody = self.body
        registered = await account.register(
            self.deps,
            new.username,
            new.email,
            new.password,
            self.address,
            self.key,
            self.tell,
        )
        self.give(201, registered)

    def identity(self) -> bytes:
        """Without the password."""
        return f"{self.body.username} {self.body.email}".encode()


class Login(ApiHandler):
    @endpoint(
        "login",
        EVERYONE,
        body=LoginBody,
        answers=(200, answers.Login),
        raises=(WrongCredentials,),
    )
    async def post(self) -> None:
        """Exchange a username and a password for a token."""
        token, username = await account.login(
            self.deps, self.body.username, self.body.password, self.address, self.tell
        )
        self.answer(200, {"token": token, "username": username})


class Logout(ApiHandler):
    lasting = False

    @endpoint("logout", SIGNED_IN, answers=(200, answers.LoggedOut))
    async def post(self) -> None:
        """Delete the token of this request for good."""
        await account.logout(self.deps, self.actor)
        self.answer(200, {"message": "Logged out successfully"})


class Me(ApiHandler):
    @endpoint("getMe", SIGNED_IN, answers=(200, answers.Me))
    async def get(self) -> None:
        """Who the token belongs to."""
        self.answer(200, (await account.profile(self.deps, self.actor))._asdict())


class Tokens(ApiHandler):
    lasting = False

    @endpoint("listTokens", SIGNED_IN, query=TokenQuery, answers=(200, list[answers.Token]))
    async def get(self) -> None:
        """The living tokens of this account, oldest first; never the tokens themselves."""
        query: TokenQuery = self.query
        after = _cursor(query.cursor)
        tokens, last = await account.tokens(self.deps, self.actor, after, query.limit)
        if last is not None:
            self.link_next(f"{last.created_at}-{last.id}")
        self.answer(200, tokens)

    @endpoint("logoutEverywhere", SIGNED_IN, answers=(204,))
    async def delete(self) -> None:
        """Log out everywhere, here included."""
        await account.logout_elsewhere(self.deps, self.actor)
        self.answer(204, "")


class Token(ApiHandler):
    lasting = False

    @endpoint("logoutToken", SIGNED_IN, answers=(204,))
    async def delete(self, token_id: int) -> None:
        """Log out one session of this account."""
        await account.logout_session(self.deps, self.actor, token_id)
        self.answer(204, "")


class Password(NewPasswordHandler):
    lasting = False
    secret = "new_password"

    @endpoint(
        "changePassword", SIGNED_IN, body=PasswordBody, answers=(200, answers.PasswordChanged)
    )
    async def post(self) -> None:
        """Change the password; all other tokens of this account die."""
        changed = await account.change_password(
            self.deps,
            self.actor,
            self.body.current_password,
            self.body.new_password,
            self.address,
            self.key,
            self.tell,
        )
        self.give(200, changed)

    def identity(self) -> bytes:
        """Without the passwords."""
        return b""


def _cursor(text: str) -> tuple[int, int]:
    """When the last token of the page before was made, and its id. Raises InvalidFields."""
    if not text:
        return (0, 0)
    match = re.fullmatch(r"([0-9]{1,12})-([0-9]{1,16})", text, re.ASCII)
    if match is None:
        raise InvalidFields({"cursor": ["Invalid cursor."]})
    return int(match[1]), int(match[2])


ROUTES = [
    (r"/api/register/?", Register),
    (r"/api/login/?", Login),
    (r"/api/logout/?", Logout),
    (r"/api/me/?", Me),
    (r"/api/tokens/?", Tokens),
    (r"/api/tokens/([0-9]+)/?", Token),
    (r"/api/password/?", Password),
]
