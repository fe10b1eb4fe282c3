"""The Import API: data sent to the sandbox, checked, and in the warehouse before the answer says so."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from stitchnb import __version__
from stitchnb.sandbox import errors as refusals
from stitchnb.sandbox import import_errors as import_refusals
from stitchnb.sandbox import shapes
from stitchnb.sandbox.context import World
from stitchnb.sandbox.endpoints import Call, Endpoint, Reply, Shape
from stitchnb.sandbox.import_bodies import batch_of, push_of
from stitchnb.sandbox.jobs.imports import TableImport, load_imports
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.resources.accounts import digest_of

BODY_LIMIT = 20 * 1024 * 1024
"""Most bytes of one request."""

_BASE = "/v2/import"


class ImportAPI:
    """What Import API sources are sent data by."""

    def __init__(self, world: World, engine: Engine) -> None:
        self._world = world
        self._engine = engine
        self._numbers = itertools.count(1)

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of the Import API."""

        def post(what: str, act: Callable[[Call], Any], summary: str, shape: Shape) -> Endpoint:
            return Endpoint(
                "POST",
                f"{_BASE}/{what}",
                act,
                summary,
                auth="import",
                body_limit=BODY_LIMIT,
                too_large=import_refusals.too_large,
                is_slow=True,
                shape=shape,
            )

        return [
            Endpoint(
                "GET",
                f"{_BASE}/status",
                lambda call: self.status(),
                "Whether it is up",
                shape=shapes.IMPORT_STATUS,
                auth="none",
            ),
            post("batch", self.batch, "Send records of one table, with their schema", shapes.IMPORT_BATCH),
            post("push", self.push, "Send records of several tables", shapes.IMPORT_PUSH),
            post("validate", self.validate, "See whether a batch or a push would be taken", shapes.IMPORT_CHECKED),
        ]

    def status(self) -> dict[str, Any]:
        """Say that it is up."""
        return {"name": "stitchnb.sandbox", "version": __version__, "revision": None, "status": "OK", "reason": None}

    def batch(self, call: Call) -> Reply:
        """Take a batch: it has landed when this is answered."""
        self._refuse_strangers(call)
        return self._load(call, [batch_of(_json_of(call))])

    def push(self, call: Call) -> Reply:
        """Take a push: it has landed when this is answered."""
        self._refuse_strangers(call)
        return self._load(call, push_of(_json_of(call), self._world.client_id))

    def validate(self, call: Call) -> dict[str, Any]:
        """Check a batch, or a push, which is an array, and take nothing."""
        self._refuse_strangers(call)
        body = _json_of(call)
        if isinstance(body, list):
            push_of(body, self._world.client_id)
        else:
            batch_of(body)
        return {"status": "OK", "message": "Batch is valid!"}

    def _load(self, call: Call, imports: Sequence[TableImport]) -> Reply:
        # Again, as checking may have taken a while; and in one step with being under way, so that nothing is restored
        # in between.
        with self._world.state.transaction() as db:
            source = self._source(db, call)
            end = self._engine.track(f"{self._world.client_id}.{source['id']}.import.{next(self._numbers)}")
        try:
            load_imports(self._world, source["id"], source["name"], imports)
        except WarehouseError as error:
            raise import_refusals.not_loaded(str(error)) from error
        finally:
            end()
        return Reply({"status": "OK", "message": "Batch Accepted!"}, 201)

    def _refuse_strangers(self, call: Call) -> None:
        with self._world.state.reading() as db:
            self._source(db, call)

    @staticmethod
    def _source(db: sqlite3.Connection, call: Call) -> sqlite3.Row:
        """Find the source that a request's token is of."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        row = db.execute(
            "SELECT sources.* FROM import_tokens JOIN sources ON sources.id = source_id WHERE digest = ?",
            (digest_of(token.strip()),),
        ).fetchone()
        if scheme.lower() != "bearer" or row is None:
            raise refusals.not_authorized()
        if row["paused_at"] or row["deleted_at"]:
            raise import_refusals.not_active()
        found: sqlite3.Row = row
        return found


def _json_of(call: Call) -> Any:
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or call.body is None:
        raise import_refusals.no_json()
    return call.body
