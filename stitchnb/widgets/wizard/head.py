"""The upper end of a wizard: what it is about, and its steps, to which one can go back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from stitchnb.errors import StitchError
from stitchnb.widgets._bridge import MessageError, Panel, asset, text_of
from stitchnb.widgets.form.spec import Heading
from stitchnb.widgets.wizard.progress import WizardStep


class WizardHead(Panel):
    """Header, stepper, and what went wrong last.

    Parameters
    ----------
    on_go
        Is called with the name of a step that one wants to go to.
    """

    _esm = asset("dom.js", "line.js", "wizard_head.js")
    _css = asset("card.css", "wizard.css")

    def __init__(self, on_go: Callable[[str], None]) -> None:
        self._on_go = on_go
        super().__init__(
            {"title": "", "code": "", "chip": {"text": "", "tone": "mute"}, "banner": "", "error": "", "steps": []}
        )

    def show(self, heading: Heading, steps: Sequence[WizardStep], *, shown: str, banner: str = "") -> None:
        """Show the header and the steps; `shown` is the one whose content is below."""
        self._content = {
            **self._content,
            "title": heading.title,
            "code": heading.code,
            "chip": {"text": heading.state, "tone": heading.tone},
            "banner": banner,
            "steps": [
                {
                    "type": step.name,
                    "title": step.title,
                    "note": step.note,
                    "state": str(step.state),
                    "open": step.is_open and step.name != shown,
                    "shown": step.name == shown,
                    "unsaved": step.is_unsaved,
                }
                for step in steps
            ],
        }

    def tell(self, error: str) -> None:
        """Show what went wrong; an empty text takes it away."""
        if self._content["error"] != error:
            self._content = {**self._content, "error": error}

    @property
    def error(self) -> str:
        """What it shows as wrong."""
        return str(self._content["error"])

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        name = text_of(content, "name")
        if kind != "go" or not any(step["type"] == name and step["open"] for step in self._content["steps"]):
            raise MessageError(f"there is no way to {kind} there")
        self._on_go(name)

    def _refuse(self, error: StitchError) -> None:
        self.tell(str(error))

    def _table(self) -> str:
        told = self._content
        rows = "".join(
            f"<tr><td>{number}</td><td>{escape(step['title'])}</td><td>{escape(step['state'])}</td></tr>"
            for number, step in enumerate(told["steps"], start=1)
        )
        return (
            f"<p><b>{escape(told['title'])}</b> <code>{escape(told['code'])}</code> {escape(told['chip']['text'])}</p>"
            f"<table><thead><tr><th>#</th><th>Step</th><th>State</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    def __repr__(self) -> str:
        return f"WizardHead({self._content['title']!r})"
