"""The streams and fields of a source: what replicates, why, and the pending changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from stitchnb._deprecated import Renamed
from stitchnb.errors import InvalidInputError, StitchError
from stitchnb.widgets._argument_checks import require_live_source
from stitchnb.widgets._bridge import MessageError, Panel, asset, number_of, one_of, text_of, truth_of
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.account.rows import describe, state_name
from stitchnb.widgets.picker import rows as texts
from stitchnb.widgets.picker.rows import fields_of, stream_names, stream_row

if TYPE_CHECKING:
    from stitchnb.client import Source
    from stitchnb.client.catalog.apply import Applied
    from stitchnb.client.catalog.catalog import Catalog
    from stitchnb.client.catalog.stream import CatalogStream
    from stitchnb.rules.selection.validate import Problem

# Up to this many changed rows are sent one by one; beyond it, the whole list.
_MAX_CHANGED_ROWS = 200
_MAX_PROBLEMS = 50
# A closed view sends no message, so only the open streams of the last views are kept.
_MAX_VIEWS = 16

_CHOICES = {"method": "replication_method", "key": "replication_key", "view_keys": "view_keys"}


class StreamPicker(Panel):
    """The streams of a source on the left, the fields of the open stream on the right, and Apply.

    Search, filter and scrolling run in the page. Fields are loaded when their stream is opened. Nothing is sent to
    Stitch before `apply`.

    Parameters
    ----------
    source
        The source, as ``client.sources.get`` returns it. Its streams are loaded in one request. The source is fetched
        again if it was loaded before its connection check finished.
    header
        Show the picker's own header; False inside another widget with a header.

    Attributes
    ----------
    catalog
        What is shown. After you change it directly, call `refresh`; `select` and the other methods do both.
    source
        The source, as Stitch last returned it.

    Raises
    ------
    InvalidInputError
        When `source` is not a source of a client.
    APIError
        When Stitch does not return the streams.

    Examples
    --------
    >>> from stitchnb.widgets import StreamPicker
    >>> client = stitchnb.connect(quiet=True, pace_s=0)
    >>> given = {"api_key": "k", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
    >>> source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
    >>> done = source.check().wait()
    >>> picker = StreamPicker(source)
    >>> picker.load("accounts")
    >>> picker.select("accounts", fields=["code", "email"])
    >>> picker
    StreamPicker(source 233312, 10 streams, 1 selected, 3 changes not applied)
    >>> picker.apply()
    Applied(3 changes in 1 request)
    >>> client.close()
    """

    _esm = asset("dom.js", "line.js", "picker_rows.js", "picker_grid.js", "picker_fields.js", "picker.js")
    _css = asset("card.css", "stream_picker.css")

    _streams: Any = traitlets.List().tag(sync=True)

    def __init__(self, source: Source[Any], *, header: bool = True) -> None:
        require_live_source(source, "StreamPicker")
        self.source = source
        self.catalog: Catalog[Any] = source.catalog(load=False)
        self._has_header = header
        # Background work and clicks run in different threads.
        self._lock = threading.RLock()
        self._is_applying = False
        self._callbacks: list[Callable[[StreamPicker], object]] = []
        self._work: list[Watcher] = []
        self._loading: set[int] = set()
        self._open: dict[str, int] = {}
        self._members = list(self.catalog)
        self._positions = {stream.tap_stream_id: i for i, stream in enumerate(self._members)}
        self._names = stream_names(self._members)
        self._rows: list[list[Any]] = [[] for _ in self._members]
        self._problems: list[list[Problem]] = [[] for _ in self._members]
        if header and self._members and source.state == "discover_schema":
            # There are streams, so the check has finished since the source was loaded.
            self.source = source.refresh()
        super().__init__({"notice": None})
        self.refresh()

    # From code

    def select(self, *patterns: str, **choices: Any) -> None:
        """Select streams and fields in the picker. See `Catalog.select`."""
        self._change(lambda: self.catalog.select(*patterns, **choices))

    def deselect(self, *patterns: str, fields: Iterable[Any] | None = None) -> None:
        """Deselect streams or fields in the picker. See `Catalog.deselect`."""
        self._change(lambda: self.catalog.deselect(*patterns, fields=fields))

    def only(self, *patterns: str, fields: Iterable[Any] | None = None) -> None:
        """Select only these streams and fields in the picker. See `Catalog.only`."""
        self._change(lambda: self.catalog.only(*patterns, fields=fields))

    def configure(self, stream: str, **choices: Any) -> None:
        """Set how a stream is replicated. See `Catalog.configure`."""
        self._change(lambda: self.catalog.configure(stream, **choices))

    def discard(self) -> None:
        """Drop the pending changes."""
        self._change(self.catalog.discard)

    def load(self, *streams: str) -> None:
        """Load the fields of streams; without names, of every stream that is not loaded. See `Catalog.load`."""
        self.catalog.load(*streams)
        self.refresh()

    def refresh(self) -> None:
        """Show the current state of the catalog."""
        self._draw(range(len(self._members)))

    def apply(self) -> Applied:
        """Send the pending changes, and show the result. See `Catalog.apply`.

        Raises
        ------
        InvalidSelectionError
            When the selection breaks a rule. Nothing was sent.
        SelectionApplyError, SelectionVerificationError
            When a request failed, or Stitch returns another selection than was sent.
        """
        self._begin_applying()
        message: tuple[str, str] | None = None
        try:
            applied: Applied = self.catalog.apply()
            if self._has_header:
                self.source = self.source.refresh()
            message = ("ok", texts.success(applied))
        except StitchError as error:
            message = ("error", texts.failure(error))
            raise
        finally:
            self._end_applying(message)
        for callback in list(self._callbacks):
            callback(self)
        return applied

    def on_apply(self, callback: Callable[[StreamPicker], object]) -> None:
        """Call `callback` with this picker after every successful apply.

        After a click on Apply it is called in a background thread.
        """
        self._callbacks.append(callback)

    observe_apply = Renamed("on_apply")
    notice = Renamed("message")

    def wait(self, timeout_s: float = 60) -> bool:
        """Wait for the background work of the page; return False if it takes longer than `timeout_s`."""
        return all(work.join(timeout_s) for work in list(self._work))

    @property
    def message(self) -> str | None:
        """The last message in the card: what was applied, or why not."""
        shown = self._content["notice"]
        return shown["text"] if shown else None

    # To the page

    def show_message(self, tone: str, text: str) -> None:
        """Show the current state of the catalog, and a message."""
        self._draw(range(len(self._members)), message=(tone, text))

    def _change(self, do: Callable[[], object], touched: Collection[int] | None = None) -> None:
        with self._lock:
            if self._is_applying:
                raise InvalidInputError("Changes are being applied. Wait until that is done.")
            do()
            self._draw(range(len(self._members)) if touched is None else touched)

    def _draw(self, touched: Collection[int], *, message: tuple[str, str] | None = None) -> None:
        """Send the page the streams at these positions, and what follows from them."""
        with self._lock:
            for i in touched:
                stream = self._members[i]
                self._problems[i] = stream.problems() if stream.selected or stream.is_changed else []
                self._rows[i] = stream_row(stream, self._names[i], self._problems[i])
            base = self._streams
            changed = [[i, *row[1:]] for i, row in enumerate(self._rows) if i >= len(base) or row != base[i]]
            with self.hold_sync():
                if len(changed) > _MAX_CHANGED_ROWS or len(base) != len(self._rows):
                    self._streams, changed = [list(row) for row in self._rows], []
                self._content = {
                    **self._head(),
                    "changed": changed,
                    "changes": texts.pending(self.catalog.pending),
                    **self._problem_list(),
                    "applying": self._is_applying,
                    "notice": {"tone": message[0], "text": message[1]} if message else None,
                }
            for i in set(self._open.values()) & set(touched):
                self._send_fields(i)

    def _head(self) -> dict[str, Any]:
        state = describe(state_name(self.source, ()))
        return {
            "header": self._has_header,
            "title": self.source.display_name,
            "source_id": self.source.id,
            "state": [state.text, state.tone],
        }

    def _problem_list(self) -> dict[str, Any]:
        """List the first problems with their positions, errors first, and count them and those that block Apply."""
        located = [(i, problem) for i, problems in enumerate(self._problems) for problem in problems]
        located.sort(key=lambda one: one[1].severity != "error")
        return {
            "problems": [
                [problem.severity, i, self._position(i, problem), problem.message]
                for i, problem in located[:_MAX_PROBLEMS]
            ],
            "errors": sum(problem.severity == "error" for _, problem in located),
            "warnings": sum(problem.severity == "warning" for _, problem in located),
            "blocking": sum(problem.severity == "error" and self._members[i].is_changed for i, problem in located),
        }

    def _position(self, i: int, problem: Problem) -> int:
        return self._members[i].columns.breadcrumbs.index(problem.breadcrumb) if problem.breadcrumb else -1

    def _send_fields(self, i: int) -> None:
        stream = self._members[i]
        if stream.is_loaded:
            self.send({"type": "fields", "stream": i, **fields_of(stream, self._problems[i])})

    def _begin_applying(self) -> None:
        with self._lock:
            if self._is_applying:
                raise InvalidInputError("Changes are already being applied. Wait until that is done.")
            self._is_applying = True
            self._draw(())

    def _end_applying(self, message: tuple[str, str] | None) -> None:
        """Show the result, and that Apply is done, in one update."""
        with self._lock:
            self._is_applying = False
            # Stitch may return changes that somebody else made in the meantime.
            self._draw(range(len(self._members)), message=message)

    # From the page

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        match kind:
            case "open":
                self._open_stream(self._stream_of(content), str(content.get("view", ""))[:200])
            case "streams":
                on = truth_of(content, "on")
                chosen = self._positions_of(content, len(self._members))
                streams = [self._members[i] for i in chosen]
                self._change(lambda: _toggle_streams(streams, on=on), chosen)
            case "fields":
                i, on = self._stream_of(content), truth_of(content, "on")
                stream = self._members[i]
                fields = self._positions_of(content, stream.field_count or 0)
                self._change(lambda: _toggle_fields(stream, fields, on=on), [i])
            case "configure":
                i = self._stream_of(content)
                key = _CHOICES[one_of(content, "key", _CHOICES)]
                value = _names_of(content) if key == "view_keys" else text_of(content, "value") or None
                self._change(lambda: self._members[i].configure(**{key: value}), [i])
            case "discard":
                self.discard()
            case "apply":
                self._in_background(self.apply)
            case _:
                raise MessageError(f"{kind} is not known")

    def _open_stream(self, i: int, view: str) -> None:
        self._open.pop(view, None)
        self._open[view] = i
        while len(self._open) > _MAX_VIEWS:
            del self._open[next(iter(self._open))]
        if self._members[i].is_loaded:
            self._send_fields(i)
        elif i not in self._loading:
            self._loading.add(i)
            self._in_background(lambda: self._load_one(i))

    def _load_one(self, i: int) -> None:
        stream = self._members[i]
        try:
            self.catalog.load(stream.tap_stream_id, show_progress=False)
        except StitchError as error:
            self.send({"type": "fields", "stream": i, "error": str(error)})
        else:
            self._draw([i])
        finally:
            self._loading.discard(i)

    def _in_background(self, do: Callable[[], object]) -> None:
        def once() -> bool:
            do()
            return True

        self._work = [work for work in self._work if not work.join(0)]
        work = Watcher(once, poll_s=lambda: 0, on_error=self._show_error)
        self._work.append(work)
        work.start()

    def _stream_of(self, content: Mapping[str, Any]) -> int:
        i = number_of(content, "stream")
        if not 0 <= i < len(self._members):
            raise MessageError("stream is not a known position")
        return i

    def _positions_of(self, content: Mapping[str, Any], below: int) -> list[int]:
        positions = content.get("which")
        if not isinstance(positions, list) or not all(type(n) is int and 0 <= n < below for n in positions):
            raise MessageError("which is not a list of known positions")
        return list(dict.fromkeys(positions))

    def _show_error(self, error: StitchError) -> None:
        # The page has ticked the boxes already, so it needs their real state.
        self._draw(set(self._open.values()), message=("error", texts.failure(error)))

    def _table(self) -> str:
        return texts.table(f"Streams of source {self.source.id}", self.catalog)

    def __repr__(self) -> str:
        selected = sum(stream.selected for stream in self._members)
        parts = [f"source {self.source.id}", texts.counted(len(self._members), "stream"), f"{selected:,} selected"]
        changes = len(self.catalog.pending)
        parts += [f"{texts.counted(changes, 'change')} not applied"] if changes else []
        return f"{type(self).__name__}({', '.join(parts)})"


def _toggle_streams(streams: Sequence[CatalogStream], *, on: bool) -> None:
    for stream in streams:
        if on:
            stream.select()
        else:
            stream.deselect()


def _toggle_fields(stream: CatalogStream, positions: Sequence[int], *, on: bool) -> None:
    if not positions:
        return
    breadcrumbs = [stream.columns.breadcrumbs[position] for position in positions]
    if on:
        stream.select(*breadcrumbs)
    else:
        stream.deselect(*breadcrumbs)


def _names_of(content: Mapping[str, Any]) -> list[str] | None:
    names = content.get("value")
    if not isinstance(names, list) or not all(isinstance(name, str) and len(name) <= 500 for name in names):
        raise MessageError("value is not a list of names")
    return names or None
