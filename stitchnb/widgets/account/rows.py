"""The table of an account's sources: what its page is told, and what its page asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import traitlets

from stitchnb.errors import InvalidInputError, StitchError, near_names
from stitchnb.models import Source
from stitchnb.rules.report_cards.labels import label, type_title
from stitchnb.widgets._bridge import MessageError, Panel, asset, number_of, text_of

ALL = "all"
DELETED = "deleted"
CHECK_FAILED = "check_failed"
PAUSED_BY_STITCH = "system_paused"

# What the buttons above the table choose from. Everything but what was deleted is "all".
GROUPS = {
    ALL: "All",
    "ready": "Ready",
    "setup": "In setup",
    "failed": "Check failed",
    "paused": "Paused",
    DELETED: "Deleted",
}

COLUMNS = {
    "display_name": "Name",
    "type": "Type",
    "state": "State",
    "next_fire_time": "Next start (UTC)",
    "created_at": "Created",
}


@dataclass(frozen=True)
class State:
    """How a state is shown: its words, the tone of its chip, and the group that it belongs to."""

    words: str
    tone: str
    group: str


_STATES = {
    "fully_configured": State("fully configured", "ok", "ready"),
    CHECK_FAILED: State("check failed", "error", "failed"),
    "paused": State("paused", "mute", "paused"),
    PAUSED_BY_STITCH: State("paused by Stitch", "warn", "paused"),
    DELETED: State("deleted", "mute", DELETED),
}


class Row(NamedTuple):
    """What is shown of one source; times are seconds since 1970, or None."""

    id: int
    name: str
    display_name: str
    type: str
    state: str
    next_start: int | None
    created: int | None


@dataclass(frozen=True)
class View:
    """What is looked for: words, a group of states, and a column to sort by, with a ``-`` before it downwards."""

    search: str = ""
    state: str = ALL
    sort: str = "display_name"

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> View:
        """Read what a page tells; what it cannot mean becomes the default."""
        search, state, sort = (told.get(name) for name in ("search", "state", "sort"))
        return cls(
            search[:200] if isinstance(search, str) else cls.search,
            state if isinstance(state, str) and state in GROUPS else cls.state,
            sort if isinstance(sort, str) and sort.removeprefix("-") in COLUMNS else cls.sort,
        )

    def to_page(self) -> dict[str, str]:
        """Write it for the page."""
        return asdict(self)

    def check(self) -> None:
        """Refuse a state or a column that there is not."""
        for name, value, known in (("state", self.state, GROUPS), ("sort", self.sort.removeprefix("-"), COLUMNS)):
            if value not in known:
                near = near_names(value, known)
                hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Give one of {', '.join(known)}."
                raise InvalidInputError(f"There is no {name} {value!r}. {hint}")


def state_name(source: Source, failed: Collection[int]) -> str:
    """Name a source's state; `failed` holds the ids of those whose last connection check is known to have failed."""
    state = source.state
    if state == "paused" and source.paused_at is None:
        return PAUSED_BY_STITCH
    return CHECK_FAILED if state == "discover_schema" and source.id in failed else state


def describe(state: str) -> State:
    """Tell how a state is shown; a step that is not known yet is one of the setup's."""
    return _STATES.get(state) or State(label(state).lower(), "warn", "setup")


def row_of(source: Source, failed: Collection[int]) -> Row:
    """Tell what is shown of a source."""
    due = source.schedule.next_fire_time if source.schedule else None
    return Row(
        source.id,
        source.name,
        source.display_name or source.name,
        source.type,
        state_name(source, failed),
        _seconds(due),
        _seconds(source.created_at),
    )


def shown(rows: Iterable[Row], view: View) -> list[Row]:
    """Choose the rows that a view shows, in its order; those without a value come last whichever way it goes."""
    words = view.search.lower().split()
    found = [row for row in rows if _is_in(row, view.state) and all(_has(row, word) for word in words)]
    column, is_down = view.sort.removeprefix("-"), view.sort.startswith("-")
    found.sort(key=lambda row: row.id)
    with_value = sorted(
        (row for row in found if _key(row, column) is not None), key=lambda row: _key(row, column), reverse=is_down
    )
    return with_value + [row for row in found if _key(row, column) is None]


def _is_in(row: Row, group: str) -> bool:
    own = describe(row.state).group
    return own != DELETED if group == ALL else own == group


def _has(row: Row, word: str) -> bool:
    # An id and a type's whole name as they are: parts of them, such as "form", would be found everywhere.
    if word in (str(row.id), row.type):
        return True
    parts = (row.display_name, row.name, type_title(row.type), row.type.rpartition(".")[2], describe(row.state).words)
    return word in "\n".join(parts).lower()


def _key(row: Row, column: str) -> Any:
    match column:
        case "display_name":
            return row.display_name.lower()
        case "type":
            return type_title(row.type).lower()
        case "state":
            return describe(row.state).words
        case "next_fire_time":
            return row.next_start
        case _:
            return row.created


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


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
