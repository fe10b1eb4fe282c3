"""A connection to the PostgreSQL database of a destination, and the server's own words where it refuses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from stitchnb.sandbox.connectors.postgres.session import connection_options, words_of
from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.lookup import unique
from stitchnb.sandbox.warehouses.simulated import without

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
    """Fetch the answer of the last statement that was run.

    Returns
    -------
    DataFrame
        One row per row of the answer, in its order, dtypes as in `results.frame`; a change gives one row with the
        number of rows as ``Count``, and what gives none an empty frame.
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
        # An array's type is found under its elements' name as well.
        dtype: Any = _DTYPES.get(info.name) if info is not None and info.oid == column.type_code else None
        if dtype is None:
            series.append(pd.Series(list(values), dtype="object"))
        else:
            series.append(pd.Series(pd.array(list(values), dtype=dtype)))
    if not series:
        return pd.DataFrame(index=range(len(rows)))
    return pd.concat(series, axis="columns", keys=unique(column.name for column in cursor.description))


_NO_FILE = "/dev/null/none"

# How statements are read and values written, whatever the server, its database or the user's role was set to.
_SETTINGS = """
    SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET standard_conforming_strings = on
"""


@dataclass(frozen=True, slots=True)
class Database:
    """One database of a server, by the values of a destination's form.

    Attributes
    ----------
    tls
        Whether an encrypted connection is insisted on.
    certificate
        The server's certificate authority as PEM; empty to trust any.
    """

    host: str
    port: str
    name: str
    user: str
    password: str = field(repr=False)
    tls: bool = False
    certificate: str = ""

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> Database:
        """Read the form.

        Raises
        ------
        WarehouseError
            It asks for a tunnel, which is not opened.
        """
        if properties.get("encryption_type") == "ssh":
            raise WarehouseError(
                "the sandbox opens no tunnel over SSH: forward a port to the server yourself, give its host and port, "
                'and set encryption_type to "none"'
            )
        names = ("host", "port", "database", "username", "password")
        host, port, database, user, password = (str(properties.get(name) or "") for name in names)
        tls = str(properties.get("ssl")).lower() == "true"
        return cls(host, port, database, user, password, tls, str(properties.get("sslrootcert") or ""))

    def __str__(self) -> str:
        return f"database {self.name} at {self.host}:{self.port}"

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect; what was begun and not committed when the block ends is rolled back.

        Raises
        ------
        WarehouseError
            psycopg is missing.
        psycopg.Error
            The server cannot be reached or refuses; also from the block.
        """
        with closing(self._connect()) as connection:
            connection.execute(_SETTINGS)
            yield connection

    def words_of(self, error: psycopg.Error) -> str:
        """Tell an error in the server's words, never with the password."""
        return without([self.password], words_of(error))

    def _connect(self) -> psycopg.Connection[Any]:
        with self._authority() as file:
            connection: psycopg.Connection[Any] = imported().connect(
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
        """The certificate authority as a file, which is how libpq takes it."""
        if not self.certificate:
            # Named, so that none is looked for in the user's home.
            yield _NO_FILE
            return
        with tempfile.NamedTemporaryFile("w", prefix="stitchnb-", suffix=".pem") as file:
            file.write(self.certificate)
            file.flush()
            yield file.name


def imported() -> Any:
    """Import psycopg, which only those need who load into a real PostgreSQL.

    Raises
    ------
    WarehouseError
        It cannot be imported; the message says how to install it.
    """
    try:
        import psycopg
    except ImportError as error:
        raise WarehouseError(
            "A real PostgreSQL is loaded with psycopg, which cannot be imported here: "
            f"pip install 'stitchnb[postgres]' ({error})"
        ) from error
    return psycopg
