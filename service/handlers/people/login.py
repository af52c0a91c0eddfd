"""Logging in and out, and who is logged in."""

from service.booking.people.account import profile
from service.booking.people.attempt import at_login
from service.booking.people.login import login, logout
from service.errors import WrongCredentials
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body
from service.openapi.answers import people as answers


class LoginBody(Body):
    username: str
    password: str


class Login(ApiHandler):
    @endpoint(
        "login",
        action="login",
        body=LoginBody,
        answers=(200, answers.Login),
        raises=(WrongCredentials,),
    )
    async def post(self) -> None:
        """Exchange a username and a password for a token."""
        attempt = await at_login(self.deps, self.body.username, self.address)
        self.set_standing(attempt.standing)
        token, username = await login(self.deps, attempt, self.body.password)
        self.answer(200, {"token": token, "username": username})


class Logout(ApiHandler):
    lasting = False

    @endpoint("logout", answers=(200, answers.LoggedOut))
    async def post(self) -> None:
        """Delete the token of this request for good."""
        await logout(self.deps, self.actor)
        self.answer(200, {"message": "Logged out successfully"})


class Me(ApiHandler):
    @endpoint("getMe", answers=(200, answers.Me))
    async def get(self) -> None:
        """Who the token belongs to."""
        self.answer(200, (await profile(self.deps, self.actor))._asdict())
