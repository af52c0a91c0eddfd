"""Every setting of the service in one frozen value; nothing else reads the environment."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

ROOT = Path(__file__).resolve().parents[1]
YES, NO = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
WIRES = ("llhttp", "tornado")
ORIGIN = re.compile(r"https?://[^/?#@,*\s]+")
SHOWN = 40  # characters of a wrong value
LARGEST = 2**31 - 1  # of a whole number: what PostgreSQL, Redis and the system can all hold
LONGEST = 1e6  # seconds, above eleven days; PostgreSQL's own timeouts end at 24
FORMER = {"BCRYPT_PROCESSES": "BCRYPT_THREADS"}  # old names, understood for one version more
T = TypeVar("T")


class SettingsError(Exception):
    """A setting can't be used; the message is one sentence for the person who set it."""


class Outdated(NamedTuple):
    """A former name of a setting that is still used: what is wrong, what to do."""

    said: str
    mend: str


class Entry(NamedTuple):
    """One line of the settings table in the help and in the README."""

    name: str
    env: str
    default: str
    help: str


def setting(
    default: T,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    shown: str | None = None,
    secret: bool = False,
    among: tuple[str, ...] = (),
    schemes: tuple[str, ...] = (),
) -> T:
    """Return a dataclass field that knows its help, its bounds and whether it is a secret."""
    metadata = {
        "help": help,
        "low": low,
        "high": high,
        "shown": shown,
        "schemes": schemes,
        "among": among,
    }
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the service is told from outside: checked when it is made, never changed after."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(8000, "port to listen on; 0 takes any free one", low=0, high=65535)
    data_dir: Path = setting(
        ROOT / ".data", "folder of the embedded servers", shown=".data beside run.py"
    )
    demo: bool = setting(True, "fill an empty embedded database with a small calendar")
    database_url: str = setting(
        "",
        "postgresql://...; empty starts the embedded PostgreSQL",
        secret=True,
        schemes=("postgresql://", "postgres://"),
    )
    unsafe_database: bool = setting(
        False, "serve from a database that may lose commits, or as a role that may do too much"
    )
    redis_url: str = setting(
        "",
        "redis://..., redis+sentinel:// or redis+cluster://; empty starts the embedded Redis",
        secret=True,
        schemes=("redis://", "rediss://", "unix://", "redis+sentinel://", "redis+cluster://"),
    )

    pool_size: int = setting(8, "PostgreSQL connections of one process", low=1, high=1000)
    prepare: bool = setting(True, "prepared statements on the server; off behind PgBouncer")
    connect_timeout: float = setting(2.0, "seconds to wait for a new connection", low=0.01)
    lock_timeout: float = setting(1.0, "seconds a statement waits for a row lock", low=0.001)
    statement_timeout: float = setting(2.0, "seconds a statement may run", low=0.001)
    request_deadline: float = setting(3.0, "seconds until a request is given up", low=0.001)
    redis_timeout: float = setting(0.25, "seconds to wait for Redis", low=0.001)

    lane_width: int = setting(2, "batches of one kind in flight at once", low=1, high=100)
    lane_batch: int = setting(64, "requests decided in one batch", low=1, high=1000)
    lane_queue: int = setting(4096, "requests that may wait for a batch; then 503", low=1)
    lock_ttl: float = setting(5.0, "seconds until a Redis lock ends by itself", low=0.001)

    bcrypt_rounds: int = setting(12, "bcrypt cost; 4 for tests", low=4, high=16)
    bcrypt_processes: int = setting(
        2, "passwords hashed at once, in a process each", low=1, high=64
    )
    bcrypt_queue: int = setting(64, "passwords that may wait; then 503", low=1)
    password_min: int = setting(8, "fewest characters of a password", low=1, high=72)
    token_ttl: int = setting(1209600, "seconds a token lives", low=1)
    token_sliding: bool = setting(True, "using a token renews its life")

    max_open_appointments: int = setting(
        0, "coming appointments one user may have; 0 is no limit", low=0
    )
    customer_overlap: str = setting(
        "allow",
        "two coming appointments of one user at one time: allow, or refuse",
        among=("allow", "refuse"),
    )
    hold_seconds: int = setting(
        600, "seconds for which a place may be held, unless its service says so", low=1, high=86_400
    )
    max_holds: int = setting(5, "places that one user may hold at a time", low=1)
    max_pending: int = setting(5, "appointments of one user that may wait for approval", low=1)
    max_waiting: int = setting(10, "lines that one user may stand in, for times of others", low=1)
    notice_minutes: int = setting(
        0,
        "minutes before its start until which an appointment may be moved or cancelled",
        low=0,
        high=5_256_000,  # ten years
    )

    require_if_match: bool = setting(
        False,
        "refuse changes of appointments, slots, providers that name no version in If-Match",
    )
    unknown_fields: str = setting(
        "refuse",
        "parameters and fields that there are none of: refuse, or ignore, for old clients",
        among=("refuse", "ignore"),
    )
    max_body: int = setting(1048576, "largest request body in bytes", low=1024)
    rate_limit: bool = setting(True, "limit requests, logins and registrations, as follows")
    user_limit: int = setting(600, "requests a minute of one user", low=1)
    writes_a_day: int = setting(
        2000, "changes a customer may ask for within any 24 hours; accounts and tokens apart", low=1
    )
    address_limit: int = setting(
        3000, "requests a minute from one address without a valid token", low=1
    )
    login_limit: int = setting(10, "logins a minute to one account from one address", low=1)
    login_address_limit: int = setting(100, "logins a minute from one address", low=1)
    login_account_limit: int = setting(
        100, "logins an hour to one account from all addresses it never logged in from", low=1
    )
    register_limit: int = setting(30, "registrations a minute from one address", low=1)
    wire: str = setting(
        "llhttp", "HTTP parser: llhttp, or tornado, which costs half as much again", among=WIRES
    )
    cors_origins: str = setting(
        "", "origins of web pages that may call, separated by spaces, or *; none if empty"
    )
    xheaders: bool = setting(
        False, "trust X-Real-IP, X-Forwarded-* or Forwarded of the proxy in front"
    )
    webhook_key: str = setting(
        "",
        "key that the secrets of webhooks are made of, the same for all processes; empty makes one "
        "in the data folder",
        secret=True,
    )
    webhook_private_addresses: bool = setting(
        False, "let webhooks and calendars of others lead to addresses that are not public"
    )
    access_log: bool = setting(False, "one line per request")
    slow_request: float = setting(
        1.0, "seconds from which a request is logged even without ACCESS_LOG", low=0.001
    )
    slow_query: float = setting(0.5, "seconds from which a query is logged", low=0.001)
    sentry_dsn: str = setting(
        "",
        "where Sentry takes errors; needs the package sentry-sdk",
        secret=True,
        schemes=("https://", "http://"),
    )
    otel_exporter_otlp_endpoint: str = setting(
        "",
        "where OpenTelemetry traces go; needs its packages, see deploy/README.md",
        schemes=("https://", "http://"),
    )
    notify_socket: str = setting(
        "", "where the service manager listens; systemd sets it", schemes=("/", "@")
    )
    watchdog_usec: int = setting(
        0,
        "microseconds without a sign of life until systemd, which sets it, kills",
        low=0,
        high=2**64,
    )
    ready_down_seconds: float = setting(
        2.0, "seconds at a stop for which all is still served while /readyz says 503", low=0
    )
    drain_seconds: float = setting(7.0, "seconds that requests in flight then get to finish", low=0)

    outdated: tuple[Outdated, ...] = ()  # no setting: what is wrong with how some were named

    @property
    def no_overlap(self) -> bool:
        """Whether nobody may have two open appointments at one time."""
        return self.customer_overlap == "refuse"

    def __post_init__(self) -> None:
        """Refuse values out of bounds and deadlines that don't nest."""
        for one in self.known():
            check(one.name, getattr(self, one.name), one.metadata)
        for origin in self.cors_origins.split():
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise SettingsError(
                    "CORS_ORIGINS must be origins without a path, such as "
                    f"https://app.example.org, separated by spaces; not {origin!r}."
                )
        if not self.lock_timeout < self.statement_timeout < self.request_deadline:
            raise SettingsError(
                "The timeouts must nest: LOCK_TIMEOUT below STATEMENT_TIMEOUT "
                "below REQUEST_DEADLINE."
            )
        if not self.lock_ttl > self.request_deadline:
            raise SettingsError(
                "LOCK_TTL must be above REQUEST_DEADLINE: a lock has to outlive "
                "the request that holds it."
            )

    @classmethod
    def load(cls, environ: Mapping[str, str], **flags: Any) -> Self:
        """Return the settings from flags (None: not given), then environ, then defaults."""
        values = {}
        for one in cls.known():
            given = flags.pop(one.name, None)
            if given is None:
                given = named(environ, one.name.upper())
            if given is not None:
                values[one.name] = read(one.name, one.type, given)
        if flags:
            raise TypeError(f"no such setting: {', '.join(sorted(flags))}")
        return cls(**values, outdated=tuple(outdated(environ)))

    @classmethod
    def known(cls) -> list[Field[Any]]:
        """Return the fields that are settings, in the order of this file."""
        return [one for one in fields(cls) if one.metadata]

    @classmethod
    def entries(cls) -> list[Entry]:
        """Return all settings in the order of this file, for help and README."""
        return [
            Entry(
                one.name,
                one.name.upper(),
                written(one.default, one.metadata["shown"]),
                one.metadata["help"],
            )
            for one in cls.known()
        ]


def named(environ: Mapping[str, str], env: str) -> str | None:
    """Return what a variable says, or else its former name; None where both are empty."""
    given = environ.get(env, "").strip() or environ.get(FORMER.get(env, ""), "").strip()
    return given or None


def outdated(environ: Mapping[str, str]) -> Iterator[Outdated]:
    """Yield the former names that are set."""
    for new, old in FORMER.items():
        if environ.get(old, "").strip():
            yield Outdated(
                f"{old} is called {new} now",
                "rename it: the next version does not know the old name",
            )


def read(name: str, kind: Any, given: Any) -> Any:
    """Return given as the setting's own type, or raise SettingsError."""
    if kind is bool and isinstance(given, str):
        if given.lower() not in YES + NO:
            raise SettingsError(f"{name.upper()} must be on or off, not {given!r}.")
        return given.lower() in YES
    if kind is str and not str(given).isprintable():  # half of a character that is not UTF-8, too
        raise SettingsError(f"{name.upper()} has a character in it that can't be printed.")
    try:
        return Path(given).expanduser().absolute() if kind is Path else kind(given)
    except RuntimeError:
        raise SettingsError(f"{name.upper()} begins with the home of nobody: {given!r}.") from None
    except (TypeError, ValueError):
        wanted = "a whole number" if kind is int else "a number"
        shown = given if len(given) <= SHOWN else f"{given[:SHOWN]}..."
        raise SettingsError(f"{name.upper()} must be {wanted}, not {shown!r}.") from None


def check(name: str, value: Any, rule: Mapping[str, Any]) -> None:
    """Raise SettingsError when the value breaks its rule; never repeats a secret."""
    env, low, high, schemes = name.upper(), rule["low"], rule["high"], rule["schemes"]
    if rule["among"] and value not in rule["among"]:
        raise SettingsError(f"{env} must be {' or '.join(rule['among'])}, not {value!r}.")
    if schemes and value and not value.startswith(schemes):
        raise SettingsError(f"{env} must begin with {' or '.join(schemes)}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{env} must be a finite number, not {value}.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    most = high if high is not None else LARGEST if isinstance(value, int) else LONGEST
    if low is not None and value < low:
        span = f"at least {low}" if high is None else f"from {low} to {high}"
        raise SettingsError(f"{env} must be {span}, not {value}.")
    if value > most:
        span = f"at most {most:.0f}" if high is None else f"from {low} to {high}"
        raise SettingsError(f"{env} must be {span}, not {value}.")


def written(default: Any, shown: str | None) -> str:
    """Return a default the way a person would set it."""
    if isinstance(default, bool):
        return "on" if default else "off"
    return shown or str(default)
