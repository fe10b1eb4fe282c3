"""A job in a terminal: a bar for each stream, and the end of the log."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from stitchnb.client.jobs.status import JobStatus, JobStream

_BAR = 16
_RUNNER = 4
_LOG_LINES = 4
# What else is on a board, besides streams and log.
_OTHER_LINES = 4


class JobProgressDisplay:
    """Shows a job on standard error, in lines that are written over; where that cannot be, a line for every change.

    Parameters
    ----------
    title
        What it is a job of.
    out
        Where to write to, in place of standard error.
    """

    def __init__(self, title: str, out: TextIO | None = None) -> None:
        self._title = title
        self._out = out if out is not None else sys.stderr
        self._is_terminal = self._out.isatty()
        self._height = 0
        self._looks = 0
        self._said: dict[str, str] = {}

    def show(self, seen: JobStatus) -> None:
        """Show how it stands now."""
        self._looks += 1
        if self._is_terminal:
            self._draw(seen)
        else:
            self._say(self._title, _words(seen))
            for stream in seen.table:
                self._say(f"  {stream.name}", _outcome(stream))
        self._out.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last look standing; who stops watching is told that the job goes on."""
        if isinstance(error, KeyboardInterrupt):
            self._out.write(f"{self._title}: stopped waiting; it continues in Stitch\n")
            self._out.flush()

    def _draw(self, seen: JobStatus) -> None:
        columns, rows = shutil.get_terminal_size()
        log = (seen.log or ())[-_LOG_LINES:]
        room = max(1, rows - len(log) - _OTHER_LINES)
        lines = [f"{self._title}: {_words(seen)}", *self._streams(seen, room), *(f"  | {line}" for line in log)]
        # Up to where the last look began, and everything below taken away.
        back = f"\x1b[{self._height}F\x1b[J" if self._height else ""
        self._out.write(back + "".join(f"{line[: columns - 1].rstrip()}\n" for line in lines))
        self._height = len(lines)

    def _streams(self, seen: JobStatus, room: int) -> list[str]:
        shown: Sequence[JobStream] = seen.table
        if len(shown) > room:
            # What goes on comes first where there is not room for all.
            shown = sorted(shown, key=lambda stream: stream.phase not in ("tap", "target", "failed"))[: room - 1]
        width = max((len(stream.name) for stream in shown), default=0)
        lines = [
            f"  {stream.name:<{width}}  {stream.phase:<11}  {self._bar(stream)}{_rows(stream)}" for stream in shown
        ]
        hidden = len(seen.table) - len(shown)
        return [*lines, f"  and {hidden} more streams"] if hidden else lines

    def _bar(self, stream: JobStream) -> str:
        if stream.share is None and stream.phase == "tap":
            # How far it is nobody knows: a runner, one step further at every look.
            at = self._looks % (_BAR - _RUNNER + 1)
            return "[" + "." * at + "=" * _RUNNER + "." * (_BAR - _RUNNER - at) + "]"
        done = int((stream.share or 0) * _BAR)
        return "[" + "#" * done + "." * (_BAR - done) + "]"

    def _say(self, what: str, words: str) -> None:
        if self._said.get(what) != words:
            self._said[what] = words
            self._out.write(f"{what}: {words}\n")


def _words(seen: JobStatus) -> str:
    """Tell the part that is at work, where it is known."""
    if seen.part in ("discovery", "tap", "target"):
        return f"{seen.phase}, in {seen.part}"
    return seen.text


def _rows(stream: JobStream) -> str:
    if stream.rows is None:
        return ""
    rate = f"{stream.rows_per_s:,.0f}/s" if stream.rows_per_s is not None else ""
    rejected = f"  {stream.rows_rejected:,} rejected" if stream.rows_rejected else ""
    return f"{stream.rows:>12,} rows{rate:>12}{rejected}"


def _outcome(stream: JobStream) -> str:
    """Tell a stream without what changes all the time."""
    is_over = stream.phase in ("loaded", "broken off", "failed")
    told = f", {stream.rows:,} rows" if is_over and stream.rows is not None else ""
    rejected = f", {stream.rows_rejected:,} rejected" if is_over and stream.rows_rejected else ""
    return f"{stream.phase}{told}{rejected}"
