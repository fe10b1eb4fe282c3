"""Binder can build the image and open the first guide in it: as much of that as can be had without Docker."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import nbformat
import pytest
from lab_server import LabServer
from package_index import NO_WAY_OUT

ROOT = Path(__file__).resolve().parent.parent.parent
BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FIRST_GUIDE = "notebooks/00-start-here.ipynb"


def requirements() -> list[str]:
    lines = (BINDER / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_requirements_are_the_projects_and_jupyterlab() -> None:
    wanted = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]}
    assert requirements() == sorted(wanted)


def test_the_python_is_one_that_the_project_supports() -> None:
    named = re.fullmatch(r"python-3\.(\d+)\n", (BINDER / "runtime.txt").read_text("utf-8"))
    supported = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"])
    assert int(supported[1]) <= int(named[1]) < int(supported[2])


def test_post_build_can_be_run() -> None:
    assert os.access(BINDER / "postBuild", os.X_OK)


def test_repo2docker_takes_every_file_in_the_order_that_keeps_the_cache() -> None:
    command = [str(Path(sys.executable).with_name("jupyter-repo2docker")), "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    version = (BINDER / "runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    assert f"python={version}\n" in done.stdout + done.stderr
    steps = (
        r'^RUN .*pip install .*-r "binder/requirements\.txt"$',
        r"^COPY .*src/ \$\{REPO_DIR\}/$",
        r"^RUN \./binder/postBuild$",
    )
    found = [re.search(step, done.stdout, re.MULTILINE) for step in steps]
    assert all(found), done.stdout
    assert [there.start() for there in found] == sorted(there.start() for there in found)


def test_the_readme_leads_to_the_first_guide() -> None:
    links = re.findall(r"https://mybinder\.org/v2/[^)\s\"]+", (ROOT / "README.md").read_text("utf-8"))
    assert links, "README.md has no link to mybinder.org/v2/…"
    for link in links:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)
        assert query.get("urlpath") == [f"lab/tree/{FIRST_GUIDE}"]


class Installed:
    """An environment of its own, made as Binder makes one; `run` runs a program of it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.prefix = folder / "environment"
        self.folder = folder / "work"
        self.folder.mkdir()
        self.home = folder / "home"
        self._environment = {**environment, "PATH": f"{self.prefix / 'bin'}{os.pathsep}{environment['PATH']}"}

    def run(
        self, *command: str | Path, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=cwd or self.folder,
            env={**self._environment, "VIRTUAL_ENV": str(self.prefix), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=900,
        )

    def program(self, name: str) -> Path:
        return self.prefix / "bin" / name


@pytest.fixture(scope="module")
def installed(
    tmp_path_factory: pytest.TempPathFactory,
    original_environment: Mapping[str, str],
    isolated_environment: Callable[[Path], dict[str, str]],
    unavailable: Callable[[str], NoReturn],
) -> Installed:
    """What Binder's image holds once it is built, without the image: requirements first, then ``postBuild``."""
    uv = original_environment.get("UV") or shutil.which("uv", path=original_environment["PATH"])
    assert uv, "uv is not on the PATH: start the tests with python3 -m stitchnb test"
    # Installing needs the user's own settings of pip and uv; of Stitch's and Jupyter's nothing is let through.
    dropped = ("STITCH", "JUPYTER", "IPYTHON", "PYTHON", "VIRTUAL_ENV")
    environment = {name: value for name, value in original_environment.items() if not name.startswith(dropped)}
    installed = Installed(tmp_path_factory.mktemp("binder"), environment)
    # What is warmed lands in the home that a launch then starts in, and in nobody's own.
    home = {**isolated_environment(installed.home), "MPLCONFIGDIR": str(installed.home / "matplotlib")}
    python = installed.program("python")
    for command, extra in (
        ([uv, "venv", "--seed", "--python", sys.executable, installed.prefix], {}),
        ([uv, "pip", "install", "--python", python, "-r", BINDER / "requirements.txt"], {}),
        ([BINDER / "postBuild"], home),
    ):
        done = installed.run(*command, cwd=ROOT, **extra)
        if done.returncode and NO_WAY_OUT.search(done.stdout):
            unavailable(f"no package registry can be reached: {done.stdout[-500:]}")
        assert done.returncode == 0, done.stdout
    return installed


@pytest.mark.slow
def test_in_the_image_stitchnb_is_installed_with_its_guides(installed: Installed) -> None:
    code = "import stitchnb; print(stitchnb.__file__)"
    package = Path(installed.run(installed.program("python"), "-c", code).stdout.strip()).parent
    assert package.is_relative_to(installed.prefix)
    guides = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert guides, "notebooks/ holds no .ipynb file"
    assert {path.name for path in (package / "_notebooks").glob("*.ipynb")} == guides
    assert (package / "_jupyter" / "labconfig" / "default_setting_overrides.json").is_file()


@pytest.mark.slow
def test_in_the_image_is_warm_what_can_be_warmed(installed: Installed) -> None:
    assert list((installed.home / "matplotlib").glob("fontlist-*.json"))
    with sqlite3.connect(installed.home / "jupyter" / "data" / "nbsignatures.db") as signatures:
        (signed,) = signatures.execute("SELECT count(*) FROM nbsignatures").fetchone()
    signatures.close()
    assert signed == len(list((ROOT / "notebooks").glob("*.ipynb")))


@pytest.mark.slow
def test_in_the_image_the_first_guide_runs(
    installed: Installed, isolated_environment: Callable[[Path], dict[str, str]], tmp_path: Path
) -> None:
    assert (ROOT / FIRST_GUIDE).is_file(), f"{FIRST_GUIDE} is not there"
    copy = shutil.copy(ROOT / FIRST_GUIDE, installed.folder)
    done = installed.run(
        *(installed.program("jupyter"), "nbconvert", "--to", "notebook", "--execute", "--inplace", copy),
        **isolated_environment(tmp_path / "home"),
    )
    assert done.returncode == 0, done.stdout
    cells = [cell for cell in nbformat.read(copy, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    failed = [
        output.evalue
        for cell in cells
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", [])
    ]
    assert failed == []


@pytest.mark.slow
@pytest.mark.parametrize("application", ["jupyterlab", "jupyter_server"])
def test_in_the_image_a_launch_without_a_path_opens_the_first_guide(
    application: str, installed: Installed, isolated_environment: Callable[[Path], dict[str, str]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    python = installed.program("python")
    with LabServer(home, isolated_environment(home), python=python, application=application) as server:
        assert server.location("/").rstrip("?") == f"/lab/tree/{FIRST_GUIDE}"
