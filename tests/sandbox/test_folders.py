"""What a sandbox has put into temporary folders is gone when it is, or at the next start where it was killed."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.workers.folders import remove_abandoned, temporary_folder

HOLDING = """
import sys
from stitchnb.sandbox.workers.folders import temporary_folder
with temporary_folder("tap") as folder:
    (folder / "config.json").write_text("a secret")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(folders: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a folder."""
    command = [sys.executable, "-c", HOLDING]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"TMPDIR": str(folders)}
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_is_its_owner_s_and_goes_with_the_block(folders: Path) -> None:
    with temporary_folder("tap") as folder:
        assert folder.parent == folders
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").touch()

    assert list(folders.iterdir()) == []


def test_what_a_killed_process_left_behind_goes_when_a_sandbox_starts(
    folders: Path, holder: tuple[subprocess.Popen[str], Path]
) -> None:
    process, folder = holder
    process.kill()
    process.wait()
    assert (folder / "config.json").exists()

    with Sandbox():
        assert not folder.exists()


def test_the_folder_of_a_process_that_lives_stays(folders: Path, holder: tuple[subprocess.Popen[str], Path]) -> None:
    _, folder = holder

    with temporary_folder("csv") as own:
        remove_abandoned()

        assert (folder / "config.json").exists()
        assert own.exists()


def test_other_folders_of_such_a_name_are_left_alone(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".owner").touch()
    (folders / "stitchnb-link").symlink_to(elsewhere)
    (folders / "stitchnb-notes").mkdir()
    (folders / "stitchnb-file").touch()

    remove_abandoned()

    assert {path.name for path in folders.iterdir()} == {"stitchnb-link", "stitchnb-notes", "stitchnb-file"}
    assert (elsewhere / ".owner").exists()
