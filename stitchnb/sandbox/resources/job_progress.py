"""The progress of jobs with the rows of their streams: endpoints of the sandbox alone, as the API has none."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from stitchnb.api.schemas import (
    ID,
    INT,
    NULLABLE_INT,
    NULLABLE_STR,
    NULLABLE_TIME,
    STR,
    TIME,
    EndpointSchema,
    array,
    response_object,
)
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.middleware import CONTROL
from stitchnb.sandbox.store import jobs

_LOG_LINES = 20
_PARTS = ("discovery", "tap", "target")

# The state of a stream whose job ended before the stream did.
_CUT_SHORT = {"running": "broken_off", "waiting": "not_reached"}

_STREAM = response_object(
    {
        "stream_name": STR,
        "state": {"enum": ["waiting", "running", "loaded", "no_rows", "broken_off", "not_reached"]},
        "rows_expected": NULLABLE_INT,
        "rows_loaded": INT,
        "rows_rejected": INT,
        "seconds": {"type": "number"},
        "last_batch_at": NULLABLE_TIME,
        "bookmark": {"type": ["object", "null"]},
    }
)
_JOB = {
    "job_name": STR,
    "source_id": ID,
    "source_name": STR,
    "status": {"enum": ["running", "succeeded", "failed", "stopped"]},
    "phase": {"enum": [*_PARTS, "over"]},
    "start_time": TIME,
    "completion_time": NULLABLE_TIME,
    "failure": NULLABLE_STR,
    "streams": array(_STREAM),
}


class JobProgressEndpoints:
    """The jobs of the account, each with the rows of its streams."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints."""
        return [
            Endpoint(
                "GET",
                f"{CONTROL}/jobs",
                lambda request: self.list(_source_id(request.query)),
                "Every job, or those of a source, with the rows of each stream",
                schema=EndpointSchema(array(response_object(_JOB)), query={"source_id": ID}),
            ),
            Endpoint(
                "GET",
                f"{CONTROL}/jobs/{{job_name}}",
                lambda request: self.get(request.path["job_name"]),
                "How far a job has come, stream by stream, and the end of its log",
                schema=EndpointSchema(response_object({**_JOB, "log": array(STR)})),
            ),
        ]

    def list(self, source_id: int | None = None) -> list[dict[str, Any]]:
        """Return all jobs, or those of one source, oldest first."""
        with self._ctx.state.read() as db:
            return [_job(row, jobs.list_streams(db, row["name"])) for row in jobs.list_all(db, source_id)]

    def get(self, job_name: str) -> dict[str, Any]:
        """Return one job, and the last lines of its log."""
        with self._ctx.state.read() as db:
            row = jobs.get(db, job_name)
            if row is None:
                raise errors.no_such_job(job_name)
            log = jobs.log_lines(db, job_name, last=_LOG_LINES)
            return {**_job(row, jobs.list_streams(db, job_name)), "log": log}


def _source_id(query: Mapping[str, str]) -> int | None:
    """Return the source whose jobs are requested; 0, which no source has, for what is not an id."""
    return errors.parsed_id(query["source_id"]) or 0 if "source_id" in query else None


def _job(row: sqlite3.Row, streams: list[sqlite3.Row]) -> dict[str, Any]:
    return {
        "job_name": row["name"],
        "source_id": row["source_id"],
        "source_name": row["source_name"],
        "status": row["status"],
        "phase": _phase(row["status"], [stream["state"] for stream in streams]),
        "start_time": row["start_time"],
        "completion_time": row["completion_time"],
        "failure": next((f"{part}: {text}" for part in _PARTS if (text := row[f"{part}_description"])), None),
        "streams": [_stream(stream, row["status"]) for stream in streams],
    }


def _phase(status: str, states: list[str]) -> str:
    """Return the part that is running. Batches are loaded as they come, so only the end of the target comes last."""
    if status != "running":
        return "over"
    if not states:
        return "discovery"
    return "tap" if {"waiting", "running"} & set(states) else "target"


def _stream(row: sqlite3.Row, status: str) -> dict[str, Any]:
    state = row["state"] if status == "running" else _CUT_SHORT.get(row["state"], row["state"])
    columns = ("rows_expected", "rows_loaded", "rows_rejected", "seconds", "last_batch_at")
    bookmark = json.loads(row["bookmark"]) if row["bookmark"] is not None else None
    return {
        "stream_name": row["stream_name"],
        "state": state,
        **{name: row[name] for name in columns},
        "bookmark": bookmark,
    }
