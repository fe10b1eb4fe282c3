"""Saying how far something has come, in a notebook, in a terminal, or not at all."""

from __future__ import annotations

import html
import sys
from typing import Any, Protocol


class Progress(Protocol):
    """What a wait tells while it goes on."""

    def update(self, text: str) -> None:
        """Say where it stands."""

    def finish(self, text: str, *, good: bool) -> None:
        """Say how it ended."""


class Silent:
    """Says nothing."""

    def update(self, text: str) -> None:
        """Say nothing."""

    def finish(self, text: str, *, good: bool) -> None:
        """Say nothing."""


class Terminal:
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


class Notebook:
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


def progress_for(title: str, shown: bool | None = None) -> Progress:
    """Choose how to show progress.

    Parameters
    ----------
    shown
        True to show it, False not to; None shows it in a notebook and in a terminal that somebody looks at.
    """
    if shown is False:
        return Silent()
    if in_notebook():
        return Notebook(title)
    return Terminal(title) if shown or sys.stderr.isatty() else Silent()


def in_notebook() -> bool:
    """Tell whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None
