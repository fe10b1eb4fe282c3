"""Calls that pages may make on the sandbox besides its API: clock, jobs and loaded rows."""

from __future__ import annotations

import hmac
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from stitchnb.errors import StitchError
from stitchnb.sandbox import Sandbox

OK = 200
REFUSED = 422


class SandboxCalls:
    """Runs the calls of the pages' processes on the shared sandbox.

    A call is a JSON object ``{"call": name, "arguments": […]}``; the result is pickled, because tables of rows
    have no other exact form. Requests are never unpickled.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._token = sandbox.token.reveal()
        self._calls: Mapping[str, Callable[..., Any]] = {
            "now": lambda: sandbox.clock.now(),
            "jobs": sandbox.jobs,
            "job_progress": sandbox.job_progress,
            "authorize": sandbox.authorize,
            "tables": lambda: sandbox.warehouse.tables(),
            "table": lambda name: sandbox.warehouse.table(name),
            "sql": lambda query: sandbox.warehouse.sql(query),
        }

    def accepts(self, authorization: str) -> bool:
        """Return whether an ``Authorization`` header has the sandbox's token."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """Run one call: 200 with the pickled result, or 422 with the reason as text.

        Raises
        ------
        ValueError
            The body is not a known call.
        """
        call = json.loads(body)
        if not isinstance(call, dict) or call.get("call") not in self._calls:
            raise ValueError("unknown call")
        try:
            result = self._calls[call["call"]](*call.get("arguments", ()))
        except StitchError as error:
            return REFUSED, str(error).encode()
        return OK, pickle.dumps(result)
