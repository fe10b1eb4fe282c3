"""Old names that still work for one release, each with a `DeprecationWarning` that has the new name."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_PACKAGE = f"{Path(__file__).resolve().parent}{os.sep}"


def warn_renamed(old: str, new: str) -> None:
    """Warn that `old` is now called `new`, at the line outside the package that uses it."""
    depth = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(
        f"{old} is deprecated and will be removed in the next release. Use {new}.",
        DeprecationWarning,
        stacklevel=depth,
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


def renamed_parameters(**names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a function take keyword arguments by their old names as well.

    Parameters
    ----------
    names
        The new name of each parameter by its old name.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            for old in names.keys() & kwargs.keys():
                if names[old] in kwargs:
                    raise TypeError(f"{function.__name__}() got both {old} and {names[old]}. Pass {names[old]}.")
                warn_renamed(f"{function.__name__}({old}=)", f"{names[old]}=")
                kwargs[names[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate


def renamed_names(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Create a module's ``__getattr__`` for names that were renamed.

    Parameters
    ----------
    module
        The module's own name.
    names
        The new name of each by its old name.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warn_renamed(f"{module}.{name}", names[name])
        return getattr(sys.modules[module], names[name])

    return get
