"""The log of a replication job: its phases, the result of each stream, and its errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.pipeline import LoadResult, SelectedStream
from stitchnb.sandbox.store import jobs
from stitchnb.sandbox.warehouses.simulated import redact

Level = Literal["INFO", "WARNING", "ERROR"]


@dataclass
class JobLog:
    """The log of one job, stored line by line, so that a job that is cut off has one too."""

    ctx: SandboxContext
    job_name: str
    _secrets: set[str] = field(default_factory=set, repr=False)

    def hide(self, secrets: Collection[str]) -> None:
        """Leave these texts out of all further lines."""
        self._secrets.update(secrets)

    def write(self, part: str, message: str, level: Level = "INFO") -> None:
        """Write one line of a part (``job``, ``tap`` or ``target``) with the time of the sandbox's clock."""
        # A message of several lines stays one entry: its further lines are indented.
        text = self.without_secrets(message).replace("\n", "\n  ")
        with self.ctx.state.transaction() as db:
            jobs.add_log_line(db, self.job_name, f"{self.ctx.now()} {level:<7} {part:<6} {text}")

    def without_secrets(self, message: str) -> str:
        """Return a message without the texts to hide."""
        return redact(self._secrets, message)

    def begin(self, source_type: str, schema_name: str, streams: Collection[SelectedStream]) -> None:
        """Write what the job replicates."""
        stream_count = _counted(len(streams), "stream")
        self.write("job", f"{self.job_name}: {source_type} into schema {schema_name}, {stream_count}")
        for stream in streams:
            by = f" by {stream.replication_key}" if stream.replication_key else ""
            fields = _counted(len(stream.schema.get("properties", {})), "field")
            self.write("tap", f"{stream.tap_stream_id}: {stream.replication_method}{by}, {fields}")

    def end(self, status: str, **parts: tuple[int | None, str | None]) -> None:
        """Write what failed, by part, and how the job ended."""
        for part, (exit_status, description) in parts.items():
            if exit_status:
                self.write(part, description or "failed", "ERROR")
        self.write("job", status)


@dataclass
class BatchLogAggregator:
    """Adds up the batches of one stream after the other, and writes each stream into the log when it is done."""

    log: JobLog
    _stream: str | None = None
    _batches: int = 0
    _loaded: int = 0
    _rejected: int = 0
    _by_column: int = 0
    _by_record: Counter[str] = field(default_factory=Counter)

    def add(self, stream_name: str, result: LoadResult) -> None:
        """Count one batch that was loaded."""
        if stream_name != self._stream:
            self.write()
            self._stream = stream_name
        self._batches += 1
        self._loaded += result.rows_loaded
        self._rejected += result.rows_rejected
        self._by_column += result.by_column
        if result.by_record:
            self._by_record[result.by_record] += 1

    def write(self) -> None:
        """Write the current stream, if there is one, and start over."""
        if self._stream is not None:
            extracted = _counted(self._loaded + self._rejected, "row")
            self.log.write("tap", f"{self._stream}: extracted {extracted} in {_counted(self._batches, 'batch', 'es')}")
            rejected = f", rejected {self._rejected}" if self._rejected else ""
            self.log.write(
                "target",
                f"{self._stream}: loaded {_counted(self._loaded, 'row')}{self._method()}{rejected}",
                "WARNING" if self._rejected else "INFO",
            )
        self._stream, self._batches, self._loaded, self._rejected, self._by_column = None, 0, 0, 0, 0
        self._by_record.clear()

    def _method(self) -> str:
        """Say how the rows of files were loaded; nothing when there were no files."""
        if not self._by_record:
            return " by column" if self._by_column else ""
        why = "; ".join(self._by_record)
        if not self._by_column:
            return f" record by record ({why})"
        return f" by column, but {_counted(self._by_record.total(), 'batch', 'es')} record by record ({why})"


def _counted(count: int, noun: str, plural: str = "s") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}{plural}"
