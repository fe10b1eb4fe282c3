"""Ids as they are given: the same refusal in the client and in the sandbox."""

from __future__ import annotations

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
