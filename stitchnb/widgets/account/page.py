"""An account as one page: its sources, and of each one its wizard, its jobs and a link."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import ipywidgets

from stitchnb.errors import InvalidInputError, NotFoundError, StitchError
from stitchnb.widgets._argument_checks import require_client
from stitchnb.widgets.account.browser import AccountBrowser
from stitchnb.widgets.account.head import PageHead
from stitchnb.widgets.account.source_view import SourceDesk

if TYPE_CHECKING:
    from stitchnb.client import Client
    from stitchnb.client.resources.sources import Source
    from stitchnb.widgets.jobs.source_jobs import SourceJobs
    from stitchnb.widgets.wizard.wizard import SourceWizard

NEW = "new"
_LONGEST_ID = 18


class AccountPage(ipywidgets.VBox):
    """An account on one page: the sources, and of the one that is opened the wizard and the jobs.

    It is what ``stitchnb app`` shows to people who do not code, and it works in a notebook too. At its top it says
    whether it is a real account or a sandbox.

    Parameters
    ----------
    client
        The account.
    source_id
        A source to begin with; None begins with the list of sources.
    own_page
        The widget has a whole page of the browser to itself, as in ``stitchnb app``. The page's address then follows,
        as ``?source=233312``, each source has a link, the browser's Back works, and code is left out.
    note
        What else is to be said of the account at the top, such as how long a sandbox is kept.

    Raises
    ------
    InvalidInputError
        When the account has no such source, or it was deleted: choose one of ``client.sources.list()``.
    APIError
        When Stitch does not tell its sources.

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
    >>> page.back()
    >>> page.open_source(1)
    Traceback (most recent call last):
    ...
    stitchnb.errors.InvalidInputError: There is no source 1 in this account. Choose one of the list.
    >>> page.close()
    >>> client.close()
    """

    _desk: SourceDesk | None = None
    _parts: tuple[ipywidgets.DOMWidget, ...] = ()

    def __init__(self, client: Client, *, source_id: int | None = None, own_page: bool = False, note: str = "") -> None:
        require_client(client, "AccountPage")
        self._client = client
        self._head = PageHead(client, self.visit, own_page=own_page, note=note)
        self._browser = AccountBrowser(client, open=self._desk_for)
        self._browser.observe(self._moved, "children")
        self._parts = (self._head, self._browser)
        super().__init__(self._parts, _dom_classes=("sn-page", *(("sn-own-page",) if own_page else ())))
        if source_id is not None:
            try:
                self.open_source(source_id)
            except StitchError:
                self.close()
                raise

    def open_source(self, source_id: int | None = None) -> None:
        """Open a source, or with None the way to a new one.

        Raises
        ------
        InvalidInputError
            When the account has no such source, or it was deleted: choose one of ``client.sources.list()``.
        APIError, TransportError
            When Stitch does not tell it.
        """
        if source_id is not None:
            self._check(source_id)
        try:
            self._browser.open_wizard(source_id)
        except InvalidInputError:
            # It was created elsewhere after the list was read.
            self._browser.refresh()
            self._browser.open_wizard(source_id)

    def back(self) -> None:
        """Go back to the list of sources, with what has become of them meanwhile.

        Raises
        ------
        APIError, TransportError
            When Stitch does not tell the sources; the list is shown as it was.
        """
        self._browser.close_wizard()

    def visit(self, place: str) -> None:
        """Go to where an address points, and where there is nothing say so above the list.

        Parameters
        ----------
        place
            A source's id as text, ``new`` for the way to a new one, or an empty text for the list.
        """
        # The head is sent once, as it is at the end of the visit.
        with self._head.hold_sync():
            self._head.tell_trouble("")
            try:
                self._go(place.strip())
            except StitchError as error:
                self._leave_for(error)

    @property
    def trouble(self) -> str:
        """What it says above the list of sources that could not be done; empty where all is well."""
        return self._head.trouble

    @property
    def source_id(self) -> int | None:
        """The source that is open; None for the list, and for a source that is not there yet."""
        return self._desk.source_id if self._desk is not None else None

    @property
    def wizard(self) -> SourceWizard | None:
        """The wizard of what is open; None where the list is shown."""
        return self._desk.wizard if self._desk is not None else None

    @property
    def jobs(self) -> SourceJobs | None:
        """The jobs of the source that is open; None where there is none, or where rows are pushed to it."""
        return self._desk.jobs if self._desk is not None else None

    def close(self) -> None:
        """Stop looking at anything, and let go of every widget."""
        # One that was refused at its beginning is closed too, and has no browser yet.
        if hasattr(self, "_browser"):
            self._browser.unobserve_all("children")
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        for part in self._parts:
            part.close()
        super().close()

    def _go(self, place: str) -> None:
        if place == "":
            self.back()
        elif place == NEW:
            self.open_source()
        elif place.isascii() and place.isdigit() and len(place) <= _LONGEST_ID:
            if self.source_id != int(place):
                self.open_source(int(place))
        else:
            raise InvalidInputError(f"{place[:60]!r} is not the id of a source. Choose one of the list.")

    def _leave_for(self, error: StitchError) -> None:
        # The list as it was is still of use, and the first trouble is the one that was asked about.
        with suppress(StitchError):
            self.back()
        self._head.tell_trouble(str(error))

    def _check(self, source_id: int) -> None:
        try:
            source = self._client.sources.get(source_id)
        except NotFoundError as error:
            raise InvalidInputError(
                f"There is no source {source_id} in this account. Choose one of the list."
            ) from error
        if source.state == "deleted":
            name = source.display_name or source.name
            raise InvalidInputError(f"Source {source_id} ({name}) was deleted. Its rows in the destination stay.")

    def _desk_for(self, source_id: int | None) -> SourceDesk:
        """Make what takes the list's place, and let go of what did so before."""
        desk = SourceDesk(self._client, source_id, on_source=self._told)
        before, self._desk = self._desk, desk
        if before is not None:
            before.close()
        with self._head.hold_sync():
            self._head.tell_trouble("")
            self._told(desk)
        return desk

    def _told(self, desk: SourceDesk) -> None:
        """Show which source is open, as soon as it is there, and under the name that it has."""
        if desk is not self._desk:
            return
        source: Source[Any] | None = desk.wizard.source
        if source is None:
            self._head.show(NEW, "New source")
            return
        title = source.display_name or source.name
        is_first = self._head.place == NEW
        self._head.show(str(source.id), title)
        if is_first:
            self._browser.children[0].fold({"id": source.id, "title": title})

    def _moved(self, change: dict[str, Any]) -> None:
        """Let go of what was opened once the list is shown again."""
        if len(change["new"]) == 1 and self._desk is not None:
            desk, self._desk = self._desk, None
            self._head.show("", "")
            desk.close()

    def __repr__(self) -> str:
        if self._desk is None:
            return "AccountPage(all sources)"
        return f"AccountPage({'new source' if self.source_id is None else f'source {self.source_id}'})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle["text/html"] = self._head._table() + self._browser.children[0]._table()
        return bundle
