"""What replicates of many streams at once: the rules of `selection`, applied to whole columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stitchnb.models import FieldMetadata
from stitchnb.rules.selection import rules as selection
from stitchnb.rules.selection.columns import AUTOMATIC, UNSUPPORTED, YES, FieldColumns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class StreamPart:
    """One stream's fields with what was chosen of them.

    Attributes
    ----------
    selected
        Is the stream itself selected?
    changed
        Chosen since, by the field's position: 1 for selected, 0 for not.
    roles
        What fields are to the stream, such as ``primary key``, by position.
    """

    tap_stream_id: str
    stream_name: str
    selected: bool
    fields: FieldColumns
    changed: Mapping[int, int] = field(default_factory=dict)
    roles: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """What becomes of the fields of all parts, one element per field.

    Attributes
    ----------
    starts
        Where each part's fields begin, and at the end how many fields there are.
    selected, selected_by_default, inclusion
        As in `FieldColumns`, with what was chosen since.
    replicated
        Does it land?
    reasons, reason_texts
        Why, as a number, and what the numbers say.
    """

    starts: Ints
    inclusion: Ints
    selected: Ints
    selected_by_default: Ints
    replicated: Bools
    reasons: Ints
    reason_texts: Sequence[str]


class _Texts:
    """Numbers texts, the same text always by the same number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def all(self) -> list[str]:
        return list(self._numbers)


def effect_of(parts: Iterable[StreamPart]) -> Effect:
    """Reckon what replicates, and why, of the fields of many streams."""
    import numpy as np

    parts = list(parts)
    starts = np.cumsum([0, *(len(part.fields) for part in parts)])
    inclusion = _joined([part.fields.inclusion for part in parts], "int8")
    default = _joined([part.fields.selected_by_default for part in parts], "int8")
    selected = _joined([part.fields.selected for part in parts], "int8")
    for part, start in zip(parts, starts.tolist(), strict=False):
        if part.changed:
            selected[np.fromiter(part.changed, dtype="int64") + start] = list(part.changed.values())
    around = _joined([part.fields.around for part in parts], "int64")
    around[around >= 0] += np.repeat(starts[:-1], np.diff(starts))[around >= 0]
    inside = np.flatnonzero(around >= 0)

    automatic, unsupported = inclusion == AUTOMATIC, inclusion == UNSUPPORTED
    replicated = automatic | (~unsupported & ((selected == YES) | (default == YES)))
    texts = _Texts()
    reasons = _own_reasons(parts, starts, inclusion, selected, default, texts)
    if len(inside):
        described = _joined([part.fields.is_described for part in parts], "int8")
        depth = _joined([part.fields.depth for part in parts], "int16")[inside]
        silent = inside[described[inside] == 0]
        replicated[silent] = True
        for level in range(1, int(depth.max()) + 1):
            fields = inside[depth == level]
            replicated[fields] &= replicated[around[fields]]
        _name_around(reasons, silent, around, parts, starts, texts, selection.reason_with)
        lost = inside[~replicated[around[inside]]]
        _name_around(reasons, lost, around, parts, starts, texts, selection.reason_inside)
    unselected = ~np.repeat([part.selected for part in parts], np.diff(starts)).astype(bool)
    replicated &= ~unselected
    if unselected.any():
        wrapped = [texts.number(selection.reason_in_unselected_stream(text)) for text in texts.all]
        reasons[unselected] = np.asarray(wrapped, dtype="int32")[reasons[unselected]]
    return Effect(starts, inclusion, selected, default, replicated, reasons, texts.all)


def _own_reasons(
    parts: Sequence[StreamPart], starts: Ints, inclusion: Ints, selected: Ints, default: Ints, texts: _Texts
) -> Ints:
    """Say why each field would replicate or not if only its own metadata counted."""
    import numpy as np

    available = {"inclusion": "available"}
    not_selected = texts.number(selection.reason(FieldMetadata(available)))
    by_default = texts.number(selection.reason(FieldMetadata({**available, "selected-by-default": True})))
    chosen = texts.number(selection.reason(FieldMetadata({**available, "selected": True})))
    reasons = np.full(len(inclusion), not_selected, dtype="int32")
    reasons[default == YES] = by_default
    reasons[selected == YES] = chosen
    reasons[inclusion == AUTOMATIC] = texts.number(selection.reason(FieldMetadata({"inclusion": "automatic"})))
    reasons[inclusion == UNSUPPORTED] = texts.number(selection.reason(FieldMetadata({"inclusion": "unsupported"})))
    for part, start in zip(parts, starts.tolist(), strict=False):
        for position, roles in part.roles.items():
            if part.fields.inclusion[position] == AUTOMATIC:
                told = selection.reason(FieldMetadata({"inclusion": "automatic"}), roles=roles)
                reasons[start + position] = texts.number(told)
        for position, why in part.fields.descriptions.items():
            if part.fields.inclusion[position] == UNSUPPORTED:
                metadata = {"inclusion": "unsupported", "unsupported-description": why}
                reasons[start + position] = texts.number(selection.reason(FieldMetadata(metadata)))
    return reasons


def _name_around(
    reasons: Ints,
    fields: Ints,
    around: Ints,
    parts: Sequence[StreamPart],
    starts: Ints,
    texts: _Texts,
    say: Any,
) -> None:
    """Give fields a reason that names the field around them, which is looked up once for all that are inside it."""
    import numpy as np

    if not len(fields):
        return
    names, which = np.unique(around[fields], return_inverse=True)
    owners = np.searchsorted(starts, names, side="right") - 1
    numbers = [
        texts.number(say(parts[owner].fields.names[name - starts[owner]]))
        for name, owner in zip(names.tolist(), owners.tolist(), strict=True)
    ]
    reasons[fields] = np.asarray(numbers, dtype="int32")[which]


def _joined(columns: Sequence[Any], dtype: str) -> Any:
    """Put the parts' columns one after the other; a copy, always."""
    import numpy as np

    return np.concatenate([np.empty(0, dtype), *(np.asarray(column) for column in columns)]).astype(dtype, copy=False)
