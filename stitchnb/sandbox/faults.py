"""Faults on demand: what goes wrong, how often, and for which requests."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self, get_args

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.sandbox import catalog

# Methods for the rest of the sandbox, which Tab does not offer.
_INTERNAL = frozenset({"put", "match_request", "match_work"})

Kind = Literal["status", "refuse", "delay", "drop", "check", "extraction", "load"]

_OF_REQUESTS = ("status", "refuse", "delay", "drop")
_LONGEST_DELAY_S = 300.0


@dataclass(eq=False)
class Fault:
    """One thing that goes wrong until it is used up or removed. As a context manager it is removed at the end.

    Attributes
    ----------
    kind
        ``status``: the answer is an error, and nothing was done. ``refuse``: the connection is closed without an
        answer, and nothing was done. ``delay``: the answer comes later. ``drop``: the request is carried out, and the
        connection closed before the answer. ``check``, ``extraction``, ``load``: that work of the engine fails.
    times
        How often it is met at most; None for as often as it comes up until it is removed.
    share
        Which share of what it is meant for meets it, from 0 to 1, drawn from the sandbox's seed.
    method, path
        Requests that it is meant for; None for all. In a path ``{…}`` stands for one part and ``*`` for anything:
        ``/v4/sources/{source_id}``, ``/v4/*``.
    status, retry_after_s
        Of a ``status``: the answer's, and the seconds in its ``Retry-After`` header.
    delay_s
        Seconds that a ``delay`` takes.
    message
        What a failing check, extraction or load says.
    source_type, stream
        The source type whose checks and extractions fail (for checks also a destination's), the stream whose loads
        fail; None for all.
    id
        Its number in the sandbox.
    hits
        How often it was met so far.
    """

    kind: Kind
    times: int | None = None
    share: float | None = None
    method: str | None = None
    path: str | None = None
    status: int | None = None
    retry_after_s: int | None = None
    delay_s: float | None = None
    message: str | None = None
    source_type: str | None = None
    stream: str | None = None
    id: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)
    _owner: Faults | None = field(default=None, init=False, repr=False)
    _draws: random.Random | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        for complaint in self._complaints():
            raise InvalidInputError(complaint)

    def _complaints(self) -> Iterator[str]:
        if self.kind not in get_args(Kind):
            yield f"There is no fault of kind {self.kind!r}; there are {', '.join(get_args(Kind))}."
        if self.times is not None and not _is_number(self.times, 1, whole=True):
            yield f"times is {self.times!r}; give a whole number from 1, or None for as often as it comes up."
        if self.share is not None and not _is_number(self.share, 0, 1):
            yield f"share is {self.share!r}; give a number from 0 to 1."
        if (self.kind == "status") != (self.status is not None):
            yield "Give a status to a fault of kind 'status', and to no other."
        if self.status is not None and not _is_number(self.status, 400, 599, whole=True):
            yield f"status is {self.status!r}; give an error's, from 400 to 599."
        if self.retry_after_s is not None and not (
            self.kind == "status" and _is_number(self.retry_after_s, 0, whole=True)
        ):
            yield "retry_after_s goes with a status, and is a whole number of seconds from 0."
        if (self.kind == "delay") != (self.delay_s is not None):
            yield "Give delay_s to a fault of kind 'delay', and to no other."
        if self.delay_s is not None and not _is_number(self.delay_s, 0, _LONGEST_DELAY_S):
            yield f"delay_s is {self.delay_s!r}; give seconds from 0 to {_LONGEST_DELAY_S:.0f}."
        for name in ("method", "path", "message", "source_type", "stream"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value):
                yield f"{name} is {value!r}; give some text."
        if self.path is not None and not self.path.startswith("/"):
            yield f"path is {self.path!r}; give one that begins with a slash, such as /v4/sources."
        for_requests = self.kind in _OF_REQUESTS
        if not for_requests and (self.method is not None or self.path is not None):
            yield f"method and path are for requests, and a fault of kind {self.kind!r} is none of a request."
        if for_requests and (self.message is not None or self.source_type is not None or self.stream is not None):
            yield f"message, source_type and stream are the engine's, and a fault of kind {self.kind!r} is not."
        if (self.stream is not None and self.kind != "load") or (self.source_type is not None and self.kind == "load"):
            yield "stream goes with loads, source_type with checks and extractions."
        if isinstance(self.source_type, str) and self.source_type not in (known := self._known_types()):
            near = " or ".join(map(repr, near_names(self.source_type, known)))
            yield f"There is no source type {self.source_type!r}{f'; did you mean {near}?' if near else '.'}"

    def _known_types(self) -> list[str]:
        """Tell what `source_type` may be: destinations are checked too."""
        of_destinations = catalog.destination_types() if self.kind == "check" else ()
        return [*catalog.source_types(), *of_destinations]

    @property
    def is_spent(self) -> bool:
        """It was met as often as it was meant to be."""
        return self.times is not None and self.hits >= self.times

    def remove(self) -> None:
        """Let it happen no more. Calling it again does nothing."""
        if self._owner is not None:
            self._owner.remove(self.id)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON, without what was not set."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if not f.name.startswith("_")}
        return {name: value for name, value in found.items() if value is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _is_for_request(self, method: str, path: str) -> bool:
        if self.kind not in _OF_REQUESTS or (self.method is not None and self.method.upper() != method):
            return False
        return self.path is None or _pattern(self.path).fullmatch(path) is not None

    def _is_for_work(self, kind: Kind, source_type: str | None, stream: str | None) -> bool:
        return self.kind == kind and self.source_type in (None, source_type) and self.stream in (None, stream)

    def _strikes(self) -> bool:
        """Draw whether it happens this time; if so, count it."""
        if self.is_spent:
            return False
        if self.share is not None and self._draws is not None and self._draws.random() >= self.share:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of one sandbox, met in the order in which they were added.

    A request meets every delay that is meant for it, and the first other fault.

    Parameters
    ----------
    seed
        Shares are drawn from it.

    Examples
    --------
    >>> faults = Faults()
    >>> with faults.add(status=502, times=2, method="GET", path="/v4/sources") as fault:
    ...     fault.to_dict()
    {'kind': 'status', 'times': 2, 'method': 'GET', 'path': '/v4/sources', 'status': 502, 'id': 1, 'hits': 0}
    >>> list(faults)
    []
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._given = 0

    def add(
        self,
        *,
        status: int,
        times: int | None = None,
        share: float | None = None,
        method: str | None = None,
        path: str | None = None,
        retry_after_s: int | None = None,
    ) -> Fault:
        """Answer with an error's status, and do nothing. See `Fault` for the parameters, here and below.

        Raises
        ------
        InvalidInputError
            When a parameter cannot be; the message says which and why.
        """
        return self.put(Fault("status", times, share, method, path, status=status, retry_after_s=retry_after_s))

    def refuse(
        self,
        *,
        times: int | None = None,
        share: float | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> Fault:
        """Close the connection without an answer, and do nothing."""
        return self.put(Fault("refuse", times, share, method, path))

    def delay(
        self,
        delay_s: float,
        *,
        times: int | None = None,
        share: float | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> Fault:
        """Let some seconds pass before anything is done."""
        return self.put(Fault("delay", times, share, method, path, delay_s=delay_s))

    def drop_after_commit(
        self,
        *,
        times: int | None = None,
        share: float | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> Fault:
        """Do what was asked for and close the connection before the answer: the client cannot know that it is done."""
        return self.put(Fault("drop", times, share, method, path))

    def fail_checks(
        self,
        message: str,
        *,
        times: int | None = None,
        share: float | None = None,
        source_type: str | None = None,
    ) -> Fault:
        """Let connection checks fail with a message."""
        return self.put(Fault("check", times, share, message=message, source_type=source_type))

    def fail_extractions(
        self,
        message: str,
        *,
        times: int | None = None,
        share: float | None = None,
        source_type: str | None = None,
    ) -> Fault:
        """Let the taps of replication jobs fail with a message, before the first row."""
        return self.put(Fault("extraction", times, share, message=message, source_type=source_type))

    def fail_loads(
        self, message: str, *, times: int | None = None, share: float | None = None, stream: str | None = None
    ) -> Fault:
        """Let loads fail with a message: nothing of the batch lands."""
        return self.put(Fault("load", times, share, message=message, stream=stream))

    def put(self, fault: Fault) -> Fault:
        """Add a fault that was made elsewhere."""
        with self._lock:
            self._given += 1
            fault.id = self._given
            fault._owner = self
            fault._draws = random.Random(f"{self._seed}/{fault.id}")
            self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: int) -> bool:
        """Remove a fault; False where there is none of that number."""
        with self._lock:
            return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._faults.clear()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(list(self._faults.values()))

    def __len__(self) -> int:
        with self._lock:
            return len(self._faults)

    def __dir__(self) -> list[str]:
        return sorted(set(super().__dir__()) - _INTERNAL)

    def __repr__(self) -> str:
        """Name the faults by their numbers, such as ``Faults(1: status 502, 2: delay)``."""
        told = ", ".join(f"{one.id}: {one.kind}{f' {one.status}' if one.status else ''}" for one in self)
        return f"Faults({told or 'none'})"

    def match_request(self, method: str, path: str) -> list[Fault]:
        """Tell what goes wrong with a request: delays, then at most one other fault."""
        found: list[Fault] = []
        with self._lock:
            for fault in self._faults.values():
                if fault._is_for_request(method, path) and fault._strikes():
                    found.append(fault)
                    if fault.kind != "delay":
                        break
        return found

    def match_work(self, kind: Kind, *, source_type: str | None = None, stream: str | None = None) -> str | None:
        """Tell what a check, extraction or load fails with, None where it goes well."""
        with self._lock:
            for fault in self._faults.values():
                if fault._is_for_work(kind, source_type, stream) and fault._strikes():
                    return fault.message or f"this {kind} fails on demand"
        return None


def _is_number(value: Any, least: float, most: float = float("inf"), *, whole: bool = False) -> bool:
    is_one = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    return is_one and bool(least <= value <= most)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^/{}]*\}|\*)", path)
    stands_for = partial(re.sub, r"^\{.*\}$", "[^/]+")
    return re.compile(
        "".join(".*" if p == "*" else stands_for(p) if p.startswith("{") else re.escape(p) for p in parts)
    )
