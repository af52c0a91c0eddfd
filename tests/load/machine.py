"""What the figures depend on besides the code: the machine, the versions, the settings."""

import os
import platform
import statistics
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from service import __version__
from tests.load.target import Target, environment, load_settings, witness

# The settings that decide about speed.
TELLING = (
    "pool_size", "prepare", "lane_width", "lane_batch", "lane_queue", "bcrypt_rounds",
    "bcrypt_processes", "bcrypt_queue", "rate_limit", "access_log", "wire",
)  # fmt: skip
SHOWN = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
SYNCS = 20


def machine() -> dict[str, str]:
    """The machine and the Python that this runs on."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": memory(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in ("tornado", "aiopg", "redis")},
        "service": __version__,
    }


def processor() -> str:
    """The processor's own name, if it says one."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory() -> str:
    """The memory of the machine."""
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{size / 2**30:.0f} GiB"


def server_settings(target: Target, changes: Mapping[str, str]) -> dict[str, str]:
    """How the server under test is set: known for one of our own only."""
    if not target.own or target.settings is None:
        return {}
    told = load_settings(environment(target.settings, changes))
    return {name.upper(): shown(getattr(told, name)) for name in TELLING}


def shown(value: Any) -> str:
    """A setting as it is written."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def database_settings(target: Target) -> dict[str, str]:
    """What PostgreSQL says about itself and about durability."""
    if target.settings is None:
        return {}
    found = {}
    with witness(target.settings) as connection, connection.cursor() as cursor:
        for name in SHOWN:
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    return found


def sync_time(folder: Path) -> float:
    """The median microseconds that the disk takes to make 8 kB durable: what a commit costs."""
    path = folder / "sync"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.seek(0)
            file.write(bytes(8192))
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return statistics.median(times) * 1e6
