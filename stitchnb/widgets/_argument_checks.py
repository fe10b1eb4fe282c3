"""What a widget is given, held against what it is made of: where it is the wrong thing, both are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stitchnb.client import AsyncClient, Job
from stitchnb.client import Source as LiveSource
from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard, Source

if TYPE_CHECKING:
    from stitchnb.client import Client


def require_client(given: Any, widget: str) -> None:
    """Raise where a widget was given something else than a client.

    Raises
    ------
    InvalidInputError
        It says what is wanted, and what was given.
    """
    if isinstance(given, AsyncClient):
        raise InvalidInputError(f"{widget} wants a Client: an AsyncClient cannot be waited for in a widget.")
    # Whatever has sources will do, such as a client of somebody's own.
    if not hasattr(given, "sources"):
        raise _unwanted(widget, "a client first, as stitchnb.connect() gives it", given)


def require_type(given: Any, widget: str, thing: str) -> None:
    """Raise where a widget was given something else than a type's name; None is fine. `thing` is what has the type.

    Raises
    ------
    InvalidInputError
        It says what is wanted, and what was given.
    """
    if given is not None and not isinstance(given, str):
        wanted = f"the name of a {thing} type; one that is there is given by name, {thing}=…"
        raise _unwanted(widget, wanted, given)


def require_live_source(given: Any, widget: str) -> None:
    """Raise where a widget was given something else than a source that can be asked.

    Raises
    ------
    InvalidInputError
        It says what is wanted, and what was given.
    """
    if not isinstance(given, LiveSource):
        raise _unwanted(widget, "a source, as client.sources.get(source_id) gives it", given)


def require_job(given: Any, widget: str) -> None:
    """Raise where a widget was given something else than a job.

    Raises
    ------
    InvalidInputError
        It says what is wanted, and what was given.
    """
    if not isinstance(given, Job):
        raise _unwanted(widget, "a job, as source.start_job() gives it", given)


def require_card(given: Any, widget: str) -> None:
    """Raise where a widget was given something else than a report card; None is fine.

    Raises
    ------
    InvalidInputError
        It says what is wanted, and what was given.
    """
    if given is not None and not isinstance(given, ReportCard):
        raise _unwanted(widget, "a report card, as client.source_types.get(type) gives it", given)


def source_of(client: Client, given: Any, widget: str) -> Source | None:
    """Give the source that is meant by a source or by its id, which is asked for; None where nothing was given.

    Raises
    ------
    InvalidInputError
        When it is neither: it says what is wanted, and what was given.
    NotFoundError
        When there is no source with that id.
    """
    if given is None or isinstance(given, Source):
        return given
    return client.sources.get(source_id_of(given, widget))


def source_id_of(given: Any, widget: str) -> int:
    """Give the id of the source that is meant by a source or by its id.

    Raises
    ------
    InvalidInputError
        When it is neither: it says what is wanted, and what was given.
    """
    if isinstance(given, Source):
        return given.id
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise _unwanted(widget, "a source or its id as source=…", given)


def _unwanted(widget: str, wanted: str, given: Any) -> InvalidInputError:
    # Its type alone is told: it may be a token.
    name = type(given).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return InvalidInputError(f"{widget} wants {wanted}. It was given {article} {name}.")
