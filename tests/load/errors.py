"""What can keep a load test from running."""


class LoadError(Exception):
    """The run can't be made; the message is one sentence for a person."""
