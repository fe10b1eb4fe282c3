"""The documented bodies: what both the sandbox's answers and the client's reading of them are held against."""

import re
from typing import Any

NOON = "2026-03-20T12:00:00Z"
CLIENT_ID = 116078
BASE = "/notifications/public/v1/api"


class Like:
    """Equals every text that a pattern matches as a whole."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self._pattern, other) is not None

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Like({self._pattern!r})"


class Kind:
    """Equals everything of a Python type; True is no number."""

    def __init__(self, *types: type) -> None:
        self._types = types

    def __eq__(self, other: object) -> bool:
        return type(other) in self._types

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Kind({', '.join(t.__name__ for t in self._types)})"


UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = Like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NUMBER = Kind(int)
TEXT = Kind(str)
TOKEN = Like(r"[\w-]{20,}")

NEW_SOURCE: dict[str, Any] = {
    "type": "platform.recurly",
    "display_name": "Recurly",
    "properties": {
        "start_date": "2018-01-10T00:00:00Z",
        "api_key": "a-key",
        "frequency_in_minutes": "60",
        "quota_limit": "30",
        "subdomain": "acme",
    },
}
NEW_SALESFORCE = {
    "type": "platform.salesforce",
    "display_name": "Salesforce",
    "properties": {"api_type": "BULK", "select_fields_by_default": "true", "start_date": "2025-09-01T00:00:00Z"},
}
SELECTION = {
    "streams": [
        {
            "tap_stream_id": "accounts",
            "metadata": [
                {"breadcrumb": [], "metadata": {"selected": True}},
                {"breadcrumb": ["properties", "email"], "metadata": {"selected": True}},
            ],
        }
    ]
}
NEW_DESTINATION: dict[str, Any] = {
    "type": "postgres",
    "properties": {
        "host": "db.example.com",
        "port": "5432",
        "database": "reporting",
        "username": "loader",
        "password": "s3cret-word",
        "encryption_type": "none",
        "ssl": "false",
    },
}
NEW_ACCOUNT = {
    "partner_id": "1",
    "partner_secret": "s3cret-word",
    "first_name": "Ada",
    "last_name": "Byron",
    "company": "Acme",
    "email": "ada@example.com",
    "region": "us",
}
NEW_HOOK = {"type": "post_load", "config": {"url": "https://hooks.example.com/loaded"}}
MESSAGE = {"action": "upsert", "sequence": 1, "data": {"id": 1, "name": "Ada"}}
BATCH = {
    "table_name": "people",
    "schema": {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}},
    "messages": [MESSAGE],
    "key_names": ["id"],
}
PUSH = [{"client_id": CLIENT_ID, "table_name": "people", "key_names": ["id"], **MESSAGE}]

STEPS = ["form", "discover_schema", "field_selection", "fully_configured"]
PROPERTY_KEYS = {
    *("name", "is_required", "is_credential", "system_provided", "property_type", "json_schema", "provided"),
    "tap_mutable",
}


def source(step: str, **differing: Any) -> dict[str, Any]:
    """A source's body at one step, but for its report card."""
    body: dict[str, Any] = {
        "id": NUMBER,
        "name": "recurly",
        "display_name": "Recurly",
        "type": "platform.recurly",
        "properties": {
            "frequency_in_minutes": "60",
            "image_version": TEXT,
            "quota_limit": "30",
            "start_date": "2018-01-10T00:00:00Z",
            "subdomain": "acme",
        },
        "schedule": None,
        "stitch_client_id": CLIENT_ID,
        "created_at": TIME,
        "updated_at": TIME,
        "paused_at": None,
        "system_paused_at": None,
        "deleted_at": None,
        **differing,
    }
    if step == "fully_configured":
        schedule = {"type": "interval", "unit": "minute", "interval": 60.0, "next_fire_time": TIME}
        return {**body, "schedule": schedule, **differing}
    return {**body, "check_job_name": Like(rf"{CLIENT_ID}\.\d+\.check\.{UUID}"), **differing}


def check(status: str = "succeeded") -> dict[str, Any]:
    """A source's good connection check."""
    return {
        "name": Like(rf"{CLIENT_ID}\.\d+\.check\.{UUID}"),
        "mode": "check",
        "status": status,
        "start_time": TIME,
        "completion_time": TIME,
        "error": False,
        "check_exit_status": 0,
        "discovery_exit_status": 0,
        "discovery_error_message": None,
        "tap_exit_status": None,
        "tap_error_message": None,
        "target_exit_status": None,
        "target_error_message": None,
    }


def page(*records: Any) -> dict[str, Any]:
    """The only page of a list."""
    return {"data": list(records), "page": 1, "total": len(records), "links": {}}


def extraction(job_name: str, source_id: int) -> dict[str, Any]:
    """A good extraction."""
    return {
        "job_name": job_name,
        "source_id": source_id,
        "source_type": "tap-recurly",
        "stitch_client_id": CLIENT_ID,
        "start_time": TIME,
        "completion_time": TIME,
        **{f"{part}_exit_status": 0 for part in ("discovery", "tap", "target")},
        **{f"{part}_description": None for part in ("discovery", "tap", "target")},
    }


LOAD = {
    "stitch_client_id": CLIENT_ID,
    "source_name": "recurly",
    "stream_name": "accounts",
    "last_batch_loaded_at": TIME,
    "error_state": None,
}
