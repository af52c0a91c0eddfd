"""Signatures of Standard Webhooks 1.0, by secrets that are kept nowhere but made of one key."""

import base64
import functools
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from service.errors import Unavailable
from service.settings import Settings

PREFIX = "whsec_"
FILE = "webhook.key"  # in the data folder
BYTES = 32
NO_KEY = "There is no key to sign webhooks with: WEBHOOK_KEY is not set."


class Signer:
    """Makes the secret of each webhook, again whenever it is asked for: of the key, the webhook,
    and how often its secret has changed. All processes need the same key."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @functools.cached_property
    def _key(self) -> bytes:
        given = self._settings.webhook_key
        try:
            return given.encode() if given else kept_key(self._settings.data_dir / FILE)
        except OSError as error:
            raise Unavailable(NO_KEY) from error

    def check(self) -> None:
        """Raise Unavailable where there is no key, and none can be made."""
        _ = self._key

    def secret(self, webhook_id: int, generation: int) -> str:
        """What its owner verifies by. Raises Unavailable."""
        return PREFIX + base64.b64encode(self._secret(webhook_id, generation)).decode()

    def _secret(self, webhook_id: int, generation: int) -> bytes:
        name = f"webhook:{webhook_id}:{generation}"
        return hmac.digest(self._key, name.encode(), hashlib.sha256)

    def headers(
        self, webhook_id: int, generations: list[int], message_id: str, at: int, body: bytes
    ) -> dict[str, str]:
        """What is sent with a body: its id, when it is sent in seconds since 1970, and a signature
        by each of these generations of the secret."""
        signed = f"{message_id}.{at}.".encode() + body
        made = (hmac.digest(self._secret(webhook_id, one), signed, "sha256") for one in generations)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in made),
        }


def kept_key(path: Path) -> bytes:
    """The key in a file that only its owner reads, made where there is none: of two that make it at
    once, both have the same. Raises OSError."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(BYTES).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(mine, path)
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return path.read_bytes().strip()
