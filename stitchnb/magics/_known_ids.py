"""Ids and names of the account, to complete paths with: asked for once in a while, and never waited for long."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stitchnb.client import Client
from stitchnb.errors import StitchError
from stitchnb.models import Property, ReportCard, Source

THREAD = "stitchnb-known-ids"
"""The name of the threads that ask."""

Known = tuple[tuple[str, str], ...]

_EMAILS, _HOOKS = "/notifications/public/v1/api/custom-emails", "/notifications/public/v1/api/hooks"


def _given(prop: Property) -> tuple[str | None, str]:
    """Tell a property that somebody gives, and whether it must be."""
    return None if prop.is_read_only else prop.name, "required" if prop.is_asked_for else "optional"


# Where each is listed, and what of an object is its id and its name.
_LISTS: Mapping[str, tuple[str, Callable[[Any], tuple[Any, str]]]] = {
    "source_id": ("/v4/sources", lambda s: (None if s.state == "deleted" else s.id, s.name or s.display_name)),
    "destination_id": ("/v4/destinations", lambda d: (d.id, d.name or d.type)),
    "source_type": ("/v4/source-types", lambda c: (c.type_name, "source type")),
    "destination_type": ("/v4/destination-types", lambda c: (c.type_name, "destination type")),
    "stream_id": ("/v4/sources/{source_id}/streams", lambda s: (s.stream_id, s.stream_name)),
    "tap_stream_id": ("/v4/sources/{source_id}/streams", lambda s: (s.tap_stream_id, "stream")),
    "property of source_type": ("/v4/source-types/{source_type}", _given),
    "property of destination_type": ("/v4/destination-types/{destination_type}", _given),
    "property of source_id": ("/v4/sources/{source_id}", _given),
    "token_id": ("/v4/sources/{source_id}/tokens", lambda t: (t.id, "token")),
    "email": (_EMAILS, lambda e: (e.id, e.email_address)),
    "hook": (_HOOKS, lambda h: (h.id, h.type)),
}


@dataclass
class _Entry:
    known: Known = ()
    asked_at: float = float("-inf")
    thread: threading.Thread | None = None


@dataclass
class _Book:
    entries: dict[tuple[str, str], _Entry] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)


class KnownIds:
    """What is known of each client's account.

    Parameters
    ----------
    fresh_s
        Seconds for which an answer is not asked for again.
    patience_s
        The longest that somebody waits for one; what comes later is there the next time.
    clock
        Gives seconds that only ever go up.
    """

    def __init__(
        self, *, fresh_s: float = 60.0, patience_s: float = 0.8, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fresh_s = fresh_s
        self._patience_s = patience_s
        self._clock = clock
        self._books: weakref.WeakKeyDictionary[Client, _Book] = weakref.WeakKeyDictionary()

    def of(self, client: Client, what: str, parts: Mapping[str, str]) -> Known:
        """List the ids that a part of a path may have, each with the name of what it is.

        Parameters
        ----------
        what
            The part, such as ``source_id``; ``email`` and ``hook`` for those that are only called ``id``; and
            ``property of source_type`` and the like for what a body may give.
        parts
            The path's parts before it.
        """
        book = self._books.setdefault(client, _Book())
        if what == "client_id":
            return ((str(client.client_id), "account"),) if client.client_id is not None else ()
        if what == "job_name":
            return tuple(book.jobs.items())
        if what not in _LISTS:
            return ()
        path = _LISTS[what][0].format_map({"source_id": "", **parts})
        entry = book.entries.setdefault((what, path), _Entry())
        if entry.thread is None and self._clock() - entry.asked_at >= self._fresh_s:
            entry.thread = threading.Thread(
                target=self._ask, args=(client, what, path, entry), name=THREAD, daemon=True
            )
            entry.thread.start()
        if (thread := entry.thread) is not None:
            thread.join(self._patience_s)
        return entry.known

    def forget(self, client: Client) -> None:
        """Forget what may be different now, after something was changed."""
        self._books.pop(client, None)

    def learn_jobs(self, client: Client, job_names: Mapping[str, str]) -> None:
        """Keep names of jobs that came by: to ask for them would count against Stitch's limit."""
        self._books.setdefault(client, _Book()).jobs.update(job_names)

    def _ask(self, client: Client, what: str, path: str, entry: _Entry) -> None:
        tell = _LISTS[what][1]
        try:
            answer = client.request("GET", path, typed=True)
            found = [tell(one) for one in _listed(answer)]
            entry.known = tuple((str(id_), name) for id_, name in found if id_)
        except StitchError:
            # Completion is a help: what cannot be had now is told when the request itself is sent.
            entry.known = ()
        finally:
            entry.asked_at = self._clock()
            entry.thread = None


def _listed(answer: Any) -> Iterable[Any]:
    """Give what an answer lists; of a report card, or what has one, the properties."""
    card = answer.report_card if isinstance(answer, Source) else answer
    return card.properties if isinstance(card, ReportCard) else answer
