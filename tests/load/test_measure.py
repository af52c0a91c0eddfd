"""How the generator behaves towards those it measures."""

import os
import sys

import pytest

from tests.load.measure import preempting_nobody

linux = pytest.mark.skipif(sys.platform != "linux", reason="sched(7) is Linux's")


@linux
def test_waking_up_takes_no_core_from_who_is_measured() -> None:
    usual = os.sched_getscheduler(0)
    with preempting_nobody():
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == usual


@linux
def test_a_run_that_fails_leaves_no_trace() -> None:
    usual = os.sched_getscheduler(0)
    with pytest.raises(ZeroDivisionError), preempting_nobody():
        raise ZeroDivisionError
    assert os.sched_getscheduler(0) == usual
