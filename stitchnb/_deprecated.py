"""Old names that still work for one release, each with a `DeprecationWarning` that has the new name."""

from __future__ import annotations

import warnings
from typing import Any


def warn_renamed(old: str, new: str, *, stacklevel: int = 3) -> None:
    """Warn at the caller's line that `old` is now called `new`."""
    warnings.warn(
        f"{old} is deprecated and will be removed in the next release. Use {new}.",
        DeprecationWarning,
        stacklevel=stacklevel,
    )


class Renamed:
    """The old name of an attribute or method of a class.

    Parameters
    ----------
    new
        The new name in the same class.

    Examples
    --------
    >>> import warnings
    >>> class Form:
    ...     message = "Saved."
    ...     notice = Renamed("message")
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     Form().notice
    'Saved.'
    >>> str(caught[0].message)
    'Form.notice is deprecated and will be removed in the next release. Use Form.message.'
    """

    def __init__(self, new: str) -> None:
        self._new = new
        self._old = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._old = name

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        warn_renamed(f"{owner.__name__}.{self._old}", f"{owner.__name__}.{self._new}")
        return getattr(instance, self._new)
