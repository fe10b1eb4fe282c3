"""Credentials at rest: sealed in the state, with the key in a file of its own beside it."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from stitchnb.errors import StateFileError


class Vault:
    """Seals and opens credentials.

    Parameters
    ----------
    state_path
        The state file; the key is kept beside it in ``<name>.key``, readable by its owner alone. None for a state in
        memory, whose key is never written.
    """

    def __init__(self, state_path: Path | None) -> None:
        self._fernet = Fernet(Fernet.generate_key() if state_path is None else _key(state_path))

    def seal(self, value: str) -> bytes:
        """Encrypt one value."""
        return self._fernet.encrypt(value.encode())

    def open(self, sealed: bytes) -> str:
        """Decrypt one value."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise StateFileError(
                "The credentials in the state file were sealed with another key. Put its .key file back beside it, "
                "or give the source's credentials again."
            ) from error


def _key(state_path: Path) -> bytes:
    path = state_path.with_name(state_path.name + ".key")
    if path.exists():
        return path.read_bytes()
    key = Fernet.generate_key()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
