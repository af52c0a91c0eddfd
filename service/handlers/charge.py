"""To whose allowance a request is counted, before its body is parsed."""

from enum import Enum


class Charged(Enum):
    """What a route costs whom."""

    CALLER = "the user whose token it has, or else the address"
    PROBE = "the address, but apart from its other requests: who watches shall see to the end"
    NOBODY = "nobody: asking costs no more than refusing"
