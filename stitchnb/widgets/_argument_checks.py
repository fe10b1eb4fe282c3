"""Checks of the arguments of widgets: an error names the expected and the passed type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stitchnb.client import AsyncClient, Job
from stitchnb.client import Source as LiveSource
from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard, Source

if TYPE_CHECKING:
    from stitchnb.client import Client


def require_client(value: Any, widget: str) -> None:
    """Raise `InvalidInputError` unless `value` is a client."""
    if isinstance(value, AsyncClient):
        raise InvalidInputError(f"{widget} expects a Client, got AsyncClient. A widget cannot await its requests.")
    # Any object with sources will do, such as a client of your own.
    if not hasattr(value, "sources"):
        raise _wrong_argument(widget, "a Client from stitchnb.connect() as its first argument", value)


def require_type(value: Any, widget: str, kind: str) -> None:
    """Raise `InvalidInputError` unless `value` is None or a name of a type; `kind` is ``source`` or ``destination``."""
    if value is not None and not isinstance(value, str):
        expected = f"the name of a {kind} type; pass an existing {kind} as {kind}=…"
        raise _wrong_argument(widget, expected, value)


def require_live_source(value: Any, widget: str) -> None:
    """Raise `InvalidInputError` unless `value` is a source that is bound to a client."""
    if not isinstance(value, LiveSource):
        raise _wrong_argument(widget, "a Source from client.sources.get(source_id)", value)


def require_job(value: Any, widget: str) -> None:
    """Raise `InvalidInputError` unless `value` is a job."""
    if not isinstance(value, Job):
        raise _wrong_argument(widget, "a Job from source.start_job()", value)


def require_card(value: Any, widget: str) -> None:
    """Raise `InvalidInputError` unless `value` is None or a report card."""
    if value is not None and not isinstance(value, ReportCard):
        raise _wrong_argument(widget, "a ReportCard from client.source_types.get(type)", value)


def source_of(client: Client, value: Any, widget: str) -> Source | None:
    """Return the source for a source or its id, which is fetched; None for None.

    Raises
    ------
    InvalidInputError
        When `value` is neither a source nor an id.
    NotFoundError
        When there is no source with that id.
    """
    if value is None or isinstance(value, Source):
        return value
    return client.sources.get(source_id_of(value, widget))


def source_id_of(value: Any, widget: str) -> int:
    """Return the id for a source or its id.

    Raises
    ------
    InvalidInputError
        When `value` is neither a source nor an id.
    """
    if isinstance(value, Source):
        return value.id
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _wrong_argument(widget, "a source or its id as source=…", value)


def _wrong_argument(widget: str, expected: str, value: Any) -> InvalidInputError:
    # Only the type is named: the value may be a token.
    return InvalidInputError(f"{widget} expects {expected}, got {type(value).__name__}.")
