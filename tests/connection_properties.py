"""Properties with which sources and destinations can be created, in one place for every test."""

from typing import Any

# Credentials that no message, page or file may ever show.
API_KEY = "a-key"


def recurly_properties(**changes: Any) -> dict[str, Any]:
    """The properties of a Recurly source that a person fills in; `changes` replaces or adds some of them."""
    return {
        "api_key": API_KEY,
        "subdomain": "acme",
        "quota_limit": "30",
        "start_date": "2026-01-01T00:00:00Z",
        **changes,
    }
