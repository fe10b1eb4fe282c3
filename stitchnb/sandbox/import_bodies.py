"""Reading what is sent to the Import API: a batch for one table, or a push for several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from stitchnb.sandbox.import_validation import ImportSchemaValidator, SchemaError
from stitchnb.sandbox.jobs.loading import TableImport

MOST_DATA_POINTS = 10_000
"""Most values that one record may have."""

_HIGHEST_SEQUENCE = 2**63 - 1
_LOWEST_SEQUENCE = -(2**63)

_MESSAGE = {
    "type": "object",
    "required": ["action", "sequence", "data"],
    "additionalProperties": False,
    "properties": {
        "action": {"enum": ["upsert"]},
        "sequence": {"type": "integer", "minimum": _LOWEST_SEQUENCE},
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


def batch_of(body: Any) -> TableImport:
    """Read a batch: records of one table, each of which conforms to the schema that comes with them.

    Raises
    ------
    APIErrorResponse
        At the first thing that is wrong; then none of it is taken.
    """
    wrong = _batch_form().violation(body)
    if wrong is not None:
        raise errors.import_invalid_request(wrong)
    messages = body["messages"]
    if any(message["sequence"] > _HIGHEST_SEQUENCE for message in messages):
        raise errors.import_sequence_too_large()
    key_names = tuple(dict.fromkeys(body.get("key_names", ())))
    records = [message["data"] for message in messages]
    try:
        conformity = ImportSchemaValidator(body["schema"])
        for number, record in enumerate(records):
            wrong = conformity.violation(record)
            if wrong is not None:
                raise errors.import_invalid_record(number, wrong)
    except SchemaError as error:
        raise errors.import_invalid_schema(str(error)) from error
    for number, record in enumerate(records):
        if (missing := _missing_key(record, key_names)) is not None:
            raise errors.import_missing_key(missing)
        if (count := data_points(record)) > MOST_DATA_POINTS:
            raise errors.import_too_many_values(number, count, MOST_DATA_POINTS)
    sequences = [message["sequence"] for message in messages]
    return TableImport(body["table_name"], body["schema"], key_names, records, sequences)


def push_of(body: Any, client_id: int) -> list[TableImport]:
    """Read a push: messages that each name their table, account and primary key, and come without a schema.

    Raises
    ------
    APIErrorResponse
        At the first thing that is wrong; then none of it is taken.
    """
    if not isinstance(body, list) or not body or not all(isinstance(message, dict) for message in body):
        raise errors.import_no_records()
    _refuse_other_clients([message.get("client_id") for message in body], client_id)
    parts: dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]] = {}
    for message in body:
        if reasons := _reasons(message):
            raise errors.import_unprocessable(reasons)
        parts.setdefault((message["table_name"], tuple(dict.fromkeys(message["key_names"]))), []).append(message)
    return [
        TableImport(name, {}, keys, [m["data"] for m in messages], [m["sequence"] for m in messages])
        for (name, keys), messages in parts.items()
    ]


def data_points(value: Any) -> int:
    """Count the values in a record, those in lists and objects one by one."""
    count, waiting = 0, [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
        else:
            count += 1
    return count


@cache
def _batch_form() -> ImportSchemaValidator:
    return ImportSchemaValidator(_BATCH, expected="expected type")


def _missing_key(record: Mapping[str, Any], key_names: Iterable[str]) -> str | None:
    return next((name for name in key_names if isinstance(record.get(name), dict | list | None)), None)


def _refuse_other_clients(client_ids: list[Any], client_id: int) -> None:
    if None in client_ids:
        raise errors.import_no_client_id()
    if any(each != client_ids[0] for each in client_ids):
        raise errors.import_several_client_ids(client_ids[0])
    if isinstance(client_ids[0], bool) or client_ids[0] != client_id:
        raise errors.import_other_client_id()


def _reasons(message: Mapping[str, Any]) -> dict[str, list[str]]:
    """Say what is wrong with one message of a push, by its keys."""
    reasons: dict[str, list[str]] = {key: ["unknown key"] for key in message if key not in _PUSH_KEYS}
    name, sequence, keys, data = (message.get(key) for key in ("table_name", "sequence", "key_names", "data"))
    if not isinstance(name, str) or not name:
        reasons["table_name"] = ["can't be blank"]
    if isinstance(sequence, bool) or not isinstance(sequence, int):
        reasons["sequence"] = ["should be an integer", *(["should be a number"] * (not isinstance(sequence, float)))]
    elif not _LOWEST_SEQUENCE <= sequence <= _HIGHEST_SEQUENCE:
        reasons["sequence"] = [f"sequence can not be above {_HIGHEST_SEQUENCE} or below {_LOWEST_SEQUENCE}"]
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
    elif (count := data_points(data)) > MOST_DATA_POINTS:
        reasons["data"] = [f"data has {count} data points, and may have {MOST_DATA_POINTS} at most"]
    return reasons
