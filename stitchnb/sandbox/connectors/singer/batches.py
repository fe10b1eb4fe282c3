"""Gathers a tap's messages into batches, each with the state that holds once it is loaded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any

from stitchnb.errors import near_names
from stitchnb.sandbox.connectors.singer.catalog import Cut, projection
from stitchnb.sandbox.connectors.singer.messages import (
    ActivateVersion,
    Message,
    NotAMessageError,
    Record,
    Schema,
    State,
)
from stitchnb.sandbox.connectors.singer.state import TapState
from stitchnb.sandbox.pipeline import Batch, SelectedStream

BATCH_SIZE = 10_000
_BATCH_BYTES = 32_000_000
# A tap that says a row now and then is not kept from showing them.
_BATCH_S = 5.0

_DELETED_AT = "_sdc_deleted_at"


@dataclass(slots=True)
class _Pending:
    """The records of one stream that are not in a batch yet, and whether any batch was made before."""

    stream: SelectedStream
    cut: Cut
    records: list[Any] = field(default_factory=list)
    time_extracted: datetime | None = None
    has_come: bool = False
    is_activated: bool = False

    @property
    def is_empty_table(self) -> bool:
        """The tap has said all of a full table, and there was no record in it."""
        is_full_table = self.stream.replication_method == "FULL_TABLE"
        return is_full_table and self.is_activated and not (self.has_come or self.records)


class Batches:
    """Takes a tap's messages one after the other, and gives their records in batches.

    A state holds for all that was said before it. So a batch only bears it when it is the last one of all those that
    were gathered till then; the ones before bear the state of before.

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
        self._kept = self._said = state
        self._streams: dict[str, _Pending] = {}
        self._left_out: set[str] = set()
        self._count = self._bytes = 0
        self._since: float | None = None

    @property
    def are_due(self) -> bool:
        """Whether enough was gathered, or long enough ago, to be loaded."""
        return (
            self._count >= BATCH_SIZE
            or self._bytes >= _BATCH_BYTES
            or (self._since is not None and time.monotonic() - self._since > _BATCH_S)
        )

    def take(self, message: Message, size: int) -> None:
        """Take one message that was a line of so many bytes.

        Raises
        ------
        NotAMessageError
            It is of a stream that the tap has not described, or does not have.
        """
        match message:
            case Record():
                self._take_record(message, size)
            case State():
                self._said = self._said.then(message.value)
            case Schema():
                self._take_schema(message)
            case ActivateVersion():
                if message.stream in self._streams:
                    self._streams[message.stream].is_activated = True

    def gathered(self, *, has_ended: bool = False) -> Iterator[Batch]:
        """Give what was gathered; at the end of a run also the streams that were found empty, and its last state."""
        come = [pending for pending in self._streams.values() if pending.records]
        if has_ended:
            self._said = self._said.ended()
            come += [pending for pending in self._streams.values() if pending.is_empty_table]
        self._count = self._bytes = 0
        self._since = None
        for pending in come[:-1]:
            yield self._batch(pending)
        before, self._kept = self._kept, self._said
        if come:
            yield self._batch(come[-1])
        elif self._said != before and (bearer := self._bearer()) is not None:
            yield Batch(bearer, (), self._now, self._kept.bookmark())

    def _take_record(self, message: Record, size: int) -> None:
        pending = self._streams.get(message.stream)
        if pending is None:
            if message.stream in self._left_out:
                return
            self._id_of(message.stream)
            raise NotAMessageError(f"a RECORD of the stream {message.stream!r} before its SCHEMA")
        pending.records.append(pending.cut(message.record))
        if message.time_extracted is not None:
            pending.time_extracted = max(message.time_extracted, pending.time_extracted or message.time_extracted)
        self._count += 1
        self._bytes += size
        if self._since is None:
            self._since = time.monotonic()

    def _take_schema(self, message: Schema) -> None:
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
        self._streams[message.stream] = _Pending(stream, projection(stream.schema))

    def _id_of(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            near = near_names(name, self._names) or list(self._names)[:10]
            raise NotAMessageError(f"a message of the stream {name!r}, and its catalog has {', '.join(near) or 'none'}")
        return found

    def _bearer(self) -> SelectedStream | None:
        """Find a stream whose bookmark may bear a state without any rows.

        Not a full table that nothing came of yet: it would be emptied.
        """
        come = (pending.stream for pending in self._streams.values() if pending.has_come)
        others = (stream for stream in self._selected.values() if stream.replication_method != "FULL_TABLE")
        return next(chain(come, others), None)

    def _batch(self, pending: _Pending) -> Batch:
        time_extracted = pending.time_extracted or self._now
        batch = Batch(pending.stream, pending.records, time_extracted, self._kept.bookmark())
        pending.records, pending.time_extracted = [], None
        pending.has_come = True
        return batch
