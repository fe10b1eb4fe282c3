"""Which fields replicate, and when field selection is complete."""

from __future__ import annotations

from collections.abc import Iterable

from stitchnb.models import FieldMetadata


def is_replicated(metadata: FieldMetadata) -> bool:
    """Does a field of a selected stream replicate?

    In order of precedence: an automatic field always does, an unsupported one never; an available one does when it is
    selected, or selected by default, whatever else was said of it.
    """
    if metadata.inclusion == "automatic":
        return True
    if metadata.inclusion == "unsupported":
        return False
    return metadata.selected is True or metadata.selected_by_default is True


def reason(metadata: FieldMetadata, *, roles: Iterable[str] = ()) -> str:
    """Say in words why a field does or does not replicate with its stream.

    Parameters
    ----------
    roles
        What the field is to its stream, such as ``primary key``: why an automatic one is automatic.
    """
    if metadata.inclusion == "automatic":
        named = ", ".join(roles)
        return f"automatic: {named}" if named else "automatic"
    if metadata.inclusion == "unsupported":
        why = metadata.unsupported_description
        return f"unsupported: {why}" if why else "unsupported"
    if metadata.selected is True:
        return "selected"
    return "selected by default" if metadata.selected_by_default is True else "not selected"
