"""Connectors that show what becomes of them in the worker that they are sent to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context, DiscoveredStream, SelectedStream

TYPE = "platform.shopify"
CREATE = {
    "type": TYPE,
    "display_name": "Shop",
    "properties": {"shop": "acme", "start_date": "2025-09-01T00:00:00Z", "api_key": "a-secret-key"},
}


class TapSaidNo(ConnectorError):
    """As a tap's own error has it, its status is another than 1, and it takes more than a message to make."""

    def __init__(self, message: str, *, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


@dataclass(frozen=True)
class Rows:
    """Tells in which process it runs, one row a batch, and keeps count of its batches in a file.

    Attributes
    ----------
    then
        What it does after its rows: ``end``, ``wait`` for the stop, ``die``, ``refuse`` or ``blunder``.
    """

    notes: Path
    rows: int = 3
    then: str = "end"

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        if properties["shop"] == "closed":
            raise TapSaidNo("the shop is closed", exit_status=7)

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        number = {"type": ["null", "integer"]}
        schema = {"type": "object", "properties": {"id": number, "process": number}}
        metadata = {(): {"table-key-properties": ["id"], "forced-replication-method": "FULL_TABLE"}}
        return [DiscoveredStream("rows", "rows", schema, metadata)]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        assert context is not None
        try:
            for number in range(self.rows):
                self.note(f"row {number}")
                context.log(f"row {number} with {properties['api_key']}")
                yield Batch(streams[0], [{"id": number, "process": os.getpid()}], now)
            context.log("no more rows")
            self.end(context)
        finally:
            self.note("closed")

    def end(self, context: Context) -> None:
        match self.then:
            case "wait":
                self.note("waits")
                context.stop.wait(60)
            case "die":
                os._exit(3)
            case "refuse":
                raise TapSaidNo("no more of that", exit_status=9)
            case "blunder":
                raise ZeroDivisionError("in the connector")

    def note(self, line: str) -> None:
        with self.notes.open("a") as notes:
            notes.write(f"{line}\n")

    def noted(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []
