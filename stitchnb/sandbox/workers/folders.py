"""Temporary folders that do not outlive their process: what a killed one leaves behind goes at the next start."""

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
def temporary_folder(purpose: str, within: Path | None = None) -> Iterator[Path]:
    """Make a folder that only its owner may read, for the time of the block.

    Parameters
    ----------
    purpose
        A word of its name.
    within
        Where it is made; the machine's folder for temporary files when None.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{purpose}-", dir=within))
    try:
        owner = _own(folder)
        try:
            yield folder
        finally:
            os.close(owner)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned() -> None:
    """Remove the folders that processes of this user on this machine have left behind when they ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # It may be another user's, or no folder of ours, or somebody else may be removing it as well.
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _own(folder: Path) -> int:
    """Hold a lock on a file in the folder, which ends with the process however that ends."""
    # It gets its name once it is locked, so that nobody finds it without.
    made = folder / f"{_OWNER}.new"
    owner = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if sys.platform != "win32":
        fcntl.flock(owner, fcntl.LOCK_EX)
    made.rename(folder / _OWNER)
    return owner


def _is_abandoned(folder: Path) -> bool:
    if sys.platform == "win32":
        # Nothing there tells the folder of a process that has ended from another's.
        return False
    owner = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(owner)
    return folder.stat().st_uid == os.getuid()
