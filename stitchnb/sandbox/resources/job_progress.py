"""How jobs stand and stood, rows and all: a control of the sandbox's own, for the API has no such endpoint."""

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

_LOG_LINES = 20
_PARTS = ("discovery", "tap", "target")
_JOBS = "SELECT jobs.*, sources.name AS source_name FROM jobs JOIN sources ON sources.id = jobs.source_id"

# What a stream had come to when its job ended without it.
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
        """Tell the endpoints."""
        return [
            Endpoint(
                "GET",
                f"{CONTROL}/jobs",
                lambda request: self.list(_asked(request.query)),
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
        """Answer with all jobs, or those of one source, the oldest first."""
        with self._ctx.state.read() as db:
            rows = db.execute(
                f"{_JOBS} WHERE :source_id IS NULL OR jobs.source_id = :source_id ORDER BY jobs.number",
                {"source_id": source_id},
            ).fetchall()
            return [_job(row, _streams(db, row["name"])) for row in rows]

    def get(self, job_name: str) -> dict[str, Any]:
        """Answer with one job, and the last lines of its log."""
        with self._ctx.state.read() as db:
            row = db.execute(f"{_JOBS} WHERE jobs.name = ?", (job_name,)).fetchone()
            if row is None:
                raise errors.no_such_job(job_name)
            lines = db.execute(
                "SELECT line FROM job_logs WHERE job_name = ? ORDER BY number DESC LIMIT ?", (job_name, _LOG_LINES)
            ).fetchall()
            return {**_job(row, _streams(db, job_name)), "log": [line["line"] for line in reversed(lines)]}


def _asked(query: Mapping[str, str]) -> int | None:
    """Read whose jobs are asked for; what is no id is nobody's."""
    return errors.parsed_id(query["source_id"]) or 0 if "source_id" in query else None


def _streams(db: sqlite3.Connection, job_name: str) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT job_streams.*, bookmarks.bookmark FROM job_streams JOIN jobs ON jobs.name = job_streams.job_name "
        "LEFT JOIN bookmarks ON bookmarks.source_id = jobs.source_id "
        "AND bookmarks.tap_stream_id = job_streams.tap_stream_id "
        "WHERE job_streams.job_name = ? ORDER BY job_streams.position",
        (job_name,),
    ).fetchall()


def _job(row: sqlite3.Row, streams: list[sqlite3.Row]) -> dict[str, Any]:
    return {
        "job_name": row["name"],
        "source_id": row["source_id"],
        "source_name": row["source_name"],
        "status": row["status"],
        "phase": _phase(row["status"], [stream["state"] for stream in streams]),
        "start_time": row["start_time"],
        "completion_time": row["completion_time"],
        "failure": next((f"{part}: {told}" for part in _PARTS if (told := row[f"{part}_description"])), None),
        "streams": [_stream(stream, row["status"]) for stream in streams],
    }


def _phase(status: str, states: list[str]) -> str:
    """Tell the part that is at work; batches are loaded as they come, the target's end is what is left at last."""
    if status != "running":
        return "over"
    if not states:
        return "discovery"
    return "tap" if {"waiting", "running"} & set(states) else "target"


def _stream(row: sqlite3.Row, status: str) -> dict[str, Any]:
    state = row["state"] if status == "running" else _CUT_SHORT.get(row["state"], row["state"])
    told = ("rows_expected", "rows_loaded", "rows_rejected", "seconds", "last_batch_at")
    bookmark = json.loads(row["bookmark"]) if row["bookmark"] is not None else None
    return {
        "stream_name": row["stream_name"],
        "state": state,
        **{name: row[name] for name in told},
        "bookmark": bookmark,
    }
