"""Report cards for tests, written as short as they can be."""

from collections.abc import Mapping, Sequence
from typing import Any

from stitchnb.models import Property, ReportCard

MIDNIGHT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T00:00:00Z$"}
DIGITS = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\d+"}]}
MINUTES = {"type": "string", "pattern": "^1$|^30$|^60$|^360$|^720$|^1440$"}
TEXT = {"type": "string"}
HOST = {"type": "string", "anyOf": [{"format": "hostname"}, {"format": "ipv4"}]}
ROWS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": TEXT, "id": TEXT},
        "required": ["name", "id"],
        "additionalProperties": False,
    },
}


def prop(name: str = "x", schema: Any = None, *, required: bool = False, **more: Any) -> dict[str, Any]:
    """One property on the wire; `more` may say `is_credential` or `property_type`."""
    return {"name": name, "json_schema": schema, "is_required": required, "property_type": "user_provided", **more}


def as_property(schema: Any, **more: Any) -> Property:
    """A property with a schema and little else."""
    return Property(prop(schema=schema, **more))


def card(
    *properties: Mapping[str, Any],
    type: str = "platform.example",
    later: Sequence[str] = ("discover_schema", "field_selection", "fully_configured"),
    **details: Any,
) -> ReportCard:
    """A report card with one form, then steps without properties."""
    return ReportCard(
        {
            "type": type,
            "current_step": 1,
            "current_step_type": "form",
            "steps": [
                {"type": "form", "properties": [dict(p) for p in properties]},
                *({"type": step, "properties": []} for step in later),
            ],
            "details": {"access": True, "pipeline_state": "released", **details},
        }
    )


def recurly() -> ReportCard:
    """The card of the guide: a schedule, a date, a credential, text, and a number."""
    return card(
        prop("anchor_time", {"type": "string", "format": "date-time"}),
        prop("cron_expression"),
        prop("frequency_in_minutes", MINUTES),
        prop("image_version", required=True, property_type="read_only", system_provided=True),
        prop("start_date", MIDNIGHT, required=True),
        prop("api_key", TEXT, required=True, is_credential=True),
        prop("subdomain", TEXT, required=True),
        prop("quota_limit", DIGITS, required=True),
        type="platform.recurly",
        default_start_date="-1 year",
        default_scheduling_interval=60,
        image_version="1.latest",
    )


def everything() -> ReportCard:
    """A card with an input of every kind and every type of property."""
    return card(
        prop("host", HOST, required=True),
        prop("port", DIGITS, required=True),
        prop("password", TEXT, required=True, is_credential=True),
        prop("private_key", TEXT, is_credential=True),
        prop("ssl", {"type": "string", "pattern": "^(true|false)$"}),
        prop("groups", {"type": "array", "items": TEXT}),
        prop("report_definitions", ROWS),
        prop("contact", {"type": "string", "format": "email"}),
        prop("endpoint", {"type": "string", "format": "uri"}),
        prop("since", {"type": "string", "format": "date-time"}),
        prop("start_date", MIDNIGHT),
        prop("ratio", {"type": "number"}),
        prop("itersize", {"type": "integer"}, property_type="user_provided_advanced"),
        prop("sandbox", {"type": "boolean"}, property_type="user_provided_immutable"),
        prop("frequency_in_minutes", MINUTES),
        prop("image_version", property_type="read_only", required=True),
        prop("oauth_secret", TEXT, required=True, is_credential=True, property_type="system_provided_by_default"),
        default_start_date="-30 days",
        default_scheduling_interval=30,
    )
