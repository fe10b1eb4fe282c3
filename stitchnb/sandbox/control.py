"""The sandbox's own controls over HTTP, below ``/_sandbox``: what a test in another language steers it by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_args

from stitchnb.api.schemas import BOOL, ID, INT, NAME, STR, TIME, EndpointSchema, array, request_object, response_object
from stitchnb.errors import InvalidInputError
from stitchnb.models import parse_time
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import APIRequest, Endpoint
from stitchnb.sandbox.errors import APIErrorResponse, parsed_id
from stitchnb.sandbox.faults import Fault, Kind
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.journal import Journal
from stitchnb.sandbox.middleware import CONTROL
from stitchnb.sandbox.snapshots import Snapshots

_T = TypeVar("_T")
_STEPS = ("days", "hours", "minutes", "seconds")

_TIME = response_object({"now": TIME, "is_frozen": BOOL})
_SNAPSHOT = response_object({"name": STR, "taken_at": TIME})
_FAULT = response_object({"id": ID, "kind": STR, "hits": INT})
_STATUS = EndpointSchema(
    response_object({"client_id": ID, "seed": INT, "clock": _TIME, "running": array(STR), "snapshots": INT})
)
_ADVANCED = EndpointSchema(
    _TIME,
    body={
        "oneOf": [
            request_object(
                {"advance": request_object({}, {step: {"type": "number"} for step in _STEPS}, example={"hours": 6})}
            ),
            request_object({"now": TIME}),
        ]
    },
    error_statuses=(400,),
)
_SNAPSHOTS = EndpointSchema(array(_SNAPSHOT))
_TAKEN = EndpointSchema(
    _SNAPSHOT, body=request_object({}, {"name": NAME}), body_is_optional=True, error_statuses=(400,)
)
_RESTORED = EndpointSchema(_SNAPSHOT, body=request_object({"name": NAME}), error_statuses=(400,))
_DONE = EndpointSchema({"type": "object"}, error_statuses=(400,))
_JOURNAL = EndpointSchema(
    array(response_object({"at": TIME, "method": STR, "path": STR})), query={"last": INT}, error_statuses=(400,)
)
_EMPTIED = EndpointSchema({"const": []})
_FAULTS = EndpointSchema(array(_FAULT), error_statuses=(400,))
_NEW_FAULT = EndpointSchema(
    _FAULT,
    # What may go together, and what it means, is told by `Fault`.
    body={
        **response_object({}, {"kind": {"enum": list(get_args(Kind))}}),
        "examples": [{"status": 502, "times": 1, "path": "/v4/sources"}],
    },
    error_statuses=(400,),
)


class ControlEndpoints:
    """Clock, snapshots, journal and faults of one sandbox."""

    def __init__(self, ctx: SandboxContext, engine: Engine, snapshots: Snapshots, journal: Journal) -> None:
        self._ctx = ctx
        self._engine = engine
        self._snapshots = snapshots
        self._journal = journal

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of the controls."""
        return [
            _endpoint("GET", "", lambda request: self.status(), "The sandbox at one sight", _STATUS),
            _endpoint("GET", "/clock", lambda request: self.clock(), "What time it is", EndpointSchema(_TIME)),
            _endpoint(
                "POST", "/clock", lambda request: self.advance(request.body), "Move the clock forward", _ADVANCED
            ),
            _endpoint("POST", "/reset", lambda request: self.reset(), "Make it as good as new", _STATUS),
            _endpoint("GET", "/snapshots", lambda request: self.snapshots(), "The snapshots", _SNAPSHOTS),
            _endpoint(
                "POST",
                "/snapshot",
                lambda request: self.create_snapshot(request.body),
                "Keep everything as it is now",
                _TAKEN,
            ),
            _endpoint(
                "POST", "/restore", lambda request: self.restore(request.body), "Go back to a snapshot", _RESTORED
            ),
            _endpoint(
                "DELETE",
                "/snapshots/{name}",
                lambda request: self.delete_snapshot(request.path["name"]),
                "Forget a snapshot",
                _DONE,
            ),
            _endpoint("GET", "/journal", lambda request: self.journal(request.query), "The last requests", _JOURNAL),
            _endpoint("DELETE", "/journal", lambda request: self.clear_journal(), "Forget the last requests", _EMPTIED),
            _endpoint("GET", "/faults", lambda request: self.faults(), "The faults", _FAULTS),
            _endpoint("POST", "/faults", lambda request: self.add_fault(request.body), "Add a fault", _NEW_FAULT),
            _endpoint("DELETE", "/faults", lambda request: self.clear_faults(), "Remove every fault", _EMPTIED),
            _endpoint(
                "DELETE",
                "/faults/{fault_id}",
                lambda request: self.remove_fault(request.path),
                "Remove a fault",
                _FAULTS,
            ),
        ]

    def status(self) -> dict[str, Any]:
        """Answer with the sandbox at one sight, above all with what is under way."""
        return {
            "client_id": self._ctx.client_id,
            "seed": self._ctx.ids.seed,
            "clock": self.clock(),
            "running": self._engine.running(),
            "snapshots": len(list(self._snapshots)),
            "faults": len(self._ctx.faults),
        }

    def clock(self) -> dict[str, Any]:
        """Answer with the sandbox's time."""
        return {"now": self._ctx.now(), "is_frozen": self._ctx.clock.is_frozen}

    def advance(self, body: Any) -> dict[str, Any]:
        """Move the clock by ``{"advance": {"hours": 6}}`` or to ``{"now": "2026-03-21T00:00:00Z"}``."""
        body = _object(body, "advance", "now")
        if len(body) != 1:
            raise _bad('give either {"advance": {"hours": 6}} or {"now": "2026-03-21T00:00:00Z"}')
        try:
            if "now" in body:
                moment = parse_time(body["now"])
                if moment is None:
                    raise _bad(f"{body['now']!r} is no time; give one such as 2026-03-21T00:00:00Z")
                self._ctx.clock.advance_to(moment)
            else:
                step = _object(body["advance"], *_STEPS)
                if any(isinstance(v, bool) or not isinstance(v, int | float) for v in step.values()):
                    raise _bad(f"{', '.join(_STEPS)} are numbers")
                self._ctx.clock.advance(**step)
        except (ValueError, OverflowError) as error:
            raise _bad(str(error)) from error
        return self.clock()

    def reset(self) -> dict[str, Any]:
        """Make the sandbox as good as new; only the snapshots are kept."""
        self._snapshots.reset()
        self._ctx.faults.clear()
        self._journal.clear()
        return self.status()

    def snapshots(self) -> list[dict[str, Any]]:
        """Answer with the snapshots, the oldest first."""
        return [snapshot.to_dict() for snapshot in self._snapshots]

    def create_snapshot(self, body: Any) -> dict[str, Any]:
        """Keep everything as it is now, as ``{"name": "…"}``; without a body the name is given."""
        name = _object({} if body is None else body, "name").get("name")
        return _checked_input(lambda: self._snapshots.create(name)).to_dict()

    def restore(self, body: Any) -> dict[str, Any]:
        """Go back to the snapshot ``{"name": "…"}``."""
        name = _object(body, "name").get("name")
        return _checked_input(lambda: self._snapshots.restore(str(name))).to_dict()

    def delete_snapshot(self, name: str) -> dict[str, Any]:
        """Forget a snapshot."""
        _checked_input(lambda: self._snapshots.delete(name))
        return {"forgotten": name}

    def journal(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Answer with the last requests, the newest at the end; ``?last=10`` for only so many."""
        last = query.get("last")
        count = None if last is None else parsed_id(last)
        if last is not None and count is None:
            raise _bad(f"last is {last!r}; give a whole number")
        return [
            exchange.to_dict()
            for exchange in self._journal[max(0, len(self._journal) - count) if count is not None else 0 :]
        ]

    def clear_journal(self) -> list[Any]:
        """Forget the last requests."""
        self._journal.clear()
        return []

    def faults(self) -> list[dict[str, Any]]:
        """Answer with the faults, the oldest first."""
        return [fault.to_dict() for fault in self._ctx.faults]

    def add_fault(self, body: Any) -> dict[str, Any]:
        """Add a fault: its ``kind`` (``status`` when there is one), and what goes with it."""
        settable = [f.name for f in fields(Fault) if f.init]
        body = _object(body, *settable)
        if "status" in body:
            body = {"kind": "status", **body}
        if "kind" not in body:
            raise _bad("kind is missing")
        return _checked_input(lambda: self._ctx.faults.put(Fault(**body))).to_dict()

    def remove_fault(self, path: Mapping[str, str]) -> list[dict[str, Any]]:
        """Remove a fault."""
        number = parsed_id(path["fault_id"])
        if number is None or not self._ctx.faults.remove(number):
            raise _bad(f"there is no fault {path['fault_id']}")
        return self.faults()

    def clear_faults(self) -> list[dict[str, Any]]:
        """Remove every fault."""
        self._ctx.faults.clear()
        return self.faults()


def _endpoint(
    method: str, path: str, handler: Callable[[APIRequest], Any], summary: str, schema: EndpointSchema
) -> Endpoint:
    return Endpoint(method, f"{CONTROL}{path}", handler, summary, body_limit=64 * 1024, is_slow=True, schema=schema)


def _bad(message: str) -> APIErrorResponse:
    return APIErrorResponse(400, {"error": "BadControl", "data": {"message": message}})


def _object(body: Any, *allowed: str) -> dict[str, Any]:
    if not isinstance(body, dict) or not set(body) <= set(allowed):
        raise _bad(f"give a JSON object with no other keys than {', '.join(allowed)}")
    return body


def _checked_input(action: Callable[[], _T]) -> _T:
    try:
        return action()
    except InvalidInputError as error:
        raise _bad(str(error)) from error
