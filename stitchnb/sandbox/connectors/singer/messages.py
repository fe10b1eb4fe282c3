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
    """What the records of a stream look like, from here on."""

    stream: str
    schema: Mapping[str, Any]
    key_properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """One record; `time_extracted` is aware, None where the tap does not say it."""

    stream: str
    record: Mapping[str, Any]
    time_extracted: datetime | None


@dataclass(frozen=True, slots=True)
class StateMessage:
    """Where the next run is to begin, once all that was said before is loaded."""

    value: Any


@dataclass(frozen=True, slots=True)
class ActivateVersionMessage:
    """All records of this version of a table have been said."""

    stream: str


Message = SchemaMessage | RecordMessage | StateMessage | ActivateVersionMessage


class InvalidMessageError(ConnectorError):
    """A line that is no Singer message, or one that cannot be carried out; the reason holds nothing of the line."""


def parse(line: bytes) -> Message:
    """Read one line.

    Numbers with a fraction or an exponent become `~decimal.Decimal` in records, so that no digit is lost.

    Raises
    ------
    InvalidMessageError
        It is no JSON object of a known type, or lacks what a message of its type must have.
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
            # A state goes back to the tap as it came: there a Decimal would be no number any more.
            return StateMessage(_object(line, exact=False).get("value"))
        case "ACTIVATE_VERSION":
            return ActivateVersionMessage(_text(message, "stream"))
        case "BATCH":
            raise InvalidMessageError(
                "a BATCH message, which names files in place of records, and the sandbox reads records only: take "
                "batch_config out of the tap's configuration"
            )
        case str() as other:
            raise InvalidMessageError(f"a message of the type {other[:40]!r}, which Singer does not know")
        case _:
            raise InvalidMessageError("a JSON object that says no type of message")


def _object(line: bytes, *, exact: bool) -> dict[str, Any]:
    try:
        message = json.loads(line.decode("utf-8"), parse_float=Decimal if exact else None)
    except UnicodeDecodeError as error:
        raise InvalidMessageError("text that is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise InvalidMessageError("no JSON") from error
    except ValueError as error:
        raise InvalidMessageError("a number of thousands of digits") from error
    except RecursionError as error:
        raise InvalidMessageError("JSON that is nested too deeply") from error
    if not isinstance(message, dict):
        raise InvalidMessageError("JSON, but no object")
    return message


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidMessageError(f"a {message['type']} message without {name!r}")
    return value


def _mapping(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = message.get(name)
    if not isinstance(value, dict):
        raise InvalidMessageError(f"a {message['type']} message whose {name!r} is no object")
    return value


def _key(message: Mapping[str, Any]) -> tuple[str, ...]:
    names = message.get("key_properties") or []
    # Some taps write the one name of a key without a list around it.
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidMessageError("a SCHEMA message whose 'key_properties' are no list of names")
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
    """A state that a tap has said.

    Attributes
    ----------
    value
        As the tap said it; None when it has said none.
    number
        Greater than that of any state before.
    run_has_ended
        It was the last of a run that ended well.
    """

    value: Any = None
    number: int = 0
    run_has_ended: bool = True

    @classmethod
    def latest(cls, bookmarks: Mapping[str, Mapping[str, Any]]) -> Self:
        """Find the newest state among the bookmarks of the streams; those of other connectors hold none."""
        found = [
            cls(bookmark[_STATE], bookmark[_NUMBER], bookmark[_HAS_ENDED])
            for bookmark in bookmarks.values()
            if {_STATE, _NUMBER, _HAS_ENDED} <= bookmark.keys()
        ]
        return max(found, key=lambda state: state.number, default=cls())

    def next(self, value: Any) -> TapState:
        """Give the state that the tap says next, in the midst of a run."""
        return TapState(value, self.number + 1, run_has_ended=False)

    def ended(self) -> TapState:
        """Give the same state as the last of a run."""
        return self if self.run_has_ended else TapState(self.value, self.number + 1)

    def bookmark(self) -> dict[str, Any]:
        """Write it as a stream's bookmark."""
        return {} if self.number == 0 else {_STATE: self.value, _NUMBER: self.number, _HAS_ENDED: self.run_has_ended}

    def for_next_run(self, streams: Sequence[SelectedStream]) -> Any:
        """Give what the tap is to begin with: what it said last.

        After a run that broke off, all but its place in the middle of full tables. A job replaces a full table as a
        whole, so one that went on there would leave out what came before.
        """
        value = self.value
        if self.run_has_ended or not isinstance(value, Mapping) or not isinstance(value.get("bookmarks"), Mapping):
            return value
        whole = {s.tap_stream_id for s in streams if s.replication_method == "FULL_TABLE"}
        bookmarks = {name: inner for name, inner in value["bookmarks"].items() if name not in whole}
        return copy.deepcopy({**value, "bookmarks": bookmarks})


BATCH_SIZE = 10_000
_BATCH_BYTES = 32_000_000
# A tap that says a row now and then is not kept from showing them.
_BATCH_S = 5.0

_DELETED_AT = "_sdc_deleted_at"


@dataclass(slots=True)
class _PendingStream:
    """The records of one stream that are not in a batch yet, and whether any batch was made before."""

    stream: SelectedStream
    project: Projection
    records: list[Any] = field(default_factory=list)
    time_extracted: datetime | None = None
    has_batches: bool = False
    is_activated: bool = False

    @property
    def is_empty_table(self) -> bool:
        """The tap has said all of a full table, and there was no record in it."""
        is_full_table = self.stream.replication_method == "FULL_TABLE"
        return is_full_table and self.is_activated and not (self.has_batches or self.records)


class BatchBuilder:
    """Takes a tap's messages one after the other, and gives their records in batches.

    A state holds for all that was said before it. So a batch only bears it when it is the last one of all those that
    were flush till then; the ones before bear the state of before.

    Parameters
    ----------
    streams
        The selected ones; records of others are left out.
    names
        The ``tap_stream_id`` of every name that a message may call a stream by.
    state
        What the last run ended with.
    now
        When records were extracted of which the tap does not say it.
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
        """Whether enough was flush, or long enough ago, to be loaded."""
        return (
            self._count >= BATCH_SIZE
            or self._bytes >= _BATCH_BYTES
            or (self._since is not None and time.monotonic() - self._since > _BATCH_S)
        )

    def add(self, message: Message, size: int) -> None:
        """Take one message that was a line of so many bytes.

        Raises
        ------
        InvalidMessageError
            It is of a stream that the tap has not described, or does not have.
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
        """Give what was flush; at the end of a run also the streams that were found empty, and its last state."""
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
                f"a message of the stream {name!r}, and its catalog has {', '.join(near) or 'none'}"
            )
        return found

    def _state_carrier(self) -> SelectedStream | None:
        """Find a stream whose bookmark may bear a state without any rows.

        Not a full table that nothing came of yet: it would be emptied.
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
