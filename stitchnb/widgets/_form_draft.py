"""What was typed into a form and is not saved, to be typed into another form of the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stitchnb.widgets.fields import FormField

if TYPE_CHECKING:
    from stitchnb.widgets.form import ConnectionForm

_WORDS = "What was filled in here before is shown again. It is not saved yet."


@dataclass(frozen=True, repr=False)
class FieldDraft:
    """What stands in one field. It may be a credential, so it has no repr.

    Attributes
    ----------
    content
        The text in its input, or of a credential, which has none, its value.
    as_json
        It is edited as JSON.
    touched
        Its error may be shown.
    """

    content: Any
    as_json: bool = False
    touched: bool = field(default=False, compare=False)


@dataclass(frozen=True, repr=False)
class FormDraft:
    """What was filled in. It may hold credentials: it has no repr, and is never told to a page.

    Attributes
    ----------
    fields
        By name: of something new all fields, as their defaults can be taken away too, else those that differ from what
        Stitch has.
    own_client
        The switch for what Stitch would give.
    schedule
        The kind of schedule.
    """

    fields: Mapping[str, FieldDraft]
    own_client: bool
    schedule: str


def draft_of(form: ConnectionForm) -> FormDraft | None:
    """Give what is filled in and not saved; None where nothing is, or it was sent for good."""
    if form._locked:
        return None
    is_new = form._connection is None
    found = {f.name: _field_draft(f) for f in form if _is_open(f) and (is_new or f.is_unsaved)}
    return FormDraft(found, form._own_client, form._schedule.mode) if found else None


def take_up(form: ConnectionForm, draft: FormDraft) -> None:
    """Fill a form in as it was, and have it say that this is not saved; what it has no field for is left out."""
    for name, left in draft.fields.items():
        if name in form and _is_open(form[name]):
            _fill_in(form[name], left)
    form._own_client = draft.own_client
    form._schedule.choose(draft.schedule)
    form._notice = ("warn", _WORDS)
    form._tell()


def _is_open(one: FormField) -> bool:
    return not (one.read_only or one.locked)


def _field_draft(one: FormField) -> FieldDraft:
    return FieldDraft(one._value if one.input.is_secret else one.text, one.as_json, one.touched)


def _fill_in(one: FormField, left: FieldDraft) -> None:
    if one.input.is_secret:
        one.put(left.content)
    else:
        one.type_in(left.content, as_json=left.as_json)
    one.touched = left.touched
