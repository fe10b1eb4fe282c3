"""The sources of an account as a table: search, pause, rename, delete and open them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ipywidgets

from stitchnb._deprecated import Renamed
from stitchnb.errors import InvalidInputError, StitchError
from stitchnb.rules.names import display_name_error
from stitchnb.widgets._argument_checks import require_client
from stitchnb.widgets.account.rows import AccountTable, View, row_of

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client import Client
    from stitchnb.client.resources.sources import Source

# The list of sources does not include check results: each takes one request.
_MAX_CHECKS = 10

Opener = Callable[[int | None], ipywidgets.Widget | None]


class AccountBrowser(ipywidgets.VBox):
    """The sources of an account as a table.

    Search, filter and sort run in the page. To delete a source, type its display name.

    Parameters
    ----------
    client
        The account.
    open
        Called with the id of the source to open, or None for a new one. The widget that it returns replaces the table
        until the user goes back. The default opens a `SourceWizard`.

    Raises
    ------
    InvalidInputError
        When `client` is not a client.
    APIError
        When Stitch does not return the sources.

    Notes
    -----
    The result of a connection check is loaded for the ten sources that changed last among those that wait for one; for
    the others the table says ``discover schema``.

    Examples
    --------
    >>> client = stitchnb.connect(quiet=True)
    >>> source = client.sources.create("platform.shopify", display_name="Shop", validate=False)
    >>> browser = stitchnb.AccountBrowser(client)
    >>> browser
    AccountBrowser(1 source)
    >>> browser.pause(source.id).state
    'paused'
    >>> renamed = browser.rename(source.id, "Shop EU")
    >>> renamed.display_name, renamed.name
    ('Shop EU', 'shop')
    >>> browser.filter(state="paused")
    >>> list(browser.to_frame()["display_name"])
    ['Shop EU']
    >>> browser.delete(source.id, confirm="Shop EU").state
    'deleted'
    >>> browser
    AccountBrowser(0 sources, 1 deleted)
    >>> client.close()
    """

    def __init__(self, client: Client, *, open: Opener | None = None) -> None:
        require_client(client, "AccountBrowser")
        self._client = client
        self._opener = open
        self._wizard: ipywidgets.Widget | None = None
        self._failed: dict[int, datetime | None] = {}
        self._sources = self._load_sources()
        place = "sandbox" if client.sandbox is not None else client.base_url
        self._panel = AccountTable(
            place,
            [row_of(source, self._failed) for source in self._sources.values()],
            {
                "refresh": self.refresh,
                "pause": self.pause,
                "resume": self.resume,
                "rename": self.rename,
                "delete": lambda source_id, text: self.delete(source_id, confirm=text),
                "open": self.open_wizard,
                "new": self.open_wizard,
                "back": self.close_wizard,
            },
        )
        super().__init__([self._panel])

    def refresh(self) -> None:
        """Load the sources again; search, filter and sort stay.

        Raises
        ------
        APIError, TransportError
            When Stitch does not return them; the table then stays as it was.
        """
        self._refresh(message="Up to date.")

    def filter(self, *, search: str | None = None, state: str | None = None, sort: str | None = None) -> None:
        """Search, filter or sort the table; a parameter that is not passed stays as it is.

        Parameters
        ----------
        search
            Words that must all occur in the display name, schema, type or state, or be the id; an empty string matches
            every source.
        state
            ``all`` (everything but the deleted), ``ready``, ``setup``, ``failed``, ``paused`` or ``deleted``.
        sort
            ``display_name``, ``type``, ``state``, ``next_fire_time`` or ``created_at``; a leading ``-`` sorts
            descending.

        Raises
        ------
        InvalidInputError
            When there is no such state or column; the message lists similar ones.
        """
        changes = {"search": search, "state": state, "sort": sort}
        view = View(
            **{**self._panel.view.to_page(), **{name: value for name, value in changes.items() if value is not None}}
        )
        view.check()
        self._panel.view = view

    def to_frame(self) -> pd.DataFrame:
        """Return the sources in the table as a DataFrame.

        Returns
        -------
        DataFrame
            One row per source, in the order of the table, including those behind "Show more". The columns are those
            of `Sources.to_frame`. If no source matches, it has the same columns and no rows.
        """
        from stitchnb import frames, models

        return frames.records(models.Source, [self._sources[row.id] for row in self._panel.shown()])

    @property
    def message(self) -> str | None:
        """The last message under the table: what was done, or why not."""
        return self._panel.message

    notice = Renamed("message")

    def pause(self, source_id: int) -> Source[Any]:
        """Pause a source's schedule; you can still start jobs. See `Sources.pause`.

        Raises
        ------
        InvalidInputError
            When the table has no such source, or it was deleted.
        APIError
            When Stitch refuses.
        """
        paused = self._client.sources.pause(self._live(source_id).id)
        return self._changed(paused, f"Paused {_title(paused)}. No jobs will be scheduled.")

    def resume(self, source_id: int) -> Source[Any]:
        """Resume a paused source's schedule. See `Sources.resume`, and `pause` for the errors."""
        resumed = self._client.sources.resume(self._live(source_id).id)
        return self._changed(resumed, f"Resumed {_title(resumed)}. Its schedule runs again.")

    def rename(self, source_id: int, display_name: str) -> Source[Any]:
        """Change a source's display name; its schema in the destination keeps its name.

        Raises
        ------
        InvalidInputError
            When the name is not valid, the table has no such source, or it was deleted. Nothing was sent.
        NameTakenError
            When another source has it.
        """
        source = self._live(source_id)
        wrong = display_name_error(display_name)
        if wrong:
            raise InvalidInputError(wrong)
        renamed = self._client.sources.update(source.id, display_name=display_name.strip())
        return self._changed(
            renamed, f"Renamed {_title(source)} to {_title(renamed)}. Its schema is still {renamed.name}."
        )

    def delete(self, source_id: int, *, confirm: str) -> Source[Any]:
        """Delete a source permanently. It stays in the list as deleted, and its rows in the destination are kept.

        Parameters
        ----------
        confirm
            The source's display name, exactly as in the table.

        Raises
        ------
        InvalidInputError
            When `confirm` is not the display name, the table has no such source, or it was deleted before. Nothing was
            sent.
        APIError
            When Stitch refuses.
        """
        source = self._live(source_id)
        if confirm.strip() != _title(source).strip():
            raise InvalidInputError(
                f"Source {source.id} was not deleted. Type its display name exactly: {_title(source)}."
            )
        deleted = self._client.sources.delete(source.id)
        return self._changed(deleted, f"Deleted {_title(source)}. Its rows in the destination are kept.")

    def open_wizard(self, source_id: int | None = None) -> ipywidgets.Widget | None:
        """Open a source, or with None the wizard of a new one, in place of the table; `close_wizard` goes back.

        Returns
        -------
        Widget or None
            What `open` returned, or a `SourceWizard`.

        Raises
        ------
        InvalidInputError
            When the table has no such source, or it was deleted.
        """
        source = None if source_id is None else self._live(source_id)
        opened = self._open(source_id)
        self._end_wizard()
        self._wizard = opened if self._opener is None else None
        if opened is not None:
            self._panel.fold({"id": source_id, "title": _title(source) if source else "New source"})
            self._show(self._panel, opened)
        return opened

    def close_wizard(self) -> None:
        """Go back to the table, and load the sources again."""
        if len(self.children) == 1:
            return
        self._show(self._panel)
        self._panel.fold(None)
        self._end_wizard()
        self._refresh()

    def _end_wizard(self) -> None:
        """Close the wizard that was made here; what `open` returned belongs to the caller."""
        if self._wizard is not None:
            self._wizard.close()
            self._wizard = None

    def _show(self, *widgets: ipywidgets.Widget) -> None:
        self.children = widgets

    def _open(self, source_id: int | None) -> ipywidgets.Widget | None:
        if self._opener is not None:
            return self._opener(source_id)
        from stitchnb.widgets.wizard.wizard import SourceWizard

        return SourceWizard(self._client, source=source_id)

    def _refresh(self, *, message: str | None = None) -> None:
        self._sources = self._load_sources()
        self._panel.replace([row_of(source, self._failed) for source in self._sources.values()], message=message)

    def _load_sources(self) -> dict[int, Source[Any]]:
        sources = {source.id: source for source in self._client.sources.list()}
        waiting = [source for source in sources.values() if source.state == "discover_schema"]
        waiting.sort(key=lambda source: source.updated_at or datetime.min.replace(tzinfo=UTC), reverse=True)
        # A source that has not changed since its check failed has no newer check.
        known = {s.id: s.updated_at for s in waiting if s.id in self._failed and s.updated_at == self._failed[s.id]}
        for source in [source for source in waiting if source.id not in known][:_MAX_CHECKS]:
            if self._check_failed(source.id):
                known[source.id] = source.updated_at
        self._failed = known
        return sources

    def _check_failed(self, source_id: int) -> bool:
        try:
            return self._client.connection_checks.last(source_id).status == "failed"
        except StitchError:
            # The list is useful without the result.
            return False

    def _live(self, source_id: int) -> Source[Any]:
        source = self._sources.get(source_id)
        if source is None:
            raise InvalidInputError(f"The table has no source {source_id}. Call refresh() to load the sources again.")
        if source.state == "deleted":
            raise InvalidInputError(f"Source {source_id} was deleted.")
        return source

    def _changed(self, source: Source[Any], message: str) -> Source[Any]:
        self._sources[source.id] = source
        self._panel.change(row_of(source, self._failed), message)
        return source

    def __repr__(self) -> str:
        return f"AccountBrowser({self._panel.summary()})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle["text/html"] = self._panel._table()
        return bundle


def _title(source: Source[Any]) -> str:
    return source.display_name or source.name
