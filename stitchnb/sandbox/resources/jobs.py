"""Replication jobs: started, stopped, and seen through their extractions and loads."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from stitchnb.api.schemas import STR, EndpointSchema
from stitchnb.models import format_time
from stitchnb.sandbox import destination_routing as mapping
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import APIRequest, APIResponse, Endpoint
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.middleware import CONTROL

_LINK_LIFETIME = timedelta(minutes=10)
_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


class LogEndpoints:
    """The logs that jobs have written, lines in the order in which they were written."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoint of the API."""
        return [Endpoint("GET", "/v4/{client_id}/extractions/{job_name}", self.link)]

    def downloads(self) -> Iterable[Endpoint]:
        """Tell where links lead to: no place of the API's, as the account's token is not asked for there."""
        return [
            Endpoint(
                "GET",
                f"{CONTROL}/logs/{{ticket}}",
                lambda request: self.download(request.path["ticket"]),
                "An extraction's log",
                schema=EndpointSchema(STR, media_type="text/plain", error_statuses=(403,)),
                auth="none",
            )
        ]

    def link(self, request: APIRequest) -> APIResponse:
        """Answer with a link to a job's log, valid once and for ten minutes of the sandbox's time."""
        if request.path["client_id"] != str(self._ctx.client_id):
            raise errors.not_authorized()
        job_name, ticket = request.path["job_name"], secrets.token_urlsafe(24)
        with self._ctx.state.transaction() as db:
            if not db.execute("SELECT 1 FROM jobs WHERE name = ?", (job_name,)).fetchone():
                raise errors.no_such_job(job_name)
            db.execute("DELETE FROM log_tickets WHERE expires_at <= ?", (self._ctx.now(),))
            db.execute(
                "INSERT INTO log_tickets (digest, job_name, expires_at) VALUES (?, ?, ?)",
                (_digest(ticket), job_name, format_time(self._ctx.at() + _LINK_LIFETIME)),
            )
        # Absolute, as the API's own are; whoever asks has said in the Host header how the sandbox is reached.
        return APIResponse(None, 302, {"Location": f"http://{request.headers['host']}{CONTROL}/logs/{ticket}"})

    def download(self, ticket: str) -> APIResponse:
        """Answer with the log's text, and take the link back."""
        with self._ctx.state.transaction() as db:
            found = db.execute(
                "DELETE FROM log_tickets WHERE digest = ? RETURNING job_name, expires_at", (_digest(ticket),)
            ).fetchone()
            if found is None or found["expires_at"] <= self._ctx.now():
                raise errors.used_link()
            rows = db.execute("SELECT line FROM job_logs WHERE job_name = ? ORDER BY number", (found["job_name"],))
            text = "".join(f"{row['line']}\n" for row in rows)
        return APIResponse(text.encode(), headers=_HEADERS)


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogateescape")).hexdigest()


PAGE_SIZE = 100


class JobEndpoints:
    """The account's replication jobs."""

    def __init__(self, ctx: SandboxContext, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of replication jobs, extractions and loads."""
        sync = "/v4/sources/{source_id}/sync"
        return [
            Endpoint("POST", sync, lambda request: self.start(request.path["source_id"])),
            Endpoint("DELETE", sync, lambda request: self.stop(request.path["source_id"])),
            Endpoint(
                "GET",
                "/v4/{client_id}/extractions",
                lambda request: self.extractions(request.path["client_id"], _page(request)),
            ),
            Endpoint(
                "GET", "/v4/{client_id}/loads", lambda request: self.loads(request.path["client_id"], _page(request))
            ),
        ]

    def start(self, source_id: str) -> dict[str, Any]:
        """Start a job; one at a time per source. A paused source may be started by hand."""
        with self._ctx.state.transaction() as db:
            number = self._live_source(db, source_id)
            if not mapping.destinations_of(db, number):
                raise errors.no_destination_to_sync_to(number)
            job_name = self._engine.start_job(number)
        if job_name is None:
            raise errors.already_running(self._ctx.client_id, number)
        return {"job_name": job_name}

    def stop(self, source_id: str) -> dict[str, Any]:
        """Stop the job that is under way, if one is."""
        with self._ctx.state.read() as db:
            number = self._live_source(db, source_id)
            running = db.execute(
                "SELECT name FROM jobs WHERE source_id = ? AND status = 'running'", (number,)
            ).fetchone()
        if running:
            self._engine.stop_job(running["name"])
        return {"status": 200}

    def extractions(self, client_id: str, page: int) -> dict[str, Any]:
        """Answer with the last completed extraction of each source, a page at a time."""
        self._refuse_other_account(client_id)
        with self._ctx.state.read() as db:
            rows = db.execute(
                "SELECT jobs.*, sources.type FROM jobs JOIN sources ON sources.id = jobs.source_id "
                "WHERE number IN (SELECT max(number) FROM jobs WHERE completion_time IS NOT NULL GROUP BY source_id) "
                "ORDER BY source_id"
            ).fetchall()
        return self._page("extractions", page, [self._extraction(row) for row in rows])

    def loads(self, client_id: str, page: int) -> dict[str, Any]:
        """Answer with the last load of each stream, a page at a time."""
        self._refuse_other_account(client_id)
        with self._ctx.state.read() as db:
            rows = db.execute(
                "SELECT loads.*, sources.name FROM loads JOIN sources ON sources.id = loads.source_id "
                "ORDER BY stream_name, source_id"
            ).fetchall()
        return self._page("loads", page, [self._load(row) for row in rows])

    def _live_source(self, db: sqlite3.Connection, source_id: str) -> int:
        number = errors.parsed_id(source_id)
        row = db.execute("SELECT deleted_at FROM sources WHERE id = ?", (number,)).fetchone()
        if number is None or row is None:
            raise errors.no_source_to_sync(self._ctx.client_id, source_id)
        if row["deleted_at"]:
            raise errors.deleted_source_to_sync()
        return number

    def _refuse_other_account(self, client_id: str) -> None:
        if client_id != str(self._ctx.client_id):
            raise errors.not_authorized()

    def _extraction(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "tap_description": row["tap_description"],
            "target_exit_status": row["target_exit_status"],
            "job_name": row["name"],
            "start_time": row["start_time"],
            "stitch_client_id": self._ctx.client_id,
            "tap_exit_status": row["tap_exit_status"],
            "source_type": "tap-" + row["type"].removeprefix("platform."),
            "target_description": row["target_description"],
            "discovery_exit_status": row["discovery_exit_status"],
            "discovery_description": row["discovery_description"],
            "completion_time": row["completion_time"],
            "source_id": row["source_id"],
        }

    def _load(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "stitch_client_id": self._ctx.client_id,
            "source_name": row["name"],
            "stream_name": row["stream_name"],
            "last_batch_loaded_at": row["last_batch_loaded_at"],
            "error_state": json.loads(row["error_state"]) if row["error_state"] else None,
        }

    def _page(self, what: str, page: int, records: list[dict[str, Any]]) -> dict[str, Any]:
        def link(number: int) -> str:
            return f"/v4/{self._ctx.client_id}/{what}?page={number}"

        links: dict[str, str] = {}
        if page * PAGE_SIZE < len(records):
            links["next"] = link(page + 1)
        if page > 1 and records:
            links["previous"] = link(page - 1)
        start = (page - 1) * PAGE_SIZE
        return {"data": records[start : start + PAGE_SIZE], "page": page, "total": len(records), "links": links}


def _page(request: APIRequest) -> int:
    return max(1, errors.parsed_id(request.query.get("page", "1")) or 1)
