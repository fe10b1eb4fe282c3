"""What Tab offers of an object: not what is public to the other rooms of stitchnb alone."""

from __future__ import annotations

import inspect

_INNER = "; for stitchnb itself to use."


def offered(of: object) -> list[str]:
    """List the names of an object, as ``dir`` does, without those whose docstring says that they are not for users.

    They stay public: a name that is left out can be used all the same.
    """
    return [name for name in object.__dir__(of) if not _is_inner(inspect.getattr_static(type(of), name, None))]


def _is_inner(part: object) -> bool:
    summary = inspect.cleandoc(getattr(part, "__doc__", None) or "").partition("\n\n")[0]
    return summary.endswith(_INNER)
