"""What stands greyed in an input that is still empty: an example of a right value."""

from __future__ import annotations

from stitchnb.rules.inputs import InputKind, PropertyInput

# Inputs in which an example can stand. A native date shows its own, a credential what is known of it.
_WITH_EXAMPLE = (
    InputKind.TEXT,
    InputKind.INTEGER,
    InputKind.NUMBER,
    InputKind.URI,
    InputKind.EMAIL,
    InputKind.HOST,
    InputKind.JSON,
)

# For names that say more than their schema does.
_EXAMPLES = {
    "account": "acme",
    "base_url": "https://acme.example.com",
    "bucket": "acme-data",
    "cron_expression": "0 0 12 ? * MON-FRI",
    "customer_ids": "123-456-7890",
    "database": "analytics",
    "dbname": "analytics",
    "encryption_host": "bastion.example.com",
    "encryption_port": "22",
    "encryption_username": "stitch",
    "filter_dbs": "shop, analytics",
    "page_size": "100",
    "port": "5432",
    "project_id": "acme-analytics",
    "repository": "acme/shop",
    "s3_bucket": "acme-data",
    "shop": "acme",
    "site": "acme",
    "ssh_host": "bastion.example.com",
    "ssh_port": "22",
    "ssh_user": "stitch",
    "subdomain": "acme",
    "user": "stitch",
    "username": "stitch",
}


def placeholder(name: str, wanted: PropertyInput) -> str:
    """Give an example of what a property wants; empty where there is none, or no room for it."""
    if wanted.kind not in _WITH_EXAMPLE or wanted.is_secret or wanted.is_multiline:
        return ""
    return wanted.example if wanted.kind is InputKind.JSON else _EXAMPLES.get(name, wanted.example)
