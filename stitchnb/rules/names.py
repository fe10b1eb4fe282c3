"""What a source will be called in the destination.

Stitch makes a schema name from a source's display name, once, at creation; it can never be changed.
"""

from __future__ import annotations

import re
from numbers import Integral
from typing import Any

from stitchnb.errors import InvalidInputError


def checked_id(id_: Any, what: str) -> int:
    """Refuse what is no id, before anything is asked; a whole number of numpy's, as out of a frame, is one.

    Parameters
    ----------
    what
        What the id is of, for the message: ``source id``.
    """
    if isinstance(id_, bool) or not isinstance(id_, Integral):
        raise InvalidInputError(f"{id_!r} is no {what}: give the number in the {what.removesuffix(' id')}'s id.")
    return int(id_)


_MOST_CHARACTERS = 49
_NAME = re.compile(r"[a-z_][a-z0-9_$]*", re.ASCII)


def derive_name(display_name: str) -> str:
    """Give the name that Stitch makes from a display name.

    Lower case, spaces as underscores, everything but ``a`` to ``z``, ``0`` to ``9``, ``_`` and ``$`` left out. The
    result need not be a name that Stitch accepts: `display_name_error` tells.

    Examples
    --------
    >>> derive_name("Recurly EU")
    'recurly_eu'
    >>> derive_name("Display!")
    'display'
    """
    return re.sub(r"[^a-z0-9_$]", "", display_name.lower().replace(" ", "_"))


def display_name_error(display_name: str) -> str | None:
    """Say in words what is wrong with a display name; None where Stitch can make a name from it.

    Whether the name is free is for Stitch to say.
    """
    if not isinstance(display_name, str) or not display_name.strip():
        return "Expected a name, such as Recurly."
    name = derive_name(display_name)
    if not name:
        return f"No schema name can be made from {display_name!r}: it needs letters, such as Recurly."
    if not _NAME.fullmatch(name):
        return f"The schema would be {name}: it must begin with a letter or an underscore."
    if len(name) > _MOST_CHARACTERS:
        return f"The schema name would have {len(name)} characters: it must have under {_MOST_CHARACTERS + 1}."
    return None
