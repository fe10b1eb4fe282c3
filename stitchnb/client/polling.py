"""Waiting for what Stitch does in the background, and how the progress is shown."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from stitchnb.client._sansio import Steps, sleep
from stitchnb.errors import WaitTimeoutError

T = TypeVar("T")


class Progress(Protocol):
    """Shows how a wait proceeds."""

    def update(self, text: str) -> None:
        """Show the current status."""

    def finish(self, text: str, *, good: bool) -> None:
        """Show the outcome."""


class NullProgress:
    """Shows nothing."""

    def update(self, text: str) -> None:
        """Do nothing."""

    def finish(self, text: str, *, good: bool) -> None:
        """Do nothing."""


class TerminalProgress:
    """One line on standard error that is written over, and left standing with the outcome."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._width = 0

    def update(self, text: str) -> None:
        """Write over the line."""
        self._write(f"{self._title}: {text}", end="")

    def finish(self, text: str, *, good: bool) -> None:
        """Leave the outcome standing."""
        self._write(f"{self._title}: {text}", end="\n")

    def _write(self, line: str, *, end: str) -> None:
        sys.stderr.write("\r" + line.ljust(self._width) + end)
        sys.stderr.flush()
        self._width = len(line)


_STYLE = """<style>
.stitchnb-wait{display:flex;align-items:center;gap:10px;font:var(--jp-ui-font-size1,13px)/1.5 var(--jp-ui-font-family,
system-ui,sans-serif);color:var(--jp-ui-font-color1,#1f2328)}
.stitchnb-wait b{font-weight:600}
.stitchnb-wait progress{width:120px;height:6px;accent-color:var(--jp-brand-color1,#1976d2)}
.stitchnb-wait .good{color:var(--jp-success-color0,#1a7f4b)}.stitchnb-wait .bad{color:var(--jp-error-color1,#b3261e)}
</style>"""


class NotebookProgress:
    """One line under the cell, announced to screen readers as it changes."""

    def __init__(self, title: str) -> None:
        from IPython.display import display
        from ipywidgets import HTML

        class Wait(HTML):  # type: ignore[misc]
            """Shows as its title where widgets do not run, whatever it says at the moment."""

            def __repr__(self) -> str:
                return title

        self._title = html.escape(title)
        self._widget: Any = Wait(self._line("", "<progress aria-hidden='true'></progress>"))
        show: Any = display
        show(self._widget)

    def update(self, text: str) -> None:
        """Change the line."""
        self._widget.value = self._line(text, "<progress aria-hidden='true'></progress>")

    def finish(self, text: str, *, good: bool) -> None:
        """Show the outcome, by a sign and a word as well as by colour."""
        kind, sign = ("good", "✓") if good else ("bad", "✗")
        self._widget.value = self._line(text, f"<span class='{kind}' aria-hidden='true'>{sign}</span>")

    def _line(self, text: str, sign: str) -> str:
        told = (
            f"<div class='stitchnb-wait' role='status'>{sign}<b>{self._title}</b><span>{html.escape(text)}</span></div>"
        )
        return _STYLE + told


def progress_for(title: str, show_progress: bool | None = None) -> Progress:
    """Choose how to show progress.

    Parameters
    ----------
    show_progress
        True to show it, False not to; None shows it in a notebook and in an interactive terminal.
    """
    if show_progress is False:
        return NullProgress()
    if in_notebook():
        return NotebookProgress(title)
    return TerminalProgress(title) if show_progress or sys.stderr.isatty() else NullProgress()


def in_notebook() -> bool:
    """Tell whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


@dataclass(frozen=True)
class PollResult:
    """What one poll found: the status in words, and whether it is finished and good."""

    text: str
    finished: bool
    good: bool = True


def wait_until(
    poll: Callable[[], Steps[tuple[T, PollResult]]],
    *,
    title: str,
    timeout_s: float,
    poll_s: Callable[[], float],
    show_progress: bool | None = None,
    next_action: str,
) -> Steps[T]:
    """Poll until it is finished.

    Parameters
    ----------
    poll
        Returns the current state, and what it means.
    timeout_s
        How long to wait at most, in seconds.
    poll_s
        Returns, after each poll, the seconds until the next one.
    show_progress
        See `progress_for`.
    next_action
        What to do after a timeout, for the error message.

    Raises
    ------
    WaitTimeoutError
        If it does not finish in time. It continues in Stitch, and you can wait again.
    """
    progress = progress_for(title, show_progress)
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            state, result = yield from poll()
        except BaseException as error:
            progress.finish(f"stopped waiting ({type(error).__name__})", good=False)
            raise
        if result.finished:
            progress.finish(result.text, good=result.good)
            return state
        progress.update(result.text)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            progress.finish(f"still {result.text} after {timeout_s:g} s", good=False)
            raise WaitTimeoutError(f"{title}: still {result.text} after {timeout_s:g} seconds. {next_action}")
        try:
            yield from sleep(min(poll_s(), remaining))
        except BaseException:
            progress.finish("stopped waiting; it continues in Stitch", good=False)
            raise
