"""Registering."""

from service.booking.people.attempt import at_register
from service.booking.people.register import register
from service.errors import UsernameTaken
from service.handlers.people.password import NewPassword, NewPasswordHandler
from service.http.base import endpoint
from service.http.fields import Body, Email, Username
from service.openapi.answers import people as answers


class RegisterBody(Body):
    username: Username
    email: Email
    password: NewPassword


class Register(NewPasswordHandler):
    secret = "password"

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
        registered = await register(self.deps, attempt, new.email, new.password, self.key)
        self.give(201, registered)

    def identity(self) -> bytes:
        """Without the password."""
        return f"{self.body.username} {self.body.email}".encode()
