"""The Python side of a widget: one loop for the messages of its page, and the checks of what they hold."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from stitchnb.errors import StitchError

_MAX_NAME_LENGTH = 200

_log = logging.getLogger(__name__)


@cache
def asset(*names: str) -> str:
    """Read files of ``static/`` and join them in this order."""
    folder = files("stitchnb.widgets") / "static"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


class MessageError(ValueError):
    """A message that is not valid; the error never repeats what a user typed."""


def text_of(content: Mapping[str, Any], key: str, *, max_length: int = _MAX_NAME_LENGTH) -> str:
    """Return a string of a message."""
    value = content.get(key)
    if not isinstance(value, str):
        raise MessageError(f"{key} is not a string")
    if len(value) > max_length:
        raise MessageError(f"{key} is longer than {max_length} characters")
    return value


def truth_of(content: Mapping[str, Any], key: str, *, default: bool | None = None) -> bool:
    """Return a boolean of a message."""
    value = content.get(key, default)
    if not isinstance(value, bool):
        raise MessageError(f"{key} is not a boolean")
    return value


def number_of(content: Mapping[str, Any], key: str) -> int:
    """Return a whole number of a message."""
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MessageError(f"{key} is not a number")
    return value


def one_of(content: Mapping[str, Any], key: str, known: Collection[str]) -> str:
    """Return a string of a message that is one of the known ones."""
    value = text_of(content, key)
    if value not in known:
        raise MessageError(f"{key} is not one of {', '.join(known)}")
    return value


class PageWidget(anywidget.AnyWidget):
    """A widget that handles the messages of its page.

    A page sends ``{"type": …, "view": …}``. Every message of this form is answered with
    ``{"type": "heard", "to": view}`` once it is handled, whatever the result.
    """

    def _connect(self) -> None:
        """Start to handle messages; called once the widget is complete."""
        self.on_msg(self._on_message)

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        """Handle one message.

        Raises
        ------
        MessageError
            When the message is not valid; it is logged and ignored.
        StitchError
            When the request failed; `_show_error` shows it.
        """
        raise MessageError(f"{kind} is not a known type")

    def _show_error(self, error: StitchError) -> None:
        """Show the error that handling a message raised."""
        _log.warning("%s: %s", type(self).__name__, error)

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        if not isinstance(content, Mapping) or not isinstance(content.get("type"), str):
            self._log_ignored("it is not an object with a type")
            return
        try:
            self._handle_message(content["type"], content)
        except MessageError as error:
            self._log_ignored(str(error))
        except StitchError as error:
            self._show_error(error)
        finally:
            self.send({"type": "heard", "to": str(content.get("view", ""))[:_MAX_NAME_LENGTH]})

    def _log_ignored(self, reason: str) -> None:
        _log.warning("%s ignored a message of its page: %s", type(self).__name__, reason)

    def _table(self) -> str:
        """Return the widget as HTML, for pages that run no script."""
        return f"<p>{escape(repr(self))}</p>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/html"] = self._table()
        return bundle


class Panel(PageWidget):
    """A widget whose content is one synced dict; it never holds a secret."""

    _content = traitlets.Dict().tag(sync=True)

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__(_content=dict(content))
        self._connect()
