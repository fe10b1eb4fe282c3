"""Properties with which sources can be created, in one place for every test."""

from typing import Any


def recurly_properties(**changes: Any) -> dict[str, Any]:
    """The properties of a Recurly source that a person fills in; `changes` replaces or adds some of them."""
    given = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
    return {**given, **changes}


def postgres_properties(**changes: Any) -> dict[str, Any]:
    """The properties of a PostgreSQL source that a person fills in; `changes` replaces or adds some of them."""
    given = {"host": "db.example.com", "port": "5432", "user": "u", "password": "p", "dbname": "shop"}
    return {**given, **changes}
