"""What goes into each endpoint of the API and comes out of it, as JSON Schema.

A description for readers and generators: it decides nothing, the resources do. What the API may add tomorrow is
allowed everywhere in answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.sandbox.endpoints import Shape

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
ANY_TEXT: Schema = {"type": ["string", "null"]}
ANY_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
ANY_NUMBER: Schema = {"type": ["integer", "null"]}
NAME: Schema = {"type": "string", "minLength": 1}
ID: Schema = {"type": "integer", "minimum": 1}


def ref(name: str) -> Schema:
    """Refer to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(of: Schema) -> Schema:
    """Give an array of these."""
    return {"type": "array", "items": of}


def answered(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Give an object of an answer, which may hold more than is told here."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def sent(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, example: Any = None) -> Schema:
    """Give an object of a request, which must hold nothing else."""
    schema = {**answered(required, optional), "additionalProperties": False}
    return schema if example is None else {**schema, "examples": [example]}


# A property's value is text, but where its own schema is of an array or an object.
_VALUES: Schema = {"type": "object", "additionalProperties": {"type": ["string", "array", "object"]}}
_GIVEN: Schema = {"type": "object"}
_METADATA = array(answered({"breadcrumb": array(TEXT), "metadata": {"type": "object"}}))
_CONNECTION = {
    "id": ID,
    "type": TEXT,
    "properties": _GIVEN,
    "report_card": ref("ReportCard"),
    "stitch_client_id": NUMBER,
    "created_at": TIME,
    "updated_at": TIME,
    "paused_at": ANY_TIME,
    "system_paused_at": ANY_TIME,
    "deleted_at": ANY_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "Error": {
        "description": "The API tells errors in several forms, and some as a bare string.",
        "anyOf": [TEXT, {"type": "object"}],
    },
    "Property": answered(
        {"name": TEXT, "is_required": FLAG, "is_credential": FLAG, "property_type": TEXT, "provided": FLAG},
        {"system_provided": FLAG, "json_schema": {"type": ["object", "null"]}, "tap_mutable": FLAG},
    ),
    "ReportCard": answered(
        {},
        {
            "type": TEXT,
            "current_step": {"type": "integer", "minimum": 1},
            "current_step_type": TEXT,
            "steps": array(answered({"type": TEXT, "properties": array(ref("Property"))})),
            "details": answered({"access": FLAG}),
            "upgrade_available": {"anyOf": [{"type": "null"}, answered({"type": TEXT})]},
        },
    ),
    "Schedule": answered(
        {"type": {"enum": ["interval", "cron"]}, "next_fire_time": ANY_TIME},
        {"unit": TEXT, "interval": {"type": "number"}, "cron_expression": TEXT},
    ),
    "Source": answered(
        {
            **_CONNECTION,
            "name": NAME,
            "display_name": TEXT,
            "schedule": {"anyOf": [{"type": "null"}, ref("Schedule")]},
        },
        {"check_job_name": TEXT},
    ),
    "Destination": answered({**_CONNECTION, "name": ANY_TEXT, "description": ANY_TEXT}, {"check_job_name": TEXT}),
    "ConnectionCheck": answered(
        {
            "name": TEXT,
            "mode": {"const": "check"},
            "status": {"enum": ["running", "succeeded", "failed"]},
            "start_time": TIME,
            "completion_time": ANY_TIME,
            "error": FLAG,
            "check_exit_status": ANY_NUMBER,
            "discovery_exit_status": ANY_NUMBER,
            "discovery_error_message": ANY_TEXT,
            "tap_exit_status": ANY_NUMBER,
            "tap_error_message": ANY_TEXT,
            "target_exit_status": ANY_NUMBER,
            "target_error_message": ANY_TEXT,
        }
    ),
    "Stream": answered(
        {
            "selected": {"type": ["boolean", "null"]},
            "stream_id": ID,
            "tap_stream_id": TEXT,
            "stream_name": TEXT,
            "metadata": {"type": "object"},
        }
    ),
    "StreamSchema": answered(
        {
            "schema": {"type": "string", "contentMediaType": "application/json"},
            "metadata": _METADATA,
            "non-discoverable-metadata-keys": array(TEXT),
        }
    ),
    "Extraction": answered(
        {
            "job_name": TEXT,
            "source_id": ID,
            "source_type": TEXT,
            "stitch_client_id": NUMBER,
            "start_time": TIME,
            "completion_time": TIME,
            **{f"{part}_exit_status": ANY_NUMBER for part in ("discovery", "tap", "target")},
            **{f"{part}_description": ANY_TEXT for part in ("discovery", "tap", "target")},
        }
    ),
    "Load": answered(
        {
            "stitch_client_id": NUMBER,
            "source_name": TEXT,
            "stream_name": TEXT,
            "last_batch_loaded_at": ANY_TIME,
            "error_state": {"type": ["object", "null"]},
        }
    ),
    "CustomEmail": answered({"id": ID, "email_address": TEXT, "created_at": TIME, "disabled_at": ANY_TIME}),
    "Hook": answered(
        {
            "id": ID,
            "type": TEXT,
            "destination_id": ID,
            "config": answered({"url": TEXT}),
            "created_at": TIME,
            "disabled_at": ANY_TIME,
        }
    ),
    "ImportReceipt": answered({"status": TEXT, "message": TEXT}),
}

_STATUS = answered({"status": {"const": 200}})


def _page(of: str) -> Shape:
    links = answered({}, {"next": TEXT, "previous": TEXT})
    page = answered({"data": array(ref(of)), "page": ID, "total": NUMBER, "links": links})
    return Shape(page, query={"page": ID})


NEW_ACCOUNT = Shape(
    answered({"access_token": TEXT, "stitch_account_id": NUMBER}),
    body=answered(
        dict.fromkeys(("partner_id", "partner_secret", "first_name", "last_name", "company", "email", "region"), NAME)
    ),
    refuses=(400,),
)
EPHEMERAL_TOKEN = Shape(answered({"ephemeral_token": TEXT}))

TYPES = Shape(array(ref("ReportCard")))
TYPE = Shape(ref("ReportCard"), refuses=(400,))

SOURCES = Shape(array(ref("Source")))
SOURCE = Shape(ref("Source"), refuses=(400,))
NEW_SOURCE = Shape(
    ref("Source"),
    body=sent(
        {"type": NAME, "display_name": NAME},
        {"properties": _VALUES, "destination_id": ID},
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
    ),
    refuses=(400,),
)
CHANGED_SOURCE = Shape(
    ref("Source"),
    body=sent({}, {"display_name": NAME, "properties": _VALUES, "paused_at": ANY_TIME, "destination_id": ID}),
    refuses=(400,),
)

CHECK = Shape(ref("ConnectionCheck"), refuses=(400,))

STREAMS = Shape(array(ref("Stream")), refuses=(400,))
STREAM = Shape(ref("StreamSchema"), refuses=(400,))
SELECTION = Shape(
    _STATUS,
    body=answered({"streams": array(answered({"tap_stream_id": TEXT, "metadata": _METADATA}))}),
    refuses=(400,),
)

STARTED_JOB = Shape(
    {
        "description": "A job that is under way already is told as an error with status 200.",
        "anyOf": [
            answered({"job_name": TEXT}),
            answered({"error": answered({"type": {"const": "already_running"}, "message": TEXT})}),
        ],
    },
    refuses=(400,),
)
STOPPED_JOB = Shape(_STATUS, refuses=(400,))
EXTRACTIONS = _page("Extraction")
LOADS = _page("Load")
LOG_LINK = Shape(None, status=302, headers=("Location",))
LOG = Shape(TEXT, media_type="text/plain", refuses=(403,))

DESTINATIONS = Shape(array(ref("Destination")), query={"source_id": ID, "destination_id": ID}, refuses=(400,))
NEW_DESTINATION = Shape(
    ref("Destination"),
    body=sent(
        {"type": NAME},
        {"name": ANY_TEXT, "description": ANY_TEXT, "properties": _GIVEN, "ignore_unmapped_sources": FLAG},
        example={"type": "postgres", "properties": {"host": "db.example.com", "port": "5432"}},
    ),
    refuses=(400,),
)
CHANGED_DESTINATION = Shape(ref("Destination"), body=sent({"properties": _GIVEN}), refuses=(400,))
DELETED_DESTINATION = Shape(None, refuses=(400,))

EMAILS = Shape(array(ref("CustomEmail")))
NEW_EMAIL = Shape(
    ref("CustomEmail"), body=answered({"email_address": {"type": "string", "format": "email"}}), refuses=(400,)
)
CHANGED_EMAIL = Shape(answered({"disabled_at": ANY_TIME}), body=sent({"disabled_at": ANY_TIME}), refuses=(400, 404))
DELETED_EMAIL = Shape({"const": [1]}, refuses=(404,))

HOOKS = Shape(answered({"post_load": array(ref("Hook"))}))
NEW_HOOK = Shape(
    ref("Hook"),
    body=sent(
        {
            "type": {"const": "post_load"},
            "destination_id": ID,
            "config": sent({"url": {"type": "string", "format": "uri", "pattern": "^https://"}}),
        },
        example={
            "type": "post_load",
            "destination_id": 174978,
            "config": {"url": "https://hooks.example.com/loaded"},
        },
    ),
    refuses=(400,),
)
CHANGED_HOOK = Shape(ref("Hook"), body=sent({"enable": FLAG}), refuses=(400,))
DELETED_HOOK = Shape({"type": "null"}, refuses=(400,))

NEW_IMPORT_TOKEN = Shape(answered({"id": ID, "access_token": TEXT}), refuses=(400,))
IMPORT_TOKENS = Shape(array(ID), refuses=(400,))
DELETED_IMPORT_TOKEN = Shape(ref("Source"), refuses=(400, 404))

_SEQUENCE: Schema = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
_MESSAGE = {"action": {"const": "upsert"}, "sequence": _SEQUENCE, "data": {"type": "object"}}
_BATCH = sent(
    {"table_name": NAME, "schema": {"type": "object"}, "messages": array(sent(_MESSAGE))},
    {"key_names": array(TEXT)},
    example={
        "table_name": "people",
        "schema": {"properties": {"id": {"type": "integer"}}},
        "messages": [{"action": "upsert", "sequence": 1, "data": {"id": 1}}],
        "key_names": ["id"],
    },
)
_PUSH = {
    **array(sent({"client_id": NUMBER, "table_name": NAME, "key_names": {**array(NAME), "minItems": 1}, **_MESSAGE})),
    "minItems": 1,
}
_IMPORT_REFUSES = (400, 403, 415, 422, 503)

IMPORT_STATUS = Shape(answered({"name": TEXT, "version": TEXT, "status": TEXT}))
IMPORT_BATCH = Shape(ref("ImportReceipt"), body=_BATCH, status=201, refuses=_IMPORT_REFUSES)
IMPORT_PUSH = Shape(ref("ImportReceipt"), body=_PUSH, status=201, refuses=_IMPORT_REFUSES)
IMPORT_CHECKED = Shape(ref("ImportReceipt"), body={"anyOf": [_BATCH, _PUSH]}, refuses=_IMPORT_REFUSES)
