"""The streams and fields of a source, to choose from: what replicates, why, and what is to be changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from stitchnb.errors import InvalidInputError, StitchError
from stitchnb.widgets._argument_checks import require_live_source
from stitchnb.widgets._bridge import MessageError, Panel, asset, number_of, one_of, text_of, truth_of
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.account.rows import describe, state_name
from stitchnb.widgets.picker import rows as words
from stitchnb.widgets.picker.rows import fields_of, stream_names, stream_row

if TYPE_CHECKING:
    from stitchnb.client import Source
    from stitchnb.client.catalog.apply import Applied
    from stitchnb.client.catalog.catalog import Catalog
    from stitchnb.client.catalog.stream import CatalogStream
    from stitchnb.rules.selection.validate import Problem

# Rows that changed travel by themselves until there are so many that the whole list might as well.
_MOST_CHANGED_ROWS = 200
_MOST_PROBLEMS = 50
# Views that were closed do not say so: of so many it is remembered which stream they have open.
_MOST_VIEWS = 16

_CHOICES = {"method": "replication_method", "key": "replication_key", "view_keys": "view_keys"}


class StreamPicker(Panel):
    """Streams of a source on the left, the fields of the chosen one beside them, and Apply.

    Searching, filtering and scrolling happen in the page. Fields are asked for when their stream is opened. Nothing is
    sent to Stitch until `apply`.

    Parameters
    ----------
    source
        The source, as ``client.sources.get`` gives it. Its streams are asked for, in one request; it is asked for again
        where it was told before its connection check had ended.
    header
        Draw the picker's own header; without it, it is part of something that has its own.

    Attributes
    ----------
    catalog
        What is shown. Whoever changes it directly calls `refresh` afterwards; `select` and the others do both.
    source
        The source, as Stitch last told it.

    Raises
    ------
    InvalidInputError
        When something else than a source was given.
    APIError
        When Stitch does not tell the streams.

    Examples
    --------
    >>> from stitchnb.widgets.stream_picker import StreamPicker
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
        # What is pressed and what happens in the background may meet.
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
            # A check has ended since it was told: there are streams.
            self.source = source.refresh()
        super().__init__({"notice": None})
        self.refresh()

    # From code

    def select(self, *patterns: str, **choices: Any) -> None:
        """Select streams and fields, and show it. See `Catalog.select`."""
        self._change(lambda: self.catalog.select(*patterns, **choices))

    def deselect(self, *patterns: str, fields: Iterable[Any] | None = None) -> None:
        """Deselect streams or fields, and show it. See `Catalog.deselect`."""
        self._change(lambda: self.catalog.deselect(*patterns, fields=fields))

    def only(self, *patterns: str, fields: Iterable[Any] | None = None) -> None:
        """Select just these streams and fields, and show it. See `Catalog.only`."""
        self._change(lambda: self.catalog.only(*patterns, fields=fields))

    def configure(self, stream: str, **choices: Any) -> None:
        """Choose how a stream is replicated, and show it. See `Catalog.configure`."""
        self._change(lambda: self.catalog.configure(stream, **choices))

    def discard(self) -> None:
        """Forget what was to be changed, and show it."""
        self._change(self.catalog.discard)

    def load(self, *streams: str) -> None:
        """Ask for the fields of streams, of all that are missing where none is named, and show them.

        See `Catalog.load`.
        """
        self.catalog.load(*streams)
        self.refresh()

    def refresh(self) -> None:
        """Show the catalog as it is now, whatever was done with it."""
        self._draw(range(len(self._members)))

    def apply(self) -> Applied:
        """Write what is to be changed, and show what came of it; see `Catalog.apply`.

        Raises
        ------
        InvalidSelectionError
            When a rule is broken. Nothing was sent.
        SelectionNotAppliedError, SelectionNotKeptError
            When a request failed, or what is read back is not what was written.
        """
        self._begin_applying()
        notice: tuple[str, str] | None = None
        try:
            applied: Applied = self.catalog.apply()
            if self._has_header:
                self.source = self.source.refresh()
            notice = ("ok", words.success(applied))
        except StitchError as error:
            notice = ("error", words.failure(error))
            raise
        finally:
            self._end_applying(notice)
        for callback in list(self._callbacks):
            callback(self)
        return applied

    def observe_apply(self, callback: Callable[[StreamPicker], object]) -> None:
        """Have something called, with the picker, whenever its changes were applied.

        After Apply was pressed in the page it is called in a thread of its own.
        """
        self._callbacks.append(callback)

    def wait(self, timeout_s: float = 60) -> bool:
        """Wait until what was asked for in the page is done; False when it takes longer."""
        return all(work.join(timeout_s) for work in list(self._work))

    @property
    def notice(self) -> str | None:
        """What was last said in the card: what was applied, or what went wrong."""
        said = self._content["notice"]
        return said["text"] if said else None

    # To the page

    def _say(self, tone: str, text: str) -> None:
        """Show the catalog as it is now, and something in the card."""
        self._draw(range(len(self._members)), notice=(tone, text))

    def _change(self, do: Callable[[], object], touched: Collection[int] | None = None) -> None:
        with self._lock:
            if self._is_applying:
                raise InvalidInputError("Changes are being applied: wait until that is done.")
            do()
            self._draw(range(len(self._members)) if touched is None else touched)

    def _draw(self, touched: Collection[int], *, notice: tuple[str, str] | None = None) -> None:
        """Tell the page about streams that something was done to, and what follows from it."""
        with self._lock:
            for i in touched:
                stream = self._members[i]
                self._problems[i] = stream.problems() if stream.selected or stream.is_changed else []
                self._rows[i] = stream_row(stream, self._names[i], self._problems[i])
            base = self._streams
            changed = [[i, *row[1:]] for i, row in enumerate(self._rows) if i >= len(base) or row != base[i]]
            with self.hold_sync():
                if len(changed) > _MOST_CHANGED_ROWS or len(base) != len(self._rows):
                    self._streams, changed = [list(row) for row in self._rows], []
                self._content = {
                    **self._head(),
                    "changed": changed,
                    "changes": words.pending(self.catalog.pending),
                    **self._problem_list(),
                    "applying": self._is_applying,
                    "notice": {"tone": notice[0], "text": notice[1]} if notice else None,
                }
            for i in set(self._open.values()) & set(touched):
                self._tell_fields(i)

    def _head(self) -> dict[str, Any]:
        state = describe(state_name(self.source, ()))
        return {
            "header": self._has_header,
            "title": self.source.display_name,
            "source_id": self.source.id,
            "state": [state.words, state.tone],
        }

    def _problem_list(self) -> dict[str, Any]:
        """Tell the first problems with their places, errors first; how many there are, and how many block Apply."""
        found = [(i, problem) for i, problems in enumerate(self._problems) for problem in problems]
        found.sort(key=lambda one: one[1].severity != "error")
        return {
            "problems": [
                [problem.severity, i, self._place(i, problem), problem.message] for i, problem in found[:_MOST_PROBLEMS]
            ],
            "errors": sum(problem.severity == "error" for _, problem in found),
            "warnings": sum(problem.severity == "warning" for _, problem in found),
            "blocking": sum(problem.severity == "error" and self._members[i].is_changed for i, problem in found),
        }

    def _place(self, i: int, problem: Problem) -> int:
        return self._members[i].columns.breadcrumbs.index(problem.breadcrumb) if problem.breadcrumb else -1

    def _tell_fields(self, i: int) -> None:
        stream = self._members[i]
        if stream.is_loaded:
            self.send({"type": "fields", "stream": i, **fields_of(stream, self._problems[i])})

    def _begin_applying(self) -> None:
        with self._lock:
            if self._is_applying:
                raise InvalidInputError("Changes are being applied already: wait until that is done.")
            self._is_applying = True
            self._draw(())

    def _end_applying(self, notice: tuple[str, str] | None) -> None:
        """Show the result, and that Apply is over, in one update."""
        with self._lock:
            self._is_applying = False
            # What was read back may hold what somebody else chose meanwhile.
            self._draw(range(len(self._members)), notice=notice)

    # From the page

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        match kind:
            case "open":
                self._open_stream(self._stream_of(content), str(content.get("view", ""))[:200])
            case "streams":
                on = truth_of(content, "on")
                chosen = self._numbers(content, len(self._members))
                streams = [self._members[i] for i in chosen]
                self._change(lambda: _toggle_streams(streams, on=on), chosen)
            case "fields":
                i, on = self._stream_of(content), truth_of(content, "on")
                stream = self._members[i]
                fields = self._numbers(content, stream.field_count or 0)
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
        while len(self._open) > _MOST_VIEWS:
            del self._open[next(iter(self._open))]
        if self._members[i].is_loaded:
            self._tell_fields(i)
        elif i not in self._loading:
            self._loading.add(i)
            self._in_background(lambda: self._load_one(i))

    def _load_one(self, i: int) -> None:
        stream = self._members[i]
        try:
            self.catalog.load(stream.tap_stream_id, progress=False)
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
        work = Watcher(once, poll_s=lambda: 0, on_error=self._refuse)
        self._work.append(work)
        work.start()

    def _stream_of(self, content: Mapping[str, Any]) -> int:
        i = number_of(content, "stream")
        if not 0 <= i < len(self._members):
            raise MessageError("there is no such stream")
        return i

    def _numbers(self, content: Mapping[str, Any], below: int) -> list[int]:
        given = content.get("which")
        if not isinstance(given, list) or not all(type(n) is int and 0 <= n < below for n in given):
            raise MessageError("which is no list of numbers that are known")
        return list(dict.fromkeys(given))

    def _refuse(self, error: StitchError) -> None:
        # The boxes in the page are already as somebody wanted them: tell how they are.
        self._draw(set(self._open.values()), notice=("error", words.failure(error)))

    def _table(self) -> str:
        return words.table(f"Streams of source {self.source.id}", self.catalog)

    def __repr__(self) -> str:
        selected = sum(stream.selected for stream in self._members)
        told = [f"source {self.source.id}", words.counted(len(self._members), "stream"), f"{selected:,} selected"]
        changes = len(self.catalog.pending)
        told += [f"{words.counted(changes, 'change')} not applied"] if changes else []
        return f"{type(self).__name__}({', '.join(told)})"


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
    given = content.get("value")
    if not isinstance(given, list) or not all(isinstance(name, str) and len(name) <= 500 for name in given):
        raise MessageError("value is no list of names")
    return given or None
