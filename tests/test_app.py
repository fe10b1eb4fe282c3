"""`stitchnb app`: what it starts, who may look at it, what its pages share, and what is left when it is stopped."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from app_server import running
from connection_properties import recurly_properties
from lab_server import accepts_connections, listening_ports, wait_until_gone

from stitchnb import Sandbox
from stitchnb._app import start
from stitchnb._app.account import SANDBOX, find_account
from stitchnb._app.page import build
from stitchnb._app.rpc_client import RemoteSandbox
from stitchnb._app.rpc_server import SandboxCalls
from stitchnb.cli import main
from stitchnb.errors import CredentialsError, InvalidInputError, SandboxError, StitchError
from stitchnb.widgets import AccountPage

RECURLY = recurly_properties()
SECRET = "a-token-of-a-real-account"


@pytest.fixture
def real_account() -> Iterator[Sandbox]:
    """A sandbox that is used as a real account would be: by its address and a token."""
    with Sandbox(pace_s=0, token=SECRET) as sandbox:
        yield sandbox


def test_the_command_tells_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["app", "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(option in told for option in ("--port", "--no-browser", "--state FILE"))


def test_without_voila_it_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None)
    assert main(["app"]) == 2
    assert 'pip install "stitchnb[app]"' in capsys.readouterr().err


def test_a_taken_port_is_one_message_that_names_this_command(
    taken_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["app", "--port", str(taken_port)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(rf"stitchnb: Port {taken_port} [^\n]* another stitchnb app\.[^\n]*: --port \d+\n", told.err)


def test_without_a_port_a_taken_one_is_passed_over(taken_port: int) -> None:
    assert start.usual_port(taken_port) not in (0, taken_port)


def test_with_a_token_it_is_the_real_account_and_pages_get_it_by_the_environment(
    real_account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", SECRET)
    monkeypatch.setenv("STITCH_BASE_URL", real_account.url)
    account = find_account(None)
    account.client.close()
    assert account.client.sandbox is None
    assert f"Live account at {real_account.url}" in account.description
    assert "STITCH_ACCESS_TOKEN" in account.description
    assert SECRET not in account.description + repr(account)
    assert account.for_pages(server_url="http://127.0.0.1:1") == {
        "STITCH_ACCESS_TOKEN": SECRET,
        "STITCH_BASE_URL": real_account.url,
        "STITCH_ENV_FILE": "",
    }


def test_a_state_file_and_a_token_are_two_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", SECRET)
    with pytest.raises(
        InvalidInputError, match="--state applies to a sandbox, but a token was found in the environment"
    ):
        find_account(tmp_path / "sandbox")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", [None, "kept"])
def test_a_real_account_without_a_token_never_becomes_a_sandbox(
    state: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STITCH_BASE_URL", "https://api.stitchdata.com")
    with pytest.raises(CredentialsError, match="there is no access token"):
        find_account(tmp_path / state if state else None)


@pytest.mark.parametrize(
    ("state", "words"), [(None, "Data is lost when the app stops"), ("kept", "Data is kept when the app stops")]
)
def test_it_says_whether_a_sandbox_is_kept(state: str | None, words: str, tmp_path: Path) -> None:
    account = find_account(tmp_path / state if state else None)
    account.client.close()
    assert words in account.note
    assert account.description.startswith("Local sandbox")
    assert (tmp_path / "kept").is_file() is (state is not None)


def test_what_pages_may_ask_is_told_only_to_those_with_the_token() -> None:
    with Sandbox(clock="2026-03-20T16:00:00Z") as sandbox:
        calls = SandboxCalls(sandbox)
        assert calls.accepts(f"Bearer {sandbox.token.reveal()}")
        assert not any(calls.accepts(other) for other in ("", "Bearer", "Bearer x", sandbox.token.reveal(), "Bearer é"))
        for body in (b"", b"[]", b'{"call": "close"}', b'{"call": "_state"}', b'{"call": ["now"]}'):
            with pytest.raises((ValueError, TypeError)):
                calls.answer(body)
        assert calls.answer(b'{"call": "authorize", "arguments": [99]}')[0] == 422


def test_an_app_that_is_gone_is_told_as_such() -> None:
    gone = RemoteSandbox(url="http://x", token=SECRET, client_id=1, calls_url="http://127.0.0.1:9/")
    with pytest.raises(SandboxError, match=r"The app did not respond. Start it again"):
        gone.jobs()
    gone.close()
    assert SECRET not in repr(gone)


def test_an_account_that_does_not_answer_is_told_on_the_page(
    real_account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", "wrong")
    monkeypatch.setenv("STITCH_BASE_URL", real_account.url)
    shown = build()
    assert not isinstance(shown, AccountPage)
    error, act = shown._content["blocks"]
    assert (error["tone"], act["text"]) == ("error", "Fix this, then reload the page.")
    assert "token" in error["text"]
    shown.close()


def test_the_page_opens_the_source_that_its_address_names(
    real_account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", SECRET)
    monkeypatch.setenv("STITCH_BASE_URL", real_account.url)
    with real_account.client() as client:
        id_ = client.sources.create("platform.shopify", display_name="Shop", validate=False).id
    for query, opened, trouble in (
        (f"source={id_}", id_, ""),
        ("", None, ""),
        ("source=99&x=1", None, "There is no source 99"),
        ("source=%00", None, "is not a valid source id"),
    ):
        monkeypatch.setenv("QUERY_STRING", query)
        page = build()
        assert page.source_id == opened
        assert trouble in page.message
        page.close()


def test_only_who_has_the_token_sees_the_page_and_the_token_is_nowhere_after_that(tmp_path: Path) -> None:
    with running(tmp_path) as app:
        assert "Local sandbox" in app.printed
        status, address, page = app.get(f"{app.url}/?source=new")
        assert address == f"{app.url}/login?next=%2F%3Fsource%3Dnew"
        assert (status, "This page needs its token" in page) == (200, True)
        assert app.get(f"{app.url}/?token=wrong")[1].startswith(f"{app.url}/login")
        assert app.pages() == [], "nobody without the token has a process started"
        assert app.get(f"{app.url}/voila/files/page.ipynb")[1].startswith(f"{app.url}/login")
        for path in ("/stitchnb/alive/0-0-0-0-0", "/api/kernels/0-0-0-0-0"):
            assert app.get(app.url + path)[0] in (403, 404), path
            assert app.get(app.url + path)[2].count("kernelspec") == 0
        assert app.get(f"{app.url}/stitchnb/sandbox", data=b'{"call": "now"}')[0] == 401
        assert app.get(app.address, Host="example.com")[0] == 403
        assert app.pages() == []

        status, address, page = app.get(f"{app.address}&source=new")
        assert (status, address) == (200, f"{app.url}/?source=new"), "the token has left the address"
        sandbox = json.loads(_environment_of(app.pages()[0])[SANDBOX])
        assert app.token not in page
        assert sandbox["token"] not in page
        assert app.token not in str(_environment_of(app.pages()[0]))
        assert "application/vnd.voila.cell-output+json" in page
        assert "from stitchnb" not in page, "no code is shown"
        assert re.findall(r"https?://(?!127\.0\.0\.1)[\w.]+", page) == [], "nothing is asked of another machine"
        assert '<html lang="en">' in page
        assert "<title>Sources \N{EN DASH} Stitch Connect</title>" in page

        kernel = re.search(r'"kernelId": "([\w-]+)"', page)[1]
        assert json.loads(app.get(f"{app.url}/stitchnb/alive/{kernel}")[2]) == {"alive": True}
        closed = f"{app.url}/voila/api/shutdown/{kernel}"
        assert app.get(closed, data=b"", Origin="http://example.com")[0] in (403, 404), "no other site closes it"
        below = app.pages()
        assert app.get(closed, data=b"", Origin=app.url)[0] == 204, "a page that is closed ends its process"
        wait_until_gone(below)
        assert json.loads(app.get(f"{app.url}/stitchnb/alive/{kernel}")[2]) == {"alive": False}
        assert app.get(closed, data=b"", Origin=app.url)[0] == 204
        app.process.terminate()
        assert app.process.stdout.read() == "", "and it says nothing more"
        assert app.process.wait(60) == 0


def test_an_address_without_a_page_says_so_and_leads_to_the_sources(tmp_path: Path) -> None:
    with running(tmp_path) as app:
        assert app.get(f"{app.url}/nonsense")[1] == f"{app.url}/login?next=%2Fnonsense", (
            "only who has the token is told"
        )
        app.get(app.address)
        before = len(app.pages())
        for path in ("/nonsense", "/sources/233312", "/index.html", "/logout", "/voila/files/page.ipynb", "//", "/%00"):
            status, address, page = app.get(app.url + path)
            assert (status, address) == (404, app.url + path)
            assert "<title>No such page \N{EN DASH} Stitch Connect</title>" in page
            assert "<h1>There is no such page</h1>" in page
            assert '<a href="/">Go to the sources</a>' in page
        assert len(app.pages()) == before, "no process was started for that"
        assert app.get(app.url)[0] == 200, "and nobody was logged out by it"
        app.process.terminate()
        assert app.process.stdout.read() == ""


def _environment_of(process: psutil.Process) -> dict[str, str]:
    return process.environ()


@pytest.fixture
def remote() -> Iterator[Callable[[psutil.Process], RemoteSandbox]]:
    """Give the sandbox as the process of a page has it."""
    given: list[RemoteSandbox] = []

    def remote(page: psutil.Process) -> RemoteSandbox:
        told: dict[str, Any] = json.loads(page.environ()[SANDBOX])
        told.pop("note")
        given.append(RemoteSandbox(**told))
        return given[-1]

    yield remote
    for sandbox in given:
        sandbox.close()


def test_two_pages_share_one_sandbox_and_nothing_is_left_after_sigterm(
    tmp_path: Path, remote: Callable[[psutil.Process], RemoteSandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    from stitchnb.embedded import SandboxClient

    with running(tmp_path) as app:
        app.get(app.address)
        app.get(app.address)
        first, second = app.pages()
        assert first.environ()[SANDBOX] == second.environ()[SANDBOX]
        sandbox = remote(first)
        with SandboxClient(sandbox) as client, SandboxClient(remote(second)) as other:
            source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
            source.check().wait()
            source = source.select("accounts")
            assert [one.display_name for one in other.sources.list()] == ["Recurly"]
            job = source.start_job()
            job.wait()
            assert sandbox.job_progress(job.job_name)["status"] == "succeeded"
            (run,) = other.jobs.history(source.id)
            rows = run.rows["accounts"][0]
            assert rows > 0
            tables = remote(second).warehouse.tables()
            assert list(zip(tables["schema"], tables["table"], tables["rows"], strict=True)) == [
                ("recurly", "accounts", rows)
            ]
            assert len(sandbox.warehouse.table("recurly.accounts")) == rows
            assert isinstance(sandbox.warehouse.sql("SELECT 1 AS one"), pd.DataFrame)
            assert abs(sandbox.clock.now().timestamp() - time.time()) < 3600
            with pytest.raises(InvalidInputError):
                sandbox.authorize(source.id)
            given = {"shop": "acme", "start_date": "2026-01-01T00:00:00Z"}
            shop = client.sources.create("platform.shopify", display_name="Shop", properties=given, validate=False)
            assert shop.state == "oauth"
            sandbox.authorize(shop.id)
            assert other.sources.get(shop.id).state != "oauth"
        processes = [app.process, *app.pages()]
        ports = listening_ports(processes)
        assert app.port in ports
        app.process.send_signal(signal.SIGTERM)
        assert app.process.stdout.read() == ""
        app.process.wait(60)
        assert app.process.returncode == 0
        wait_until_gone(processes)
        assert not any(accepts_connections(port) for port in ports)
        assert list(app.temporary.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_sandbox_that_is_kept_goes_on_where_it_was_and_ctrl_c_stops_it(
    tmp_path: Path, remote: Callable[[psutil.Process], RemoteSandbox]
) -> None:
    from stitchnb.embedded import SandboxClient

    for expected in ([], ["Shop"]):
        with running(tmp_path, "--state", "kept") as app:
            app.get(app.address)
            with SandboxClient(remote(app.pages()[0])) as client:
                assert [one.display_name for one in client.sources.list()] == expected
                if not expected:
                    client.sources.create("platform.shopify", display_name="Shop", validate=False)
            app.process.send_signal(signal.SIGINT)
            assert app.process.stdout.read() == ""
            assert app.process.wait(60) == 0
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


def test_a_state_file_that_is_none_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("not a sandbox's state")
    with pytest.raises(StitchError, match=r"notes\.txt"):
        find_account(tmp_path / "notes.txt")


def test_the_page_that_opens_a_browser_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stitchnb._app.server import PageServer, server_config

    opened: list[str] = []

    class Browser:
        def open(self, address: str, new: int) -> bool:
            opened.append(address)
            return True

    class AtOnce:
        def __init__(self, target: Callable[[], object], daemon: bool) -> None:
            self.start = target

    monkeypatch.setattr("stitchnb._app.server.webbrowser.get", Browser)
    monkeypatch.setattr("stitchnb._app.server.threading.Thread", AtOnce)
    server = PageServer(config=server_config(port=1, token="abc", open_browser=True))
    server.connection_dir = str(tmp_path)
    server.launch_browser()
    (page,) = tmp_path.iterdir()
    assert opened == [page.as_uri()]
    assert "abc" not in opened[0], "an address on a command line is seen by everybody"
    assert page.stat().st_mode & 0o077 == 0
    assert "url=http://127.0.0.1:1/?token=abc" in page.read_text()
