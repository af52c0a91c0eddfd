"""`run.py load --targets`: every promise about speed, measured and judged, part by part."""

from tests.load.targets.command import run

__all__ = ["run"]
