"""Right values to show as examples, for properties whose names say more than their schemas do."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PORT = "port"

_EXAMPLES = {
    "account": "acme",
    "base_url": "https://acme.example.com",
    "bucket": "acme-data",
    "cron_expression": "0 0 12 ? * MON-FRI",
    "csv_delimiter": ",",
    "customer_ids": "123-456-7890",
    "database": "analytics",
    "dbname": "analytics",
    "default_replication_method": "INCREMENTAL",
    "encryption_host": "bastion.example.com",
    "encryption_port": "22",
    "encryption_username": "stitch",
    "endpoint": "https://acme.example.com/rest",
    "filter_dbs": "shop, analytics",
    "identity": "https://acme.example.com/identity",
    "incremental_limit": "10000",
    "instance_url": "https://acme.example.com",
    "itersize": "20000",
    "logical_poll_total_seconds": "10800",
    "lookback_window": "7",
    "max_daily_calls": "40000",
    "page_size": "100",
    "port": "5432",
    "project_id": "acme-analytics",
    "quota_percent_per_run": "25",
    "quota_percent_total": "80",
    "redirect_uri": "https://acme.example.com/callback",
    "repository": "acme/shop",
    "results_per_page": "100",
    "s3_bucket": "acme-data",
    "server_id": "1204",
    "shop": "acme",
    "site": "acme",
    "socket_timeout": "300",
    "ssh_host": "bastion.example.com",
    "ssh_port": "22",
    "ssh_user": "stitch",
    "subdomain": "acme",
    "user": "stitch",
    "username": "stitch",
}

# The port on which each kind of server listens, by a word of the type's name; the first that is found counts, as
# services that run several kinds name theirs behind their own.
_PORTS: Mapping[str, str] = {
    "postgres": "5432",
    "postgresql": "5432",
    "pg": "5432",
    "aurora": "3306",
    "cloudsql": "3306",
    "mariadb": "3306",
    "mysql": "3306",
    "mongodb": "27017",
    "redshift": "5439",
    "mssql": "1433",
    "sqldw": "1433",
    "sqlserver": "1433",
    "oracle": "1521",
    "snowflake": "443",
    "storagegrid": "443",
    "responsys": "22",
    "sftp": "22",
}


def example_for(name: str, type_name: str = "") -> str:
    """Give a right value for a property of that name; empty where the name says nothing.

    Parameters
    ----------
    name
        The property's name.
    type_name
        The type that it is of, such as ``platform.hp-mysql``: it may have a port of its own.
    """
    if name == _PORT:
        words = set(re.split(r"[._\-]+", type_name.lower()))
        found = next((port for word, port in _PORTS.items() if word in words), None)
        return found or _EXAMPLES[_PORT]
    return _EXAMPLES.get(name, "")
