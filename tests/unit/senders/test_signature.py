"""senders/signature.py: what Standard Webhooks' library takes; secrets are kept nowhere."""

import re
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from service.errors import Unavailable
from service.senders.signature import FILE, Signer, kept_key
from service.settings import ROOT, Settings

SIGNER = Signer(Settings(webhook_key="a key"))
BODY = b'{"type":"a"}'


def headers(*generations: int) -> dict[str, str]:
    return SIGNER.headers(7, list(generations), "evt_1", int(time.time()), BODY)


def documented() -> Any:
    """The function that docs/webhooks.md shows."""
    found: dict[str, Any] = {}
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/webhooks.md").read_text(), re.DOTALL)
    exec(code, found)
    return found["verified"]


def test_the_library_takes_what_we_sign() -> None:
    assert Webhook(SIGNER.secret(7, 1)).verify(BODY, headers(1)) == {"type": "a"}


@pytest.mark.parametrize("changed", [{"webhook-id": "evt_2"}, {"webhook-timestamp": "1"}, {}])
def test_nothing_that_was_changed_is_taken(changed: dict[str, str]) -> None:
    body = BODY if changed else BODY + b" "
    with pytest.raises(WebhookVerificationError):
        Webhook(SIGNER.secret(7, 1)).verify(body, headers(1) | changed)
    assert not documented()(SIGNER.secret(7, 1), headers(1) | changed, body)


def test_each_webhook_and_each_turn_has_a_secret_of_its_own() -> None:
    others = [(7, 2), (8, 1), (71, 1)]
    found = {SIGNER.secret(*one) for one in [(7, 1), *others]}
    assert len(found) == 4
    assert SIGNER.secret(7, 1) == Signer(Settings(webhook_key="a key")).secret(7, 1)
    assert SIGNER.secret(7, 1) != Signer(Settings(webhook_key="another")).secret(7, 1)


def test_after_a_rotation_both_secrets_verify() -> None:
    for generation in (1, 2):
        assert Webhook(SIGNER.secret(7, generation)).verify(BODY, headers(2, 1))
        assert documented()(SIGNER.secret(7, generation), headers(2, 1), BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SIGNER.secret(7, 3)).verify(BODY, headers(2, 1))


def test_where_no_key_can_be_made_nothing_is_promised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    signer = Signer(Settings(data_dir=tmp_path / "file"))
    with pytest.raises(Unavailable, match="WEBHOOK_KEY is not set"):
        signer.check()


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / FILE
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(kept_key, [path] * 32))
    assert len(keys) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [FILE]
    signer = Signer(Settings(data_dir=path.parent))
    assert signer.secret(1, 1) == Signer(Settings(webhook_key=keys.pop().decode())).secret(1, 1)
