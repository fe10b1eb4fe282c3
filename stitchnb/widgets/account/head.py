"""The top of an account's page: which account it is, what is open, and the link to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from stitchnb.errors import StitchError
from stitchnb.widgets._bridge import MessageError, Panel, asset, text_of

if TYPE_CHECKING:
    from stitchnb.client import Client

_TITLE = "Sources"


class PageHead(Panel):
    """Says which account it is, and keeps the page's address in step with what is open.

    Parameters
    ----------
    on_visit
        Is called with the place that the browser's Back or Forward led to.
    own_page, note
        See `AccountPage`.
    """

    _esm = asset("dom.js", "line.js", "page_head.js")
    _css = asset("card.css", "page.css")

    def __init__(self, client: Client, on_visit: Callable[[str], None], *, own_page: bool, note: str) -> None:
        self._on_visit = on_visit
        super().__init__(
            {**_account(client), "note": note, "own_page": own_page, "place": "", "title": _TITLE, "trouble": ""}
        )

    def show(self, place: str, title: str) -> None:
        """Show what is open: a source's id, ``new``, or an empty text for the list."""
        self._tell(place=place, title=title or _TITLE)

    def tell_trouble(self, words: str) -> None:
        """Say what could not be done; an empty text takes it away."""
        self._tell(trouble=words)

    @property
    def place(self) -> str:
        """What is open."""
        return str(self._content["place"])

    @property
    def trouble(self) -> str:
        """What it says that could not be done."""
        return str(self._content["trouble"])

    def _tell(self, **content: str) -> None:
        told = {**self._content, **content}
        if told != self._content:
            self._content = told

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "visit":
            raise MessageError(f"{kind} is not known")
        self._on_visit(text_of(content, "place"))

    def _refuse(self, error: StitchError) -> None:
        self.tell_trouble(str(error))

    def _table(self) -> str:
        told = self._content
        return f"<p><b>{escape(told['account'])}</b> {escape(told['words'])} {escape(told['note'])}</p>"

    def __repr__(self) -> str:
        return f"PageHead({self._content['title']!r})"


def _account(client: Client) -> dict[str, str]:
    if client.sandbox is not None:
        return {
            "kind": "sandbox",
            "account": "Sandbox",
            "words": "A Connect API of your own on this machine. Nothing you do here reaches a real account.",
        }
    return {
        "kind": "real",
        "account": "Real account",
        "words": f"At {client.base_url}. What you do here really happens.",
    }
