"""The sandbox's life: guarded, reproducible, kept when asked to, and gone without a trace."""

import re
import socket
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from recurly_facts import NOON

from stitchnb.errors import InvalidInputError, PortInUseError, SandboxError, StateFileError
from stitchnb.sandbox import Clock, Sandbox
from stitchnb.sandbox.sandbox import Sandbox as Server


def client_of(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"})


@pytest.mark.parametrize(
    ("headers", "status", "why"),
    [
        ({"Authorization": "Bearer wrong"}, 401, "a wrong token"),
        ({"Authorization": ""}, 401, "no token"),
        ({"Host": "evil.example.com"}, 403, "a page elsewhere whose name was made to point here"),
        ({"Origin": "https://evil.example.com"}, 403, "a page in a browser"),
    ],
)
def test_who_is_not_let_in(api: httpx.Client, headers: dict[str, str], status: int, why: str) -> None:
    assert api.get("/v4/sources", headers=headers).status_code == status, why


def test_an_unknown_route_says_so(api: httpx.Client) -> None:
    answer = api.patch("/v4/sources")

    assert answer.status_code == 404
    assert "PATCH /v4/sources" in answer.text


def test_a_body_that_is_too_large_is_refused(api: httpx.Client) -> None:
    assert api.post("/v4/sources", content=b" " * (5 * 1024 * 1024)).status_code == 413


def test_it_listens_on_this_machine_only(sandbox: Sandbox) -> None:
    assert sandbox.url == f"http://127.0.0.1:{sandbox.port}"


def test_a_port_in_use_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"Port {port} .* give another port"):
            Sandbox(port=port)


def test_a_number_that_is_no_port_is_said_at_once() -> None:
    with pytest.raises(SandboxError, match="99999 is no port"):
        Sandbox(port=99999)


def test_closing_leaves_no_thread_and_no_port() -> None:
    before = set(threading.enumerate())
    sandbox = Sandbox(pace_s=0)
    port = sandbox.port

    sandbox.close()
    sandbox.close()

    assert set(threading.enumerate()) <= before
    assert not sandbox.is_running
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_same_seed_and_the_same_calls_give_the_same_answers() -> None:
    def play(seed: int) -> tuple[Any, ...]:
        with Sandbox(seed=seed, clock=NOON, pace_s=0) as sandbox, client_of(sandbox) as api:
            created = api.post("/v4/sources", json=recurly.CREATE).json()
            sandbox.wait_idle()
            selection = {"tap_stream_id": "accounts", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
            api.put(f"/v4/sources/{created['id']}/streams/metadata", json={"streams": [selection]})
            job = api.post(f"/v4/sources/{created['id']}/sync").json()
            sandbox.wait_idle()
            rows = sandbox.warehouse.table("recurly.accounts").to_csv()
            return created, job, api.get("/v4/sources").json(), rows

    first = play(3)
    assert play(3) == first
    other = play(4)
    assert [a == b for a, b in zip(first, other, strict=True)] == [False] * 4


def test_what_was_answered_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, clock=NOON, pace_s=0) as sandbox, client_of(sandbox) as api:
        created = api.post("/v4/sources", json=recurly.CREATE).json()
        sandbox.wait_idle()
        selection = {"tap_stream_id": "plans", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
        api.put(f"/v4/sources/{created['id']}/streams/metadata", json={"streams": [selection]})
        api.post(f"/v4/sources/{created['id']}/sync")
        sandbox.wait_idle()
        before = api.get("/v4/sources").json()
        rows = sandbox.warehouse.table("recurly.plans")

    with Sandbox(path, clock=NOON, pace_s=0) as again, client_of(again) as api:
        assert api.get("/v4/sources").json() == before
        assert again.warehouse.table("recurly.plans").equals(rows)
        # The credentials are still there: another check succeeds.
        api.put(f"/v4/sources/{created['id']}", json={"properties": {"quota_limit": "31"}})
        again.wait_idle()
        assert api.get(f"/v4/sources/{created['id']}/last-connection-check").json()["status"] == "succeeded"


def test_no_credential_is_in_the_state_file(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, pace_s=0) as sandbox, client_of(sandbox) as api:
        api.post("/v4/sources", json=recurly.CREATE)
        sandbox.wait_idle()

    for file in tmp_path.iterdir():
        assert b"RECURLY_API_KEY" not in file.read_bytes(), file
    assert (tmp_path / "acme.sandbox.key").stat().st_mode & 0o077 == 0


def test_a_check_that_was_cut_off_is_run_again(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, clock=NOON, pace_s=0) as sandbox, client_of(sandbox) as api:
        api.post("/v4/sources", json=recurly.CREATE)
        sandbox.wait_idle()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE checks SET status = 'running', completion_time = NULL")
        db.execute(
            "INSERT INTO jobs (name, source_id, status, start_time) "
            "VALUES ('116078.233312.sync.x', 233312, 'running', ?)",
            (NOON,),
        )
    db.close()

    with Sandbox(path, clock=NOON, pace_s=0) as again, client_of(again) as api:
        again.wait_idle()
        assert api.get("/v4/sources/233312/last-connection-check").json()["status"] == "succeeded"
        (cut_off,) = api.get("/v4/116078/extractions").json()["data"]
        assert cut_off["tap_description"] == "the sandbox was closed while the job was running"


def foreign(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_text("dear diary " * 20)
    elif kind == "database":
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE mine (a)")
        db.close()
    elif kind == "newer":
        with Sandbox(path, pace_s=0):
            pass
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    else:
        path.mkdir()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("text", "is not a sandbox's state file"),
        ("database", "another program's database"),
        ("newer", "newer stitchnb"),
        ("folder", "is a folder"),
    ],
)
def test_a_file_that_is_not_a_sandboxs_is_left_alone(tmp_path: Path, kind: str, message: str) -> None:
    path = tmp_path / "file"
    foreign(path, kind)
    before = None if path.is_dir() else path.read_bytes()

    with pytest.raises(StateFileError, match=message):
        Sandbox(path)

    assert (None if path.is_dir() else path.read_bytes()) == before


def test_a_state_file_in_use_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, pace_s=0), pytest.raises(StateFileError, match="Close the sandbox that is using it"):
        Sandbox(path)


def test_another_seed_than_the_states_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, seed=1):
        pass

    with pytest.raises(StateFileError, match="made with seed 1, not 2"):
        Sandbox(path, seed=2)


def test_a_sandbox_in_memory_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    with Sandbox(pace_s=0) as sandbox, client_of(sandbox) as api:
        api.post("/v4/sources", json=recurly.CREATE)
        sandbox.wait_idle()
        assert list(tmp_path.iterdir()) == []


def test_the_token_does_not_show() -> None:
    with Server(pace_s=0, token="t0ken-that-must-not-show") as sandbox:
        assert "t0ken" not in repr(sandbox) + repr(sandbox.token) + f"{sandbox.token}" + repr(vars(sandbox))


def test_a_clock_only_moves_forward() -> None:
    clock = Clock(NOON)

    assert clock.advance(hours=1).hour == 13
    with pytest.raises(InvalidInputError, match="only moves forward"):
        clock.advance(hours=-1)
    with pytest.raises(InvalidInputError, match="only moves forward, and it is 2026-03-20T"):
        clock.advance_to(NOON)
    assert clock.advance_to("2026-03-21T00:00:00Z").day == 21


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("noon", "'noon' is no time: give one such as"),
        (7, "7 is no time: give one such as"),
        (datetime(2026, 3, 20), "has no time zone: give an aware datetime"),
    ],
)
def test_what_is_no_time_is_an_error_of_ones_input(given: Any, complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        Clock(given)
    with pytest.raises(InvalidInputError, match=complaint):
        Clock(NOON).advance_to(given)


@pytest.mark.parametrize("hours", ["six", 1e20, 1e9], ids=["text", "too much to count", "after the calendar's end"])
def test_a_clock_is_moved_by_numbers_within_the_calendar(hours: Any) -> None:
    clock = Clock(NOON)
    with pytest.raises(InvalidInputError, match="The clock was not moved"):
        clock.advance(hours=hours)
    assert repr(clock) == "Clock(2026-03-20T12:00:00Z, frozen)"


def test_a_real_clock_shows_its_time() -> None:
    assert re.fullmatch(r"Clock\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, real\)", repr(Clock()))


CLOSED: dict[str, Callable[[Sandbox], object]] = {
    "its clock": lambda s: s.clock.advance(hours=1),
    "its jobs": lambda s: s.jobs(),
    "a job": lambda s: s.job_progress("1.2.sync.x"),
    "its hooks": lambda s: s.hook_deliveries(),
    "a destination's warehouse": lambda s: s.warehouses.of(1),
    "its rows": lambda s: s.warehouse.tables(),
    "a snapshot": lambda s: s.snapshot(),
    "a new beginning": lambda s: s.reset(),
    "an authorisation": lambda s: s.authorize(1),
}


@pytest.mark.parametrize("ask", CLOSED.values(), ids=list(CLOSED))
def test_a_closed_sandbox_says_that_it_is_closed(ask: Callable[[Sandbox], object]) -> None:
    with Sandbox(clock=NOON, pace_s=0) as sandbox:
        pass
    with pytest.raises(SandboxError, match="is closed"):
        ask(sandbox)
