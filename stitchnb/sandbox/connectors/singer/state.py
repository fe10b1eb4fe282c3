"""Where a tap's next run begins.

A Singer tap has one state for all of its streams, the sandbox keeps one bookmark for each stream. So every batch's
bookmark is the tap's whole state, as it was once all that had been said before was loaded, with a number that grows
from state to state and from run to run: whichever streams a job came to, the state with the highest number is the
one to go on from.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from stitchnb.sandbox.pipeline import SelectedStream

_STATE, _NUMBER, _HAS_ENDED = "singer_state", "number", "run_has_ended"


@dataclass(frozen=True, slots=True)
class TapState:
    """A state that a tap has said.

    Attributes
    ----------
    value
        As the tap said it; None when it has said none.
    number
        Greater than that of any state before.
    run_has_ended
        It was the last of a run that ended well.
    """

    value: Any = None
    number: int = 0
    run_has_ended: bool = True

    @classmethod
    def latest(cls, bookmarks: Mapping[str, Mapping[str, Any]]) -> Self:
        """Find the newest state among the bookmarks of the streams; those of other connectors hold none."""
        found = [
            cls(bookmark[_STATE], bookmark[_NUMBER], bookmark[_HAS_ENDED])
            for bookmark in bookmarks.values()
            if {_STATE, _NUMBER, _HAS_ENDED} <= bookmark.keys()
        ]
        return max(found, key=lambda state: state.number, default=cls())

    def then(self, value: Any) -> TapState:
        """Give the state that the tap says next, in the midst of a run."""
        return TapState(value, self.number + 1, run_has_ended=False)

    def ended(self) -> TapState:
        """Give the same state as the last of a run."""
        return self if self.run_has_ended else TapState(self.value, self.number + 1)

    def bookmark(self) -> dict[str, Any]:
        """Write it as a stream's bookmark."""
        return {} if self.number == 0 else {_STATE: self.value, _NUMBER: self.number, _HAS_ENDED: self.run_has_ended}

    def to_begin_with(self, streams: Sequence[SelectedStream]) -> Any:
        """Give what the tap is to begin with: what it said last.

        After a run that broke off, all but its place in the middle of full tables. A job replaces a full table as a
        whole, so one that went on there would leave out what came before.
        """
        value = self.value
        if self.run_has_ended or not isinstance(value, Mapping) or not isinstance(value.get("bookmarks"), Mapping):
            return value
        whole = {s.tap_stream_id for s in streams if s.replication_method == "FULL_TABLE"}
        bookmarks = {name: inner for name, inner in value["bookmarks"].items() if name not in whole}
        return copy.deepcopy({**value, "bookmarks": bookmarks})
