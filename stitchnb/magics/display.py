"""What a request's answer is in a notebook: lists as DataFrames, single objects as the client gives them."""

from __future__ import annotations

from typing import Any

from stitchnb.client import RecordList
from stitchnb.client.pages import Page
from stitchnb.client.requests import RawRequest
from stitchnb.magics import json_view as _json_view
from stitchnb.models import EphemeralToken, Field, ImportToken, NewAccount, Secret, StreamSchema

_HIDDEN = "The token is told this once, and not shown: {}{}.reveal() gives it."
_TOKENS = {ImportToken: "access_token", NewAccount: "access_token", EphemeralToken: "ephemeral_token"}


def value_of(request: RawRequest, answer: Any, *, raw: bool) -> Any:
    """Give what the magic gives for an answer.

    Parameters
    ----------
    answer
        JSON where `raw`, else what the client reads it as.
    """
    endpoint = request.endpoint
    if raw or endpoint is None or isinstance(answer, str):
        return _json_view.shown(answer)
    if isinstance(answer, Page):
        return answer.records.to_frame()
    if isinstance(answer, RecordList):
        return answer.to_frame()
    if isinstance(answer, StreamSchema):
        return RecordList(Field, answer.fields).to_frame()
    return answer


def notes_on(request: RawRequest, answer: Any, *, kept_as: str | None = None) -> list[str]:
    """Say what the answer itself does not show.

    Parameters
    ----------
    kept_as
        The variable that it is kept in; None where it is the cell's value.
    """
    keeping, called = ("", kept_as) if kept_as is not None else ("answer = _ keeps it, ", "answer")
    told = f"{request.method} {request.path}"
    if answer is None:
        return [f"{told}: done."]
    name = _TOKENS.get(type(answer))
    if name is not None and getattr(answer, name) is not None:
        return [_HIDDEN.format(keeping, f"{called}.{name}")]
    if isinstance(answer, dict):
        return [
            _HIDDEN.format(keeping, f'{called}["{key}"]') for key, value in answer.items() if isinstance(value, Secret)
        ]
    page = request.params.get("page", "1")
    if isinstance(answer, Page) and page.isdecimal() and (answer.has_next or page != "1"):
        number = int(page)
        of = f" of {answer.total:,}" if answer.total is not None else ""
        following = f" More: {request.method} {request.path}?page={number + 1}" if answer.has_next else ""
        return [f"Page {number}: {len(answer.records)}{of} records.{following}"]
    return []


def in_short(value: Any) -> str:
    """Tell a value's kind and size."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and len(shape) == 2:
        return f"a DataFrame, {_counted(shape[0], 'row')} of {_counted(shape[1], 'column')}"
    if isinstance(value, dict | list | str):
        kind = {dict: "a dict", list: "a list", str: "a text"}[
            next(k for k in (dict, list, str) if isinstance(value, k))
        ]
        return f"{kind} of {_counted(len(value), 'character' if isinstance(value, str) else 'entry')}"
    return repr(value)


def _counted(count: int, thing: str) -> str:
    plural = thing[:-1] + "ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else plural}"
