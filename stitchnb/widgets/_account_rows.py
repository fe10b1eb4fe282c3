"""What is shown of each source of an account, which ones, and in which order.

The page does the same by itself, so that searching needs no kernel: ``account_rows.js`` mirrors this module.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.models import Source
from stitchnb.rules.words import label, type_title

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
