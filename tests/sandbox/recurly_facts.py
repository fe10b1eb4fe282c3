"""The documented answers for a Recurly source, spelled out by hand: what the sandbox is held against."""

from typing import Any

NOON = "2026-03-20T12:00:00Z"

FREQUENCIES = {"type": "string", "pattern": "^1$|^30$|^60$|^360$|^720$|^1440$"}
MIDNIGHT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T00:00:00Z$"}
WHOLE_NUMBER = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\d+"}]}
TEXT = {"type": "string"}

# name, is_required, is_credential, system_provided, property_type, json_schema
PROPERTIES: list[tuple[str, bool, bool, bool, str, dict[str, Any] | None]] = [
    ("anchor_time", False, False, False, "user_provided", {"type": "string", "format": "date-time"}),
    ("cron_expression", False, False, False, "user_provided", None),
    ("frequency_in_minutes", False, False, False, "user_provided", FREQUENCIES),
    ("image_version", True, False, True, "read_only", None),
    ("start_date", True, False, False, "user_provided", MIDNIGHT),
    ("api_key", True, True, False, "user_provided", TEXT),
    ("subdomain", True, False, False, "user_provided", TEXT),
    ("quota_limit", True, False, False, "user_provided", WHOLE_NUMBER),
]
STEPS = ["form", "discover_schema", "field_selection", "fully_configured"]

# What the guide creates. The key is a placeholder of the guide's own.
CREATE: dict[str, Any] = {
    "type": "platform.recurly",
    "display_name": "Recurly",
    "properties": {
        "start_date": "2018-01-10T00:00:00Z",
        "api_key": "[RECURLY_API_KEY]",
        "frequency_in_minutes": "60",
        "quota_limit": "30",
        "subdomain": "stitchdata",
    },
}

# Schema's keys of every stream, in the order of discovery: primary key, replication key.
STREAMS = {
    "accounts": ("id", "updated_at"),
    "adjustments": ("id", "updated_at"),
    "billing_info": ("account_id", "updated_at"),
    "coupons": ("id", "updated_at"),
    "plans": ("id", "updated_at"),
    "plans_add_ons": ("id", "updated_at"),
    "subscriptions": ("id", "updated_at"),
    "transactions": ("id", "collected_at"),
    "coupon_redemptions": ("id", "created_at"),
    "invoices": ("id", "updated_at"),
}


def report_card(current_step: int, *, provided: set[str]) -> dict[str, Any]:
    """A Recurly source's report card at one step, with some properties provided."""
    properties = [
        {
            "name": name,
            "is_required": required,
            "is_credential": credential,
            "system_provided": system,
            "property_type": kind,
            "json_schema": schema,
            "provided": name in provided,
            "tap_mutable": False,
        }
        for name, required, credential, system, kind, schema in PROPERTIES
    ]
    return {
        "type": "platform.recurly",
        "current_step": current_step,
        "current_step_type": STEPS[current_step - 1],
        "steps": [{"type": step, "properties": properties if step == "form" else []} for step in STEPS],
    }


GIVEN = {"api_key", "frequency_in_minutes", "image_version", "quota_limit", "start_date", "subdomain"}

TYPE_CARD = {
    **report_card(1, provided=set()),
    "details": {
        "pricing_tier": "standard",
        "pipeline_state": "released",
        "default_start_date": "-1 year",
        "default_scheduling_interval": 60,
        "protocol": "platform.recurly",
        "access": True,
    },
}


def source(**differing: Any) -> dict[str, Any]:
    """A Recurly source as the guide shows it, with ids and times of the caller's."""
    return {
        "properties": {
            "frequency_in_minutes": "60",
            "image_version": "1.latest",
            "quota_limit": "30",
            "start_date": "2018-01-10T00:00:00Z",
            "subdomain": "stitchdata",
        },
        "schedule": None,
        "name": "recurly",
        "type": "platform.recurly",
        "deleted_at": None,
        "system_paused_at": None,
        "stitch_client_id": 116078,
        "paused_at": None,
        "display_name": "Recurly",
        **differing,
    }
