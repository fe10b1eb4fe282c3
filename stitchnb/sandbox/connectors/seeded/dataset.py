"""The rows of a source's streams: when they appear and change, and how they refer to each other.

All of it is a pure function of seed, stream and time.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import zip_longest
from typing import Any, NamedTuple

from stitchnb.sandbox.catalog.streams import StreamPlan, stream_plans
from stitchnb.sandbox.catalog.tables import CatalogError

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15
_MULTIPLIER_1 = 0xBF58476D1CE4E5B9
_MULTIPLIER_2 = 0x94D049BB133111EB


def derive_seed(*names: object) -> int:
    """Derive a seed of 64 bits from names."""
    text = "\x1f".join(map(str, names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def draw(seed: int, number: int = 0) -> int:
    """Draw the ``number``-th value of 64 bits of one seed."""
    x = (seed + number * _STEP) & _MASK
    x = ((x ^ (x >> 30)) * _MULTIPLIER_1) & _MASK
    x = ((x ^ (x >> 27)) * _MULTIPLIER_2) & _MASK
    return x ^ (x >> 31)


def digits(pattern: str, number: int) -> str:
    """Replace each ``#`` of a pattern by a digit of a drawn number."""
    count = pattern.count("#")
    if "#" * count in pattern:
        return pattern.replace("#" * count, f"{number % 10**count:0{count}d}") if count else pattern
    pieces = pattern.split("#")
    return "".join(a + b for a, b in zip_longest(pieces, f"{number % 10**count:0{count}d}", fillvalue=""))


_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_unix(moment: datetime) -> int:
    """Convert an aware time to Unix seconds, rounded down."""
    return math.floor((moment - _EPOCH).total_seconds())


def to_rfc3339(seconds: int) -> str:
    """Convert Unix seconds to text in UTC, such as ``2026-01-01T00:00:00Z``."""
    day, rest = divmod(seconds, _DAY_S)
    minutes, second = divmod(rest, 60)
    return f"{_day_text(day)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def parse_unix(value: Any) -> int | None:
    """Parse text to Unix seconds, rounded up so that no earlier time is included. None if it is not a time.

    Text without a zone is UTC.
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


class RowState(NamedTuple):
    """The state of a row at some time.

    ``version`` counts its changes so far. After ``is_last`` there are no more. Times are Unix seconds.
    """

    created: int
    updated: int
    version: int
    is_last: bool


class Timeline:
    """When the rows of one stream appear and change.

    Parameters
    ----------
    followed
        Timeline of the stream whose rows these rows follow, if any.
    """

    def __init__(self, plan: StreamPlan, seed: int, followed: Timeline | None) -> None:
        self._rows = plan.rows
        self._changes = plan.changes
        self._seed = derive_seed(seed, plan.name, "life")
        self._followed = followed
        self._created: list[int] = []
        self._period: list[int] = []
        self._count: list[int] = []
        self._lock = threading.Lock()

    def existing(self, at: int) -> int:
        """Return how many rows have appeared by then. Only for streams that do not follow another."""
        self._extend_until(at)
        return bisect_right(self._created, at)

    def state_at(self, index: int, at: int) -> RowState | None:
        """Return the state of a row at that time, None before it appears."""
        self._extend_until(at)
        if index >= len(self._created) or self._created[index] > at:
            return None
        created, period, count = self._created[index], self._period[index], self._count[index]
        version = min((at - created) // period, count)
        return RowState(created, created + version * period, version, version == count)

    def rows(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Yield ``(index, created, updated)`` of each row that exists at that time, in the order of the index."""
        self._extend_until(at)
        for index, (created, period, count) in enumerate(zip(self._created, self._period, self._count, strict=False)):
            if created <= at:
                yield index, created, created + min((at - created) // period, count) * period

    def _extend_until(self, at: int) -> None:
        if self._followed is not None:
            self._followed._extend_until(at)
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
        # Other threads read `_created` first, so it grows last.
        self._period.append(period)
        self._count.append(count)
        self._created.append(self._appears(index))

    def _appears(self, index: int) -> int:
        rows = self._rows
        jitter = draw(self._seed, 4 * index + 2)
        if self._followed is not None:
            # A separate draw of 20 bits decides whether the row appears.
            comes = draw(self._seed, 4 * index + 3) >> 44 < rows.share * (1 << 20)
            return self._followed._created[index] + jitter % (rows.within_s + 1) if comes else _NEVER
        if index < rows.at_start:
            return rows.start + index * _AT_START_EVERY_S
        return rows.start + (index - rows.at_start) * rows.every_s + jitter % rows.every_s


def _between(number: int, bounds: tuple[int, int]) -> int:
    least, most = bounds
    return least + number % (most - least + 1)


class Row:
    """One row at some time, from which its values are made.

    Attributes
    ----------
    number
        64 drawn bits.
    index, position
        Its position in the stream, and its position in a list within a row. 0 for the row itself.
    made
        Values that have been made, for fields that depend on them.
    """

    __slots__ = (
        "_of",
        "_parents",
        "_person",
        "created",
        "dataset",
        "index",
        "is_last",
        "made",
        "number",
        "plan",
        "position",
        "updated",
        "version",
    )

    def __init__(self, dataset: Dataset, plan: StreamPlan, index: int, number: int, moment: RowState) -> None:
        self.dataset = dataset
        self.plan = plan
        self.index = index
        self.number = number
        self.created, self.updated, self.version, self.is_last = moment
        self.position = 0
        # None instead of itself: a reference cycle for each row would wait for the garbage collector.
        self._of: Row | None = None
        self.made: dict[str, Any] = {}
        self._parents: dict[str, Row | None] = {}
        self._person: Row | None = None

    def element(self, position: int) -> Row:
        """Make one element of a list within this row."""
        moment = RowState(self.created, self.updated, self.version, self.is_last)
        part = Row(self.dataset, self.plan, self.index, draw(self.number, position + 1), moment)
        part.position = position
        part._of = self.root
        return part

    @property
    def root(self) -> Row:
        """The row that this element is part of, or the row itself."""
        return self if self._of is None else self._of

    def parent(self, name: str) -> Row | None:
        """Return a parent by its name in the stream's ``parents``, as of the last change of this row.

        None if it had not appeared by then.
        """
        parents = self.root._parents
        if name not in parents:
            parents[name] = self.dataset.parent(self.root, name)
        return parents[name]

    @property
    def person(self) -> Row:
        """The row that has the name and address for this one."""
        root, name = self.root, self.plan.person
        if name is None:
            return root
        if root._person is None:
            parent = root.parent(name)
            if parent is None:
                return root
            root._person = parent.person
        return root._person


class Dataset:
    """All rows of a source type for one seed."""

    def __init__(self, source_type: str, seed: int) -> None:
        self.plans = {plan.name: plan for plan in stream_plans(source_type)}
        self._seeds = {name: derive_seed(seed, source_type, name) for name in self.plans}
        self._salts = {name: derive_seed("parent", name) for plan in self.plans.values() for name in plan.parents}
        self._timelines: dict[str, Timeline] = {}
        for name in self.plans:
            self.timeline(name)

    def timeline(self, stream: str) -> Timeline:
        """Return the timeline of one stream."""
        if stream not in self._timelines:
            plan = self.plans[stream]
            followed = self.timeline(plan.rows.follows) if plan.rows.follows else None
            self._timelines[stream] = Timeline(plan, self._seeds[stream], followed)
        return self._timelines[stream]

    def row(self, stream: str, index: int, at: int) -> Row | None:
        """Return one row at a time in Unix seconds, None before it appears."""
        moment = self._timelines[stream].state_at(index, at)
        if moment is None:
            return None
        return Row(self, self.plans[stream], index, draw(self._seeds[stream], index), moment)

    def parent(self, row: Row, name: str) -> Row | None:
        """Return a row's parent. See `Row.parent`."""
        plan = row.plan.parents[name]
        if plan.through is not None:
            between = row.parent(plan.through)
            return None if between is None else between.parent(plan.name)
        if plan.same:
            return self.row(plan.name, row.index, row.updated)
        existing = self._timelines[plan.name].existing(row.created)
        return self.row(plan.name, draw(row.number ^ self._salts[name]) % existing, row.updated) if existing else None

    def stream_of_parent(self, stream: str, name: str) -> str:
        """Return the name of the stream that a parent belongs to."""
        parents = self.plans[stream].parents
        if name not in parents:
            raise CatalogError(f"{stream} has no parent {name!r}. It has {', '.join(parents) or 'none'}.")
        plan = parents[name]
        if plan.through is not None:
            return self.stream_of_parent(self.stream_of_parent(stream, plan.through), plan.name)
        return plan.name


@lru_cache(maxsize=64)
def dataset_of(source_type: str, seed: int) -> Dataset:
    """Return the shared dataset of one source type and seed. Raises `KeyError` if there is no such type."""
    return Dataset(source_type, seed)
