"""Every name that there is help on, with what it names."""

import inspect
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any

import stitchnb
from stitchnb._help import names as _names
from stitchnb._help.docs import attributes_of, methods_of

# Objects that one has in hand, and the classes that one is given objects of.
BEGINNINGS = sorted({*_names._homes(), *stitchnb.__all__} - {"__version__"})


@cache
def public_names() -> dict[str, Any]:
    """Give every name by which help is asked for: what is listed on a page has a page of its own."""
    return dict(row for name in BEGINNINGS for row in _walk(name))


def _walk(name: str) -> Iterator[tuple[str, Any]]:
    _, found = _names.find_name(name)
    yield name, found
    if isinstance(found, type) or inspect.ismodule(found):
        rows = (*attributes_of(found), *methods_of(found, of_an_object=False))
        for part in (part for names, _ in rows for part in names.split(", ")):
            value = inspect.getattr_static(found, part, None)
            if callable(value) or hasattr(value, "__get__") or isinstance(value, property | cached_property):
                yield f"{name}.{part}", _names.find_name(f"{name}.{part}")[1]


def docstring_of(found: Any) -> str:
    """Give what stitchnb says of it; nothing of what is another package's."""
    home = found.fget if isinstance(found, property) else getattr(found, "func", found)
    module = found.__name__ if inspect.ismodule(found) else getattr(home, "__module__", "") or ""
    return inspect.getdoc(found) or "" if module.startswith("stitchnb") else ""
