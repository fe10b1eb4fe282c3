"""Which fields replicate, and why, in words.

The table of the Connect API, one field at a time::

    inclusion     selected        selected-by-default   replicates
    automatic     any             any                   yes
    unsupported   any             any                   no
    available     true            any                   yes
    available     any             true                  yes, even with ``selected: false``
    available     false or null   false or null         no

The API says nothing of fields inside of fields. Here a field inside another one (its breadcrumb goes deeper) only
replicates when the one around it does, for there is nothing inside of what is not there. With metadata of its own it
then goes by the table; where the source said nothing of it, it comes along with the field around it, as the source
delivers that one whole. `selection_effect` applies the same rules to whole columns.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from stitchnb.models import Breadcrumb, FieldMetadata

_UNSELECTED = "stream not selected ("


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


def replicated_fields(fields: Mapping[Breadcrumb, FieldMetadata | None]) -> dict[Breadcrumb, bool]:
    """Tell which fields of a selected stream replicate, those inside of others too.

    Parameters
    ----------
    fields
        The metadata of every field, of one around others before those inside it; None where the source said nothing
        of a field.
    """
    replicated: dict[Breadcrumb, bool] = {}
    for breadcrumb, metadata in fields.items():
        around = field_around(breadcrumb, replicated)
        by_itself = around is not None if metadata is None else is_replicated(metadata)
        replicated[breadcrumb] = by_itself and (around is None or replicated[around])
    return replicated


def field_around(breadcrumb: Breadcrumb, known: Container[Breadcrumb]) -> Breadcrumb | None:
    """Find the nearest known field that a field is inside of; None for a field at the top."""
    for length in range(len(breadcrumb) - 1, 0, -1):
        if breadcrumb[:length] in known:
            return breadcrumb[:length]
    return None


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


def reason_with(around: str) -> str:
    """Say why a field replicates of which the source says nothing but that it is inside another one."""
    return f"comes with {around}"


def reason_inside(around: str) -> str:
    """Say why a field does not replicate when the one around it does not."""
    return f"inside {around}, which does not replicate"


def reason_in_unselected_stream(why: str) -> str:
    """Say why a field does not replicate whose stream is not selected, and what it would do otherwise."""
    return f"{_UNSELECTED}{why})"


def reason_of_field(told: str) -> str:
    """Give the field's own reason, without that of its stream: what it does, or would do if that were selected."""
    return told.removeprefix(_UNSELECTED).removesuffix(")") if told.startswith(_UNSELECTED) else told
