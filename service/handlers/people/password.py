"""Passwords: a new one in a body, and the change of one's own."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from service.booking.people.account import check_password
from service.booking.people.attempt import at_login
from service.booking.people.password import change_password
from service.errors import InvalidFields
from service.http import fields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body
from service.openapi.answers import people as answers

NewPassword = Annotated[
    str,
    Meta(
        description="At least 8 characters, unless the server is set otherwise, and at most 72 "
        "bytes in UTF-8.",
        extra_json_schema={"format": "password", "maxLength": 72},
    ),
]


class PasswordBody(Body):
    current_password: str
    new_password: NewPassword


class NewPasswordHandler(ApiHandler):
    """One whose body has a new password, in the first of its fields that are `secrets`."""

    secrets: ClassVar[tuple[str, ...]]

    def read(self, kind: Any) -> Any:
        """The body; the rule for passwords, which is a setting, has its say beside its type."""
        value, wrong, new = fields.decode(bytes(self._chunks)), {}, self.secrets[0]
        if isinstance(value, dict) and isinstance(value.get(new), str):
            try:
                check_password(self.deps, new, value[new])
            except InvalidFields as error:
                wrong = error.errors
        try:
            body = self.convert(value, kind)
        except InvalidFields as error:
            raise InvalidFields(error.errors | wrong) from None
        if wrong:
            raise InvalidFields(wrong)
        return body

    def identity(self) -> bytes:
        """Without the secrets."""
        told = [one for one in self.body.__struct_fields__ if one not in self.secrets]
        return " ".join(str(getattr(self.body, one)) for one in told).encode()


class Password(NewPasswordHandler):
    lasting = False
    secrets = ("new_password", "current_password")

    @endpoint("changePassword", body=PasswordBody, answers=(200, answers.PasswordChanged))
    async def post(self) -> None:
        """Change the password; all other tokens of this account die."""
        attempt = await at_login(self.deps, self.actor.username, self.address)
        self.set_standing(attempt.standing)
        changed = await change_password(
            self.deps,
            self.actor,
            attempt,
            self.body.current_password,
            self.body.new_password,
            self.key,
        )
        self.give(200, changed)
