"""Connects to the PostgreSQL database of a destination, and reads its results and error messages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from stitchnb.sandbox.connectors.postgres.session import connection_options, server_message
from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.lookup import make_unique
from stitchnb.sandbox.warehouses.simulated import redact

if TYPE_CHECKING:
    import psycopg

_DTYPES = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "Int64"),
    **dict.fromkeys(("float4", "float8"), "float64"),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "unknown"), "str"),
    **dict.fromkeys(("date", "timestamp"), "datetime64[us]"),
    "timestamptz": "datetime64[us, UTC]",
    "bool": "boolean",
}


def frame(cursor: psycopg.Cursor[Any]) -> pd.DataFrame:
    """Fetch the result of the last statement as a DataFrame.

    Returns
    -------
    DataFrame
        One row per row of the result, in its order, with dtypes as in `lookup.frame`. A change returns one row with the
        number of rows as ``Count``. A statement without a result returns an empty DataFrame.
    """
    while cursor.nextset():
        pass
    if cursor.description is None:
        return pd.DataFrame({"Count": pd.array([cursor.rowcount], "Int64")}) if cursor.rowcount >= 0 else pd.DataFrame()
    rows = cursor.fetchall()
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(cursor.description)
    types = cursor.adapters.types
    series = []
    for column, values in zip(cursor.description, columns, strict=True):
        info = types.get(column.type_code)
        # The type of an array is also listed under the name of its elements.
        dtype: Any = _DTYPES.get(info.name) if info is not None and info.oid == column.type_code else None
        if dtype is None:
            series.append(pd.Series(list(values), dtype="object"))
        else:
            series.append(pd.Series(pd.array(list(values), dtype=dtype)))
    if not series:
        return pd.DataFrame(index=range(len(rows)))
    return pd.concat(series, axis="columns", keys=make_unique(column.name for column in cursor.description))


_NO_FILE = "/dev/null/none"

# How statements are parsed and values written, regardless of the settings of server, database and role.
_SETTINGS = """
    SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET standard_conforming_strings = on
"""


@dataclass(frozen=True, slots=True)
class PostgresTarget:
    """One database of a server, by the form values of a destination.

    Attributes
    ----------
    tls
        Whether to require an encrypted connection.
    certificate
        The certificate authority of the server as PEM. Empty trusts any.
    """

    host: str
    port: str
    name: str
    user: str
    password: str = field(repr=False)
    tls: bool = False
    certificate: str = ""

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> PostgresTarget:
        """Read the form values.

        Raises
        ------
        WarehouseError
            They request an SSH tunnel, which the sandbox does not open.
        """
        if properties.get("encryption_type") == "ssh":
            raise WarehouseError(
                "The sandbox does not open SSH tunnels. Forward a port to the server yourself, use its host and port, "
                'and set encryption_type to "none".'
            )
        names = ("host", "port", "database", "username", "password")
        host, port, database, user, password = (str(properties.get(name) or "") for name in names)
        tls = str(properties.get("ssl")).lower() == "true"
        return cls(host, port, database, user, password, tls, str(properties.get("sslrootcert") or ""))

    def __str__(self) -> str:
        return f"database {self.name} at {self.host}:{self.port}"

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect. A transaction that is open when the block ends is rolled back.

        Raises
        ------
        WarehouseError
            psycopg is missing.
        psycopg.Error
            The server cannot be reached or reports an error, also in the block.
        """
        with closing(self._connect()) as connection:
            connection.execute(_SETTINGS)
            yield connection

    def error_message(self, error: psycopg.Error) -> str:
        """Return the server's message for an error, without the password."""
        return redact([self.password], server_message(error))

    def _connect(self) -> psycopg.Connection[Any]:
        with self._authority() as file:
            connection: psycopg.Connection[Any] = import_psycopg().connect(
                **connection_options(),
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname=self.name,
                sslmode=("verify-ca" if self.certificate else "require") if self.tls else "prefer",
                sslrootcert=file,
                autocommit=True,
            )
            return connection

    @contextmanager
    def _authority(self) -> Iterator[str]:
        """Provide the certificate authority as a file, as libpq requires."""
        if not self.certificate:
            # Without a name, libpq looks for a file in the home of the user.
            yield _NO_FILE
            return
        with tempfile.NamedTemporaryFile("w", prefix="stitchnb-", suffix=".pem") as file:
            file.write(self.certificate)
            file.flush()
            yield file.name


def import_psycopg() -> Any:
    """Import psycopg, which is only needed for a real PostgreSQL.

    Raises
    ------
    WarehouseError
        It cannot be imported. The message says how to install it.
    """
    try:
        import psycopg
    except ImportError as error:
        raise WarehouseError(
            f"Loading into PostgreSQL requires psycopg, which could not be imported: {error}. Install it with: "
            "pip install 'stitchnb[postgres]'"
        ) from error
    return psycopg
