"""Credentials of sources and destinations: encrypted in the state, with the key in its own file beside it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from stitchnb.errors import StateFileError

_LOST = (
    "The credentials in the state file are encrypted with a key that is not in the .key file beside it. Restore that "
    "file, or pass another path for the state."
)


class CredentialStore:
    """Stores credentials, encrypted.

    Parameters
    ----------
    state_path
        The state file; the key is kept beside it in ``<name>.key``, readable by its owner alone. None for a state in
        memory, whose key is never written.
    encrypted
        A value that was encrypted before, to check that the key is the right one.

    Raises
    ------
    StateFileError
        The key file is missing or holds another key.
    """

    def __init__(self, state_path: Path | None, *, encrypted: bytes | None = None) -> None:
        key = Fernet.generate_key() if state_path is None else _key(state_path, may_make=encrypted is None)
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise StateFileError(_LOST) from error
        if encrypted is not None:
            self.decrypt(encrypted)

    def encrypt(self, value: str) -> bytes:
        """Encrypt one value."""
        return self._fernet.encrypt(value.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """Decrypt one value."""
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken as error:
            raise StateFileError(_LOST) from error

    def read(
        self, db: sqlite3.Connection, connection_id: int, decrypted: dict[bytes, str] | None = None
    ) -> dict[str, str]:
        """Decrypt the credentials of a source or destination.

        Parameters
        ----------
        decrypted
            Values that are decrypted already, by their encrypted form; those that are not yet are added.
        """
        known = {} if decrypted is None else decrypted
        values = {}
        for row in db.execute("SELECT name, sealed FROM credentials WHERE connection_id = ?", (connection_id,)):
            encrypted = bytes(row["sealed"])
            if encrypted not in known:
                known[encrypted] = self.decrypt(encrypted)
            values[row["name"]] = known[encrypted]
        return values

    @staticmethod
    def names(db: sqlite3.Connection, connection_id: int) -> set[str]:
        """Return the names of the credentials that are stored for a source or destination."""
        rows = db.execute("SELECT name FROM credentials WHERE connection_id = ?", (connection_id,))
        return {row["name"] for row in rows}

    def save(self, db: sqlite3.Connection, connection_id: int, values: Mapping[str, str]) -> None:
        """Encrypt and store credentials of a source or destination, replacing those with the same names."""
        db.executemany(
            "INSERT OR REPLACE INTO credentials (connection_id, name, sealed) VALUES (?, ?, ?)",
            [(connection_id, name, self.encrypt(value)) for name, value in values.items()],
        )


def _key(state_path: Path, *, may_make: bool) -> bytes:
    path = state_path.with_name(state_path.name + ".key")
    if path.exists():
        return path.read_bytes()
    if not may_make:
        raise StateFileError(_LOST)
    key = Fernet.generate_key()
    # Written beside it and then moved: a kill in the middle must not leave half a key in its place.
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return key
