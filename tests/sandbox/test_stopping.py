"""What breaks off the work of a job that is asked to stop."""

from stitchnb.sandbox.pipeline import CancelToken


def test_stopping_calls_what_the_work_left_to_be_called() -> None:
    stop, called = CancelToken(), []

    with stop.on_set(lambda: called.append("a")), stop.on_set(lambda: called.append("b")):
        stop.set()

    assert called == ["a", "b"]
    assert stop.is_set()


def test_work_that_begins_after_the_stop_is_broken_off_at_once() -> None:
    stop, called = CancelToken(), []
    stop.set()

    with stop.on_set(lambda: called.append("a")):
        assert called == ["a"]


def test_work_that_has_ended_is_left_alone() -> None:
    stop, called = CancelToken(), []

    with stop.on_set(lambda: called.append("a")):
        pass
    stop.set()

    assert called == []
