"""Credentials at rest: sealed in the state, with the key in a file of its own beside it."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from stitchnb.errors import StateFileError

_LOST = (
    "The credentials in the state file were sealed with a key that is not in the .key file beside it. Put that file "
    "back as it was, or give another path for the state."
)


class Vault:
    """Seals and opens credentials.

    Parameters
    ----------
    state_path
        The state file; the key is kept beside it in ``<name>.key``, readable by its owner alone. None for a state in
        memory, whose key is never written.
    sealed
        Something that was sealed before, which the key must open.

    Raises
    ------
    StateFileError
        When the key is lost or is another.
    """

    def __init__(self, state_path: Path | None, *, sealed: bytes | None = None) -> None:
        key = Fernet.generate_key() if state_path is None else _key(state_path, may_make=sealed is None)
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise StateFileError(_LOST) from error
        if sealed is not None:
            self.open(sealed)

    def seal(self, value: str) -> bytes:
        """Encrypt one value."""
        return self._fernet.encrypt(value.encode())

    def open(self, sealed: bytes) -> str:
        """Decrypt one value."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise StateFileError(_LOST) from error


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
