"""Streams of the source types, expanded from the compact data files.

A stream's entry has its ``fields`` (see `shapes`), ``key``, ``replication_key`` and forced ``method``, and what the
generated rows follow:

``rows``
    ``from`` (a moment), ``every_hours`` (one row each, at a drawn moment within), ``at_start`` (rows that are there
    from the first minutes on), ``most`` (rows there will ever be); or ``with`` another stream, one row for a ``share``
    of its rows, ``within_hours`` of each.
``changes``
    ``count = [least, most]`` changes in a row's life, one every ``days = [least, most]``, the row's own;
    ``with = true``: those of the row that it comes with.
``parents``
    Rows that a row points to, by a name of one's own: ``"accounts"`` draws one that exists when the row appears,
    ``"same accounts"`` takes the one that the row came with or that came with it, ``"invoice.account"`` is another
    parent's parent.
``person``
    The parent whose names and places the row bears.
``values``
    Recipes by dotted path (see ``values.toml``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from stitchnb.sandbox.catalog.shapes import Schema, Shapes
from stitchnb.sandbox.catalog.tables import Table, copy_of, read_table
from stitchnb.sandbox.pipeline import Breadcrumb, DiscoveredStream

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_FOUNDED = datetime(2018, 1, 10, tzinfo=UTC)
_DEFAULT_FILE = "business"
_SQL_TYPES = {
    "string": "varchar(255)",
    "integer": "bigint",
    "number": "numeric(12,2)",
    "boolean": "boolean",
    "date-time": "timestamp with time zone",
}


@dataclass(frozen=True, slots=True)
class RowPlan:
    """When a stream's rows appear; ``follows`` is the stream whose rows they come with, if any.

    ``start`` is Unix time in seconds; ``share`` is between 0 and 1.
    """

    start: int
    every_s: int
    at_start: int
    most: int
    follows: str | None
    within_s: int
    share: float


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """How often a row changes in its life and how long each state lasts, least and most of both."""

    count: tuple[int, int]
    seconds: tuple[int, int]
    with_followed: bool


@dataclass(frozen=True, slots=True)
class ParentPlan:
    """Where a row's parent is found.

    ``through`` another parent, whose parent ``name`` it is; otherwise ``name`` is a stream, of which it is the row with
    the ``same`` index or any.
    """

    name: str
    same: bool = False
    through: str | None = None


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """All that is known of one stream: what a discovery tells and what generated rows follow."""

    name: str
    tap_stream_id: str
    schema: Schema
    metadata: Mapping[Breadcrumb, Mapping[str, Any]]
    rows: RowPlan
    changes: ChangePlan
    parents: Mapping[str, ParentPlan] = field(default_factory=dict)
    person: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def discovered(self) -> DiscoveredStream:
        """What a discovery tells of the stream, as the caller's own copy."""
        return DiscoveredStream(
            tap_stream_id=self.tap_stream_id,
            stream_name=self.name,
            schema=copy_of(self.schema),
            metadata={breadcrumb: copy_of(dict(entries)) for breadcrumb, entries in self.metadata.items()},
        )


@cache
def stream_plans(source_type: str) -> tuple[StreamPlan, ...]:
    """Plans of a source type's streams in the order of discovery; `KeyError` where there is no such type."""
    entry = read_table("source-types.toml")["types"][source_type]
    file_name = entry.get("streams", _DEFAULT_FILE)
    return () if file_name is False else _plans_of_file(file_name)


@cache
def _plans_of_file(file_name: str) -> tuple[StreamPlan, ...]:
    table = read_table(f"streams-{file_name}.toml")
    shapes = Shapes(table.get("shapes", {}), alphabetical=table.get("alphabetical", False))
    return tuple(_plan(name, {**table, **entry}, shapes) for name, entry in table["streams"].items())


def _plan(name: str, entry: Table, shapes: Shapes) -> StreamPlan:
    schema = shapes.object(entry["fields"], entry.get("root", "object"))
    database = entry.get("database")
    return StreamPlan(
        name=name,
        tap_stream_id=f"{database}-{entry['database_schema']}-{name}" if database else name,
        schema=schema,
        metadata={(): _stream_metadata(entry), **dict(_field_metadata(entry, schema["properties"]))},
        rows=_row_plan(entry.get("rows", {})),
        changes=_change_plan(entry.get("changes", {})),
        parents={parent: _parent_plan(where) for parent, where in entry.get("parents", {}).items()},
        person=entry.get("person"),
        values=entry.get("values", {}),
    )


def _parent_plan(where: str) -> ParentPlan:
    through, _, name = where.rpartition(".")
    if through:
        return ParentPlan(name, through=through)
    name = where.removeprefix("same ")
    return ParentPlan(name, same=name != where)


def _stream_metadata(entry: Table) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if "database" in entry:
        metadata |= {
            "database-name": entry["database"],
            "schema-name": entry["database_schema"],
            "is-view": entry.get("view", False),
            "row-count": entry["row_count"],
        }
    metadata["table-key-properties"] = list(entry["key"])
    if "method" in entry:
        metadata["forced-replication-method"] = entry["method"]
    if "replication_key" in entry:
        metadata["valid-replication-keys"] = [entry["replication_key"]]
    if entry.get("generated"):
        metadata["stitchnb.generated"] = True
    return metadata


def _field_metadata(entry: Table, properties: Mapping[str, Schema]) -> Iterator[tuple[Breadcrumb, Mapping[str, Any]]]:
    automatic = {*entry["key"], entry.get("replication_key")}
    unsupported = entry.get("unsupported", {})
    exclusions = _both_ways(entry.get("excludes", {}))
    for name, schema in properties.items():
        metadata: dict[str, Any] = {"inclusion": "automatic" if name in automatic else "available"}
        if name in unsupported:
            metadata = {"inclusion": "unsupported", "unsupported-description": unsupported[name]}
        elif entry.get("selected_by_default"):
            metadata["selected-by-default"] = True
        if name in exclusions:
            metadata["fieldExclusions"] = [["properties", other] for other in exclusions[name]]
        if "database" in entry:
            metadata["sql-datatype"] = _SQL_TYPES[schema.get("format") or schema["type"][-1]]
        yield ("properties", name), metadata


def _both_ways(excludes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    exclusions = {name: list(others) for name, others in excludes.items()}
    for name, others in excludes.items():
        for other in others:
            exclusions.setdefault(other, []).append(name)
    return exclusions


def _row_plan(entry: Table) -> RowPlan:
    return RowPlan(
        start=int(entry.get("from", _FOUNDED).timestamp()),
        every_s=int(entry.get("every_hours", 24) * _HOUR_S),
        at_start=entry.get("at_start", 0),
        most=entry.get("most", 1_000_000),
        follows=entry.get("with"),
        within_s=int(entry.get("within_hours", 0) * _HOUR_S),
        share=entry.get("share", 1.0),
    )


def _change_plan(entry: Table) -> ChangePlan:
    least, most = entry.get("count", (0, 0))
    shortest, longest = entry.get("days", (1, 1))
    return ChangePlan(
        count=(least, most),
        # Two changes never fall into one second, so that each moves the replication key.
        seconds=(max(60, int(shortest * _DAY_S)), max(60, int(longest * _DAY_S))),
        with_followed=entry.get("with", False),
    )
