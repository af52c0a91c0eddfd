"""DATABASE_URL and REDIS_URL: what can't be read is a sentence that repeats nothing of it."""

import pytest

from service.settings import Settings, SettingsError
from service.store import addresses

SECRET = "geheim"
REDIS = [
    f"redis://:{SECRET}#word@127.0.0.1:1/0",
    f"redis://:12#{SECRET}@127.0.0.1/0",
    f"redis://:{SECRET}/word@127.0.0.1:1/0",
    f"redis://:12/{SECRET}@127.0.0.1",
    f"redis://:{SECRET}?word@127.0.0.1:1/0",
    f"redis://:{SECRET}%zz@127.0.0.1:1/0",
    f"redis://:{SECRET} word@127.0.0.1:1/0",
    f"redis://:{SECRET}@127.0.0.1:abc/0",
    f"redis://:{SECRET}@127.0.0.1:99999/0",
    f"redis://:{SECRET}@127.0.0.1:0/0",
    f"redis://:{SECRET}@127.0.0.1:1/zero",
    f"redis://:{SECRET}@127.0.0.1:1/0?nonsense=1",
    f"redis://:{SECRET}@127.0.0.1:1/0?socket_timeout={SECRET}",
    f"redis://:{SECRET}@",
    f"redis://:{SECRET}@[::1/0",
    "redis://",
    "redis:///0",
    "unix://",
    f"unix://{SECRET}.sock",
    "redis+cluster://",
    "redis+cluster://a,,b",
    f"redis+cluster://:{SECRET}@a:b",
    "redis+cluster://a/0",
    "redis+sentinel://",
    "redis+sentinel://a:1",
    f"redis+sentinel://:{SECRET}@a:b/service",
    f"redis+sentinel://a:1/service?password={SECRET}",
    f"redis+sentinel://a:1/service/{SECRET}",
    f"http://:{SECRET}@a",
]
POSTGRES = [
    f"postgresql://u:{SECRET}%zz@h/db",
    f"postgresql://u:{SECRET}/word@h/db",
    f"postgresql://u:word@{SECRET}@h/db",
    f"postgresql://u:{SECRET}@h:abc/db",
    f"postgresql://u:{SECRET}@h:0/db",
    f"postgresql://u:{SECRET}@h:99999999999/db",
    f"postgresql://u:{SECRET}@h h/db",
    f"postgresql://u:{SECRET}@[::1/db",
    f"postgresql://u:{SECRET}@h/db?nonsense={SECRET}",
    f"mysql://u:{SECRET}@h/db",
]


@pytest.mark.parametrize(
    ("name", "url"),
    [*(("redis_url", one) for one in REDIS), *(("database_url", one) for one in POSTGRES)],
)
def test_a_url_that_is_none_is_one_sentence_without_the_password(name: str, url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        addresses.check(Settings(**{name: url}))
    sentence = str(refused.value)
    assert sentence.startswith(f"{name.upper()} ")
    assert SECRET not in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1",
        "redis://:ge%23heim@127.0.0.1:6379/0",
        "redis://[::1]:6379/1",
        "rediss://h:6379/0?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1",
        "unix:///run/with%20space/redis.sock",
        "redis+sentinel://:p@10.0.0.1:26379,[::1]:26379/booking/0?sentinel_password=x",
        "redis+cluster://u:p@10.0.0.1,[::2]:6379",
    ],
)
def test_a_right_url_of_redis_is_taken(url: str) -> None:
    addresses.check(Settings(redis_url=url))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:geheim@h/db", "db at h:5432 as u"),
        ("postgresql://u:ge%23heim@[::1]:5433/db", "db at [::1]:5433 as u"),
        ("postgresql://u@10.0.0.1,10.0.0.2:6000/db", "db at 10.0.0.1:5432,10.0.0.2:6000 as u"),
        ("postgresql://u@/db?host=/run/pg&port=1", "db at /run/pg:1 as u"),
        ("", "embedded, /srv/data"),
    ],
)
def test_the_database_is_named_without_the_password(url: str, said: str) -> None:
    settings = Settings.load({"DATABASE_URL": url, "DATA_DIR": "/srv/data"})
    addresses.check(settings)
    assert addresses.database(settings) == said
