"""Who may import whom. A module knows only what stands below it; each driver has its homes."""

import ast
import graphlib
import sys

from tests.contract.source import Module, imports, modules, within

# From the top down. A module may import from lower lines, and from its own package.
LAYERS = [
    ["run"],
    ["service.cli"],
    ["service.commands"],
    ["service.arguments"],
    ["service.cli_values", "service.env_file"],
    ["service.diagnosis"],
    ["service.app"],
    ["service.wire", "service.drain"],
    ["service.acceptor"],
    ["service.welcome", "service.figures", "service.pulse"],
    ["service.handlers", "service.workers"],
    ["service.watch"],
    ["service.booking"],
    ["service.deps"],
    ["service.sessions", "service.readiness"],
    ["service.locks", "service.passwords", "service.limits"],
    ["service.lane", "service.hashers", "service.hasher"],
    ["service.store"],
    ["service.systemd", "service.tracing", "service.logs", "service.metrics"],
    ["service.deadline", "service.settings"],
    ["service.mailbox"],
    ["service.names"],
    [
        "service.errors",
        "service.clock",
        "service.address",
        "service.descriptors",
        "service.heap",
        "service",
    ],
]
# What only these may import, the standard library and ours apart.
HOMES = {
    "aiopg": ["service.store"],
    "bcrypt": ["service.passwords", "service.hasher"],
    "httptools": ["service.wire"],
    "idna": ["service.mailbox"],
    "msgspec": ["service.handlers", "service.sessions", "service.watch", "service.logs"],
    "opentelemetry": ["service.tracing"],
    "precis_i18n": ["service.names"],
    "prometheus_client": ["service.metrics", "service.figures"],
    "psycopg2": ["service.store", "service.commands"],
    "shtab": ["service.commands.completion"],
    "redis": [
        "service.store", "service.sessions", "service.locks", "service.limits",
        "service.readiness", "service.deps",
    ],
    "sentry_sdk": ["service.tracing"],
    "tornado": [
        "service.app", "service.drain", "service.handlers", "service.watch", "service.metrics",
        "service.wire",
    ],
}  # fmt: skip
# These know nothing but the standard library and our errors: easy to test, easy to trust.
PURE = [
    "service.errors", "service.clock", "service.settings", "service.cli_values",
    "service.booking.status", "service.booking.schedule", "service.address", "service.descriptors",
    "service.heap",
]  # fmt: skip
# Who reads the environment, and what for.
ENVIRONMENT = {
    "run": "RUN_PY_MOVED, while there is no service yet",
    "service.cli": "hands it to Settings.load, after what --env-file adds to it",
    "service.commands.user": "BOOKING_PASSWORD, which no flag or file should hold",
    "service.commands.psql": "hands it to psql, with PGPASSWORD",
    "service.commands.screen": "NO_COLOR and TERM, which are about the terminal",
}

READS = {"environ", "environb", "getenv", "getenvb", "expandvars"}
IMPORTS = [(module, target, line) for module in modules() for target, line in imports(module)]


def layer(name: str) -> int:
    """The line of a module; the longest name that fits counts."""
    fitting = [
        (len(package), number)
        for number, packages in enumerate(LAYERS)
        for package in packages
        if within(name, package) and (package != "service" or name == "service")
    ]
    assert fitting, f"{name} is new: say in LAYERS where it belongs"
    return max(fitting)[1]


def home(module: Module) -> str:
    """The package of service/ that a module is in, or itself."""
    return ".".join(module.name.split(".")[:2])


def test_a_module_imports_only_what_is_below_it() -> None:
    upwards = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if within(target, "service") and not within(target, home(module))
        if layer(target) <= layer(module.name)
    ]
    assert upwards == []


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


def test_handlers_never_touch_storage() -> None:
    reached = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if within(module.name, "service.handlers")
        if within(target, "service.store") or within(target, "service.lane")
    ]
    assert reached == []


def test_the_rules_know_no_driver() -> None:
    known = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if within(module.name, "service.booking") and target.split(".")[0] in HOMES
    ]
    assert known == []


def test_only_the_command_line_imports_the_composition_root() -> None:
    users = {home(module) for module, target, _ in IMPORTS if target == "service.app"}
    assert users <= {"run", "service.cli", "service.commands"}


def test_what_is_pure_knows_only_the_standard_library() -> None:
    impure = [
        f"{module}:{line} imports {target}"
        for module, target, line in IMPORTS
        if module.name in PURE and target != "service.errors"
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
    assert readers["service.cli"].count("os.environ") == 3
    assert readers["service.cli"].count("env_file.export(") == 2
    assert "Settings.load(os.environ, " in readers["service.cli"]
    assert readers["service.commands.user"].count("os.environ") == 1
    assert "os.environ.get('BOOKING_PASSWORD', '')" in readers["service.commands.user"]
