"""Webhooks: keeping them, and their secrets."""

import json
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from service.booking.answer import NOTHING, Answer, Page
from service.booking.broad import in_turn
from service.booking.delivery import webhook
from service.booking.delivery.event import EventType
from service.deps import Deps
from service.errors import InvalidFields, LimitReached, NotActive, PreconditionFailed
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import INT64, Body, Cursor, Limit, Url
from service.openapi.answers.delivery import webhook as answers

TAG = "Webhooks", "URLs of staff that are told of what happens in their calendar."

ORDER = "Must not be before after."

Types = Annotated[list[EventType], Meta(max_length=50, description="Of these types; none: all.")]
Include = Annotated[
    list[Literal["appointment"]],
    Meta(
        max_length=1,
        description="`appointment`: each event of one has it as it is then, in `data.appointment`.",
    ),
]
Overlap = Annotated[int, Meta(ge=0, le=168, description="For how long the old secret signs, too.")]
EventId = Annotated[int, Meta(ge=0, le=INT64)]


class WebhookBody(Body):
    url: Url
    types: Types | None = msgspec.field(default_factory=list)
    include: Include | None = msgspec.field(default_factory=list)


class WebhookChanges(Body):
    """`"status": "disabled"` stops it; it is enabled by a call of its own."""

    url: Url | None = None
    types: Types | None = None
    include: Include | None = None
    status: Literal["disabled"] | None = None

    def given(self) -> dict[str, Any]:
        """What is to change."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return {name: value for name, value in found.items() if value is not None}


class RotateBody(Body):
    overlap_hours: Overlap | None = 24


class EnableBody(Body):
    """From where it was, or only what happens from now on."""

    from_where: Literal["cursor", "now"] | None = msgspec.field(default="cursor", name="from")


class ReplayBody(Body):
    """The events after one, up to another or the last; those that have failed, or all."""

    after: EventId
    until: EventId | None = INT64
    only_failed: bool | None = True


class WebhookQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Cursor = ""


class Webhooks(ApiHandler):
    @endpoint("listWebhooks", query=WebhookQuery, answers=(200, list[answers.Webhook]))
    async def get(self) -> None:
        """Your webhooks, by id."""
        page = await webhook.list_page(
            self.deps,
            self.actor,
            after_id=cursor.read(self.query.cursor, int),
            limit=self.query.limit,
        )
        self.give_page(Page(f"[{','.join(one.body for one in page.body)}]", page.next))

    @endpoint(
        "createWebhook",
        body=WebhookBody,
        answers=(201, answers.WebhookMade),
        raises=(LimitReached,),
        sends=("ETag", "Location"),
    )
    async def post(self) -> None:
        """Have what happens in your calendar from now on sent to a URL, signed by `secret`.

        Each event goes out until it is taken, for 75 hours, and of an appointment in order."""
        body: WebhookBody = self.body

        async def create(deps: Deps) -> Answer:
            return await webhook.create(
                deps, self.actor, body.url, body.types or [], body.include or []
            )

        made = await in_turn(self.deps, self.actor.account_id, self.key, create)
        self.set_header("Location", f"/api/webhooks/{json.loads(made.body)['id']}/")
        self.give(201, webhook.with_secret(self.deps, made))


class Webhook(ApiHandler):
    @endpoint("getWebhook", answers=(200, answers.Webhook))
    async def get(self, webhook_id: int) -> None:
        """One of your webhooks."""
        found, tag = await webhook.get(self.deps, self.actor, webhook_id)
        self.answer(200, found.body, etag=tag)

    @endpoint(
        "changeWebhook",
        body=WebhookChanges,
        answers=(200, answers.Webhook),
        raises=(PreconditionFailed,),
        sends=("ETag",),
    )
    async def patch(self, webhook_id: int) -> None:
        """Change a webhook, or stop it; lists as a whole."""
        changes: WebhookChanges = self.body
        version = await self.version(webhook_id)

        async def change(deps: Deps) -> Answer:
            return await webhook.change(deps, self.actor, webhook_id, changes.given(), version)

        await self.give_once(200, change)

    @endpoint("deleteWebhook", answers=(204,), raises=(PreconditionFailed,))
    async def delete(self, webhook_id: int) -> None:
        """Send nothing there any more, and forget what was sent."""
        version = await self.version(webhook_id)

        async def delete(deps: Deps) -> Answer:
            await webhook.delete(deps, self.actor, webhook_id, version)
            return NOTHING

        await self.give_once(204, delete)

    async def version(self, webhook_id: int) -> int:
        """The version that If-Match asks for; see if_match()."""

        async def current() -> int:
            found, _ = await webhook.get(self.deps, self.actor, webhook_id)
            return found.version

        return await self.if_match(current)


class Secret(ApiHandler):
    @endpoint("getWebhookSecret", answers=(200, answers.Secret))
    async def get(self, webhook_id: int) -> None:
        """What its signatures are verified by; until `old_until` the one before it signs, too."""
        self.give(200, await webhook.secret(self.deps, self.actor, webhook_id))


class Rotate(ApiHandler):
    @endpoint(
        "rotateWebhookSecret",
        body=RotateBody,
        needs_body=False,
        answers=(200, answers.Secret),
        sends=("ETag",),
    )
    async def post(self, webhook_id: int) -> None:
        """Sign with another secret, and for some hours with both."""
        hours = self.body.overlap_hours

        async def rotate(deps: Deps) -> Answer:
            return await webhook.rotate(deps, self.actor, webhook_id, hours)

        made = await in_turn(self.deps, self.actor.account_id, self.key, rotate)
        self.give(200, webhook.with_rotated(self.deps, webhook_id, made))


class Test(ApiHandler):
    @endpoint("testWebhook", answers=(202, answers.Tested), raises=(NotActive,))
    async def post(self, webhook_id: int) -> None:
        """Send something of type `webhook.test` there."""

        async def test(deps: Deps) -> Answer:
            return await webhook.test(deps, self.actor, webhook_id)

        await self.give_once(202, test)


class Enable(ApiHandler):
    @endpoint(
        "enableWebhook",
        body=EnableBody,
        needs_body=False,
        answers=(202, answers.Webhook),
        sends=("ETag",),
    )
    async def post(self, webhook_id: int) -> None:
        """Go on with a webhook from where it was, so that nothing is lost, or from now on. One that
        is in trouble is tried at once."""
        from_now = self.body.from_where == "now"

        async def enable(deps: Deps) -> Answer:
            return await webhook.enable(deps, self.actor, webhook_id, from_now=from_now)

        await self.give_once(202, enable)


class Replay(ApiHandler):
    @endpoint(
        "replayWebhook", body=ReplayBody, answers=(202, answers.Replayed), raises=(NotActive,)
    )
    async def post(self, webhook_id: int) -> None:
        """Send events again: those that have failed, or all. Their ids stay, so a receiver that has
        processed one will rightly ignore it. At most 10,000 events are looked at."""
        body: ReplayBody = self.body
        if body.until is not None and body.until < body.after:
            raise InvalidFields({"until": [ORDER]})

        async def replay(deps: Deps) -> Answer:
            return await webhook.replay(
                deps,
                self.actor,
                webhook_id,
                after_id=body.after,
                until_id=INT64 if body.until is None else body.until,
                only_failed=body.only_failed is not False,
            )

        await self.give_once(202, replay)
