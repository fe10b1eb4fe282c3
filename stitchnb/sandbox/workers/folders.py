"""Temporary folders that are removed with their process. What a killed process left is removed at the next start."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = "stitchnb-"
_OWNER = ".owner"


@contextmanager
def temporary_folder(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """Make a folder that only this user can read, and remove it when the block ends.

    Parameters
    ----------
    purpose
        Becomes part of the folder's name.
    parent
        Where it is made. None means the temporary folder of this machine.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{purpose}-", dir=parent))
    try:
        owner = _lock(folder)
        try:
            yield folder
        finally:
            os.close(owner)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned() -> None:
    """Remove the folders of this user whose processes on this machine have ended without removing them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # It may belong to another user, not be one of these folders, or be in the middle of its removal.
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Lock a file in the folder. The lock ends with the process, even when the process is killed."""
    # It is renamed after it is locked, so that nobody finds it unlocked.
    partial = folder / f"{_OWNER}.new"
    owner = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if sys.platform != "win32":
        fcntl.flock(owner, fcntl.LOCK_EX)
    partial.rename(folder / _OWNER)
    return owner


def _is_abandoned(folder: Path) -> bool:
    if sys.platform == "win32":
        # On Windows there is no such lock, so no folder is known to be abandoned.
        return False
    owner = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(owner)
    return folder.stat().st_uid == os.getuid()
