"""What is sent to the Import API in tests, and a look at what came of it."""

from typing import Any

import httpx

from stitchnb.sandbox import Sandbox

CREATE = {"type": "import_api", "display_name": "Adventure Time", "properties": {}}
SCHEMA = {
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "has_magic": {"type": "boolean"},
    }
}
FINN = {"id": 1, "name": "Finn", "age": 16, "has_magic": False}
BMO = {"id": 2, "name": "BMO", "age": 6, "has_magic": True}
ACCEPTED = (201, {"status": "OK", "message": "Batch Accepted!"})
HIGHEST = 2**63 - 1


def message(data: Any, sequence: Any = 1, **change: Any) -> dict[str, Any]:
    return {"action": "upsert", "sequence": sequence, "data": data, **change}


def batch(*messages: dict[str, Any], **change: Any) -> dict[str, Any]:
    body = {"table_name": "people", "schema": SCHEMA, "messages": list(messages), "key_names": ["id"], **change}
    return {key: value for key, value in body.items() if value is not None}


def pushed(data: Any, sequence: Any = 1, **change: Any) -> dict[str, Any]:
    whole = {"client_id": 116078, "table_name": "people", "key_names": ["id"], **message(data, sequence), **change}
    return {key: value for key, value in whole.items() if value is not ...}


def answered(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


def people(sandbox: Sandbox, *columns: str) -> list[list[Any]]:
    rows: list[list[Any]] = sandbox.warehouse.table("adventure_time.people")[list(columns)].to_numpy().tolist()
    return rows


def assert_nothing_landed(sandbox: Sandbox, api: httpx.Client) -> None:
    assert sandbox.warehouse.tables().empty
    assert api.get("/v4/116078/loads").json()["data"] == []
