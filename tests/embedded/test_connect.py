"""connect() goes to the real account when there is a token, to a sandbox when there is none, and says which."""

import gc
import weakref
from collections.abc import Callable

import pytest

import stitchnb
from stitchnb.errors import CredentialsError, InvalidInputError, TransportError


def test_without_a_token_it_is_a_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    with stitchnb.connect(pace_s=0) as client:
        assert client.sandbox.is_running
        assert client.sources.list() == []

    assert capsys.readouterr().out.count("\n") == 1
    assert not client.sandbox.is_running, "closing the client closes the sandbox that it came with"


def test_a_token_in_the_environment_is_the_real_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", "abc")

    with stitchnb.connect() as client:
        assert client.sandbox is None
        assert client.base_url == "https://api.stitchdata.com"

    told = capsys.readouterr().out
    assert "real account at https://api.stitchdata.com" in told
    assert "abc" not in told


def test_a_running_sandbox_can_be_connected_to_by_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        monkeypatch.setenv("STITCH_ACCESS_TOKEN", sandbox.token.reveal())
        monkeypatch.setenv("STITCH_BASE_URL", sandbox.url)
        with stitchnb.connect(quiet=True) as client:
            assert client.sources.list() == []

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("token", "environment", "why"),
    [
        ("", {}, "a token that was meant to be there"),
        (None, {"STITCH_ACCESS_TOKEN": ""}, "a variable that was meant to hold one"),
        (None, {"STITCH_BASE_URL": "https://api.stitchdata.com"}, "an address without a token"),
    ],
)
def test_it_never_falls_back_to_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, token: str | None, environment: dict[str, str], why: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(CredentialsError, match=r"Checked:\n.*argument token.*\n.*STITCH_ACCESS_TOKEN"):
        stitchnb.connect(token)


@pytest.mark.parametrize("token", ["", "  ", "two words\n", "tökén"])
def test_what_cannot_be_a_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidInputError, match="token"):
        stitchnb.Client(token)


@pytest.mark.parametrize("made", [stitchnb.connect, stitchnb.Sandbox])
def test_what_is_no_time_is_refused(made: Callable[..., object]) -> None:
    with pytest.raises(InvalidInputError, match="'noon' is no time: give one such as '2026-03-20T16:00:00Z'"):
        made(clock="noon")


def test_a_sandbox_that_nobody_holds_any_more_ends() -> None:
    client = stitchnb.connect(quiet=True, pace_s=0)
    sandbox = weakref.ref(client.sandbox)
    finalizer = client.sandbox._finalizer

    client._transport.close()
    del client
    gc.collect()

    assert sandbox() is None
    assert not finalizer.alive


def test_closing_a_sandbox_ends_its_clients_connections() -> None:
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        client = sandbox.client()
        client.sources.list()

    with pytest.raises(TransportError, match="this client is closed"):
        client.sources.list()
