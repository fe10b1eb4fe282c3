"""A connection to a PostgreSQL server by a form's values, and the server's own words where it refuses."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.pipeline import ConnectorError
from stitchnb.sandbox.warehouses.simulated import without

if TYPE_CHECKING:
    import psycopg

CONNECT_TIMEOUT_S = 10
_CANCEL_TIMEOUT_S = 2.0

# How values are written, whatever the server, its database or the user's role was set to.
_SETTINGS = """
    SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0
"""


@contextmanager
def connected(properties: Mapping[str, Any], database: str | None = None) -> Iterator[psycopg.Connection[Any]]:
    """Connect, and begin a transaction that only reads and sees the database as it is now.

    Parameters
    ----------
    database
        Another one than the form's.

    Raises
    ------
    ConnectorError
        psycopg is missing, or the server cannot be reached or refuses; also for errors of the server in the block.
    """
    psycopg = _psycopg()
    # Closed rather than committed: once everything is read, it is no matter whether the server is still there.
    with _told(properties), closing(psycopg.connect(**_arguments(properties, database), autocommit=True)) as connection:
        connection.execute(_SETTINGS)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection


def named(what: str, properties: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Have an error in the block say what could not be read."""
    return _told(properties, f"{what}: ")


@contextmanager
def _told(properties: Mapping[str, Any], begin: str = "") -> Iterator[None]:
    psycopg = _psycopg()
    try:
        yield
    except psycopg.Error as error:
        secrets = [str(properties.get("password") or "")]
        raise ConnectorError(without(secrets, begin + words_of(error))) from error


def words_of(error: psycopg.Error) -> str:
    """Tell an error in the words of the server, or of the library where the server was not reached."""
    told = error.diag
    if told.message_primary:
        more = [line for line in (told.message_detail, told.message_hint) if line]
        return "\n".join([f"{told.severity}:  {told.message_primary}", *more])
    text = str(error).removeprefix("connection failed: ").removeprefix("connection is bad: ")
    # Several addresses of one host may have been tried: what a server said is what counts.
    fatal = text.rfind("FATAL: ")
    lines = text.splitlines() if fatal < 0 else text[fatal:].splitlines()[:1]
    return "\n".join(line.strip() for line in lines if line.strip())


def cancel(connection: psycopg.Connection[Any]) -> None:
    """Ask the server to break off what the connection is waiting for, from whatever thread, without waiting for it."""

    def ask() -> None:
        psycopg = _psycopg()
        try:
            connection.cancel_safe(timeout=_CANCEL_TIMEOUT_S)
        except psycopg.Error:
            # The connection has ended, or the server is out of reach: either way there is nothing to break off.
            return

    threading.Thread(target=ask, name="stitchnb-cancel", daemon=True).start()


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise ConnectorError(
            "A real PostgreSQL is read with psycopg, which cannot be imported here: "
            f"pip install 'stitchnb[postgres]' ({error})"
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
    """Give what holds for every connection: nothing comes from the environment or from files in a home.

    Parameters
    ----------
    silence_s
        How long a server may be silent that has been sent something; a minute when None.
    """
    return {
        "gssencmode": "disable",
        "passfile": os.devnull,
        "client_encoding": "UTF8",
        "application_name": "stitchnb",
        "connect_timeout": CONNECT_TIMEOUT_S,
        # A server that is gone without a word is noticed within a minute as well.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000 if silence_s is None else silence_s * 1000,
    }
