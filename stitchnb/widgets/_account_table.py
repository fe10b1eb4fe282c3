"""The table of an account's sources: what its page is told, and what its page asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import traitlets

from stitchnb.errors import StitchError
from stitchnb.rules.words import type_title
from stitchnb.widgets._account_rows import COLUMNS, DELETED, GROUPS, Row, View, describe, shown
from stitchnb.widgets._assets import asset
from stitchnb.widgets._messages import MessageError, number_of, text_of
from stitchnb.widgets._panel import Panel

# What is lost and what is not, said before anybody deletes anything.
_DELETION = (
    "Its schedule stops, and so does a job that is under way.",
    "It stays in the list of sources, as deleted.",
    "Its rows in the destination stay.",
    "It cannot be undone.",
)

Action = Callable[..., object]


class AccountTable(Panel):
    """The page's half of an `AccountBrowser`.

    The rows are told as a whole when they were asked for, and one by one when one of them was changed. Search, filter
    and order are the page's own doing, which it tells when it is done with them.

    Parameters
    ----------
    place
        Where the account is.
    actions
        What the page may ask for, by name: ``refresh``, ``pause``, ``resume``, ``rename``, ``delete``, ``open``,
        ``new``, ``back``.
    """

    _esm = asset("dom.js", "line.js", "account_rows.js", "account_question.js", "account_browser.js")
    _css = asset("card.css", "account_browser.css")
    _rows: Any = traitlets.List().tag(sync=True)
    _view = traitlets.Dict(View().to_page()).tag(sync=True)

    def __init__(self, place: str, rows: Iterable[Row], actions: Mapping[str, Action]) -> None:
        self._actions = actions
        self._asked: dict[str, Any] = {}
        self._times = 0
        self._known = {row.id: row for row in rows}
        still = {
            "place": place,
            "groups": GROUPS,
            "columns": COLUMNS,
            "deletion": list(_DELETION),
            "changed": [],
            "notice": None,
            "wizard": None,
        }
        super().__init__({**still, **self._words()})
        self._rows = [list(row) for row in self._known.values()]

    @traitlets.validate("_view")
    def _check_view(self, proposal: Mapping[str, Any]) -> dict[str, str]:
        return View.of(proposal["value"]).to_page()

    @property
    def view(self) -> View:
        """What is looked for."""
        return View.of(self._view)

    @view.setter
    def view(self, view: View) -> None:
        self._view = view.to_page()

    @property
    def notice(self) -> str | None:
        """What was last said, of what was done or refused."""
        notice = self._content["notice"]
        return notice["text"] if notice else None

    def shown(self) -> list[Row]:
        """List the rows that are looked for, in their order."""
        return shown(self._known.values(), self.view)

    def replace(self, rows: Iterable[Row], *, notice: str | None = None) -> None:
        """Show other rows."""
        self._known = {row.id: row for row in rows}
        with self.hold_sync():
            self._rows = [list(row) for row in self._known.values()]
            self._tell(changed=[], **self._words(), notice=self._said("ok", notice) if notice else None)

    def change(self, row: Row, notice: str) -> None:
        """Show one row otherwise, and say what was done."""
        self._known[row.id] = row
        changed = [other for other in self._content["changed"] if other[0] != row.id]
        self._tell(changed=[*changed, list(row)], **self._words(), notice=self._said("ok", notice))

    def fold(self, wizard: Mapping[str, Any] | None) -> None:
        """Show no more than one line while a wizard is open, or everything again."""
        self._tell(wizard=wizard, notice=None)

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind not in self._actions:
            raise MessageError(f"{kind} is not known")
        arguments: list[Any] = [number_of(content, "id")] if kind not in ("refresh", "new", "back") else []
        if kind in ("rename", "delete"):
            arguments.append(text_of(content, "text"))
        self._asked = {"view": str(content.get("view", ""))[:200], "type": kind, "id": content.get("id")}
        self._actions[kind](*arguments)

    def _refuse(self, error: StitchError) -> None:
        # With what was asked, so that the page can say it where it was asked.
        self._tell(notice={**self._said("error", str(error)), "asked": self._asked})

    def _said(self, tone: str, text: str) -> dict[str, Any]:
        # Counted, so that the same words said twice are two events.
        self._times += 1
        return {"tone": tone, "text": text, "times": self._times}

    def _tell(self, **content: Any) -> None:
        self._content = {**self._content, **content}

    def _words(self) -> dict[str, Any]:
        """Tell how the states and types that occur are shown."""
        states = {row.state: describe(row.state) for row in self._known.values()}
        return {
            "states": {name: [state.words, state.tone, state.group] for name, state in states.items()},
            "types": {name: type_title(name) for name in {row.type: None for row in self._known.values()}},
        }

    def _table(self) -> str:
        import pandas as pd

        from stitchnb import frames

        found = self.shown()
        columns = {
            "Name": [row.display_name for row in found],
            "Schema": [row.name for row in found],
            "Type": [row.type for row in found],
            "State": [describe(row.state).words for row in found],
            "Next start": [_moment(row.next_start) for row in found],
            "Created": [_moment(row.created) for row in found],
        }
        return f"<div><b>Sources</b>: {self.summary()}{frames.html_table(pd.DataFrame(columns))}</div>"

    def summary(self) -> str:
        """Count the sources in words: ``3 sources, 1 deleted``."""
        deleted = sum(row.state == DELETED for row in self._known.values())
        there = len(self._known) - deleted
        words = f"{there} {'source' if there == 1 else 'sources'}"
        return f"{words}, {deleted} deleted" if deleted else words


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
