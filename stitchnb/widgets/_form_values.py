"""The values of a form, as they would be sent: to look at, and not to write to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Self

from stitchnb.models._secret import MASK

if TYPE_CHECKING:
    from stitchnb.widgets.fields import PropertyField


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
