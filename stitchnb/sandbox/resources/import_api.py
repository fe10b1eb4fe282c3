"""The Import API: its tokens, and the data that it receives, which is loaded before the response."""

from __future__ import annotations

import itertools
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from stitchnb import __version__
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import APIRequest, APIResponse, Endpoint
from stitchnb.sandbox.import_validation import ImportSchemaValidator, SchemaError
from stitchnb.sandbox.jobs.loading import TableImport, load_imports
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.resources.sources import SourceEndpoints
from stitchnb.sandbox.store import sources, tokens

BODY_LIMIT = 20 * 1024 * 1024
"""The most bytes that a request may have."""

_BASE = "/v2/import"

IMPORT_API = "import_api"
"""The type of sources that receive data."""

MAX_DATA_POINTS = 10_000
"""The most values that one record may have."""

_MAX_SEQUENCE = 2**63 - 1
_MIN_SEQUENCE = -(2**63)

_MESSAGE = {
    "type": "object",
    "required": ["action", "sequence", "data"],
    "additionalProperties": False,
    "properties": {
        "action": {"enum": ["upsert"]},
        "sequence": {"type": "integer", "minimum": _MIN_SEQUENCE},
        "data": {"type": "object"},
    },
}
_BATCH = {
    "type": "object",
    "required": ["table_name", "schema", "messages"],
    "additionalProperties": False,
    "properties": {
        "table_name": {"type": "string", "minLength": 1},
        "schema": {"type": "object"},
        "messages": {"type": "array", "items": _MESSAGE},
        "key_names": {"type": "array", "items": {"type": "string"}},
    },
}
_PUSH_KEYS = ("client_id", "table_name", "sequence", "action", "key_names", "data")


class ImportTokenEndpoints:
    """The access tokens of the account's Import API sources."""

    def __init__(self, ctx: SandboxContext, sources: SourceEndpoints) -> None:
        self._ctx = ctx
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of access tokens."""
        all_ = "/v4/sources/{source_id}/tokens"
        return [
            Endpoint("POST", all_, lambda request: self.create(request.path["source_id"])),
            Endpoint("GET", all_, lambda request: self.list(request.path["source_id"])),
            Endpoint(
                "DELETE",
                f"{all_}/{{token_id}}",
                lambda request: self.delete(request.path["source_id"], request.path["token_id"]),
            ),
        ]

    def create(self, source_id: str) -> dict[str, Any]:
        """Create a token. No later response shows it again."""
        token = secrets.token_hex(32)
        with self._ctx.state.transaction() as db:
            number = self._import_source(db, source_id)
            token_id = self._ctx.ids.import_token(db)
            tokens.add_import_token(db, token_id, number, token, self._ctx.now())
        return {"id": token_id, "access_token": token}

    def list(self, source_id: str) -> list[int]:
        """Return the ids of a source's tokens."""
        with self._ctx.state.read() as db:
            return tokens.list_import_tokens(db, self._import_source(db, source_id))

    def delete(self, source_id: str, token_id: str) -> dict[str, Any]:
        """Revoke a token; return the source."""
        with self._ctx.state.transaction() as db:
            number = self._import_source(db, source_id)
            if not tokens.delete_import_token(db, number, errors.parsed_id(token_id)):
                raise errors.import_token_not_found(token_id)
        return self._sources.get(source_id)

    @staticmethod
    def _import_source(db: sqlite3.Connection, source_id: str) -> int:
        number = errors.parsed_id(source_id)
        row = sources.get(db, number)
        if number is None or row is None or row["deleted_at"]:
            raise errors.source_not_found(source_id)
        if row["type"] != IMPORT_API:
            raise errors.not_an_import_source(source_id)
        return number


class ImportEndpoints:
    """The endpoints that receive data for Import API sources."""

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
        """Return that it is available."""
        return {"name": "stitchnb.sandbox", "version": __version__, "revision": None, "status": "OK", "reason": None}

    def batch(self, request: APIRequest) -> APIResponse:
        """Load a batch before the response."""
        self._authorize(request)
        return self._load(request, [parse_batch(_json_body(request))])

    def push(self, request: APIRequest) -> APIResponse:
        """Load a push before the response."""
        self._authorize(request)
        return self._load(request, parse_push(_json_body(request), self._ctx.client_id))

    def validate(self, request: APIRequest) -> dict[str, Any]:
        """Validate a batch, or a push, which is an array, and load nothing."""
        self._authorize(request)
        body = _json_body(request)
        if isinstance(body, list):
            parse_push(body, self._ctx.client_id)
        else:
            parse_batch(body)
        return {"status": "OK", "message": "Batch is valid!"}

    def _load(self, request: APIRequest, imports: Sequence[TableImport]) -> APIResponse:
        # Authorized again, as the validation may have taken a while. In one transaction with the start of the work, so
        # that no snapshot is restored in between.
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

    def _authorize(self, request: APIRequest) -> None:
        with self._ctx.state.read() as db:
            self._source(db, request)

    @staticmethod
    def _source(db: sqlite3.Connection, request: APIRequest) -> sqlite3.Row:
        """Return the source of a request's token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        row: sqlite3.Row | None = tokens.source_of_import_token(db, token.strip())
        if scheme.lower() != "bearer" or row is None:
            raise errors.not_authorized()
        if row["paused_at"] or row["deleted_at"]:
            raise errors.import_source_inactive()
        return row


def parse_batch(body: Any) -> TableImport:
    """Parse a batch: records of one table, each of which matches the schema in the request.

    Raises
    ------
    APIErrorResponse
        For the first problem; then none of it is loaded.
    """
    violations = _batch_validator().describe_violations(body)
    if violations is not None:
        raise errors.import_invalid_request(violations)
    messages = body["messages"]
    if any(message["sequence"] > _MAX_SEQUENCE for message in messages):
        raise errors.import_sequence_too_large()
    key_names = tuple(dict.fromkeys(body.get("key_names", ())))
    records = [message["data"] for message in messages]
    try:
        validator = ImportSchemaValidator(body["schema"])
        for number, record in enumerate(records):
            violations = validator.describe_violations(record)
            if violations is not None:
                raise errors.import_invalid_record(number, violations)
    except SchemaError as error:
        raise errors.import_invalid_schema(str(error)) from error
    for number, record in enumerate(records):
        if (missing := _missing_key(record, key_names)) is not None:
            raise errors.import_missing_key(missing)
        if (count := data_points(record)) > MAX_DATA_POINTS:
            raise errors.import_too_many_values(number, count, MAX_DATA_POINTS)
    sequences = [message["sequence"] for message in messages]
    return TableImport(body["table_name"], body["schema"], key_names, records, sequences)


def parse_push(body: Any, client_id: int) -> list[TableImport]:
    """Parse a push: messages without a schema that each name their table, account and primary key.

    Raises
    ------
    APIErrorResponse
        For the first problem; then none of it is loaded.
    """
    if not isinstance(body, list) or not body or not all(isinstance(message, dict) for message in body):
        raise errors.import_no_records()
    _reject_other_clients([message.get("client_id") for message in body], client_id)
    parts: dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]] = {}
    for message in body:
        if reasons := _push_errors(message):
            raise errors.import_unprocessable(reasons)
        parts.setdefault((message["table_name"], tuple(dict.fromkeys(message["key_names"]))), []).append(message)
    return [
        TableImport(name, {}, keys, [m["data"] for m in messages], [m["sequence"] for m in messages])
        for (name, keys), messages in parts.items()
    ]


def data_points(value: Any) -> int:
    """Count the values in a record, each one in lists and objects."""
    count, remaining = 0, [value]
    while remaining:
        item = remaining.pop()
        if isinstance(item, dict):
            remaining += item.values()
        elif isinstance(item, list):
            remaining += item
        else:
            count += 1
    return count


@cache
def _batch_validator() -> ImportSchemaValidator:
    return ImportSchemaValidator(_BATCH, expected="expected type")


def _missing_key(record: Mapping[str, Any], key_names: Iterable[str]) -> str | None:
    return next((name for name in key_names if isinstance(record.get(name), dict | list | None)), None)


def _reject_other_clients(client_ids: list[Any], client_id: int) -> None:
    if None in client_ids:
        raise errors.import_no_client_id()
    if any(each != client_ids[0] for each in client_ids):
        raise errors.import_several_client_ids(client_ids[0])
    if isinstance(client_ids[0], bool) or client_ids[0] != client_id:
        raise errors.import_other_client_id()


def _push_errors(message: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the errors of one message of a push, by key."""
    reasons: dict[str, list[str]] = {key: ["unknown key"] for key in message if key not in _PUSH_KEYS}
    name, sequence, keys, data = (message.get(key) for key in ("table_name", "sequence", "key_names", "data"))
    if not isinstance(name, str) or not name:
        reasons["table_name"] = ["can't be blank"]
    if isinstance(sequence, bool) or not isinstance(sequence, int):
        reasons["sequence"] = ["should be an integer", *(["should be a number"] * (not isinstance(sequence, float)))]
    elif not _MIN_SEQUENCE <= sequence <= _MAX_SEQUENCE:
        reasons["sequence"] = [f"sequence can not be above {_MAX_SEQUENCE} or below {_MIN_SEQUENCE}"]
    if message.get("action") != "upsert":
        reasons["action"] = ["should be upsert"]
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
        reasons["key_names"] = ["can't be blank"]
        keys = []
    if not isinstance(data, dict):
        reasons["data"] = ["data must be an object"]
    elif any(key not in data for key in keys):
        reasons["data"] = ["data must include keys"]
    elif _missing_key(data, keys) is not None:
        reasons["data"] = ["keys cannot not be null in data"]
    elif (count := data_points(data)) > MAX_DATA_POINTS:
        reasons["data"] = [f"data has {count} data points, and may have {MAX_DATA_POINTS} at most"]
    return reasons


def _json_body(request: APIRequest) -> Any:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or request.body is None:
        raise errors.import_not_json()
    return request.body
