"""Backups: the database's rows in one file, which any later schema and PostgreSQL can load."""

from service.store.backup.archive import Archive, BackupError
from service.store.backup.dump import Dumped, dump
from service.store.backup.load import load

__all__ = ["Archive", "BackupError", "Dumped", "dump", "load"]
