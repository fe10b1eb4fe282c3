"""An account on one page: its sources, and the wizard and jobs of the one that is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from stitchnb.errors import InvalidInputError, NotFoundError, StitchError
from stitchnb.rules.report_cards.products import TypeKind, type_kind
from stitchnb.widgets._argument_checks import require_client
from stitchnb.widgets._bridge import MessageError, Panel, asset, text_of
from stitchnb.widgets.account.browser import AccountBrowser
from stitchnb.widgets.jobs.source_jobs import SourceJobs
from stitchnb.widgets.wizard.wizard import SourceWizard

if TYPE_CHECKING:
    from stitchnb.client import Client
    from stitchnb.client.resources.sources import Source

NEW = "new"
_MAX_ID_LENGTH = 18
_TITLE = "Sources"


class PageHead(Panel):
    """Shows which account it is, and keeps the page's address in step with the open source.

    Parameters
    ----------
    on_navigate
        Called with the place that the browser's Back or Forward leads to.
    own_page, note
        See `AccountPage`.
    """

    _esm = asset("dom.js", "line.js", "page_head.js")
    _css = asset("card.css", "page.css")

    def __init__(self, client: Client, on_navigate: Callable[[str], None], *, own_page: bool, note: str) -> None:
        self._on_navigate = on_navigate
        super().__init__(
            {**_account(client), "note": note, "own_page": own_page, "place": "", "title": _TITLE, "trouble": ""}
        )

    def show(self, place: str, title: str) -> None:
        """Show what is open: a source id, ``new``, or an empty string for the list."""
        self._update(place=place, title=title or _TITLE)

    @property
    def place(self) -> str:
        """What is open: a source id, ``new``, or an empty string for the list."""
        return str(self._content["place"])

    @property
    def message(self) -> str:
        """The error that is shown; empty when there is none."""
        return str(self._content["trouble"])

    @message.setter
    def message(self, message: str) -> None:
        self._update(trouble=message)

    def _update(self, **content: str) -> None:
        updated = {**self._content, **content}
        if updated != self._content:
            self._content = updated

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "visit":
            raise MessageError(f"{kind} is not known")
        self._on_navigate(text_of(content, "place"))

    def _show_error(self, error: StitchError) -> None:
        self.message = str(error)

    def _table(self) -> str:
        content = self._content
        return f"<p><b>{escape(content['account'])}</b> {escape(content['words'])} {escape(content['note'])}</p>"

    def __repr__(self) -> str:
        return f"PageHead({self._content['title']!r})"


def _account(client: Client) -> dict[str, str]:
    if client.sandbox is not None:
        return {
            "kind": "sandbox",
            "account": "Sandbox",
            "words": "Local sandbox. Nothing here touches a real account.",
        }
    return {
        "kind": "real",
        "account": "Real account",
        "words": f"Live account at {client.base_url}. Changes are real.",
    }


class SourceView(ipywidgets.VBox):
    """The wizard and the jobs of a source, or the wizard of a new one.

    Parameters
    ----------
    on_source
        Called with this view after every response that holds the source.
    """

    _jobs: SourceJobs | None = None
    _is_closed = False

    def __init__(self, client: Client, source_id: int | None, *, on_source: Callable[[SourceView], None]) -> None:
        self._client = client
        self._on_source = on_source
        self.wizard = SourceWizard(client, source=source_id)
        super().__init__([self.wizard])
        self._show_jobs()
        self.wizard.observe(self._changed, "source")

    @property
    def source_id(self) -> int | None:
        """The source's id; None until it is created."""
        return self.wizard.source.id if self.wizard.source is not None else None

    @property
    def jobs(self) -> SourceJobs | None:
        """The source's jobs; None until it is created, or if rows are pushed to it."""
        return self._jobs

    def close(self) -> None:
        """Stop the background work and close every widget; a job keeps running."""
        self._is_closed = True
        self.wizard.unobserve_all("source")
        self.wizard.close()
        if self._jobs is not None:
            self._jobs.close()
        super().close()

    def _changed(self, change: dict[str, Any]) -> None:
        # The background work may report once more after the view is closed.
        if not self._is_closed:
            self._show_jobs()
            self._on_source(self)

    def _show_jobs(self) -> None:
        source = self.wizard.source
        if source is None or type_kind(source.report_card) is TypeKind.PUSH:
            return
        if self._jobs is None:
            self._jobs = SourceJobs(self._client, source)
            self.children = [self.wizard, self._jobs]
        else:
            self._jobs.update_source(source)


class AccountPage(ipywidgets.VBox):
    """An account on one page: the sources, and the wizard and jobs of the source that is open.

    ``stitchnb app`` shows it to people who do not code, and it works in a notebook too. Its top says whether the
    account is real or a sandbox.

    Parameters
    ----------
    client
        The account.
    source_id
        The source to open; None shows the list of sources.
    own_page
        The widget fills a browser page, as in ``stitchnb app``. The page's address then follows, as in
        ``?source=233312``, each source has a link, the browser's Back works, and code is left out.
    note
        A sentence about the account to show at the top, such as how long a sandbox is kept.

    Raises
    ------
    InvalidInputError
        When the account has no such source, or it was deleted.
    APIError
        When Stitch does not return the sources.

    Examples
    --------
    >>> client = stitchnb.connect(quiet=True, pace_s=0)
    >>> source = client.sources.create("platform.shopify", display_name="Shop", validate=False)
    >>> page = stitchnb.AccountPage(client)
    >>> page
    AccountPage(all sources)
    >>> page.open_source(source.id)
    >>> page.wizard.step
    'form'
    >>> page
    AccountPage(source 233312)
    >>> page.show_list()
    >>> page.open_source(1)
    Traceback (most recent call last):
    ...
    stitchnb.errors.InvalidInputError: There is no source 1 in this account. Choose one from the list.
    >>> page.close()
    >>> client.close()
    """

    _view: SourceView | None = None
    _parts: tuple[ipywidgets.DOMWidget, ...] = ()

    def __init__(self, client: Client, *, source_id: int | None = None, own_page: bool = False, note: str = "") -> None:
        require_client(client, "AccountPage")
        self._client = client
        self._head = PageHead(client, self.navigate, own_page=own_page, note=note)
        self._browser = AccountBrowser(client, open=self._open_view)
        self._browser.observe(self._close_if_list_shown, "children")
        self._parts = (self._head, self._browser)
        super().__init__(self._parts, _dom_classes=("sn-page", *(("sn-own-page",) if own_page else ())))
        if source_id is not None:
            try:
                self.open_source(source_id)
            except StitchError:
                self.close()
                raise

    def open_source(self, source_id: int | None = None) -> None:
        """Open a source, or with None the wizard of a new one.

        Raises
        ------
        InvalidInputError
            When the account has no such source, or it was deleted.
        APIError, TransportError
            When Stitch does not return it.
        """
        if source_id is not None:
            self._require_source(source_id)
        try:
            self._browser.open_wizard(source_id)
        except InvalidInputError:
            # The source was created elsewhere after the list was loaded.
            self._browser.refresh()
            self._browser.open_wizard(source_id)

    def show_list(self) -> None:
        """Show the list of sources, fetched again.

        Raises
        ------
        APIError, TransportError
            When Stitch does not return the sources; the list is shown as it was.
        """
        self._browser.close_wizard()

    def navigate(self, url: str) -> None:
        """Open what an address names; an error is shown above the list.

        Parameters
        ----------
        url
            The ``source`` part of the address: a source id, ``new``, or an empty string for the list.
        """
        # The head is sent once, at the end.
        with self._head.hold_sync():
            self._head.message = ""
            try:
                self._go(url.strip())
            except StitchError as error:
                self._show_list_with(error)

    @property
    def message(self) -> str:
        """The error above the list of sources; empty when there is none."""
        return self._head.message

    @property
    def source_id(self) -> int | None:
        """The id of the open source; None for the list, or for a source that is not created yet."""
        return self._view.source_id if self._view is not None else None

    @property
    def wizard(self) -> SourceWizard | None:
        """The wizard that is open; None while the list is shown."""
        return self._view.wizard if self._view is not None else None

    @property
    def jobs(self) -> SourceJobs | None:
        """The jobs of the open source; None if there is none, or if rows are pushed to it."""
        return self._view.jobs if self._view is not None else None

    def close(self) -> None:
        """Stop the background work and close every widget."""
        # After an error in the constructor there is no browser.
        if hasattr(self, "_browser"):
            self._browser.unobserve_all("children")
        if self._view is not None:
            self._view.close()
            self._view = None
        for part in self._parts:
            part.close()
        super().close()

    def _go(self, place: str) -> None:
        if place == "":
            self.show_list()
        elif place == NEW:
            self.open_source()
        elif place.isascii() and place.isdigit() and len(place) <= _MAX_ID_LENGTH:
            if self.source_id != int(place):
                self.open_source(int(place))
        else:
            raise InvalidInputError(f"{place[:60]!r} is not a valid source id. Choose a source from the list.")

    def _show_list_with(self, error: StitchError) -> None:
        # The old list is still useful, and the first error is the one to show.
        with suppress(StitchError):
            self.show_list()
        self._head.message = str(error)

    def _require_source(self, source_id: int) -> None:
        try:
            source = self._client.sources.get(source_id)
        except NotFoundError as error:
            raise InvalidInputError(
                f"There is no source {source_id} in this account. Choose one from the list."
            ) from error
        if source.state == "deleted":
            name = source.display_name or source.name
            raise InvalidInputError(f"Source {source_id} ({name}) was deleted. Its rows in the destination are kept.")

    def _open_view(self, source_id: int | None) -> SourceView:
        """Make the view that replaces the list, and close the previous one."""
        view = SourceView(self._client, source_id, on_source=self._show_source)
        previous, self._view = self._view, view
        if previous is not None:
            previous.close()
        with self._head.hold_sync():
            self._head.message = ""
            self._show_source(view)
        return view

    def _show_source(self, view: SourceView) -> None:
        """Show the name of the open source."""
        if view is not self._view:
            return
        source: Source[Any] | None = view.wizard.source
        if source is None:
            self._head.show(NEW, "New source")
            return
        title = source.display_name or source.name
        is_first = self._head.place == NEW
        self._head.show(str(source.id), title)
        if is_first:
            self._browser.children[0].fold({"id": source.id, "title": title})

    def _close_if_list_shown(self, change: dict[str, Any]) -> None:
        """Close the view once the list is shown again."""
        if len(change["new"]) == 1 and self._view is not None:
            view, self._view = self._view, None
            self._head.show("", "")
            view.close()

    def __repr__(self) -> str:
        if self._view is None:
            return "AccountPage(all sources)"
        return f"AccountPage({'new source' if self.source_id is None else f'source {self.source_id}'})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle["text/html"] = self._head._table() + self._browser.children[0]._table()
        return bundle
