"""When the rows of one stream appear and change: a pure function of seed and stream, walked as far as time has come."""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from stitchnb.sandbox.catalog.streams import StreamPlan
from stitchnb.sandbox.connectors.seeded.rng import draw, seed_of

_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(moment: datetime) -> int:
    """Unix time of an aware moment, the fraction cut off."""
    return math.floor((moment - _EPOCH).total_seconds())


def text_of(seconds: int) -> str:
    """RFC 3339 text in UTC, such as ``2026-01-01T00:00:00Z``."""
    day, rest = divmod(seconds, _DAY_S)
    minutes, second = divmod(rest, 60)
    return f"{_day_text(day)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def seconds_from(value: Any) -> int | None:
    """Unix time of a text, a fraction rounded up so that nothing earlier counts as later; None if it is no moment.

    A text without a zone is UTC.
    """
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return math.ceil((moment - _EPOCH).total_seconds())


@lru_cache(maxsize=8192)
def _day_text(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).strftime("%Y-%m-%d")


_NEVER = 1 << 62
_AT_START_EVERY_S = 60


class Moment(NamedTuple):
    """A row as it stands at some time.

    ``version`` counts its changes so far; ``is_last`` says that no more will come. Times are Unix seconds.
    """

    created: int
    updated: int
    version: int
    is_last: bool


class Timeline:
    """The lives of one stream's rows.

    Parameters
    ----------
    followed
        Timeline of the stream that the rows come with, where there is one.
    """

    def __init__(self, plan: StreamPlan, seed: int, followed: Timeline | None) -> None:
        self._rows = plan.rows
        self._changes = plan.changes
        self._seed = seed_of(seed, plan.name, "life")
        self._followed = followed
        self._created: list[int] = []
        self._period: list[int] = []
        self._count: list[int] = []
        self._lock = threading.Lock()

    def existing(self, at: int) -> int:
        """How many rows have appeared by then; only for rows that come with no other stream's."""
        self._walk_until(at)
        return bisect_right(self._created, at)

    def moment(self, index: int, at: int) -> Moment | None:
        """One row as it stands then, None before it appears."""
        self._walk_until(at)
        if index >= len(self._created) or self._created[index] > at:
            return None
        created, period, count = self._created[index], self._period[index], self._count[index]
        version = min((at - created) // period, count)
        return Moment(created, created + version * period, version, version == count)

    def rows(self, at: int) -> Iterator[tuple[int, int, int]]:
        """``(index, created, updated)`` of every row that exists then, in the order of the index."""
        self._walk_until(at)
        for index, (created, period, count) in enumerate(zip(self._created, self._period, self._count, strict=False)):
            if created <= at:
                yield index, created, created + min((at - created) // period, count) * period

    def _walk_until(self, at: int) -> None:
        if self._followed is not None:
            self._followed._walk_until(at)
        if not self._is_behind(at):
            return
        with self._lock:
            while self._is_behind(at):
                self._add(len(self._created))

    def _is_behind(self, at: int) -> bool:
        length = len(self._created)
        if self._followed is not None:
            return length < len(self._followed._created)
        return length < self._rows.most and (not length or self._created[-1] <= at)

    def _add(self, index: int) -> None:
        followed = self._followed
        if followed is not None and self._changes.with_followed:
            period, count = followed._period[index], followed._count[index]
        else:
            period = _between(draw(self._seed, 4 * index), self._changes.seconds)
            count = _between(draw(self._seed, 4 * index + 1), self._changes.count)
        # Readers in other threads look at `_created` first: it grows last.
        self._period.append(period)
        self._count.append(count)
        self._created.append(self._appears(index))

    def _appears(self, index: int) -> int:
        rows = self._rows
        jitter = draw(self._seed, 4 * index + 2)
        if self._followed is not None:
            # A draw of 20 bits of its own decides on the share.
            comes = draw(self._seed, 4 * index + 3) >> 44 < rows.share * (1 << 20)
            return self._followed._created[index] + jitter % (rows.within_s + 1) if comes else _NEVER
        if index < rows.at_start:
            return rows.start + index * _AT_START_EVERY_S
        return rows.start + (index - rows.at_start) * rows.every_s + jitter % rows.every_s


def _between(number: int, bounds: tuple[int, int]) -> int:
    least, most = bounds
    return least + number % (most - least + 1)
