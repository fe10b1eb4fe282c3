"""The ways in which people start stitchnb, each on a machine that has little: every one installs packages.

`tests/test_bootstrap.py` covers what can go wrong on the way.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from lab_server import free_port, wait_until_up
from package_index import NO_WAY_OUT

from stitchnb._bootstrap import NEWEST, OLDEST
from stitchnb.lab import COPIES, FIRST_NOTEBOOK

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = (".venv", ".git", "test-artifacts", "__pycache__", ".*_cache", ".hypothesis", "uv.lock", "dist", "build")
IS_MANAGED = "import os, sysconfig; os.stat(os.path.join(sysconfig.get_path('stdlib'), 'EXTERNALLY-MANAGED'))"


def interpreters() -> list[Path]:
    """Find one interpreter for each supported version of Python on this machine, that of the tests first."""
    own = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    found = {sys.version_info.minor: own}
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        managers = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
        on_path = shutil.which(f"python3.{minor}")
        for path in (*managers.glob(f"3.{minor}.*/bin/python3.{minor}"), *filter(None, [on_path])):
            if minor not in found and runs(path, "pass"):
                found[minor] = Path(path)
    return list(found.values())


def runs(python: str | Path, code: str) -> bool:
    return subprocess.run([python, "-I", "-c", code], capture_output=True, check=False).returncode == 0


def system_python() -> Path:
    """Choose the interpreter of a newcomer: one into which pip installs nothing, as Debian's, if there is one."""
    usual = Path("/usr/bin/python3")
    is_supported = f"import sys; assert {OLDEST} <= sys.version_info[:2] <= {NEWEST}; import ensurepip"
    return usual if usual.exists() and runs(usual, f"{is_supported}; {IS_MANAGED}") else interpreters()[0]


@pytest.fixture(scope="module")
def uv(original_environment: Mapping[str, str]) -> str:
    uv = original_environment.get("UV") or shutil.which("uv", path=original_environment["PATH"])
    assert uv, "uv is not on the PATH: start the tests with python3 -m stitchnb test"
    return uv


@pytest.fixture(scope="module")
def downloads(uv: str, original_environment: Mapping[str, str]) -> dict[str, str]:
    """The settings for the way to a package index, and the place of what was downloaded already; nothing else."""
    cache = subprocess.run([uv, "cache", "dir"], env=original_environment, capture_output=True, text=True, check=True)
    names = re.compile(r"(UV|PIP|SSL)_.*|.*_(PROXY|CA_BUNDLE|CERT_FILE)|LANG|LC_.*|TMPDIR", re.IGNORECASE)
    kept = {name: value for name, value in original_environment.items() if names.fullmatch(name)}
    home = original_environment.get("HOME", "/")
    kept["XDG_CONFIG_HOME"] = original_environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
    kept["PIP_CACHE_DIR"] = f"{original_environment.get('XDG_CACHE_HOME') or f'{home}/.cache'}/pip"
    # These would change what is installed, and where.
    for name in ("UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_RUN_RECURSION_DEPTH", "PIP_TARGET", "PIP_PREFIX"):
        kept.pop(name, None)
    return {**kept, "UV_CACHE_DIR": cache.stdout.strip(), "UV_PYTHON_DOWNLOADS": "never"}


@pytest.fixture(scope="module")
def run(unavailable: Callable[[str], NoReturn]) -> Callable[..., str]:
    """Run a command to its end and return what it prints."""

    def run(*command: str | Path, cwd: Path, env: Mapping[str, str]) -> str:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=900,
        )
        if done.returncode and NO_WAY_OUT.search(done.stdout):
            unavailable(f"no package index can be reached: {done.stdout[-500:]}")
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@contextmanager
def lab(
    *command: str | Path, cwd: Path, env: Mapping[str, str], unavailable: Callable[[str], NoReturn]
) -> Iterator[list[str]]:
    """Start a command that serves JupyterLab, wait until it answers, and end it with Ctrl-C."""
    port = free_port()
    with subprocess.Popen(
        [*command, "--no-browser", "--port", str(port)],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line)
                if re.search(r"^ +http://127\.0\.0\.1:\d+/lab/tree/\S+\?token=\w+$", line):
                    break
            else:
                if NO_WAY_OUT.search("".join(lines)):
                    unavailable(f"no package index can be reached: {''.join(lines)[-500:]}")
                pytest.fail("".join(lines), pytrace=False)
            assert wait_until_up(port, lambda: process.poll() is None), "".join(lines)
            yield lines
            process.send_signal(signal.SIGINT)
            lines += process.stdout
            lines.append(f"exit status {process.wait(timeout=120)}\n")
            assert "Traceback" not in "".join(lines), "".join(lines)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a clone, without what a developer has in it, in a folder whose name has a blank."""
    clone = tmp_path_factory.mktemp("start") / "a clone"
    return Path(shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*NOT_COPIED)))


@pytest.fixture(scope="module")
def plain_machine(
    tmp_path_factory: pytest.TempPathFactory, downloads: Mapping[str, str]
) -> tuple[Path, dict[str, str]]:
    """A Python, and variables with an empty home and a PATH on which nothing is."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "home").mkdir()
    (folder / "bin").mkdir()
    return system_python(), {**downloads, "HOME": str(folder / "home"), "PATH": str(folder / "bin")}


def test_with_python_alone_the_two_commands_of_the_readme_work(
    clone: Path,
    plain_machine: tuple[Path, dict[str, str]],
    run: Callable[..., str],
    unavailable: Callable[[str], NoReturn],
) -> None:
    python, env = plain_machine
    uv = Path(env["HOME"], ".cache", "stitchnb", "uv", "bin", "uv")
    with lab(python, "-m", "stitchnb", "lab", cwd=clone, env=env, unavailable=unavailable) as lines:
        pass
    told = "".join(lines)
    assert f"Installing uv in {uv.parent.parent}" in told
    assert f"Installing the environment in {clone}/.venv" in told
    assert f"The notebooks are in {clone}/notebooks.\n" in told
    assert lines[-1] == "exit status 0\n"
    assert uv.is_file()
    told = run(python, "-m", "stitchnb", "test", "-n0", "-q", "tests/meta/test_isolation.py", cwd=clone, env=env)
    assert re.search(r"^\d+ passed", told, re.MULTILINE)
    assert "Installing" not in told, "all is there: nothing is installed a second time"


@pytest.fixture(scope="module")
def wheel(
    tmp_path_factory: pytest.TempPathFactory,
    clone: Path,
    uv: str,
    downloads: Mapping[str, str],
    run: Callable[..., str],
) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    env = {**downloads, "HOME": str(folder), "PATH": os.environ["PATH"]}
    run(uv, "build", "--wheel", "--out-dir", folder / "dist", "--python", interpreters()[0], cwd=clone, env=env)
    (wheel,) = (folder / "dist").glob("stitchnb-*.whl")
    return wheel


@pytest.fixture(scope="module")
def releases(uv: str, tmp_path_factory: pytest.TempPathFactory, downloads: Mapping[str, str]) -> Path:
    """The releases that the project is tested with: a new one of somebody else's breaks no test."""
    command = [uv, "pip", "freeze", "--exclude-editable", "--python", sys.executable]
    env = {**os.environ, **downloads}
    frozen = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    path = tmp_path_factory.mktemp("releases") / "constraints.txt"
    path.write_text(frozen.stdout)
    return path


@pytest.mark.parametrize("python", interpreters(), ids=lambda path: path.name)
def test_uvx_starts_the_guides_from_a_wheel(
    python: Path,
    wheel: Path,
    uv: str,
    releases: Path,
    downloads: Mapping[str, str],
    tmp_path: Path,
    unavailable: Callable[[str], NoReturn],
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    env = {**downloads, "HOME": str(home), "PATH": os.environ["PATH"]}
    # The same program as uvx.
    command = (
        uv,
        "tool",
        "run",
        "--python",
        python,
        "--constraints",
        releases,
        "--from",
        f"{wheel}[lab]",
        "stitchnb",
        "lab",
    )
    with lab(*command, cwd=tmp_path, env=env, unavailable=unavailable) as lines:
        pass
    told = "".join(lines)
    assert f"The notebooks are in {tmp_path / COPIES}. They are your own copies" in told
    assert (tmp_path / COPIES / FIRST_NOTEBOOK).is_file()


def test_pip_installs_a_wheel_that_starts_the_guides(
    wheel: Path,
    releases: Path,
    downloads: Mapping[str, str],
    run: Callable[..., str],
    tmp_path: Path,
    unavailable: Callable[[str], NoReturn],
) -> None:
    home, environment = tmp_path / "home", tmp_path / "an environment"
    home.mkdir()
    env = {**downloads, "HOME": str(home), "PATH": "/usr/bin:/bin"}
    run(interpreters()[0], "-m", "venv", environment, cwd=tmp_path, env=env)
    program = environment / "bin"
    install = ("install", "--disable-pip-version-check", "--constraint", releases, f"{wheel}[lab]")
    run(program / "python", "-m", "pip", *install, cwd=tmp_path, env=env)
    assert run(program / "python", "-m", "stitchnb", "--version", cwd=tmp_path, env=env).startswith("stitchnb ")
    with lab(program / "stitchnb", "lab", cwd=tmp_path, env=env, unavailable=unavailable) as lines:
        pass
    assert f"The notebooks are in {tmp_path / COPIES}. They are your own copies" in "".join(lines)
    assert lines[-1] == "exit status 0\n"
