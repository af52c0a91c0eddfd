"""Every kind of trouble that a proof makes."""

from tests.prove.faults.kind import FaultKind

KINDS: dict[str, FaultKind] = {}
