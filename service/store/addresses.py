"""The addresses of both servers: refused in a sentence where they can't be read, and told.

No message ever repeats a piece of a URL: a password whose special characters are not written as
percent-codes ends up in any of them.
"""

import re
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extensions import parse_dsn
from redis.exceptions import RedisError

from service.settings import Settings, SettingsError
from service.store import redis
from service.store.redis import several

CODES = "with special characters as codes: %23 for #, %40 for @, %2F for /, %25 for %"
POSTGRES = f"postgresql://user:password@host:5432/database, {CODES}"
SOCKET = "unix:///path/of/socket?db=0"
LIKE = {
    several.SENTINELS: f"redis+sentinel://:password@host:26379,host:26379/service/0, {CODES}",
    several.CLUSTER: f"redis+cluster://:password@host:6379,host:6379, {CODES}",
    "unix://": SOCKET,
}
DEFAULT = "localhost"  # in words; libpq has its own idea, as PGHOST says
PORTS = range(1, 65536)
# What makes of a URL something else than its writer meant.
ODD = (
    ("#", "a # in it"),
    (r"\s", "a space in it"),
    ("%(?![0-9A-Fa-f]{2})", "a % that begins no code"),
)
REDIS = f"redis://:password@host:6379/0, {CODES}"


def check(settings: Settings) -> None:
    """Raise SettingsError, in a sentence without secrets, for an address that can't be read."""
    if wrong := _wrong_with_postgres(settings.database_url):
        raise SettingsError(f"DATABASE_URL {wrong}. It is written like {POSTGRES}.")
    if wrong := _wrong_with_redis(settings):
        scheme = settings.redis_url.partition("://")[0] + "://"
        raise SettingsError(f"REDIS_URL {wrong}. It is written like {LIKE.get(scheme, REDIS)}.")


def database(settings: Settings) -> str:
    """Which database these settings lead to, in words; check() has passed them."""
    if not settings.database_url:
        return f"embedded, {settings.data_dir}"
    given = parse_dsn(settings.database_url)
    hosts = (given.get("host") or given.get("hostaddr") or DEFAULT).split(",")
    ports = given.get("port", "5432").split(",")
    ports *= len(hosts) if len(ports) == 1 else 1
    places = ",".join(_place(*one) for one in zip(hosts, ports, strict=False))
    role = given.get("user", "the user of this process")
    return f"{given.get('dbname') or role} at {places} as {role}"


def _place(host: str, port: str) -> str:
    return f"[{host}]:{port or 5432}" if ":" in host else f"{host}:{port or 5432}"


def _wrong_with_postgres(url: str) -> str:
    if not url:
        return ""
    try:
        given = parse_dsn(url)
    except psycopg2.Error:
        return "can't be read"
    ports = given.get("port", "").split(",")
    if not all(re.fullmatch(r"|\d{1,5}", port) and int(port or 1) in PORTS for port in ports):
        return "has a port that is no number from 1 to 65535"
    return _wrong_with_hosts(given.get("host", DEFAULT).split(","))


def _wrong_with_redis(settings: Settings) -> str:
    url = settings.redis_url
    if not url:
        return ""
    if odd := next((what for pattern, what in ODD if re.search(pattern, url)), ""):
        return f"has {odd}"
    try:
        wrong = _wrong_with_hosts(_redis_hosts(url))
        if not wrong:
            redis.check(settings)
    except (ValueError, TypeError, RedisError):
        return "can't be read, or has an option that is none"
    return wrong


def _redis_hosts(url: str) -> list[str]:
    """The hosts that a URL names, "" where one is missing. Raises ValueError."""
    if url.startswith(several.SCHEMES):
        return [host for host, _ in several.read(url).hosts]
    parts = urlsplit(url)
    if parts.port is not None and parts.port not in PORTS:  # reading it raises ValueError, too
        raise ValueError("no port")
    if url.startswith("unix://"):
        return ["" if parts.hostname else parts.path]
    if not re.fullmatch(r"/?|/\d{1,9}", parts.path):
        raise ValueError("no number of a database")
    return [parts.hostname or ""]


def _wrong_with_hosts(hosts: list[str]) -> str:
    if any(not host.startswith("/") and re.search(r"[\s@/]", host) for host in hosts):
        return "has a host that can't be the name of one"
    return "" if all(hosts) else "names no host"
