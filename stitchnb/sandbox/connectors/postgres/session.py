"""Connects to a PostgreSQL server by the form values of a source, and reads its error messages."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.pipeline import ConnectorError
from stitchnb.sandbox.warehouses.simulated import redact

if TYPE_CHECKING:
    import psycopg

CONNECT_TIMEOUT_S = 10
_CANCEL_TIMEOUT_S = 2.0

# How values are written, regardless of the settings of server, database and role.
_SETTINGS = """
    SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0
"""


@contextmanager
def connect(properties: Mapping[str, Any], database: str | None = None) -> Iterator[psycopg.Connection[Any]]:
    """Connect, and begin a read-only transaction that sees the database as it is now.

    Parameters
    ----------
    database
        A database other than the form's.

    Raises
    ------
    ConnectorError
        psycopg is missing, the server cannot be reached, or it reports an error, also in the block.
    """
    psycopg = _psycopg()
    # Closed without a commit: once everything is read, it does not matter whether the server is still there.
    with (
        _translate_errors(properties),
        closing(psycopg.connect(**_arguments(properties, database), autocommit=True)) as connection,
    ):
        connection.execute(_SETTINGS)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection


def error_context(name: str, properties: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Add a name to the message of an error in the block."""
    return _translate_errors(properties, f"{name}: ")


@contextmanager
def _translate_errors(properties: Mapping[str, Any], prefix: str = "") -> Iterator[None]:
    psycopg = _psycopg()
    try:
        yield
    except psycopg.Error as error:
        secrets = [str(properties.get("password") or "")]
        raise ConnectorError(redact(secrets, prefix + server_message(error))) from error


def server_message(error: psycopg.Error) -> str:
    """Return the server's message for an error, or the library's if the server was not reached."""
    diagnostic = error.diag
    if diagnostic.message_primary:
        more = [line for line in (diagnostic.message_detail, diagnostic.message_hint) if line]
        return "\n".join([f"{diagnostic.severity}:  {diagnostic.message_primary}", *more])
    text = str(error).removeprefix("connection failed: ").removeprefix("connection is bad: ")
    # Several addresses of a host may have been tried. The message of a server is the useful one.
    fatal = text.rfind("FATAL: ")
    lines = text.splitlines() if fatal < 0 else text[fatal:].splitlines()[:1]
    return "\n".join(line.strip() for line in lines if line.strip())


def cancel(connection: psycopg.Connection[Any]) -> None:
    """Ask the server to cancel the connection's query. Returns at once, and can be called from any thread."""

    def request() -> None:
        psycopg = _psycopg()
        try:
            connection.cancel_safe(timeout=_CANCEL_TIMEOUT_S)
        except psycopg.Error:
            # The connection has ended or the server cannot be reached, so there is nothing to cancel.
            return

    threading.Thread(target=request, name="stitchnb-cancel", daemon=True).start()


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise ConnectorError(
            f"Reading PostgreSQL requires psycopg, which could not be imported: {error}. Install it with: "
            "pip install 'stitchnb[postgres]'"
        ) from error
    return psycopg


def _arguments(properties: Mapping[str, Any], database: str | None) -> dict[str, Any]:
    timeout = str(properties.get("socket_timeout") or "")
    return {
        **connection_options(int(timeout) if timeout.isdecimal() else None),
        "host": properties.get("host"),
        "port": properties.get("port") or "5432",
        "user": properties.get("user"),
        "password": properties.get("password"),
        "dbname": database or properties.get("dbname"),
        "sslmode": "require" if str(properties.get("ssl")).lower() == "true" else "prefer",
    }


def connection_options(silence_s: int | None = None) -> dict[str, Any]:
    """Return the options of every connection. They ignore the environment and files in the user's home.

    Parameters
    ----------
    silence_s
        Seconds that the server may take to acknowledge data. None is a minute.
    """
    return {
        "gssencmode": "disable",
        "passfile": os.devnull,
        "client_encoding": "UTF8",
        "application_name": "stitchnb",
        "connect_timeout": CONNECT_TIMEOUT_S,
        # A server that disappears without closing the connection is also noticed within a minute.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000 if silence_s is None else silence_s * 1000,
    }
