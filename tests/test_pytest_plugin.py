"""The fixtures for other people's suites, in suites of their own."""

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from stitchnb import pytest_plugin

SUITE = """
import httpx
import pytest

seen = []


def test_a_source_is_created(stitch_client, stitch_sandbox):
    properties = {
        "start_date": "2025-01-01T00:00:00Z", "api_key": "k", "frequency_in_minutes": "60", "quota_limit": "30",
        "subdomain": "acme",
    }
    made = stitch_client.sources.create("platform.recurly", display_name="Recurly", properties=properties)
    stitch_sandbox.wait_idle()
    assert [source.id for source in stitch_client.sources.list()] == [made.id]


@pytest.mark.parametrize("number", [1, 2])
def test_each_test_has_a_sandbox_of_its_own(stitch_sandbox, stitch_client, number):
    assert stitch_client.sources.list() == []
    assert stitch_client.sandbox is stitch_sandbox
    assert stitch_sandbox.clock.now().isoformat() == "2026-01-01T00:00:00+00:00"
    seen.append(stitch_sandbox)


def test_it_is_gone_afterwards():
    assert [sandbox.is_running for sandbox in seen] == [False, False]


def test_another_client_may_use_it(stitch_sandbox):
    headers = {"Authorization": f"Bearer {stitch_sandbox.token.reveal()}"}
    with stitch_sandbox.faults.add(status=502, times=1):
        assert httpx.get(f"{stitch_sandbox.url}/v4/sources", headers=headers).status_code == 502
    assert [exchange.status for exchange in stitch_sandbox.journal] == [502]
"""

OWN = """
import pytest
from stitchnb import Sandbox


@pytest.fixture
def stitch_sandbox():
    with Sandbox(seed=5, pace_s=0, clock="2030-01-01T00:00:00Z") as sandbox:
        yield sandbox


def test_the_client_goes_along_with_a_sandbox_of_the_suites_own(stitch_client):
    assert stitch_client.today().year == 2030
"""

LIGHT = """
import sys


def test_nothing_is_loaded_until_it_is_used():
    heavy = {"pandas", "numpy", "ipywidgets", "duckdb", "starlette", "uvicorn", "httpx", "jsonschema_rs"}
    assert heavy & set(sys.modules) == set()
    assert [name for name in sys.modules if name.startswith("stitchnb.")] == ["stitchnb.pytest_plugin"]
"""


def run_suite(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a suite with this plugin and no other, warnings being errors; give what pytest prints."""
    (folder / "test_of_mine.py").write_text(source)
    # Whether the plugin is installed or not, it is loaded exactly once.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = [sys.executable, "-m", "pytest", "-p", "stitchnb.pytest_plugin", "-p", "no:cacheprovider", "-W", "error"]
    run = subprocess.run([*command, "-q", str(folder)], cwd=folder, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


@pytest.mark.parametrize(("source", "count"), [(SUITE, 5), (OWN, 1), (LIGHT, 1)], ids=["suite", "own", "light"])
def test_a_suite_of_somebody_elses_has_the_fixtures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, count: int
) -> None:
    assert f"{count} passed" in (told := run_suite(tmp_path, source, monkeypatch)), told


def test_pytest_finds_the_plugin_by_itself(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text("utf-8"))["project"]

    (value,) = project["entry-points"]["pytest11"].values()
    assert EntryPoint("stitchnb", value, "pytest11").load() is pytest_plugin


def test_the_fixtures_explain_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = [sys.executable, "-m", "pytest", "-p", "stitchnb.pytest_plugin", "--fixtures", str(tmp_path)]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    assert "Return a new, empty sandbox for each test" in told
    assert "Return a `stitchnb.Client` of the test's" in told
