"""The tokens of an account."""

from datetime import UTC, datetime

import msgspec

from service.booking.answer import Page
from service.booking.people import tokens as rules
from service.http import cursor
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
        after = cursor.read(query.cursor, rules.Cursor)
        page = await rules.tokens(self.deps, self.actor, after, query.limit)
        living = [
            {
                "id": token.id,
                "created_at": datetime.fromtimestamp(token.created_at, UTC),
                "current": token.id == self.actor.token_id,
            }
            for token in page.body
        ]
        self.give_page(Page(living, page.next))

    @endpoint("logoutEverywhere", answers=(204,))
    async def delete(self) -> None:
        """Log out everywhere, here included."""
        await rules.logout_elsewhere(self.deps, self.actor)
        self.answer(204, "")


class Token(ApiHandler):
    lasting = False

    @endpoint("logoutToken", answers=(204,))
    async def delete(self, token_id: int) -> None:
        """Log out one session of this account."""
        await rules.logout_session(self.deps, self.actor, token_id)
        self.answer(204, "")
