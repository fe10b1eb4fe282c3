"""Logs of extractions: asked for with the account's token, downloaded with a link that works once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from stitchnb.models import format_time
from stitchnb.sandbox import refusals, shapes
from stitchnb.sandbox.endpoints import Call, Endpoint, Reply
from stitchnb.sandbox.traffic import CONTROL
from stitchnb.sandbox.world import World

_LINK_LIFETIME = timedelta(minutes=10)
_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


class Logs:
    """The logs that jobs have written, lines in the order in which they were written."""

    def __init__(self, world: World) -> None:
        self._world = world

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoint of the API."""
        return [
            Endpoint(
                "GET",
                "/v4/{client_id}/extractions/{job_name}",
                self.link,
                "Where to download an extraction's log",
                shape=shapes.LOG_LINK,
            )
        ]

    def downloads(self) -> Iterable[Endpoint]:
        """Tell where links lead to: no place of the API's, as the account's token is not asked for there."""
        return [
            Endpoint(
                "GET",
                f"{CONTROL}/logs/{{ticket}}",
                lambda call: self.download(call.path["ticket"]),
                "An extraction's log",
                shape=shapes.LOG,
                auth="none",
            )
        ]

    def link(self, call: Call) -> Reply:
        """Answer with a link to a job's log, valid once and for ten minutes of the sandbox's time."""
        if call.path["client_id"] != str(self._world.client_id):
            raise refusals.not_authorized()
        job_name, ticket = call.path["job_name"], secrets.token_urlsafe(24)
        with self._world.state.transaction() as db:
            if not db.execute("SELECT 1 FROM jobs WHERE name = ?", (job_name,)).fetchone():
                raise refusals.no_such_job(job_name)
            db.execute("DELETE FROM log_tickets WHERE expires_at <= ?", (self._world.now(),))
            db.execute(
                "INSERT INTO log_tickets (digest, job_name, expires_at) VALUES (?, ?, ?)",
                (_digest(ticket), job_name, format_time(self._world.at() + _LINK_LIFETIME)),
            )
        # Absolute, as the API's own are; whoever asks has said in the Host header how the sandbox is reached.
        return Reply(None, 302, {"Location": f"http://{call.headers['host']}{CONTROL}/logs/{ticket}"})

    def download(self, ticket: str) -> Reply:
        """Answer with the log's text, and take the link back."""
        with self._world.state.transaction() as db:
            found = db.execute(
                "DELETE FROM log_tickets WHERE digest = ? RETURNING job_name, expires_at", (_digest(ticket),)
            ).fetchone()
            if found is None or found["expires_at"] <= self._world.now():
                raise refusals.used_link()
            rows = db.execute("SELECT line FROM job_logs WHERE job_name = ? ORDER BY number", (found["job_name"],))
            text = "".join(f"{row['line']}\n" for row in rows)
        return Reply(text.encode(), headers=_HEADERS)


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogateescape")).hexdigest()
