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
    """Make a seed of 64 bits from names."""
    text = "\x1f".join(map(str, names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def draw(seed: int, number: int = 0) -> int:
    """Draw the ``number``-th value of 64 bits of one seed."""
    x = (seed + number * _STEP) & _MASK
    x = ((x ^ (x >> 30)) * _MULTIPLIER_1) & _MASK
    x = ((x ^ (x >> 27)) * _MULTIPLIER_2) & _MASK
    return x ^ (x >> 31)


def digits(pattern: str, number: int) -> str:
    """Put the digits of a drawn number where ``#`` stands."""
    count = pattern.count("#")
    if "#" * count in pattern:
        return pattern.replace("#" * count, f"{number % 10**count:0{count}d}") if count else pattern
    pieces = pattern.split("#")
    return "".join(a + b for a, b in zip_longest(pieces, f"{number % 10**count:0{count}d}", fillvalue=""))


_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_unix(moment: datetime) -> int:
    """Unix time of an aware moment, the fraction cut off."""
    return math.floor((moment - _EPOCH).total_seconds())


def to_rfc3339(seconds: int) -> str:
    """RFC 3339 text in UTC, such as ``2026-01-01T00:00:00Z``."""
    day, rest = divmod(seconds, _DAY_S)
    minutes, second = divmod(rest, 60)
    return f"{_day_text(day)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def parse_unix(value: Any) -> int | None:
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


class RowState(NamedTuple):
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
        self._seed = derive_seed(seed, plan.name, "life")
        self._followed = followed
        self._created: list[int] = []
        self._period: list[int] = []
        self._count: list[int] = []
        self._lock = threading.Lock()

    def existing(self, at: int) -> int:
        """How many rows have appeared by then; only for rows that come with no other stream's."""
        self._extend_until(at)
        return bisect_right(self._created, at)

    def state_at(self, index: int, at: int) -> RowState | None:
        """One row as it stands then, None before it appears."""
        self._extend_until(at)
        if index >= len(self._created) or self._created[index] > at:
            return None
        created, period, count = self._created[index], self._period[index], self._count[index]
        version = min((at - created) // period, count)
        return RowState(created, created + version * period, version, version == count)

    def rows(self, at: int) -> Iterator[tuple[int, int, int]]:
        """``(index, created, updated)`` of every row that exists then, in the order of the index."""
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


class Row:
    """One row as it stands at some time; its values are made of it.

    Attributes
    ----------
    number
        64 drawn bits of its own.
    index, position
        Its place in the stream; its place in a list within a row, 0 for the row itself.
    made
        Values that several fields are made of, kept once they have been made.
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
        # Not itself where it is part of nothing: rows are many, and cycles would wait for the garbage collector.
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
        """The row that this one is part of, or itself."""
        return self if self._of is None else self._of

    def parent(self, name: str) -> Row | None:
        """Find a parent by its name in the stream's ``parents``, as it stood when this row last changed.

        None where it had not appeared by then.
        """
        parents = self.root._parents
        if name not in parents:
            parents[name] = self.dataset.parent(self.root, name)
        return parents[name]

    @property
    def person(self) -> Row:
        """The row whose name and place this one bears."""
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
    """All rows that a source type has, for one seed."""

    def __init__(self, source_type: str, seed: int) -> None:
        self.plans = {plan.name: plan for plan in stream_plans(source_type)}
        self._seeds = {name: derive_seed(seed, source_type, name) for name in self.plans}
        self._salts = {name: derive_seed("parent", name) for plan in self.plans.values() for name in plan.parents}
        self._timelines: dict[str, Timeline] = {}
        for name in self.plans:
            self.timeline(name)

    def timeline(self, stream: str) -> Timeline:
        """The lives of one stream's rows."""
        if stream not in self._timelines:
            plan = self.plans[stream]
            followed = self.timeline(plan.rows.follows) if plan.rows.follows else None
            self._timelines[stream] = Timeline(plan, self._seeds[stream], followed)
        return self._timelines[stream]

    def row(self, stream: str, index: int, at: int) -> Row | None:
        """One row as it stands then (Unix seconds), None before it appears."""
        moment = self._timelines[stream].state_at(index, at)
        if moment is None:
            return None
        return Row(self, self.plans[stream], index, draw(self._seeds[stream], index), moment)

    def parent(self, row: Row, name: str) -> Row | None:
        """Find a row's parent; see `Row.parent`."""
        plan = row.plan.parents[name]
        if plan.through is not None:
            between = row.parent(plan.through)
            return None if between is None else between.parent(plan.name)
        if plan.same:
            return self.row(plan.name, row.index, row.updated)
        existing = self._timelines[plan.name].existing(row.created)
        return self.row(plan.name, draw(row.number ^ self._salts[name]) % existing, row.updated) if existing else None

    def stream_of_parent(self, stream: str, name: str) -> str:
        """Name of the stream that a parent is a row of."""
        parents = self.plans[stream].parents
        if name not in parents:
            raise CatalogError(f"{stream}: no parent {name!r}; there are {', '.join(parents) or 'none'}")
        plan = parents[name]
        if plan.through is not None:
            return self.stream_of_parent(self.stream_of_parent(stream, plan.through), plan.name)
        return plan.name


@lru_cache(maxsize=64)
def dataset_of(source_type: str, seed: int) -> Dataset:
    """Give the shared rows of one source type and seed; `KeyError` where there is no such type."""
    return Dataset(source_type, seed)
