"""The catalog of a source: all its streams and fields, what replicates of them and why, and what is to be changed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from stitchnb._deprecated import renamed_parameters
from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, gather, send
from stitchnb.client.catalog.apply import Applied, apply_changes
from stitchnb.client.catalog.patterns import FieldNames, resolve_patterns
from stitchnb.client.catalog.selection import take_selection
from stitchnb.client.catalog.stream import UNSET, CatalogStream, Unset
from stitchnb.client.catalog.view import CatalogView, Problems
from stitchnb.client.polling import NullProgress, Progress, progress_for
from stitchnb.errors import InvalidInputError, InvalidSelectionError
from stitchnb.models import Stream
from stitchnb.rules.names import checked_id
from stitchnb.rules.selection import yaml_file as selection_file
from stitchnb.rules.selection.columns import NO, YES, FieldColumns

if TYPE_CHECKING:
    from stitchnb.client.client import BaseClient

# As many requests at a time as a browser allows itself; more made nothing quicker against a server that takes its time.
MAX_CONCURRENCY = 8
# Fewer streams than this are there before anybody has read what is shown.
_SHOWN_FROM = 25
_SHOWN_EVERY_S = 0.1


class Catalog(CatalogView, Resource[Mode]):
    """All streams and fields of a source, with what is to be changed.

    `select`, `deselect`, `only` and `configure` change nothing but the catalog: `changes` shows what would be
    different, `problems` what is wrong with it, `apply` writes it and `discard` forgets it. `write_selection` keeps
    what is selected in a file, `read_selection` selects the same again, here or in another source of the type. Given
    by `Source.catalog`. Of an `AsyncClient`, `load` and `apply` are to be awaited; nothing else talks to Stitch.
    """

    def __init__(
        self, client: BaseClient[Mode], source_id: int, streams: Iterable[Stream], *, source_type: str | None = None
    ) -> None:
        super().__init__(source_id, streams, source_type=source_type)
        self._client = client
        # Texts that many fields share are kept once.
        self._pool: dict[Any, Any] = {}

    @endpoint_method
    @renamed_parameters(at_most="max_concurrency", progress="show_progress")
    def load(
        self, *streams: str, max_concurrency: int = MAX_CONCURRENCY, show_progress: bool | None = None
    ) -> Steps[Catalog[Mode]]:
        """Load the fields of the streams that are not loaded.

        If it is interrupted, it keeps what is loaded and leaves nothing running; call it again to continue.

        Parameters
        ----------
        streams
            Their names, loaded again if necessary; none for all that are missing.
        max_concurrency
            The most requests at the same time.
        show_progress
            True to show progress, False to hide it; None shows it for many streams in an interactive session.

        Source: ``GET /v4/sources/{id}/streams/{stream_id}``, once for each stream.
        """
        wanted = [self[name] for name in streams] if streams else [s for s in self if not s.is_loaded]
        yield from self._load(wanted, max_concurrency=max_concurrency, show_progress=show_progress)
        return self

    @endpoint_method
    def apply(self) -> Steps[Applied]:
        """Save the changes, then read them back and compare.

        Each request has at most 2,500 streams and fields.

        Returns
        -------
        Applied
            ``changes``, ``requests`` and ``warnings``. Without changes, nothing is sent.

        Raises
        ------
        InvalidSelectionError
            If a rule is broken: `problems` lists which. Nothing was sent.
        SelectionApplyError
            If a request failed: which changes are applied and which are not. `apply` again sends the rest.
        SelectionVerificationError
            If the selection reads back differently.

        Source: ``PUT /v4/sources/{id}/streams/metadata``.
        """
        return (yield from apply_changes(self._client, self.source_id, list(self), self._read_back))

    def select(
        self,
        *patterns: str,
        fields: FieldNames | None = None,
        replication_method: str | Unset | None = UNSET,
        replication_key: str | Unset | None = UNSET,
        view_keys: Iterable[str] | Unset | None = UNSET,
    ) -> Catalog[Mode]:
        """Select streams, and fields with their streams; the existing selection stays.

        Parameters
        ----------
        patterns
            Streams (``"accounts"``, ``"*_report"``), or streams with fields (``"accounts.email"``, ``"*_report.*"``).
            A later one that begins with ``!`` takes away again: ``"!*.ssn"``. Automatic fields are always included;
            globs leave out what cannot be selected.
        fields
            Fields of each of these streams: names, globs or breadcrumbs.
        replication_method, replication_key, view_keys
            See `configure`.

        Raises
        ------
        UnknownStreamError
            If a name or pattern matches nothing; similar names are suggested. Nothing is changed.
        InvalidSelectionError
            If something cannot be selected. Nothing is changed.
        """
        keys: dict[str, Any] = {
            "replication_method": replication_method,
            "replication_key": replication_key,
            "view_keys": view_keys,
        }
        with self._all_or_nothing():
            for target in resolve_patterns(list(self), patterns, fields):
                target.stream._choose(target.fields, target.named, YES)
                target.stream._write("selected", True)
                target.stream.configure(**keys)
        return self

    def deselect(self, *patterns: str, fields: FieldNames | None = None) -> Catalog[Mode]:
        """Deselect streams, or with ``fields`` or patterns such as ``"*.ssn"`` only fields of them.

        Raises
        ------
        UnknownStreamError
            If a name or pattern matches nothing; similar names are suggested. Nothing is changed.
        InvalidSelectionError
            When a field that was named cannot be deselected. Nothing is changed.
        """
        with self._all_or_nothing():
            for target in resolve_patterns(list(self), patterns, fields):
                if target.fields or fields is not None:
                    target.stream._choose(target.fields, target.named, NO)
                else:
                    target.stream._write("selected", False)
        return self

    def only(self, *patterns: str, fields: FieldNames | None = None) -> Catalog[Mode]:
        """Select just these streams and fields: every other stream is deselected, and no field of it is selected anew.

        Of a stream that is given with fields every other field is deselected; one that is given alone keeps its own.

        Raises
        ------
        UnknownStreamError, InvalidSelectionError
            See `select`. Nothing is changed.
        """
        with self._all_or_nothing():
            targets = resolve_patterns(list(self), patterns, fields)
            kept = {target.stream.tap_stream_id for target in targets}
            for stream in self:
                if stream.tap_stream_id not in kept:
                    stream._leave_out()
            for target in targets:
                if target.fields or fields is not None:
                    target.stream._choose(set(range(len(target.stream.columns))) - target.fields, set(), NO)
                target.stream._choose(target.fields, target.named, YES)
                target.stream._write("selected", True)
        return self

    def configure(
        self,
        stream: str,
        *,
        replication_method: str | Unset | None = UNSET,
        replication_key: str | Unset | None = UNSET,
        view_keys: Iterable[str] | Unset | None = UNSET,
    ) -> Catalog[Mode]:
        """Choose how a stream is replicated; None takes a choice back.

        Parameters
        ----------
        replication_method
            ``FULL_TABLE``, ``INCREMENTAL`` or ``LOG_BASED``, where the source leaves the choice.
        replication_key
            The field that tells what is new, for ``INCREMENTAL``.
        view_keys
            The fields that tell a view's rows apart.

        Raises
        ------
        UnknownStreamError
            When there is no such stream or key; similar names are suggested. Nothing is changed.
        InvalidSelectionError
            When the stream cannot have it. Nothing is changed.
        """
        self[stream].configure(
            replication_method=replication_method, replication_key=replication_key, view_keys=view_keys
        )
        return self

    def read_selection(
        self, given: str | PathLike[str] | Mapping[str, Any], *, missing: Literal["error", "ignore"] = "error"
    ) -> Problems:
        """Select what a file says, and nothing else; what was to be changed before is forgotten.

        Streams and fields of which it says nothing are deselected; a replication method, replication key or view keys
        of which it says nothing stay as they are. Nothing is sent: look at `changes`, then `apply`.

        Parameters
        ----------
        given
            The path of a file that `write_selection` wrote, YAML itself (any text of several lines), or what
            `selection` gives. Names in it are names: there are no globs.
        missing
            What to do about what this source does not have or cannot do: ``error`` refuses it all, ``ignore`` leaves it
            out.

        Returns
        -------
        Problems
            What was left out, and why; ``.to_frame()`` shows it. Empty where all of it was taken.

        Raises
        ------
        InvalidSelectionError
            When streams, fields or keys are not there or cannot be: each is told with its line and near names, and
            `problems` lists them. Nothing is changed.
        InvalidInputError
            When the file is broken, no selection, or of another type of source, or when fields are not loaded: `load`
            them. Nothing is changed.

        Examples
        --------
        >>> client = stitchnb.connect(quiet=True, pace_s=0)
        >>> given = {"shop": "acme", "start_date": "2026-01-01T00:00:00Z"}
        >>> shop, other = (client.sources.create("platform.shopify", display_name=n, properties=given) for n in "ab")
        >>> for source in (shop, other):
        ...     done = client.sandbox.authorize(source.id)
        >>> client.sandbox.wait_idle()
        >>> chosen = shop.catalog().select("orders", fields=["email", "name"]).to_yaml()
        >>> print(chosen.rstrip())
        stitchnb_selection: 1
        source_type: platform.shopify
        streams:
          orders:
            fields:
            - name
            - email
        >>> catalog = other.catalog()
        >>> catalog.read_selection(chosen)
        no problems
        >>> catalog.apply()
        Applied(3 changes in 1 request)
        >>> client.close()
        """
        if missing not in ("error", "ignore"):
            raise InvalidInputError(f"missing is {missing!r}. Pass 'error' or 'ignore'.")
        read = selection_file.read(given)
        with self._all_or_nothing():
            self.discard()
            left_out = take_selection(self, read, source_type=self.source_type)
            if left_out and missing == "error":
                raise InvalidSelectionError(left_out)
        return Problems(replace(problem, severity="warning") for problem in left_out)

    def discard(self) -> Catalog[Mode]:
        """Discard the changes."""
        for stream in self:
            stream.discard()
        return self

    def _load(
        self,
        streams: Sequence[CatalogStream],
        *,
        max_concurrency: int = MAX_CONCURRENCY,
        show_progress: bool | None = None,
    ) -> Steps[None]:
        if max_concurrency < 1:
            raise InvalidInputError(f"max_concurrency is {max_concurrency}. Pass a whole number from 1.")
        few = show_progress is None and len(streams) < _SHOWN_FROM
        shown: Progress = NullProgress() if few else progress_for("Fields of streams", show_progress)
        last = time.monotonic()

        def done(count: int) -> None:
            nonlocal last
            if time.monotonic() - last >= _SHOWN_EVERY_S:
                last = time.monotonic()
                shown.update(f"{count} of {len(streams)} streams")

        try:
            yield from gather(
                [self._load_one(stream) for stream in streams], max_concurrency=max_concurrency, on_done=done
            )
        except BaseException:
            there = sum(stream.is_loaded for stream in streams)
            shown.finish(f"stopped with {there} of {len(streams)} streams; load() goes on", good=False)
            raise
        shown.finish(f"{sum(stream.field_count or 0 for stream in streams)} fields", good=True)

    def _load_one(self, stream: CatalogStream) -> Steps[None]:
        schema = yield from send(self._client, requests.get_stream(self.source_id, stream.stream_id))
        stream._take(FieldColumns(schema, pool=self._pool))

    def _read_back(self, streams: Sequence[CatalogStream]) -> Steps[None]:
        """Ask again for the list of streams, and for the fields of some."""
        for found in (yield from send(self._client, requests.list_streams(self.source_id))):
            if found.tap_stream_id in self._streams:
                self._streams[found.tap_stream_id]._take_stream(found)
        yield from self._load(streams, show_progress=False)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        with ExitStack() as stack:
            for stream in self:
                stack.enter_context(stream._all_or_nothing())
            yield


def open_catalog(
    client: BaseClient[Mode],
    source_id: int,
    *,
    load: bool,
    max_concurrency: int,
    show_progress: bool | None,
    source_type: str | None = None,
) -> Steps[Catalog[Mode]]:
    """Ask for a source's streams, and for their fields where they are to be loaded; see `Streams.catalog`."""
    streams = yield from send(client, requests.list_streams(checked_id(source_id, "source id")))
    catalog = Catalog(client, source_id, streams, source_type=source_type)
    if load:
        yield from catalog._load(list(catalog), max_concurrency=max_concurrency, show_progress=show_progress)
    return catalog
