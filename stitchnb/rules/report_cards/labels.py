"""What the parts of a report card are called, and what a user should know of them, in words."""

from __future__ import annotations

import re
from itertools import pairwise

from stitchnb.models.report_card import Property
from stitchnb.rules.report_cards.products import OTHER_NAMES, PRODUCTS
from stitchnb.rules.schema.examples import example_for
from stitchnb.rules.schema.inputs import InputKind, PropertyInput, describe

_ACRONYMS = {
    word.lower(): word
    for word in (
        *(
            "API",
            "AWS",
            "CA",
            "CRM",
            "CSV",
            "DB",
            "DBs",
            "FTP",
            "GUID",
            "HP",
            "HTML",
            "HTTP",
            "HTTPS",
            "ID",
            "IDs",
            "IP",
        ),
        *("JSON", "OAuth", "PK", "PKs", "REST", "RSA", "S3", "SAS", "SDK", "SFTP", "SID", "SQL", "SSH", "SSL", "TLS"),
        *("URI", "URL", "URLs", "UTC", "UUID", "VPN", "XML", "MySQL", "GraphQL", "PostgreSQL", "MongoDB", "BigQuery"),
    )
}

_TITLES = {**_ACRONYMS, **PRODUCTS}

_LABELS = {
    "frequency_in_minutes": "Replicate",
    "dbname": "Database",
    "filter_dbs": "Databases to include",
    "orgid": "Organization ID",
    "apikey": "API key",
    "user": "User name",
    "username": "User name",
    "subdomain": "Subdomain",
    "sslrootcert": "SSL root certificate",
    "whitelist_map": "Allow list",
}

_HELP = {
    "account_id": "The ID of the account to read from.",
    "anchor_time": "Intervals are counted from this moment, in UTC.",
    "base_url": "The web address that all requests begin with.",
    "bucket": "The bucket's name, without s3://.",
    "client_id": "The OAuth client's ID.",
    "cron_expression": "Quartz cron: second, minute, hour, day, month, weekday. It wins over the interval.",
    "customer_ids": "The accounts to read from, separated by commas.",
    "database": "The database to connect to.",
    "date_window_days": "How many days one request covers.",
    "date_window_size": "How many days one request covers.",
    "dbname": "The database to connect to.",
    "default_replication_method": "How streams replicate: FULL_TABLE, INCREMENTAL or LOG_BASED.",
    "encryption_host": "The server that the tunnel goes through.",
    "encryption_port": "The tunnel server's SSH port, most often 22.",
    "encryption_type": "Whether to connect through an SSH tunnel.",
    "encryption_username": "The user that Stitch logs in as on the tunnel server.",
    "filter_dbs": "Only these databases are discovered, separated by commas. Leave it out for all.",
    "frequency_in_minutes": "How often replication begins. Left out, the type's own default holds.",
    "host": "The server's name or address, without a port.",
    "image_version": "The version of the tap that Stitch runs.",
    "include_schemas_in_destination_stream_name": "Keeps tables of the same name in two schemas apart.",
    "incremental_limit": "The most rows of a table that one job reads.",
    "itersize": "Rows fetched from the server at a time.",
    "logical_poll_total_seconds": "How long a job waits for new log records, in seconds.",
    "lookback_window": "Days that are read again in each job, for records that change late.",
    "oauth_client_id": "The OAuth client's ID.",
    "page_size": "Records asked for at a time.",
    "port": "The port that the server listens on.",
    "private_key": "The whole key, with its first and last line. Sent once, never shown again.",
    "quota_limit": "The most that this source may use of the service's request quota.",
    "replication_slot_name": "The slot that log-based replication reads from.",
    "server_id": "A number that no other replica of this server has.",
    "service_account_json": "The whole key file. Sent once, never shown again.",
    "shop": "The shop's name in its web address.",
    "socket_timeout": "Seconds without an answer before a connection is given up.",
    "spreadsheet_id": "The long part of the sheet's web address.",
    "ssh": "Connect through an SSH tunnel.",
    "ssh_host": "The server that the tunnel goes through.",
    "ssh_port": "The tunnel server's SSH port, most often 22.",
    "ssh_user": "The user that Stitch logs in as on the tunnel server.",
    "ssl": "Encrypt the connection.",
    "ssl_ca": "The certificate of the authority that signed the server's.",
    "ssl_cert": "The certificate that Stitch shows to the server.",
    "ssl_client_auth_enabled": "Show a client certificate to the server.",
    "ssl_key": "The client certificate's private key. Sent once, never shown again.",
    "start_date": "Records from this day on are replicated. Midnight UTC.",
    "subdomain": "The first part of the account's web address, before the first dot.",
    "use_log_based_replication": "Read changes from the database's log by default.",
    "user": "The user that Stitch logs in as.",
    "username": "The user that Stitch logs in as.",
    "verify_mode": "Check the server's certificate.",
    "warehouse": "The warehouse that runs the queries.",
}

_STEPS = {
    "form": ("Form", "what Stitch must know"),
    "oauth": ("Authorization", "granted in a browser"),
    "profile": ("Profile", "which one to read"),
    "discover_schema": ("Check and discovery", "runs by itself"),
    "field_selection": ("Streams and fields", "at least one of each"),
    "fully_configured": ("Ready", "runs on schedule"),
}

_UNITS = ((1440, "day"), (60, "hour"), (1, "minute"))

_GENERIC = {
    InputKind.DATE: "A day; midnight UTC is sent.",
    InputKind.DATETIME: "A day and a time, in UTC.",
    InputKind.LIST: "Press Enter after each one.",
    InputKind.ROWS: "One row for each.",
}


# Inputs in which an example can be shown. A native date shows its own format.
_WITH_EXAMPLE = (
    InputKind.TEXT,
    InputKind.INTEGER,
    InputKind.NUMBER,
    InputKind.URI,
    InputKind.EMAIL,
    InputKind.HOST,
    InputKind.JSON,
)


def property_label(name: str) -> str:
    """Write a property's name as a label: ``api_key`` becomes ``API key``, ``ssh_host`` becomes ``SSH host``."""
    own = _LABELS.get(name)
    if own:
        return own
    words = [_ACRONYMS.get(word.lower(), word.lower()) for word in _split(name)]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]]) if words else name


def type_title(type_name: str) -> str:
    """Write a type's name as a title: ``platform.google-ads`` becomes ``Google Ads``, ``github`` becomes ``GitHub``."""
    words = [_TITLES.get(word.lower(), word[:1].upper() + word[1:]) for word in _split(type_name.rpartition(".")[2])]
    return " ".join(words) or type_name


def other_names(type_name: str) -> list[str]:
    """List what else people call a type's product: ``platform.hp-postgres`` is also looked for as ``PostgreSQL``."""
    words = [word.lower() for word in _split(type_name.rpartition(".")[2])]
    asked = [*words, *(f"{first}-{second}" for first, second in pairwise(words))]
    return [name for word in asked for name in OTHER_NAMES.get(word, ())]


def help_text(prop: Property, type_name: str = "") -> str:
    """Say in a sentence or two what a property is for, or else what it accepts; examples are the type's own."""
    found = describe(prop, type_name)
    known = _HELP.get(prop.name)
    if known and not (prop.is_credential and "never shown" not in known):
        words = known
    elif prop.is_credential:
        words = "A credential: sent once, never shown again."
    else:
        many = "As many as apply." if found.item and found.item.input.choices else ""
        words = _described(prop) or many or _GENERIC.get(found.kind) or _accepted(found)
    if found.unchecked:
        words = f"{words} {_unchecked_note(found.unchecked)}".lstrip()
    if prop.property_type == "user_provided_immutable":
        words = f"{words} Cannot be changed later.".lstrip()
    return words


def _unchecked_note(keywords: tuple[str, ...]) -> str:
    named = " and ".join(f'"{keyword}"' for keyword in keywords if keyword) or "rules"
    return f"Only Stitch can check its {named}."


def placeholder(name: str, property_input: PropertyInput) -> str:
    """Give an example of a valid value, to show in an empty input; empty where there is none, or no room for it."""
    if property_input.kind not in _WITH_EXAMPLE or property_input.is_secret or property_input.is_multiline:
        return ""
    return property_input.example or example_for(name)


def choice_label(name: str, choice: str) -> str:
    """Write one of a property's choices for a list: minutes in words, ``every hour (60)``, others as they are."""
    if not name.endswith("_in_minutes") or not (choice.isascii() and choice.isdigit()) or int(choice) == 0:
        return choice
    return f"{format_interval(int(choice))} ({choice})"


def format_interval(minutes: int) -> str:
    """Write an interval of at least a minute in its largest whole unit: ``every hour``, ``every 90 minutes``."""
    return f"every {format_minutes(minutes).removeprefix('1 ')}"


def format_minutes(minutes: int) -> str:
    """Write so many minutes in their largest whole unit: ``1 hour``, ``90 minutes``."""
    size, unit = next((size, unit) for size, unit in _UNITS if minutes % size == 0)
    count = minutes // size
    return f"1 {unit}" if count == 1 else f"{count} {unit}s"


def step_title(step_type: str) -> str:
    """Name a connection step."""
    return _STEPS[step_type][0] if step_type in _STEPS else property_label(step_type)


def step_description(step_type: str) -> str:
    """Say in a few words what happens in a connection step."""
    return _STEPS[step_type][1] if step_type in _STEPS else ""


def sentence(words: str) -> str:
    """Begin with a capital and end with a full stop."""
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words.endswith((".", "…")) else ".")


def _described(prop: Property) -> str:
    said = (prop.json_schema or {}).get("description")
    return sentence(" ".join(said.split())) if isinstance(said, str) else ""


def _accepted(found: PropertyInput) -> str:
    # An object's parts say it themselves.
    is_plain = found.expected in ("any text", "one of true, false") or found.kind is InputKind.OBJECT
    return "" if is_plain else sentence(found.expected)


def _split(name: str) -> list[str]:
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[\s_.\-]+", parts) if word]
