"""The page side of an account's table of sources: its rows, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import traitlets

from stitchnb.errors import InvalidInputError, StitchError, near_names
from stitchnb.models import Source
from stitchnb.rules.report_cards.labels import property_label, type_title
from stitchnb.widgets._bridge import MessageError, Panel, asset, number_of, text_of

ALL = "all"
DELETED = "deleted"
CHECK_FAILED = "check_failed"
PAUSED_BY_STITCH = "system_paused"

# The filter buttons above the table. "All" leaves out deleted sources.
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
    "next_fire_time": "Next run (UTC)",
    "created_at": "Created",
}


@dataclass(frozen=True)
class State:
    """How a state is shown: its text, the tone of its chip, and its filter group."""

    text: str
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
    """One row of the table; times are seconds since 1970, or None."""

    id: int
    name: str
    display_name: str
    type: str
    state: str
    next_start: int | None
    created: int | None


@dataclass(frozen=True)
class View:
    """What the table shows: search words, a group of states, and a column to sort by; ``-`` sorts descending."""

    search: str = ""
    state: str = ALL
    sort: str = "display_name"

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> View:
        """Read a view that the page sent; an invalid part becomes the default."""
        search, state, sort = (content.get(name) for name in ("search", "state", "sort"))
        return cls(
            search[:200] if isinstance(search, str) else cls.search,
            state if isinstance(state, str) and state in GROUPS else cls.state,
            sort if isinstance(sort, str) and sort.removeprefix("-") in COLUMNS else cls.sort,
        )

    def to_page(self) -> dict[str, str]:
        """Return the view as the page reads it."""
        return asdict(self)

    def check(self) -> None:
        """Raise an error for an unknown state or column."""
        for name, value, known in (("state", self.state, GROUPS), ("sort", self.sort.removeprefix("-"), COLUMNS)):
            if value not in known:
                near = near_names(value, known)
                hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Use one of {', '.join(known)}."
                raise InvalidInputError(f"There is no {name} {value!r}. {hint}")


def state_name(source: Source, failed: Collection[int]) -> str:
    """Return a source's state; `failed` holds the ids of sources whose last connection check failed."""
    state = source.state
    if state == "paused" and source.paused_at is None:
        return PAUSED_BY_STITCH
    return CHECK_FAILED if state == "discover_schema" and source.id in failed else state


def describe(state: str) -> State:
    """Return how a state is shown; an unknown one counts as a setup step."""
    return _STATES.get(state) or State(property_label(state).lower(), "warn", "setup")


def row_of(source: Source, failed: Collection[int]) -> Row:
    """Return the row of a source."""
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
    """Return the rows that a view shows, in its order; rows without a value always come last."""
    words = view.search.lower().split()
    matching = [row for row in rows if _is_in(row, view.state) and all(_has(row, word) for word in words)]
    column, is_down = view.sort.removeprefix("-"), view.sort.startswith("-")
    matching.sort(key=lambda row: row.id)
    with_value = sorted(
        (row for row in matching if _key(row, column) is not None), key=lambda row: _key(row, column), reverse=is_down
    )
    return with_value + [row for row in matching if _key(row, column) is None]


def _is_in(row: Row, group: str) -> bool:
    row_group = describe(row.state).group
    return row_group != DELETED if group == ALL else row_group == group


def _has(row: Row, word: str) -> bool:
    # Ids and full type names match only as a whole: a part such as "form" would match everything.
    if word in (str(row.id), row.type):
        return True
    parts = (row.display_name, row.name, type_title(row.type), row.type.rpartition(".")[2], describe(row.state).text)
    return word in "\n".join(parts).lower()


def _key(row: Row, column: str) -> Any:
    match column:
        case "display_name":
            return row.display_name.lower()
        case "type":
            return type_title(row.type).lower()
        case "state":
            return describe(row.state).text
        case "next_fire_time":
            return row.next_start
        case _:
            return row.created


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


# What deleting does, shown before it is confirmed.
_DELETION = (
    "Its schedule stops, and so does a running job.",
    "It stays in the list of sources, as deleted.",
    "Its rows in the destination are kept.",
    "This can't be undone.",
)

Action = Callable[..., object]


class AccountTable(Panel):
    """The page side of an `AccountBrowser`.

    All rows are sent when they are loaded, and a single row when it changes. The page searches, filters and sorts, and
    reports the view afterwards.

    Parameters
    ----------
    place
        ``sandbox``, or the base URL of the account.
    actions
        What the page can request, by name: ``refresh``, ``pause``, ``resume``, ``rename``, ``delete``, ``open``,
        ``new``, ``back``.
    """

    _esm = asset("dom.js", "line.js", "account_rows.js", "account_question.js", "account_browser.js")
    _css = asset("card.css", "account_browser.css")
    _rows: Any = traitlets.List().tag(sync=True)
    _view = traitlets.Dict(View().to_page()).tag(sync=True)

    def __init__(self, place: str, rows: Iterable[Row], actions: Mapping[str, Action]) -> None:
        self._actions = actions
        self._request: dict[str, Any] = {}
        self._message_count = 0
        self._known = {row.id: row for row in rows}
        content = {
            "place": place,
            "groups": GROUPS,
            "columns": COLUMNS,
            "deletion": list(_DELETION),
            "changed": [],
            "notice": None,
            "wizard": None,
        }
        super().__init__({**content, **self._labels()})
        self._rows = [list(row) for row in self._known.values()]

    @traitlets.validate("_view")
    def _check_view(self, proposal: Mapping[str, Any]) -> dict[str, str]:
        return View.of(proposal["value"]).to_page()

    @property
    def view(self) -> View:
        """What the table shows."""
        return View.of(self._view)

    @view.setter
    def view(self, view: View) -> None:
        self._view = view.to_page()

    @property
    def message(self) -> str | None:
        """The last message: what was done, or why not."""
        notice = self._content["notice"]
        return notice["text"] if notice else None

    def shown(self) -> list[Row]:
        """Return the rows that the view shows, in its order."""
        return shown(self._known.values(), self.view)

    def replace(self, rows: Iterable[Row], *, message: str | None = None) -> None:
        """Replace all rows."""
        self._known = {row.id: row for row in rows}
        with self.hold_sync():
            self._rows = [list(row) for row in self._known.values()]
            self._update(changed=[], **self._labels(), notice=self._message("ok", message) if message else None)

    def change(self, row: Row, message: str) -> None:
        """Replace one row, and show what was done."""
        self._known[row.id] = row
        changed = [other for other in self._content["changed"] if other[0] != row.id]
        self._update(changed=[*changed, list(row)], **self._labels(), notice=self._message("ok", message))

    def fold(self, wizard: Mapping[str, Any] | None) -> None:
        """Shrink to one line while a wizard is open, or show the table again with None."""
        self._update(wizard=wizard, notice=None)

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind not in self._actions:
            raise MessageError(f"{kind} is not known")
        arguments: list[Any] = [number_of(content, "id")] if kind not in ("refresh", "new", "back") else []
        if kind in ("rename", "delete"):
            arguments.append(text_of(content, "text"))
        self._request = {"view": str(content.get("view", ""))[:200], "type": kind, "id": content.get("id")}
        self._actions[kind](*arguments)

    def _show_error(self, error: StitchError) -> None:
        # With the request, so that the page can show the error next to it.
        self._update(notice={**self._message("error", str(error)), "asked": self._request})

    def _message(self, tone: str, text: str) -> dict[str, Any]:
        # The count makes the same text twice two events.
        self._message_count += 1
        return {"tone": tone, "text": text, "times": self._message_count}

    def _update(self, **content: Any) -> None:
        self._content = {**self._content, **content}

    def _labels(self) -> dict[str, Any]:
        """Return the texts of all states and types in the table."""
        states = {row.state: describe(row.state) for row in self._known.values()}
        return {
            "states": {name: [state.text, state.tone, state.group] for name, state in states.items()},
            "types": {name: type_title(name) for name in {row.type: None for row in self._known.values()}},
        }

    def _table(self) -> str:
        import pandas as pd

        from stitchnb import frames

        rows = self.shown()
        columns = {
            "Name": [row.display_name for row in rows],
            "Schema": [row.name for row in rows],
            "Type": [row.type for row in rows],
            "State": [describe(row.state).text for row in rows],
            "Next run": [_moment(row.next_start) for row in rows],
            "Created": [_moment(row.created) for row in rows],
        }
        return f"<div><b>Sources</b>: {self.summary()}{frames.html_table(pd.DataFrame(columns))}</div>"

    def summary(self) -> str:
        """Return the number of sources as text: ``3 sources, 1 deleted``."""
        deleted = sum(row.state == DELETED for row in self._known.values())
        count = len(self._known) - deleted
        text = f"{count} {'source' if count == 1 else 'sources'}"
        return f"{text}, {deleted} deleted" if deleted else text


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
