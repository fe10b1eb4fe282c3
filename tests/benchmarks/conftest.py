"""Benchmarks measure both sides of a claim in one run and print what they found."""

import statistics
import time
from collections.abc import Callable, Iterator

import pytest

from stitchnb.sandbox import Sandbox

Report = Callable[[str], None]


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Print a line however pytest was called."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return line


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace_s=0) as sandbox:
        yield sandbox


def best_of_each(*sides: Callable[[], object], rounds: int = 7) -> list[float]:
    """Measure several sides in turns, so that the machine's noise falls on all of them; seconds, the best of each."""
    measured: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for taken, side in zip(measured, sides, strict=True):
            begun = time.perf_counter()
            side()
            taken.append(time.perf_counter() - begun)
    return [min(taken) for taken in measured]


def median_of_each(*sides: Callable[[], float], rounds: int = 7) -> list[float]:
    """Call several sides in turns, each giving its own measure; the median of each."""
    measured: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for taken, side in zip(measured, sides, strict=True):
            taken.append(side())
    return [statistics.median(taken) for taken in measured]
