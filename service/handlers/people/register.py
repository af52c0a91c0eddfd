"""Registering."""

from service.booking.people.account import Details
from service.booking.people.attempt import at_register
from service.booking.people.register import register
from service.errors import UsernameTaken
from service.handlers.people.password import NewPassword, NewPasswordHandler
from service.http.base import endpoint
from service.http.fields import Body, Email, Username
from service.openapi.answers import people as answers
from service.values.named import named


class RegisterBody(Body):
    username: Username
    email: Email
    password: NewPassword


class Register(NewPasswordHandler):
    secrets = ("password",)

    @endpoint(
        "register",
        action="register",
        body=RegisterBody,
        answers=(201, answers.Account),
        raises=(UsernameTaken,),
    )
    async def post(self) -> None:
        """Create a customer's account."""
        new: RegisterBody = self.body
        attempt = await at_register(self.deps, new.username, self.address)
        self.set_standing(attempt.standing)
        details = named(Details, new)
        self.give(201, await register(self.deps, attempt, details, new.password, self.key))
