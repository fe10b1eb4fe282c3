"""Tests keep to themselves: nothing of the user's environment is read, nothing leaves the machine."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import loopback
import pytest


@pytest.fixture
def attempts() -> list[str]:
    """The refused attempts; what these tests try on purpose is forgotten before the guard looks."""
    return loopback.ATTEMPTS


def by_number() -> None:
    socket.create_connection(("192.0.2.1", 443), timeout=1)


def by_name() -> None:
    socket.getaddrinfo("example.com", 443)


def by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", ("192.0.2.1", 53))


def by_status() -> None:
    with socket.socket(socket.AF_INET6) as sender:
        sender.connect_ex(("2001:db8::1", 443))


def by_asyncio() -> None:
    asyncio.run(asyncio.open_connection("example.com", 443))


@pytest.mark.parametrize("leave", [by_number, by_name, by_datagram, by_status, by_asyncio])
def test_a_connection_that_leaves_the_machine_is_refused(leave: Callable[[], None], attempts: list[str]) -> None:
    with pytest.raises(loopback.ForeignConnectionError):
        leave()
    assert len(attempts) == 1
    attempts.clear()


def test_a_refusal_is_remembered_where_a_thread_swallowed_it(attempts: list[str]) -> None:
    def swallow() -> None:
        with pytest.raises(BaseException):  # noqa: B017, PT011
            by_name()

    thread = threading.Thread(target=swallow)
    thread.start()
    thread.join()
    assert attempts == ["socket.getaddrinfo to 'example.com'"]
    attempts.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "0.0.0.0", b"127.0.0.1", None, ""])
def test_this_machine_may_be_called(host: str) -> None:
    assert loopback.is_local(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "::2", "localhost.example.com", "127.0.0.1.example.com", b"1.1.1.1"])
def test_another_machine_may_not(host: str) -> None:
    assert not loopback.is_local(host)


def test_no_variable_of_stitchs_and_no_home_of_the_users_is_seen(original_environment: dict[str, str]) -> None:
    # The one that is set keeps a developer's own .env file out.
    assert {name: value for name, value in os.environ.items() if name.startswith("STITCH")} == {"STITCH_ENV_FILE": ""}
    assert Path.home() != Path(original_environment.get("HOME", "/"))
    assert not (Path.home() / ".jupyter").exists()
