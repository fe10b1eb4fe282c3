"""Looking at something in the background."""

import threading
from collections.abc import Callable

from stitchnb.errors import StitchError, TransportError
from stitchnb.widgets._watcher import Watcher


def watcher(look: Callable[[], bool], errors: list[StitchError] | None = None) -> Watcher:
    seen = errors if errors is not None else []
    return Watcher(look, poll_s=lambda: 0.001, on_error=seen.append)


def test_it_looks_until_it_is_over() -> None:
    looks = iter([False, False, True])
    watch = watcher(lambda: next(looks))
    watch.start()
    assert watch.join(10)
    assert list(looks) == []
    assert not watch.is_stopped


def test_nothing_more_is_looked_at_once_it_is_stopped() -> None:
    looks: list[bool] = []

    def look() -> bool:
        looks.append(watch.is_stopped)
        if len(looks) == 3:
            watch.stop()
        return False

    watch = watcher(look)
    watch.start()
    assert watch.join(10)
    assert looks == [False, False, False]
    assert watch.is_stopped


def test_it_can_be_waited_for_without_waiting_for_ever() -> None:
    go_on = threading.Event()
    watch = watcher(lambda: go_on.wait(10))
    watch.start()
    assert not watch.join(0.01)
    go_on.set()
    assert watch.join(10)


def test_what_goes_wrong_is_told_and_ends_it() -> None:
    errors: list[StitchError] = []

    def look() -> bool:
        raise TransportError("no answer")

    watch = watcher(look, errors)
    watch.start()
    assert watch.join(10)
    assert [str(error) for error in errors] == ["no answer"]


def test_what_goes_wrong_after_it_was_stopped_is_nobodys_concern() -> None:
    errors: list[StitchError] = []
    looking, stopped = threading.Event(), threading.Event()

    def look() -> bool:
        looking.set()
        stopped.wait(10)
        raise TransportError("the client was closed")

    watch = watcher(look, errors)
    watch.start()
    assert looking.wait(10)
    watch.stop()
    stopped.set()
    assert watch.join(10)
    assert errors == []
