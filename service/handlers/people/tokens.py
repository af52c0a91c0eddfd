"""The tokens of an account."""

import re
from datetime import UTC, datetime

import msgspec

from service.booking.people.tokens import logout_elsewhere, logout_session, tokens
from service.errors import InvalidFields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Cursor, Limit
from service.openapi.answers import people as answers


class TokenQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Cursor = ""


class Tokens(ApiHandler):
    lasting = False

    @endpoint("listTokens", query=TokenQuery, answers=(200, list[answers.Token]))
    async def get(self) -> None:
        """The living tokens of this account, oldest first; never the tokens themselves."""
        query: TokenQuery = self.query
        after = _cursor(query.cursor)
        page = await tokens(self.deps, self.actor, after, query.limit)
        if page.next is not None:
            self.link_next("{}-{}".format(*page.next))
        living = [
            {
                "id": token.id,
                "created_at": datetime.fromtimestamp(token.created_at, UTC),
                "current": token.id == self.actor.token_id,
            }
            for token in page.body
        ]
        self.answer(200, living)

    @endpoint("logoutEverywhere", answers=(204,))
    async def delete(self) -> None:
        """Log out everywhere, here included."""
        await logout_elsewhere(self.deps, self.actor)
        self.answer(204, "")


class Token(ApiHandler):
    lasting = False

    @endpoint("logoutToken", answers=(204,))
    async def delete(self, token_id: int) -> None:
        """Log out one session of this account."""
        await logout_session(self.deps, self.actor, token_id)
        self.answer(204, "")


def _cursor(text: str) -> tuple[int, int]:
    """When the last token of the page before was made, and its id. Raises InvalidFields."""
    if not text:
        return (0, 0)
    match = re.fullmatch(r"([0-9]{1,12})-([0-9]{1,16})", text, re.ASCII)
    if match is None:
        raise InvalidFields({"cursor": ["Invalid cursor."]})
    return int(match[1]), int(match[2])
