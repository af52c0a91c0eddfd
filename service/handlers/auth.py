"""Accounts and their tokens."""

from typing import Annotated

import msgspec
from msgspec import Meta

from service.booking import account
from service.errors import RateLimited, UsernameTaken, WrongCredentials
from service.handlers import answers
from service.handlers.base import EVERYONE, SIGNED_IN, ApiHandler, endpoint
from service.handlers.fields import Email, Username

NewPassword = Annotated[
    str,
    Meta(
        description="At least 8 characters, unless the server is set otherwise, and at most 72 "
        "bytes in UTF-8.",
        extra_json_schema={"format": "password", "maxLength": 72},
    ),
]


class RegisterBody(msgspec.Struct):
    username: Username
    email: Email
    password: NewPassword


class LoginBody(msgspec.Struct):
    username: str
    password: str


class PasswordBody(msgspec.Struct):
    current_password: str
    new_password: NewPassword


class Register(ApiHandler):
    @endpoint(
        EVERYONE,
        counted=False,
        body=RegisterBody,
        answers=(201, answers.Account),
        raises=(UsernameTaken, RateLimited),
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
        EVERYONE,
        counted=False,
        body=LoginBody,
        answers=(200, answers.Login),
        raises=(WrongCredentials, RateLimited),
    )
    async def post(self) -> None:
        """Exchange a username and a password for a token."""
        token, username = await account.login(
            self.deps, self.body.username, self.body.password, self.address, self.tell
        )
        self.answer(200, {"token": token, "username": username})


class Logout(ApiHandler):
    @endpoint(SIGNED_IN, answers=(200, answers.LoggedOut))
    async def post(self) -> None:
        """Delete the token of this request for good."""
        await account.logout(self.deps, self.actor)
        self.answer(200, {"message": "Logged out successfully"})


class Me(ApiHandler):
    @endpoint(SIGNED_IN, answers=(200, answers.Me))
    async def get(self) -> None:
        """Who the token belongs to."""
        self.answer(200, (await account.profile(self.deps, self.actor))._asdict())


class Tokens(ApiHandler):
    @endpoint(SIGNED_IN, answers=(200, list[answers.Token]))
    async def get(self) -> None:
        """The living tokens of this account, by id; never the tokens themselves."""
        tokens = await account.tokens(self.deps, self.actor)
        self.answer(200, tokens)

    @endpoint(SIGNED_IN, answers=(204,))
    async def delete(self) -> None:
        """Log out everywhere, here included."""
        await account.logout_elsewhere(self.deps, self.actor)
        self.answer(204, "")


class Token(ApiHandler):
    @endpoint(SIGNED_IN, answers=(204,))
    async def delete(self, token_id: int) -> None:
        """Log out one session of this account."""
        await account.logout_session(self.deps, self.actor, token_id)
        self.answer(204, "")


class Password(ApiHandler):
    @endpoint(SIGNED_IN, body=PasswordBody, answers=(200, answers.PasswordChanged))
    async def post(self) -> None:
        """Change the password; all other tokens of this account die."""
        await account.change_password(
            self.deps, self.actor, self.body.current_password, self.body.new_password, self.key
        )
        self.answer(200, {"message": "Password changed successfully"})

    def identity(self) -> bytes:
        """Without the passwords."""
        return b""


ROUTES = [
    (r"/api/register/?", Register),
    (r"/api/login/?", Login),
    (r"/api/logout/?", Logout),
    (r"/api/me/?", Me),
    (r"/api/tokens/?", Tokens),
    (r"/api/tokens/([0-9]+)/?", Token),
    (r"/api/password/?", Password),
]
