"""Encrypted connections to a PostgreSQL warehouse: insisted on, and held against a certificate authority."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from polling import wait_until
from postgres_server import PostgresServer

from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.postgres.warehouse import Postgres


def self_signed() -> tuple[bytes, bytes]:
    """A certificate that is its own authority, and its key; both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    formats = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(*formats)


@pytest.fixture
def certificate(postgres_server: PostgresServer) -> Iterator[str]:
    """The server's certificate, for as long as it speaks TLS."""
    certificate, key = self_signed()
    with postgres_server.connect() as owner:
        ((folder,),) = owner.execute("SHOW data_directory").fetchall()
        for name, content in (("server.crt", certificate), ("server.key", key)):
            path = Path(folder, name)
            path.write_bytes(content)
            path.chmod(0o600)
            os.chown(path, Path(folder).stat().st_uid, Path(folder).stat().st_gid)
        owner.execute("ALTER SYSTEM SET ssl = on")
        reload(postgres_server, "on")
        yield certificate.decode()
        owner.execute("ALTER SYSTEM RESET ssl")
        reload(postgres_server, "off")


def reload(server: PostgresServer, ssl: str) -> None:
    """Have the server read its settings, and wait until it has."""
    with server.connect() as owner:
        owner.execute("SELECT pg_reload_conf()")

    def shown() -> object:
        with server.connect() as owner:
            return owner.execute("SHOW ssl").fetchone()

    wait_until(shown, lambda found: found == (ssl,), what=f"ssl = {ssl}")


def test_a_server_is_held_against_the_authority_of_the_form(
    certificate: str, database_properties: dict[str, str]
) -> None:
    another, _ = self_signed()
    encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

    for authority in ("", certificate):
        properties = {**database_properties, "ssl": "true", "sslrootcert": authority}
        Postgres().check(properties)
        assert Postgres().open(properties).sql(encrypted)["ssl"].tolist() == [True]

    with pytest.raises(WarehouseError, match="certificate verify failed"):
        Postgres().check({**database_properties, "ssl": "true", "sslrootcert": another.decode()})
    with pytest.raises(WarehouseError, match="certificate"):
        Postgres().check({**database_properties, "ssl": "true", "sslrootcert": "no certificate"})
