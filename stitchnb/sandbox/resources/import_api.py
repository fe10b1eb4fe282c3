"""The Import API: data sent to the sandbox, checked, and in the warehouse before the answer says so."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from stitchnb import __version__
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import APIRequest, APIResponse, Endpoint
from stitchnb.sandbox.import_bodies import batch_of, push_of
from stitchnb.sandbox.jobs.loading import TableImport, load_imports
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.store import tokens

BODY_LIMIT = 20 * 1024 * 1024
"""Most bytes of one request."""

_BASE = "/v2/import"


class ImportEndpoints:
    """What Import API sources are sent data by."""

    def __init__(self, ctx: SandboxContext, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine
        self._numbers = itertools.count(1)

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of the Import API."""

        def post(what: str, handler: Callable[[APIRequest], Any]) -> Endpoint:
            return Endpoint(
                "POST",
                f"{_BASE}/{what}",
                handler,
                auth="import",
                body_limit=BODY_LIMIT,
                too_large=errors.import_too_large,
                is_slow=True,
            )

        return [
            Endpoint("GET", f"{_BASE}/status", lambda request: self.status(), auth="none"),
            post("batch", self.batch),
            post("push", self.push),
            post("validate", self.validate),
        ]

    def status(self) -> dict[str, Any]:
        """Say that it is up."""
        return {"name": "stitchnb.sandbox", "version": __version__, "revision": None, "status": "OK", "reason": None}

    def batch(self, request: APIRequest) -> APIResponse:
        """Take a batch: it has landed when this is answered."""
        self._refuse_strangers(request)
        return self._load(request, [batch_of(_json_of(request))])

    def push(self, request: APIRequest) -> APIResponse:
        """Take a push: it has landed when this is answered."""
        self._refuse_strangers(request)
        return self._load(request, push_of(_json_of(request), self._ctx.client_id))

    def validate(self, request: APIRequest) -> dict[str, Any]:
        """Check a batch, or a push, which is an array, and take nothing."""
        self._refuse_strangers(request)
        body = _json_of(request)
        if isinstance(body, list):
            push_of(body, self._ctx.client_id)
        else:
            batch_of(body)
        return {"status": "OK", "message": "Batch is valid!"}

    def _load(self, request: APIRequest, imports: Sequence[TableImport]) -> APIResponse:
        # Again, as checking may have taken a while; and in one step with being under way, so that nothing is restored
        # in between.
        with self._ctx.state.transaction() as db:
            source = self._source(db, request)
            end = self._engine.track(f"{self._ctx.client_id}.{source['id']}.import.{next(self._numbers)}")
        try:
            load_imports(self._ctx, source["id"], source["name"], imports)
        except WarehouseError as error:
            raise errors.import_not_loaded(str(error)) from error
        finally:
            end()
        return APIResponse({"status": "OK", "message": "Batch Accepted!"}, 201)

    def _refuse_strangers(self, request: APIRequest) -> None:
        with self._ctx.state.read() as db:
            self._source(db, request)

    @staticmethod
    def _source(db: sqlite3.Connection, request: APIRequest) -> sqlite3.Row:
        """Find the source that a request's token is of."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        row: sqlite3.Row | None = tokens.source_of_import_token(db, token.strip())
        if scheme.lower() != "bearer" or row is None:
            raise errors.not_authorized()
        if row["paused_at"] or row["deleted_at"]:
            raise errors.import_source_inactive()
        return row


def _json_of(request: APIRequest) -> Any:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or request.body is None:
        raise errors.import_not_json()
    return request.body
