"""Rows of a source's streams and how they hang together."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from stitchnb.sandbox.catalog.streams import StreamPlan, stream_plans
from stitchnb.sandbox.catalog.tables import CatalogError
from stitchnb.sandbox.connectors.seeded.rng import draw, seed_of
from stitchnb.sandbox.connectors.seeded.timeline import Moment, Timeline


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

    def __init__(self, dataset: Dataset, plan: StreamPlan, index: int, number: int, moment: Moment) -> None:
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
        moment = Moment(self.created, self.updated, self.version, self.is_last)
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
        self._seeds = {name: seed_of(seed, source_type, name) for name in self.plans}
        self._salts = {name: seed_of("parent", name) for plan in self.plans.values() for name in plan.parents}
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
        moment = self._timelines[stream].moment(index, at)
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
