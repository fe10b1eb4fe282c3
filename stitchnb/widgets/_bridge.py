"""A part of a page: the kernel says what is in it, the page draws that and tells what was pressed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from stitchnb.errors import StitchError


@cache
def asset(*names: str) -> str:
    """Read files of ``static/`` and join them, in the given order, to the one text that a widget sends."""
    folder = files("stitchnb.widgets") / "static"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


LONGEST_NAME = 200


class MessageError(ValueError):
    """A message that is none of ours; it says why, and repeats nothing that was typed."""


def text_of(content: Mapping[str, Any], key: str, *, longest: int = LONGEST_NAME) -> str:
    """Read a text of a message."""
    value = content.get(key)
    if not isinstance(value, str):
        raise MessageError(f"{key} is no text")
    if len(value) > longest:
        raise MessageError(f"{key} is longer than {longest} characters")
    return value


def truth_of(content: Mapping[str, Any], key: str, *, default: bool | None = None) -> bool:
    """Read what is true or false in a message."""
    value = content.get(key, default)
    if not isinstance(value, bool):
        raise MessageError(f"{key} is neither true nor false")
    return value


def number_of(content: Mapping[str, Any], key: str) -> int:
    """Read a whole number of a message."""
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MessageError(f"{key} is no number")
    return value


def one_of(content: Mapping[str, Any], key: str, known: Collection[str]) -> str:
    """Read a text of a message that is one of those that are known."""
    value = text_of(content, key)
    if value not in known:
        raise MessageError(f"{key} is none of {', '.join(known)}")
    return value


_log = logging.getLogger(__name__)


class Panel(anywidget.AnyWidget):
    """What widgets without secrets have in common.

    The content is one synced dict. A page sends messages of the form ``{"type": …, "view": …}``, and every one of them
    is answered with ``{"type": "heard", "to": view}`` once it was seen to, whatever came of it.
    """

    _content = traitlets.Dict().tag(sync=True)

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__(_content=dict(content))
        self.on_msg(self._on_message)

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        """See to one message.

        Raises
        ------
        MessageError
            When it is none of this widget's; it is logged and otherwise ignored.
        StitchError
            When what was asked for could not be done; `_refuse` shows it.
        """
        raise MessageError(f"{kind} is not known")

    def _refuse(self, error: StitchError) -> None:
        """Show what went wrong."""
        raise NotImplementedError

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        if not isinstance(content, Mapping) or not isinstance(content.get("type"), str):
            _log.warning("%s ignored a message that is no object with a type", type(self).__name__)
            return
        try:
            self._hear(content["type"], content)
        except MessageError as error:
            _log.warning("%s ignored a message of its page: %s", type(self).__name__, error)
        except StitchError as error:
            self._refuse(error)
        finally:
            self.send({"type": "heard", "to": str(content.get("view", ""))[:200]})

    def _table(self) -> str:
        """Write the content as HTML, for where no script runs."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/html"] = self._table()
        return bundle
