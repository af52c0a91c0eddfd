"""What a reader may have seen, from what is known of when each version was committed."""

from tests.prove.checker.timeline import NEVER, Timeline


def made(*bounds: tuple[float, float]) -> Timeline:
    line = Timeline()
    for n in range(len(bounds)):
        line.add(n, f"version {n + 1}")
    line.date([earliest for earliest, _ in bounds], [latest for _, latest in bounds])
    return line


def test_a_version_may_be_seen_from_its_request_until_the_next_ones_answer() -> None:
    line = made((1, 2), (5, 6))
    assert line.states_between(3, 4) == ["version 1"]
    assert line.states_between(3, 5.5) == ["version 1", "version 2"]
    assert line.states_between(5.5, 5.7) == ["version 1", "version 2"]
    assert line.states_between(6.5, 7) == ["version 2"]


def test_before_it_was_asked_for_there_is_nothing_to_see() -> None:
    line = made((1, 2))
    assert line.states_between(0.1, 0.5) == []
    assert not line.sure(1.5)
    assert line.sure(2.5)


def test_a_version_without_an_answer_is_sure_once_the_next_one_is() -> None:
    line = made((1, 2), (3, NEVER), (5, 6))
    assert line.states_between(7, 8) == ["version 3"]
    assert line.states_between(3.5, 4) == ["version 1", "version 2"]
