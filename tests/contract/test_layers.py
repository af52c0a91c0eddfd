"""Who may import whom. A module knows only what stands below it; each driver has its homes."""

import ast
import graphlib
import sys

from tests.contract.source import WEB, imports, modules, within

# From the top down. A module may import from lower lines, and from its own package.
LAYERS = [
    ["run"],
    ["service.cli"],
    ["service.cli.commands"],
    ["service.cli.arguments"],
    ["service.cli.diagnosis", "service.cli.env_file", "service.cli.values", "service.cli.welcome"],
    ["service.app"],
    ["service.process"],
    ["service.handlers", "service.workers"],
    ["service.openapi"],
    ["service.http"],
    ["service.booking"],
    ["service.deps"],
    ["service.access", "service.senders"],
    ["service.booking.actor"],  # a session is one
    ["service.booking.delivery.log"],  # what the bag of everything has of it
    ["service.lane"],
    ["service.store"],
    ["service.telemetry"],
    ["service.deadline", "service.settings"],
    ["service.values"],
    ["service.errors", "service"],
]
# What only these may import, the standard library and ours apart.
HOMES = {
    "aiopg": ["service.store"],
    "bcrypt": ["service.access"],
    "holidays": ["service.cli.commands.calendar.closure"],
    "httptools": ["service.http.wire", "service.senders.answer"],
    "icalendar": ["service.senders.busy"],
    "recurring_ical_events": ["service.senders.busy"],
    "x_wr_timezone": ["service.senders.busy"],
    "idna": ["service.values.mailbox", "service.values.url"],
    "msgspec": [
        "service.handlers", "service.openapi", "service.http", "service.access",
        "service.telemetry",
    ],
    "opentelemetry": ["service.telemetry.tracing"],
    "precis_i18n": ["service.values.names"],
    "prometheus_client": ["service.process.scrape", "service.telemetry.metrics"],
    "psycopg2": ["service.cli.commands", "service.store"],
    "shtab": ["service.cli.commands.completion"],
    "redis": ["service.deps", "service.access", "service.store"],
    "sentry_sdk": ["service.telemetry.tracing"],
    # The last three: sockets for it, how its server goes, its version.
    "tornado": [
        "service.http", "service.app", "service.process.drain", "service.telemetry.metrics",
    ],
}  # fmt: skip
# These know nothing but the standard library, our errors and each other: easy to test and trust.
PURE = [
    "service.errors", "service.settings", "service.cli.values", "service.booking.actor",
    "service.booking.status", "service.booking.calendar.schedule",
    "service.booking.calendar.hours.clock", "service.booking.calendar.hours.windows",
    "service.booking.delivery.ics",
    "service.http.wire.descriptors", "service.process.heap", "service.values.address",
]  # fmt: skip
# Who reads the environment, and what for.
ENVIRONMENT = {
    "run": "RUN_PY_MOVED, while there is no service yet",
    "service.cli.main": "hands it to Settings.load, after what --env-file adds to it",
    "service.cli.commands.people.user": "BOOKING_PASSWORD, which no flag or file should hold",
    "service.cli.commands.psql": "hands it to psql, with PGPASSWORD",
    "service.cli.commands.screen": "NO_COLOR and TERM, which are about the terminal",
}

READS = {"environ", "environb", "getenv", "getenvb", "expandvars"}
IMPORTS = [(module, target, line) for module in modules() for target, line in imports(module)]


def place(name: str) -> tuple[int, str]:
    """The line of a module, and its package there: the longest name that fits counts."""
    fitting = [
        (len(package), number, package)
        for number, packages in enumerate(LAYERS)
        for package in packages
        if within(name, package) and (package != "service" or name == "service")
    ]
    assert fitting, f"{name} is new: say in LAYERS where it belongs"
    return max(fitting)[1:]


def test_a_module_imports_only_what_is_below_it() -> None:
    upwards = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if within(target, "service") and place(target)[1] != place(module.name)[1]
        if place(target)[0] <= place(module.name)[0]
    ]
    assert upwards == []


def test_every_line_has_modules() -> None:
    found = {place(module.name)[1] for module in modules()}
    assert found == {package for packages in LAYERS for package in packages}


def test_nothing_imports_itself_in_a_circle() -> None:
    order = graphlib.TopologicalSorter(
        {one.name: {target for module, target, _ in IMPORTS if module is one} for one in modules()}
    )
    order.prepare()  # raises CycleError


def test_a_driver_is_imported_only_at_home() -> None:
    for module, target, line in IMPORTS:
        package = target.split(".")[0]
        if package in sys.stdlib_module_names or package == "service":
            continue
        assert package in HOMES, f"{module}:{line}: say in HOMES who may import {package}"
        assert any(within(module.name, one) for one in HOMES[package]), f"{module}:{line} {target}"


def test_every_driver_is_at_home_somewhere() -> None:
    used = {(target.split(".")[0], module.name) for module, target, _ in IMPORTS}
    for package, homes in HOMES.items():
        for one in homes:
            assert any(name == package and within(user, one) for name, user in used), (package, one)


def test_what_speaks_http_never_touches_storage() -> None:
    reached = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if any(within(module.name, one) for one in WEB)
        if within(target, "service.store") or within(target, "service.lane")
        if (module.name, target) != ("service.http.request_log", "service.lane")  # how long it took
    ]
    assert reached == []


def test_the_rules_know_no_driver() -> None:
    known = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if within(module.name, "service.booking") and target.split(".")[0] in HOMES
    ]
    assert known == []


def test_only_what_is_about_tokens_knows_the_store_of_tokens() -> None:
    users = {
        module.name
        for module, target, _ in IMPORTS
        if within(module.name, "service.booking") and target == "service.access.sessions"
    }
    about = ("login", "password", "tokens")
    assert users == {f"service.booking.people.{one}" for one in about}


def test_only_the_command_line_imports_the_composition_root() -> None:
    users = {module.name for module, target, _ in IMPORTS if target == "service.app"}
    assert {one for one in users if not within(one, "service.cli")} <= {"run"}


def test_what_is_pure_knows_only_the_standard_library() -> None:
    impure = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if module.name in PURE and target not in ("service.errors", *PURE)
        if target.split(".")[0] not in sys.stdlib_module_names
    ]
    assert impure == []


def test_nothing_but_the_settings_reads_the_environment() -> None:
    readers = {
        module.name: ast.unparse(module.tree)
        for module in modules()
        for node in ast.walk(module.tree)
        if getattr(node, "attr", None) in READS
        or (isinstance(node, ast.ImportFrom) and READS & {alias.name for alias in node.names})
    }
    assert readers.keys() <= ENVIRONMENT.keys()
    assert readers["service.cli.main"].count("os.environ") == 3
    assert readers["service.cli.main"].count("env_file.export(") == 2
    assert "Settings.load(os.environ, " in readers["service.cli.main"]
    assert readers["service.cli.commands.people.user"].count("os.environ") == 1
    assert "os.environ.get('BOOKING_PASSWORD', '')" in readers["service.cli.commands.people.user"]
