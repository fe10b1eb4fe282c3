"""JSON Schemas of what the API's endpoints take and give.

They describe the API for readers, generators and checks before a request is sent; a server decides by its own rules.
In a schema of a request, ``description`` says in words what a value must be, so that an error message can repeat it.
Responses may always hold more than is listed here, because the API may grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]

STR: Schema = {"type": "string"}
INT: Schema = {"type": "integer"}
BOOL: Schema = {"type": "boolean", "description": "true or false, without quotes"}
TIME: Schema = {"type": "string", "format": "date-time"}
NULLABLE_STR: Schema = {"type": ["string", "null"], "description": "text, or null"}
NULLABLE_TIME: Schema = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "a time such as 2020-03-20T16:06:19Z, or null",
}
NULLABLE_INT: Schema = {"type": ["integer", "null"]}
NAME: Schema = {"type": "string", "minLength": 1, "pattern": r"\S", "description": "text that is not empty"}
ID: Schema = {"type": "integer", "minimum": 1, "description": "an id, which is a number such as 45612"}
OBJECT: Schema = {"type": "object", "description": "an object, {…}"}


@dataclass(frozen=True, slots=True)
class EndpointSchema:
    """What an endpoint takes and gives.

    Attributes
    ----------
    response
        JSON Schema of the body of a successful response; None where it has none.
    body
        JSON Schema of the request's body; None where it takes none.
    body_is_optional
        The request may also come without the body.
    query
        JSON Schemas of the query's parameters.
    status
        Status of a successful response.
    headers
        Headers of a successful response.
    media_type
        Media type of a successful response.
    error_statuses
        Statuses of its own errors, besides those of every endpoint: 401 where a token is required, 404 for an invalid
        path, 413 for a body that is too large.
    """

    response: Schema | None = None
    body: Schema | None = None
    body_is_optional: bool = False
    query: Mapping[str, Schema] = field(default_factory=dict)
    status: int = 200
    headers: tuple[str, ...] = ()
    media_type: str = "application/json"
    error_statuses: tuple[int, ...] = ()


def ref(name: str) -> Schema:
    """Refer to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Schema, **rules: Any) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items, **rules}


def response_object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object in a response, which may have other properties as well."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def request_object(
    required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *, example: Any = None, **rules: Any
) -> Schema:
    """Return the schema of an object in a request, which must not have other properties."""
    schema = {**response_object(required, optional), "additionalProperties": False, **rules}
    return schema if example is None else {**schema, "examples": [example]}


METADATA = array(response_object({"breadcrumb": array(STR), "metadata": {"type": "object"}}))
_CONNECTION = {
    "id": ID,
    "type": STR,
    "properties": {"type": "object"},
    "report_card": ref("ReportCard"),
    "stitch_client_id": INT,
    "created_at": TIME,
    "updated_at": TIME,
    "paused_at": NULLABLE_TIME,
    "system_paused_at": NULLABLE_TIME,
    "deleted_at": NULLABLE_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "Error": {
        "description": "Errors come in several forms; some are a bare string.",
        "anyOf": [STR, {"type": "object"}],
    },
    "Property": response_object(
        {"name": STR, "is_required": BOOL, "is_credential": BOOL, "property_type": STR, "provided": BOOL},
        {"system_provided": BOOL, "json_schema": {"type": ["object", "null"]}, "tap_mutable": BOOL},
    ),
    "ReportCard": response_object(
        {},
        {
            "type": STR,
            "current_step": {"type": "integer", "minimum": 1},
            "current_step_type": STR,
            "steps": array(response_object({"type": STR, "properties": array(ref("Property"))})),
            "details": response_object({"access": BOOL}),
            "upgrade_available": {"anyOf": [{"type": "null"}, response_object({"type": STR})]},
        },
    ),
    "Schedule": response_object(
        {"type": {"enum": ["interval", "cron"]}, "next_fire_time": NULLABLE_TIME},
        {"unit": STR, "interval": {"type": "number"}, "cron_expression": STR},
    ),
    "Source": response_object(
        {
            **_CONNECTION,
            "name": NAME,
            "display_name": STR,
            "schedule": {"anyOf": [{"type": "null"}, ref("Schedule")]},
        },
        {"check_job_name": STR},
    ),
    "Destination": response_object(
        {**_CONNECTION, "name": NULLABLE_STR, "description": NULLABLE_STR}, {"check_job_name": STR}
    ),
    "ConnectionCheck": response_object(
        {
            "name": STR,
            "mode": {"const": "check"},
            "status": {"enum": ["running", "succeeded", "failed"]},
            "start_time": TIME,
            "completion_time": NULLABLE_TIME,
            "error": BOOL,
            "check_exit_status": NULLABLE_INT,
            "discovery_exit_status": NULLABLE_INT,
            "discovery_error_message": NULLABLE_STR,
            "tap_exit_status": NULLABLE_INT,
            "tap_error_message": NULLABLE_STR,
            "target_exit_status": NULLABLE_INT,
            "target_error_message": NULLABLE_STR,
        }
    ),
    "Stream": response_object(
        {
            "selected": {"type": ["boolean", "null"]},
            "stream_id": ID,
            "tap_stream_id": STR,
            "stream_name": STR,
            "metadata": {"type": "object"},
        }
    ),
    "StreamSchema": response_object(
        {
            "schema": {"type": "string", "contentMediaType": "application/json"},
            "metadata": METADATA,
            "non-discoverable-metadata-keys": array(STR),
        }
    ),
    "Extraction": response_object(
        {
            "job_name": STR,
            "source_id": ID,
            "source_type": STR,
            "stitch_client_id": INT,
            "start_time": TIME,
            "completion_time": TIME,
            **{f"{part}_exit_status": NULLABLE_INT for part in ("discovery", "tap", "target")},
            **{f"{part}_description": NULLABLE_STR for part in ("discovery", "tap", "target")},
        }
    ),
    "Load": response_object(
        {
            "stitch_client_id": INT,
            "source_name": STR,
            "stream_name": STR,
            "last_batch_loaded_at": NULLABLE_TIME,
            "error_state": {"type": ["object", "null"]},
        }
    ),
    "CustomEmail": response_object({"id": ID, "email_address": STR, "created_at": TIME, "disabled_at": NULLABLE_TIME}),
    "Hook": response_object(
        {
            "id": ID,
            "type": STR,
            "destination_id": ID,
            "config": response_object({"url": STR}),
            "created_at": TIME,
            "disabled_at": NULLABLE_TIME,
        }
    ),
    "ImportReceipt": response_object({"status": STR, "message": STR}),
}


# -- bodies of requests -----------------------------------------------------------------------------------------------

# A property's value is text, unless its own schema is of an array or an object.
_SOURCE_PROPERTIES: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "array", "object"]},
    "description": 'an object of properties, such as {"quota_limit": "30"}',
}
_DESTINATION_PROPERTIES: Schema = {
    "type": "object",
    "description": 'an object of properties, such as {"host": "db.example.com"}',
}
_EMAIL: Schema = {
    "type": "string",
    "format": "email",
    "pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "description": "an e-mail address",
}
_KEY_NAMES: Schema = array(NAME, description='a list of names, such as ["id"]')

NEW_ACCOUNT = request_object(
    {
        **dict.fromkeys(("partner_id", "partner_secret", "first_name", "last_name", "company"), NAME),
        "email": _EMAIL,
        "region": {"enum": ["us", "eu"]},
    }
)
NEW_SOURCE = request_object(
    {"type": NAME, "display_name": NAME},
    {"properties": _SOURCE_PROPERTIES, "destination_id": ID},
    example={
        "type": "platform.recurly",
        "display_name": "Recurly billing",
        "properties": {
            "start_date": "2025-09-01T00:00:00Z",
            "api_key": "a-key",
            "quota_limit": "30",
            "subdomain": "acme",
        },
    },
)
SOURCE_CHANGES = request_object(
    {},
    {
        "display_name": NAME,
        "properties": _SOURCE_PROPERTIES,
        "paused_at": NULLABLE_TIME,
        "destination_id": ID,
    },
    minProperties=1,
)
SELECTIONS = request_object(
    {
        "streams": array(
            request_object(
                {
                    "tap_stream_id": NAME,
                    "metadata": array(
                        request_object(
                            {
                                "breadcrumb": array(
                                    STR,
                                    description='a list, [] for the stream or ["properties", "email"] for a field',
                                ),
                                "metadata": OBJECT,
                            }
                        ),
                        minItems=1,
                    ),
                }
            ),
            minItems=1,
        )
    }
)
NEW_DESTINATION = request_object(
    {"type": NAME},
    {
        "name": NULLABLE_STR,
        "description": NULLABLE_STR,
        "properties": _DESTINATION_PROPERTIES,
        "ignore_unmapped_sources": BOOL,
    },
    example={"type": "postgres", "properties": {"host": "db.example.com", "port": "5432"}},
)
DESTINATION_CHANGES = request_object({"properties": _DESTINATION_PROPERTIES})
NEW_EMAIL = request_object({"email_address": _EMAIL})
EMAIL_CHANGES = request_object({"disabled_at": NULLABLE_TIME})
NEW_HOOK = request_object(
    {
        "type": {"const": "post_load"},
        "destination_id": ID,
        "config": request_object(
            {
                "url": {
                    "type": "string",
                    "format": "uri",
                    # A sandbox also takes http to its own machine.
                    "pattern": r"^(https://|http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$))",
                    "description": "the whole address, which begins with https://",
                }
            }
        ),
    },
    example={
        "type": "post_load",
        "destination_id": 174978,
        "config": {"url": "https://hooks.example.com/loaded"},
    },
)
HOOK_CHANGES = request_object({"enable": BOOL})

_RECORD: Mapping[str, Schema] = {
    "action": {"const": "upsert"},
    "sequence": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**63 - 1,
        "description": "a whole number from 0 to 2^63-1",
    },
    "data": OBJECT,
}
IMPORT_BATCH = request_object(
    {"table_name": NAME, "schema": OBJECT, "messages": array(request_object(_RECORD), minItems=1)},
    {"key_names": _KEY_NAMES},
    example={
        "table_name": "people",
        "schema": {"properties": {"id": {"type": "integer"}}},
        "messages": [{"action": "upsert", "sequence": 1, "data": {"id": 1}}],
        "key_names": ["id"],
    },
)
IMPORT_PUSH = array(
    request_object({"client_id": ID, "table_name": NAME, "key_names": {**_KEY_NAMES, "minItems": 1}, **_RECORD}),
    minItems=1,
)
