"""What holds for every test: a clean environment, and no connection that leaves this machine."""

import os
import shutil
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import certifi
import loopback
import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine, not of the code.
settings.register_profile("no-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no-clock")

ROOT = Path(__file__).resolve().parent.parent

_UNNEEDED = ROOT / "tests" / "unneeded"
_END = "-----END CERTIFICATE-----\n"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_HOMES = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "NETRC")
_original_environment = pytest.StashKey[dict[str, str]]()
_home = pytest.StashKey[Path]()


def _must_go(name: str) -> bool:
    return name.upper().startswith(("STITCH_", "STITCHNB_", "JUPYTER", "IPYTHON")) or name.upper() in _PROXIES


def _keep_bytecode() -> None:
    """Keep compiled modules where Python is told not to write them beside the sources.

    Otherwise every kernel, server and worker compiles what it imports, pandas included, in its own process.
    """
    if sys.dont_write_bytecode and not sys.pycache_prefix:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(ROOT / ".pytest_cache" / "bytecode")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


def pytest_configure(config: pytest.Config) -> None:
    """Clean the environment before anything is collected, for some modules look at it when they are imported."""
    _keep_bytecode()
    config.stash[_original_environment] = dict(os.environ)
    home = config.stash[_home] = Path(tempfile.mkdtemp(prefix="stitchnb-tests-"))
    for name in [name for name in os.environ if _must_go(name) or name in _HOMES]:
        del os.environ[name]
    os.environ.update(_isolated_environment(home))
    # Workers, kernels and servers find it before the installed module of the same name.
    sys.path.insert(0, str(_UNNEEDED))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_UNNEEDED), os.environ.get("PYTHONPATH"))))
    # Each httpx.Client reads all certificate authorities, 30 ms of CPU. Nothing here speaks TLS, so one is enough.
    authority = home / "authority.pem"
    authority.write_text(certifi.contents().partition(_END)[0] + _END)
    os.environ["SSL_CERT_FILE"] = str(authority)
    loopback.install()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let benchmarks have the machine to themselves: one process, whatever was asked for."""
    words = config.option.markexpr.split()
    if "benchmark" in words and "not" not in words:
        config.option.numprocesses = 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List each reason for a skip once, with the number of tests that it held back."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[" ".join(reason.removeprefix("Skipped: ").split())] += 1
    if reasons:
        terminalreporter.section("skipped tests")
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"SKIPPED [{number}] {reason}")


def pytest_unconfigure(config: pytest.Config) -> None:
    os.environ.clear()
    os.environ.update(config.stash[_original_environment])
    shutil.rmtree(config.stash[_home], ignore_errors=True)


def _isolated_environment(home: Path) -> dict[str, str]:
    """Give an empty home of one's own to everything that looks for one, Jupyter and its kernels included."""
    startup = home / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-loopback.py").write_text(loopback.kernel_startup())
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter" / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        # No .env file: a developer's own would turn connect() into a real account.
        "STITCH_ENV_FILE": "",
    }


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees a variable of Stitch's that another one set."""
    for name in [name for name in os.environ if name.startswith("STITCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STITCH_ENV_FILE", "")


@pytest.fixture(autouse=True)
def no_foreign_connection() -> Iterator[None]:
    """A refused connection fails the test even where a thread or a bare except swallowed the refusal."""
    loopback.ATTEMPTS.clear()
    yield
    attempts = list(loopback.ATTEMPTS)
    assert not attempts, f"this test tried to leave the machine: {attempts}"


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def original_environment(pytestconfig: pytest.Config) -> Mapping[str, str]:
    """The environment that the tests were started with: only for child processes that must install packages."""
    return dict(pytestconfig.stash[_original_environment])


@pytest.fixture(scope="session")
def isolated_environment() -> Callable[[Path], dict[str, str]]:
    """Make the variables that give a child process an empty home at a path of its own."""
    return _isolated_environment


@pytest.fixture(scope="session")
def in_ci() -> bool:
    """Whether this run is the gate, where a test that cannot run is a failure."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


@pytest.fixture(scope="session")
def unavailable(in_ci: bool) -> Callable[[str], NoReturn]:
    """Skip a test for want of something outside the project, with the reason; in the gate, fail it."""

    def unavailable(reason: str) -> NoReturn:
        if in_ci:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    return unavailable


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]
