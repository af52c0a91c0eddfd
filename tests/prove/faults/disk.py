"""A full disk: the appointments live on a small one of their own, which can be made smaller."""

import asyncio
import os
from pathlib import Path

import psycopg2

from tests.prove.disk import ROOM, missing, mount
from tests.prove.faults.kind import NoEffect, Turn, fault
from tests.prove.faults.sessions import ask, told
from tests.prove.stage import Stage


def fill(disk: Path) -> int:
    """Leave no block free; the bytes that are there."""
    for _ in range(50):  # it may grow between our two looks at it
        found = os.statvfs(disk)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        try:
            mount(disk, f"remount,size={used}")
        except OSError:
            continue
        return used
    raise NoEffect("the disk grew faster than it could be filled")


def full(stage: Stage) -> str:
    """How PostgreSQL says that the disk is full. Raises NoEffect when it does not."""
    try:
        ask(
            stage,
            "BEGIN",
            "CREATE TABLE filler (words text) TABLESPACE small",
            "INSERT INTO filler SELECT repeat('x', 2000) FROM generate_series(1, 100)",
            "ROLLBACK",
        )
    except psycopg2.OperationalError as error:
        return str(error).splitlines()[0]
    raise NoEffect("the disk still had room")


@fault("disk-full", "no room for a table to grow", "postgres", (0.3, 0.9), missing=missing)
async def disk_full(turn: Turn) -> str:
    """Writes that need a new page fail; the rest goes on."""
    stage, disk = turn.stage, turn.stage.disk
    if disk is None:
        raise NoEffect("the tables have no disk of their own")
    try:
        used = await asyncio.to_thread(fill, disk)
        said = await asyncio.to_thread(full, stage)
        await turn.last()
    finally:
        await asyncio.to_thread(mount, disk, f"remount,size={ROOM}")
    await told(stage, "SELECT 1")
    return f"{used:,} bytes and no more: {said}"
