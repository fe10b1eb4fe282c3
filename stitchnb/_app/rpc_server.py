"""What pages may ask of the sandbox besides its API: its clock, its jobs, and the rows that have landed."""

from __future__ import annotations

import hmac
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from stitchnb.errors import StitchError
from stitchnb.sandbox import Sandbox

OK = 200
NOT_DONE = 422


class SandboxCalls:
    """Carries out the calls of the pages' processes on the one sandbox.

    A call is a JSON object ``{"call": name, "arguments": […]}``; what it gives goes back pickled, as tables of rows
    have no other exact form. Nothing that was sent is ever unpickled here.
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
        """Tell whether an ``Authorization`` header holds the sandbox's token."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """Carry out one call: 200 with what it gave, pickled, or 422 with why it was not done, as text.

        Raises
        ------
        ValueError
            When it is no call.
        """
        told = json.loads(body)
        if not isinstance(told, dict) or told.get("call") not in self._calls:
            raise ValueError("there is no such call")
        try:
            given = self._calls[told["call"]](*told.get("arguments", ()))
        except StitchError as error:
            return NOT_DONE, str(error).encode()
        return OK, pickle.dumps(given)
