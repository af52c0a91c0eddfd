"""The commands about webhooks."""

from service.cli.arguments.command import Command, Parser
from service.cli.arguments.server import json_argument


def webhook_argument(parser: Parser) -> None:
    """Add which webhook is meant."""
    parser.add_argument("webhook_id", type=int, metavar="ID", help="the webhook")


def replay_arguments(parser: Parser) -> None:
    """Add what webhook replay takes."""
    webhook_argument(parser)
    parser.add_argument(
        "--after",
        type=int,
        dest="after_id",
        required=True,
        metavar="EVENT",
        help="the event behind which to begin",
    )
    parser.add_argument(
        "--until", type=int, dest="until_id", metavar="EVENT", help="the last one (default: all)"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        dest="everything",
        help="also what was taken (default: only what has failed)",
    )


COMMANDS = (
    Command(
        "webhook list",
        "show all webhooks",
        "Shows the webhooks of all staff by id: where they lead, and whether they are well.",
        ("", "--json"),
        "delivery.webhook.show",
        json_argument,
    ),
    Command(
        "webhook test",
        "send something to a webhook",
        "Has the server that runs send an event of type webhook.test to a webhook.",
        ("7",),
        "delivery.webhook.test",
        webhook_argument,
    ),
    Command(
        "webhook replay",
        "send events to a webhook again",
        "Has the server that runs send what has failed again, or all. Ids stay: who has "
        "processed an event will ignore it.",
        ("7 --after 4000", "7 --after 4000 --until 5000 --all"),
        "delivery.webhook.replay",
        replay_arguments,
    ),
)
