"""A tap's messages: parsed line by line, then grouped into batches, each with the state to resume from."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Self

from stitchnb.errors import near_names
from stitchnb.sandbox.connectors.singer.catalog import Projection, make_projection
from stitchnb.sandbox.pipeline import Batch, ConnectorError, SelectedStream


@dataclass(frozen=True, slots=True)
class SchemaMessage:
    """The schema of the stream's records that follow."""

    stream: str
    schema: Mapping[str, Any]
    key_properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """One record. `time_extracted` is aware, and None if the tap does not report it."""

    stream: str
    record: Mapping[str, Any]
    time_extracted: datetime | None


@dataclass(frozen=True, slots=True)
class StateMessage:
    """Where the next run begins, once everything before this message is loaded."""

    value: Any


@dataclass(frozen=True, slots=True)
class ActivateVersionMessage:
    """All records of this version of a table have been written."""

    stream: str


Message = SchemaMessage | RecordMessage | StateMessage | ActivateVersionMessage


class InvalidMessageError(ConnectorError):
    """A line is not a Singer message, or not a supported one. The reason contains nothing of the line."""


def parse(line: bytes) -> Message:
    """Parse one line.

    Numbers with a fraction or an exponent become `~decimal.Decimal` in records, so that no digit is lost.

    Raises
    ------
    InvalidMessageError
        It is not a JSON object of a known type, or a required property is missing.
    """
    message = _object(line, exact=True)
    match message.get("type"):
        case "RECORD":
            return RecordMessage(
                _text(message, "stream"), _mapping(message, "record"), _moment(message.get("time_extracted"))
            )
        case "SCHEMA":
            return SchemaMessage(_text(message, "stream"), _mapping(message, "schema"), _key(message))
        case "STATE":
            # A state is passed back to the tap unchanged, and JSON has no Decimal.
            return StateMessage(_object(line, exact=False).get("value"))
        case "ACTIVATE_VERSION":
            return ActivateVersionMessage(_text(message, "stream"))
        case "BATCH":
            raise InvalidMessageError(
                "a BATCH message, which the sandbox does not support: remove batch_config from the tap's configuration"
            )
        case str() as other:
            raise InvalidMessageError(f"a message of the unknown type {other[:40]!r}")
        case _:
            raise InvalidMessageError("a JSON object without a message type")


def _object(line: bytes, *, exact: bool) -> dict[str, Any]:
    try:
        message = json.loads(line.decode("utf-8"), parse_float=Decimal if exact else None)
    except UnicodeDecodeError as error:
        raise InvalidMessageError("text that is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise InvalidMessageError("text that is not JSON") from error
    except ValueError as error:
        raise InvalidMessageError("a number with thousands of digits") from error
    except RecursionError as error:
        raise InvalidMessageError("JSON that is nested too deeply") from error
    if not isinstance(message, dict):
        raise InvalidMessageError("JSON that is not an object")
    return message


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidMessageError(f"a {message['type']} message without {name!r}")
    return value


def _mapping(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = message.get(name)
    if not isinstance(value, dict):
        raise InvalidMessageError(f"a {message['type']} message whose {name!r} is not an object")
    return value


def _key(message: Mapping[str, Any]) -> tuple[str, ...]:
    names = message.get("key_properties") or []
    # Some taps write a single name instead of a list.
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidMessageError("a SCHEMA message whose 'key_properties' is not a list of names")
    return tuple(names)


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_STATE, _NUMBER, _HAS_ENDED = "singer_state", "number", "run_has_ended"


@dataclass(frozen=True, slots=True)
class TapState:
    """A state that a tap has written.

    Attributes
    ----------
    value
        The state itself. None if the tap has written none.
    number
        Counts up from state to state, also across runs. The highest number is the latest state.
    run_has_ended
        Whether it is the last state of a successful run.
    """

    value: Any = None
    number: int = 0
    run_has_ended: bool = True

    @classmethod
    def latest(cls, bookmarks: Mapping[str, Mapping[str, Any]]) -> Self:
        """Find the latest state among the bookmarks of the streams. Bookmarks of other connectors have none."""
        found = [
            cls(bookmark[_STATE], bookmark[_NUMBER], bookmark[_HAS_ENDED])
            for bookmark in bookmarks.values()
            if {_STATE, _NUMBER, _HAS_ENDED} <= bookmark.keys()
        ]
        return max(found, key=lambda state: state.number, default=cls())

    def next(self, value: Any) -> TapState:
        """Return the next state, during a run."""
        return TapState(value, self.number + 1, run_has_ended=False)

    def ended(self) -> TapState:
        """Return the same state as the last of a run."""
        return self if self.run_has_ended else TapState(self.value, self.number + 1)

    def bookmark(self) -> dict[str, Any]:
        """Return the state as a stream's bookmark."""
        return {} if self.number == 0 else {_STATE: self.value, _NUMBER: self.number, _HAS_ENDED: self.run_has_ended}

    def for_next_run(self, streams: Sequence[SelectedStream]) -> Any:
        """Return the state to start the next run with.

        After an interrupted run, the positions in full tables are removed. A job replaces a full table as a whole, so
        rows would be missing if the tap continued in the middle.
        """
        value = self.value
        if self.run_has_ended or not isinstance(value, Mapping) or not isinstance(value.get("bookmarks"), Mapping):
            return value
        whole = {s.tap_stream_id for s in streams if s.replication_method == "FULL_TABLE"}
        bookmarks = {name: inner for name, inner in value["bookmarks"].items() if name not in whole}
        return copy.deepcopy({**value, "bookmarks": bookmarks})


BATCH_SIZE = 10_000
_BATCH_BYTES = 32_000_000
# So that the rows of a slow tap show up soon.
_BATCH_S = 5.0

_DELETED_AT = "_sdc_deleted_at"


@dataclass(slots=True)
class _PendingStream:
    """The records of one stream that are not in a batch yet."""

    stream: SelectedStream
    project: Projection
    records: list[Any] = field(default_factory=list)
    time_extracted: datetime | None = None
    has_batches: bool = False
    is_activated: bool = False

    @property
    def is_empty_table(self) -> bool:
        """Whether the tap has completed a full table without any records."""
        is_full_table = self.stream.replication_method == "FULL_TABLE"
        return is_full_table and self.is_activated and not (self.has_batches or self.records)


class BatchBuilder:
    """Groups the records of a tap's messages into batches.

    A state covers all messages before it. A Singer tap has one state for all streams, but the sandbox has a bookmark
    for each stream, so each bookmark contains the whole state with a number (see `TapState`). When several batches
    are flushed, only the last one has the new state. The others have the previous one.

    Parameters
    ----------
    streams
        The selected streams. Records of others are omitted.
    names
        The ``tap_stream_id`` for each name that a message can use for a stream.
    state
        The last state of the previous run.
    now
        Time of extraction for records without one.
    """

    def __init__(
        self, streams: Sequence[SelectedStream], names: Mapping[str, str], state: TapState, now: datetime
    ) -> None:
        self._selected = {stream.tap_stream_id: stream for stream in streams}
        self._names = names
        self._now = now
        self._emitted = self._latest = state
        self._streams: dict[str, _PendingStream] = {}
        self._left_out: set[str] = set()
        self._count = self._bytes = 0
        self._since: float | None = None

    @property
    def is_due(self) -> bool:
        """Whether there are enough records to load, or the oldest has waited long enough."""
        return (
            self._count >= BATCH_SIZE
            or self._bytes >= _BATCH_BYTES
            or (self._since is not None and time.monotonic() - self._since > _BATCH_S)
        )

    def add(self, message: Message, size: int) -> None:
        """Add one message, which was a line of `size` bytes.

        Raises
        ------
        InvalidMessageError
            Its stream has no SCHEMA message yet, or is not in the catalog.
        """
        match message:
            case RecordMessage():
                self._add_record(message, size)
            case StateMessage():
                self._latest = self._latest.next(message.value)
            case SchemaMessage():
                self._add_schema(message)
            case ActivateVersionMessage():
                if message.stream in self._streams:
                    self._streams[message.stream].is_activated = True

    def flush(self, *, has_ended: bool = False) -> Iterator[Batch]:
        """Yield the records so far. At the end of a run, also yield empty full tables and the last state."""
        come = [pending for pending in self._streams.values() if pending.records]
        if has_ended:
            self._latest = self._latest.ended()
            come += [pending for pending in self._streams.values() if pending.is_empty_table]
        self._count = self._bytes = 0
        self._since = None
        for pending in come[:-1]:
            yield self._batch(pending)
        before, self._emitted = self._emitted, self._latest
        if come:
            yield self._batch(come[-1])
        elif self._latest != before and (bearer := self._state_carrier()) is not None:
            yield Batch(bearer, (), self._now, self._emitted.bookmark())

    def _add_record(self, message: RecordMessage, size: int) -> None:
        pending = self._streams.get(message.stream)
        if pending is None:
            if message.stream in self._left_out:
                return
            self._id_of(message.stream)
            raise InvalidMessageError(f"a RECORD of the stream {message.stream!r} before its SCHEMA")
        pending.records.append(pending.project(message.record))
        if message.time_extracted is not None:
            pending.time_extracted = max(message.time_extracted, pending.time_extracted or message.time_extracted)
        self._count += 1
        self._bytes += size
        if self._since is None:
            self._since = time.monotonic()

    def _add_schema(self, message: SchemaMessage) -> None:
        tap_stream_id = self._id_of(message.stream)
        if message.stream in self._streams:
            return
        stream = self._selected.get(tap_stream_id)
        if stream is None:
            self._left_out.add(message.stream)
            return
        properties = dict(stream.schema.get("properties", {}))
        if not stream.key_properties and all(name in properties for name in message.key_properties):
            stream = replace(stream, key_properties=message.key_properties)
        if stream.replication_method == "LOG_BASED":
            properties.setdefault(_DELETED_AT, {"type": ["null", "string"], "format": "date-time"})
            stream = replace(stream, schema={**stream.schema, "properties": properties})
        self._streams[message.stream] = _PendingStream(stream, make_projection(stream.schema))

    def _id_of(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            near = near_names(name, self._names) or list(self._names)[:10]
            raise InvalidMessageError(
                f"a message of the stream {name!r}, which is not in its catalog: it has {', '.join(near) or 'none'}"
            )
        return found

    def _state_carrier(self) -> SelectedStream | None:
        """Return a stream that can carry a state in a batch without rows.

        A full table without batches cannot: the empty batch would delete its rows.
        """
        come = (pending.stream for pending in self._streams.values() if pending.has_batches)
        others = (stream for stream in self._selected.values() if stream.replication_method != "FULL_TABLE")
        return next(chain(come, others), None)

    def _batch(self, pending: _PendingStream) -> Batch:
        time_extracted = pending.time_extracted or self._now
        batch = Batch(pending.stream, pending.records, time_extracted, self._emitted.bookmark())
        pending.records, pending.time_extracted = [], None
        pending.has_batches = True
        return batch
