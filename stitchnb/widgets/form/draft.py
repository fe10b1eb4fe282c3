"""What was typed into a form and is not saved, to be typed into another form of the same thing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Self

from stitchnb.models.base import MASK
from stitchnb.widgets.form.fields import FormField

if TYPE_CHECKING:
    from stitchnb.widgets.form.fields import PropertyField
    from stitchnb.widgets.form.form import ConnectionForm


class FormValues(dict[str, Any]):
    """Values by name; the repr shows no credential, not even one that is a list.

    They are a dict, so that they can be sent as JSON, and cannot be written to: nothing would come of that.
    """

    def __init__(self, values: Mapping[str, Any], masked: Collection[str]) -> None:
        super().__init__(values)
        self._masked = frozenset(masked)

    @classmethod
    def of(cls, fields: Collection[PropertyField]) -> Self:
        """Take them from fields."""
        return cls({f.name: f.value for f in fields}, [f.name for f in fields if f.input.is_secret])

    def __repr__(self) -> str:
        return repr({name: MASK if name in self._masked else value for name, value in self.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy is made whole: written to one by one it would refuse its own values.
        return type(self), (dict(self), self._masked)

    def _refuse(self, *_given: Any, **_named: Any) -> NoReturn:
        raise TypeError(
            "The values of a form are read-only: they show what would be sent. Set one by form[name].value = …"
        )

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


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


def restore_draft(form: ConnectionForm, draft: FormDraft) -> None:
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
