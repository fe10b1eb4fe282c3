"""Several sides of a claim are measured in turns."""

import statistics
import time
from collections.abc import Callable

Report = Callable[[str], None]


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
