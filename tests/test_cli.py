"""The command: what it starts, what it prints, and what it says when it cannot."""

import itertools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from lab_server import wait_until_up
from nbformat.v4 import new_notebook

from stitchnb import __version__, _bootstrap
from stitchnb import lab as _lab
from stitchnb.cli import main
from stitchnb.errors import InvalidInputError, StitchError
from stitchnb.lab import COPIES, FIRST_NOTEBOOK, claim_port, copy_notebooks, find_place, lab_arguments, welcome

SECOND = "02-select-streams.ipynb"


def write_guides(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in (FIRST_NOTEBOOK, SECOND):
        nbformat.write(new_notebook(), folder / name)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that looks like a clone of the project, with two guides."""
    clone = tmp_path / "a clone"
    (clone / "stitchnb").mkdir(parents=True)
    (clone / "stitchnb" / "__init__.py").touch()
    (clone / "pyproject.toml").touch()
    write_guides(clone / "notebooks")
    return clone


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder that looks like the package as a wheel installs it: the guides, and what they read, inside it."""
    package = tmp_path / "site-packages" / "stitchnb"
    write_guides(package / "_notebooks")
    (package / "_notebooks" / "data").mkdir()
    (package / "_notebooks" / "data" / "rows.csv").write_text("id\n1\n")
    return package


@contextmanager
def running(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the installed command as a process of its own, and end it whatever happens."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("stitchnb"), *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Where the tests themselves run in the background Ctrl-C is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"{pattern!r} was not printed:\n{''.join(lines)}")


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as response:
        return response.read()


def answer(url: str, **headers: str) -> tuple[int, str]:
    """Give the status and the address that a GET ends at."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as response:
            return response.status, response.url
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.url


def is_free(port: int) -> bool:
    return claim_port(port) == port


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"stitchnb {__version__}\n"


def test_without_a_command_it_tells_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^ +lab ", told, re.MULTILINE)
    assert re.search(r"^ +sandbox ", told, re.MULTILINE)
    assert re.search(r"^ +test ", told, re.MULTILINE)


@pytest.mark.parametrize("port", ["70000", "8e3", "²", ""])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lab", "--port", port])
    assert ended.value.code == 2
    assert "from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["lab", "sandbox"])
def test_a_taken_port_is_one_message_and_status_2(
    command: str, taken_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--port", str(taken_port)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(rf"stitchnb: [^\n]*\b{taken_port}\b[^\n]*\n", told.err)


def test_without_jupyterlab_it_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lab.importlib.util, "find_spec", lambda name: None)
    assert main(["lab"]) == 2
    assert 'pip install "stitchnb[lab]"' in capsys.readouterr().err


def test_the_command_line_costs_no_heavy_import() -> None:
    code = "import sys, stitchnb.cli; print([m for m in sys.modules if m.split('.')[0] in sys.argv[1:]])"
    heavy = ("pandas", "ipywidgets", "duckdb", "starlette", "uvicorn", "jupyterlab", "tornado", "IPython", "httpx")
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_free_port_is_kept_and_0_takes_one(taken_port: int) -> None:
    free = claim_port(0)
    assert free not in (0, taken_port)
    assert claim_port(free) == free


def test_without_a_port_a_taken_one_is_passed_over(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lab, "DEFAULT_PORT", taken_port)

    assert _lab.usual_port() not in (0, taken_port)


def test_a_taken_port_is_told_with_one_that_is_free(taken_port: int) -> None:
    with pytest.raises(StitchError, match=rf"Port {taken_port} on 127\.0\.0\.1 is in use") as refused:
        claim_port(taken_port)
    assert is_free(int(re.search(r" --port (\d+)", str(refused.value))[1]))


def test_a_port_that_the_system_keeps_for_itself_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept(socket.socket):
        def bind(self, address: tuple[str, int]) -> None:
            if address[1] == 80:
                raise PermissionError(13, "Permission denied")
            super().bind(address)

    monkeypatch.setattr(_lab.socket, "socket", Kept)
    with pytest.raises(StitchError, match=r"Port 80 on .* can.t be used: Permission denied"):
        claim_port(80)


@pytest.mark.parametrize(
    ("below", "notebook", "opened"),
    [
        pytest.param(".", None, f"notebooks/{FIRST_NOTEBOOK}", id="the first guide where none is named"),
        pytest.param("notebooks", None, f"notebooks/{FIRST_NOTEBOOK}", id="from anywhere in the clone"),
        pytest.param(".", SECOND, f"notebooks/{SECOND}", id="a guide by its name"),
        pytest.param("stitchnb", "02-select-streams", f"notebooks/{SECOND}", id="a name without its ending"),
        pytest.param(".", f"notebooks/{SECOND}", f"notebooks/{SECOND}", id="a path"),
        pytest.param("notebooks", SECOND, f"notebooks/{SECOND}", id="a path from here"),
    ],
)
def test_a_clone_is_served_as_it_is(below: str, notebook: str | None, opened: str, clone: Path, package: Path) -> None:
    place = find_place(notebook, cwd=clone / below, package=package)
    assert (place.root, place.notebook) == (clone, clone / opened)
    assert place.url_path == f"/lab/tree/{opened}"
    assert not (clone / below / COPIES).exists()


def test_an_editable_installation_serves_its_clone_from_anywhere(clone: Path, tmp_path: Path) -> None:
    place = find_place(None, cwd=tmp_path, package=clone / "stitchnb")
    assert place.root == clone


def test_an_installation_serves_copies(package: Path, tmp_path: Path) -> None:
    place = find_place(None, cwd=tmp_path, package=package)
    copies = tmp_path / COPIES
    assert (place.root, place.notebook) == (copies, copies / FIRST_NOTEBOOK)
    assert place.url_path == f"/lab/tree/{FIRST_NOTEBOOK}"
    assert sorted(path.name for path in copies.iterdir()) == [FIRST_NOTEBOOK, SECOND, "data"]
    assert (copies / "data" / "rows.csv").read_text() == "id\n1\n"


def test_copies_that_are_there_are_never_overwritten_and_missing_ones_come_back(package: Path, tmp_path: Path) -> None:
    copies = copy_notebooks(package / "_notebooks", tmp_path / COPIES)
    (copies / FIRST_NOTEBOOK).write_text("my own work")
    (copies / SECOND).unlink()
    copy_notebooks(package / "_notebooks", copies)
    assert (copies / FIRST_NOTEBOOK).read_text() == "my own work"
    assert (copies / SECOND).read_bytes() == (package / "_notebooks" / SECOND).read_bytes()


def test_a_folder_that_cannot_be_written_is_told(package: Path, tmp_path: Path) -> None:
    (tmp_path / COPIES).write_text("a file where the folder should be")
    with pytest.raises(StitchError, match=r"can.t be copied to .*stitchnb-notebooks.*in a folder you can write to"):
        find_place(None, cwd=tmp_path, package=package)


def test_an_installation_without_notebooks_is_told(tmp_path: Path) -> None:
    with pytest.raises(StitchError, match=r"has no notebooks .*Reinstall"):
        find_place(None, cwd=tmp_path, package=tmp_path)


def test_a_notebook_of_ones_own_is_opened_where_it_is(package: Path, tmp_path: Path) -> None:
    own = tmp_path / "elsewhere" / "my own.ipynb"
    own.parent.mkdir()
    nbformat.write(new_notebook(), own)
    place = find_place(str(own), cwd=tmp_path, package=package)
    assert (place.root, place.url_path) == (own.parent, "/lab/tree/my%20own.ipynb")
    assert not (tmp_path / COPIES).exists()


@pytest.mark.parametrize("name", ["select-streams", "03-nothing.ipynb", "notebooks"])
def test_an_unknown_notebook_is_told_with_those_there_are(name: str, clone: Path, package: Path) -> None:
    with pytest.raises(InvalidInputError, match=rf"no notebook '{name}'.*{SECOND}"):
        find_place(name, cwd=clone, package=package)


def test_as_root_jupyter_is_told_that_this_is_meant(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = find_place(None, cwd=clone)
    for user, meant in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert ("--allow-root" in lab_arguments(place, port=1, open_browser=True)) is meant


def test_a_browser_opens_unless_it_is_not_wanted(clone: Path) -> None:
    place = find_place(None, cwd=clone)
    assert "--no-browser" in lab_arguments(place, port=1, open_browser=False)
    assert "--no-browser" not in lab_arguments(place, port=1, open_browser=True)


def test_lab_says_where_the_notebooks_are_and_what_to_open(clone: Path, package: Path, tmp_path: Path) -> None:
    told = welcome(find_place(None, cwd=clone), port=8888, open_browser=True)
    assert told.startswith(f"The notebooks are in {clone}/notebooks.\n")
    assert f"JupyterLab opens {FIRST_NOTEBOOK} in your browser. If it does not, open the address with a token" in told
    assert f"http://127.0.0.1:8888/lab/tree/notebooks/{FIRST_NOTEBOOK}" in told
    told = welcome(find_place(None, cwd=tmp_path, package=package), port=8888, open_browser=False)
    assert told.startswith(f"The notebooks are in {tmp_path / COPIES}. They are your own copies")
    assert "in your browser" not in told


def test_tests_are_run_by_pytest_in_the_clone(tmp_path: Path) -> None:
    with running("test", "--version", cwd=tmp_path) as tests:
        told = tests.communicate(timeout=120)[0]
    assert told == f"pytest {pytest.__version__}\n"
    assert tests.returncode == 0
    with running("test", "-n0", "--collect-only", "tests/no such test.py", cwd=tmp_path) as tests:
        told = tests.communicate(timeout=120)[0]
    assert tests.returncode == 4
    assert f"rootdir: {Path(__file__).parent.parent}\n" in told


def test_an_installed_stitchnb_says_where_the_tests_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bootstrap, "find_clone", lambda: None)
    assert main(["test"]) == 2
    assert re.fullmatch(
        r"stitchnb: The tests are not part of [^\n]*: python3 -m stitchnb test\n", capsys.readouterr().err
    )


def test_without_pytest_it_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lab.importlib.util, "find_spec", lambda name: None)
    assert main(["test"]) == 2
    assert "pip install --group dev --editable ." in capsys.readouterr().err


def test_lab_begins_without_a_warning_of_what_nobody_asked_for(clone: Path) -> None:
    with running("lab", "--no-browser", "--port", "0", cwd=clone) as lab:
        told = list(itertools.takewhile(lambda line: "?token=" not in line, lab.stdout))
    assert told[0] == f"The notebooks are in {clone}/notebooks.\n"
    assert any("jupyterlab" in line for line in told)
    assert not [line for line in told if "Warning" in line]


def test_lab_opens_the_guide_for_whoever_has_the_token_until_ctrl_c(clone: Path) -> None:
    port = claim_port(0)
    page = f"http://127.0.0.1:{port}/lab/tree/notebooks/{FIRST_NOTEBOOK}"
    with running("lab", "--no-browser", "--port", str(port), cwd=clone) as lab:
        token = read_until(lab, rf"^ +{re.escape(page)}\?token=(\w+)$")[1]
        # Jupyter prints its address a moment before it listens.
        assert wait_until_up(port, lambda: lab.poll() is None)
        signed = {"Authorization": f"token {token}"}
        assert answer(f"http://127.0.0.1:{port}/", **signed) == (200, page)
        assert answer(page)[1].startswith(f"http://127.0.0.1:{port}/login")
        assert answer(f"http://127.0.0.1:{port}/api/contents/notebooks/{SECOND}", **signed)[0] == 200
        assert answer(f"http://127.0.0.1:{port}/api/contents/notebooks/{SECOND}")[0] == 403
        settings = f"http://127.0.0.1:{port}/lab/api/settings/@jupyterlab/apputils-extension:notification"
        defaults = json.loads(get(settings, **signed))["schema"]["properties"]
        assert [defaults[name]["default"] for name in ("fetchNews", "checkForUpdates")] == ["false", False]
        with pytest.raises(StitchError, match="in use"):
            claim_port(port)
        lab.send_signal(signal.SIGINT)
        assert "Traceback" not in lab.stdout.read()
        lab.wait(timeout=60)
    assert lab.returncode == 0
    assert is_free(port)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_sandbox_tells_one_line_of_json_and_serves_until_it_is_stopped(stop: signal.Signals, tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    with running("sandbox", "--json", "--state", str(state), "--seed", "7", cwd=tmp_path) as sandbox:
        told = json.loads(sandbox.stdout.readline())
        assert sorted(told) == ["base_url", "client_id", "token"]
        assert isinstance(told["client_id"], int)
        sources = f"{told['base_url']}/v4/sources"
        assert answer(sources, Authorization=f"Bearer {told['token']}")[0] == 200
        assert answer(sources)[0] == 401
        sandbox.send_signal(stop)
        assert sandbox.stdout.read() == "", "one line and no more"
        sandbox.wait(timeout=60)
    assert sandbox.returncode == 0
    assert is_free(int(told["base_url"].rpartition(":")[2]))
    assert state.is_file()


def test_a_sandbox_tells_people_a_line_that_works(tmp_path: Path) -> None:
    with running("sandbox", cwd=tmp_path) as sandbox:
        line = read_until(sandbox, r"^ +(curl .*)$")[1]
        _, option, header, url = shlex.split(line)
        assert option == "-H"
        assert answer(url, **dict([header.split(": ")]))[0] == 200
        assert "Ctrl-C" in sandbox.stdout.readline()
        sandbox.send_signal(signal.SIGINT)
        assert sandbox.wait(timeout=60) == 0
    assert list(tmp_path.iterdir()) == [], "without --state nothing is left behind"


def test_a_state_file_that_is_none_is_one_message_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a sandbox's state")
    with running("sandbox", "--state", "notes.txt", cwd=tmp_path) as sandbox:
        told = sandbox.communicate(timeout=60)[0]
    assert sandbox.returncode == 2
    assert re.fullmatch(r"stitchnb: [^\n]*notes\.txt[^\n]*\n", told)
    assert (tmp_path / "notes.txt").read_text() == "not a sandbox's state"
