"""A connector whose jobs go on for as long as a test wants, however fast or slow the machine is."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from polling import LIMIT_S

from stitchnb.sandbox.connectors.seeded.connector import SeededConnector
from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context, SelectedStream


class GatedConnector(SeededConnector):
    """Waits before each batch until the test lets it pass, or the job is stopped; batches have 50 records at most.

    Assign one to ``sandbox.connectors["platform.recurly"]``.
    """

    def __init__(self) -> None:
        super().__init__("platform.recurly", 0)
        self._gate = threading.Semaphore(0)
        self.fails_at: str | None = None

    def let_pass(self, count: int = 1) -> None:
        """Let so many more batches pass."""
        self._gate.release(count)

    def open(self) -> None:
        """Let every batch pass from now on."""
        self.let_pass(100_000)

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        context = context or Context()
        for batch in super().extract(properties, streams, state, now, context):
            for first in range(0, len(batch.records), 50):
                with context.stop.on_set(self.let_pass):
                    assert self._gate.acquire(timeout=LIMIT_S)
                if context.stop.is_set():
                    raise ConnectorError("the job was stopped")
                if batch.stream.tap_stream_id == self.fails_at:
                    raise ConnectorError("the tap fell over")
                yield replace(batch, records=batch.records[first : first + 50])
