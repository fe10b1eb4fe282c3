"""Replication jobs: start and stop them, list their extractions and loads, and read their logs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from stitchnb.api.schemas import STR, EndpointSchema
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import APIRequest, APIResponse, Endpoint
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.middleware import CONTROL
from stitchnb.sandbox.store import destinations, jobs, sources, tokens

_LINK_LIFETIME = timedelta(minutes=10)
_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


class LogEndpoints:
    """The logs of jobs."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoint of the API."""
        return [Endpoint("GET", "/v4/{client_id}/extractions/{job_name}", self.link)]

    def downloads(self) -> Iterable[Endpoint]:
        """Return the endpoint that links point to. It is not the API's, as it needs no token."""
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
        """Return a link to a job's log that works once, within ten minutes of the sandbox's time."""
        if request.path["client_id"] != str(self._ctx.client_id):
            raise errors.not_authorized()
        job_name = request.path["job_name"]
        with self._ctx.state.transaction() as db:
            if not jobs.exists(db, job_name):
                raise errors.no_such_job(job_name)
            ticket = tokens.create_log_ticket(db, job_name, self._ctx.at(), _LINK_LIFETIME)
        # Absolute, as the API's links are. The Host header says how the client reaches the sandbox.
        return APIResponse(None, 302, {"Location": f"http://{request.headers['host']}{CONTROL}/logs/{ticket}"})

    def download(self, ticket: str) -> APIResponse:
        """Return the text of a log; the link works no more."""
        with self._ctx.state.transaction() as db:
            job_name = tokens.use_log_ticket(db, ticket, self._ctx.at())
            if job_name is None:
                raise errors.used_link()
            text = "".join(f"{line}\n" for line in jobs.log_lines(db, job_name))
        return APIResponse(text.encode(), headers=_HEADERS)


PAGE_SIZE = 100


class JobEndpoints:
    """The account's replication jobs."""

    def __init__(self, ctx: SandboxContext, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of replication jobs, extractions and loads."""
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
        """Start a job; a source runs one at a time. A paused source can be started manually."""
        with self._ctx.state.transaction() as db:
            number = self._live_source(db, source_id)
            if not destinations.list_of_source(db, number):
                raise errors.no_destination_to_sync_to(number)
            job_name = self._engine.start_job(number)
        if job_name is None:
            raise errors.already_running(self._ctx.client_id, number)
        return {"job_name": job_name}

    def stop(self, source_id: str) -> dict[str, Any]:
        """Stop the running job, if there is one."""
        with self._ctx.state.read() as db:
            number = self._live_source(db, source_id)
            job_name = jobs.running_of_source(db, number)
        if job_name is not None:
            self._engine.stop_job(job_name)
        return {"status": 200}

    def extractions(self, client_id: str, page: int) -> dict[str, Any]:
        """Return the last completed extraction of each source, a page at a time."""
        self._refuse_other_account(client_id)
        with self._ctx.state.read() as db:
            rows = jobs.list_extractions(db)
        return self._page("extractions", page, [self._extraction(row) for row in rows])

    def loads(self, client_id: str, page: int) -> dict[str, Any]:
        """Return the last load of each stream, a page at a time."""
        self._refuse_other_account(client_id)
        with self._ctx.state.read() as db:
            rows = jobs.list_loads(db)
        return self._page("loads", page, [self._load(row) for row in rows])

    def _live_source(self, db: sqlite3.Connection, source_id: str) -> int:
        number = errors.parsed_id(source_id)
        row = sources.get(db, number)
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
