"""The connector that generates its rows from a seed and the clock, without a service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from stitchnb.sandbox.catalog.cards import source_cards
from stitchnb.sandbox.catalog.streams import stream_plans
from stitchnb.sandbox.connectors.seeded.dataset import dataset_of, parse_unix, to_rfc3339, to_unix
from stitchnb.sandbox.connectors.seeded.record_factory import RecordFactory
from stitchnb.sandbox.connectors.seeded.value_spec import CREATED, UPDATED, Recipe
from stitchnb.sandbox.pipeline import Batch, Connector, ConnectorError, Context, DiscoveredStream, SelectedStream
from stitchnb.sandbox.warehouses.simulated import find_connection_error

__all__ = ["SeededConnector", "seeded_connector"]


def check_simulated_source(source_type: str, properties: Mapping[str, Any]) -> None:
    """Raise `ConnectorError` if these properties do not connect according to ``checks.toml``."""
    message = find_connection_error("types", source_type, properties, credentials=_credentials(source_type))
    if message is not None:
        raise ConnectorError(message)


def _credentials(source_type: str) -> frozenset[str]:
    steps = source_cards()[source_type].get("steps", [])
    return frozenset(entry["name"] for step in steps for entry in step["properties"] if entry["is_credential"])


BATCH_SIZE = 1_000
_LOG_POSITION = "log_position"


class SeededConnector:
    """A `Connector` whose rows are a pure function of seed, source type, stream, index and time.

    Rows appear and change over time, each at its own times, which changes their replication key. A frozen clock returns
    the same rows again. A clock that was advanced returns some new and some changed rows.

    Parameters
    ----------
    source_type
        A type of the catalog. Otherwise raises `KeyError`.
    seed
        Another seed generates other rows.
    """

    def __init__(self, source_type: str, seed: int) -> None:
        self.source_type = source_type
        self._seed = seed
        self._dataset = dataset_of(source_type, seed)
        self._records = RecordFactory(self._dataset)
        self._names = {plan.tap_stream_id: plan.name for plan in stream_plans(source_type)}

    def __reduce__(self) -> tuple[type[SeededConnector], tuple[str, int]]:
        # It generates the same rows in every process.
        return type(self), (self.source_type, self._seed)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self.source_type}>"

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Raise `ConnectorError` for a credential that begins with ``bad-``, or a host named ``unknown``."""
        check_simulated_source(self.source_type, properties)

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """Check the properties, then list the streams of the catalog."""
        self.check(properties)
        return [plan.discovered() for plan in stream_plans(self.source_type)]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        """Check the properties, then yield batches of at most 1,000 records.

        It never waits, so the job can stop it between two batches.

        Raises
        ------
        ConnectorError
            At once, if the properties do not connect, a stream is unknown or has no replication key although its
            method requires one, or two selected fields exclude each other.
        """
        self.check(properties)
        self._check_exclusions(streams)
        start = parse_unix(properties.get("start_date"))
        batches = [self._batches(stream, state.get(stream.tap_stream_id, {}), start, now) for stream in streams]
        return (batch for of_stream in batches for batch in of_stream)

    def _check_exclusions(self, streams: Iterable[SelectedStream]) -> None:
        """Raise an error if two selected fields exclude each other. The API accepts such a selection."""
        plans = {plan.tap_stream_id: plan for plan in stream_plans(self.source_type)}
        for stream in streams:
            plan = plans.get(stream.tap_stream_id)
            selected = stream.schema.get("properties", {}) if plan is not None else {}
            for name in selected:
                metadata = plan.metadata.get(("properties", name), {}) if plan is not None else {}
                for *_, other in metadata.get("fieldExclusions", ()):
                    if other in selected:
                        raise ConnectorError(
                            f"Stream {stream.stream_name!r} cannot have both {name} and {other}. Deselect one of them."
                        )

    def _batches(
        self, stream: SelectedStream, bookmark: Mapping[str, Any], start: int | None, now: datetime
    ) -> Iterator[Batch]:
        name = self._names.get(stream.tap_stream_id)
        if name is None:
            raise ConnectorError(
                f"The source has no stream {stream.tap_stream_id!r}. It has {', '.join(self._names) or 'no streams'}."
            )
        at = to_unix(now)
        found, bookmark_key = self._select_rows(name, stream, bookmark, start, at)
        return self._batches_of(name, stream, found, bookmark_key, now)

    def _batches_of(
        self,
        name: str,
        stream: SelectedStream,
        found: Sequence[tuple[Any, int]],
        bookmark_key: str | None,
        now: datetime,
    ) -> Iterator[Batch]:
        make, at = self._records.maker(name, stream.schema), to_unix(now)
        for first in range(0, len(found), BATCH_SIZE):
            part = found[first : first + BATCH_SIZE]
            rows = (self._dataset.row(name, index, at) for _, index in part)
            records = [make(row) for row in rows if row is not None]
            bookmark = {} if bookmark_key is None else {bookmark_key: part[-1][0]}
            yield Batch(stream=stream, records=records, time_extracted=now, bookmark=bookmark)

    def _select_rows(
        self, name: str, stream: SelectedStream, bookmark: Mapping[str, Any], start: int | None, at: int
    ) -> tuple[list[tuple[Any, int]], str | None]:
        """Return key and index of the rows to extract, in order, and the name of the bookmark."""
        rows = self._dataset.timeline(name).rows(at)
        match stream.replication_method:
            case "FULL_TABLE":
                return [(None, index) for index, _, _ in rows], None
            case "LOG_BASED":
                since = bookmark.get(_LOG_POSITION, start)
                changes = sorted((updated, index) for index, _, updated in rows if since is None or updated >= since)
                return changes, _LOG_POSITION
            case "INCREMENTAL":
                return self._rows_since(name, stream, bookmark, start, at)
            case other:
                raise ConnectorError(f"Stream {name!r} has the unknown replication method {other!r}.")

    def _rows_since(
        self, name: str, stream: SelectedStream, bookmark: Mapping[str, Any], start: int | None, at: int
    ) -> tuple[list[tuple[Any, int]], str]:
        """Return key and index of the rows from the bookmark on, in the order of the replication key, and its name."""
        rows, key = self._dataset.timeline(name).rows(at), stream.replication_key
        if key is None:
            raise ConnectorError(f"Stream {name!r} has no replication key. {stream.replication_method} requires one.")
        if key not in self._dataset.plans[name].schema["properties"]:
            raise ConnectorError(f"Stream {name!r} does not have its replication key {key!r}.")
        recipe = self._records.same(name, key)
        if recipe is UPDATED or recipe is CREATED:
            since = parse_unix(bookmark.get(key))
            since = start if since is None else since
            moments = ((updated if recipe is UPDATED else created, index) for index, created, updated in rows)
            keyed = sorted((moment, index) for moment, index in moments if since is None or moment >= since)
            return [(to_rfc3339(moment), index) for moment, index in keyed], key
        return self._rows_by_value(name, recipe, bookmark.get(key), start, at), key

    def _rows_by_value(
        self, name: str, recipe: Recipe, bookmark: Any, start: int | None, at: int
    ) -> list[tuple[Any, int]]:
        """Select rows by a key that is an ordinary field. Rows without a value are never selected."""
        since = _comparable(recipe.kind, bookmark)
        if since is None and recipe.kind == "time" and start is not None:
            since = to_rfc3339(start)
        keyed: list[tuple[Any, int]] = []
        for index, _, _ in self._dataset.timeline(name).rows(at):
            row = self._dataset.row(name, index, at)
            value = None if row is None else recipe.make(row)
            if value is not None and (since is None or value >= since):
                keyed.append((value, index))
        return sorted(keyed)


def _comparable(kind: str, bookmark: Any) -> Any:
    """Convert a bookmark to the kind of the key. Return None if that is not possible."""
    if bookmark is None:
        return None
    if kind == "time":
        seconds = parse_unix(bookmark)
        return None if seconds is None else to_rfc3339(seconds)
    if kind in {"integer", "number"}:
        try:
            return float(bookmark)
        except (TypeError, ValueError):
            return None
    return str(bookmark)


@lru_cache(maxsize=64)
def seeded_connector(source_type: str, seed: int) -> Connector:
    """Return the shared connector of one source type.

    Parameters
    ----------
    seed
        The sandbox's seed.

    Raises
    ------
    KeyError
        There is no such type in `stitchnb.sandbox.catalog.source_types`.
    """
    return SeededConnector(source_type, seed)
