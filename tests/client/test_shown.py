"""What a client and its parts say of themselves, and what Tab offers of them."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

import stitchnb
from stitchnb.client import Client
from stitchnb.rules.offered import offered
from stitchnb.sandbox import Clock, Faults

PARTS = [
    *("account", "source_types", "destination_types", "sources", "destinations", "streams", "connection_checks"),
    *("jobs", "extractions", "loads", "notifications", "import_tokens"),
]

INNER = {
    "client": {"run", "send", "execute", "bind", "find_client_id", "learn_client_id", "poll_s", "job_poll_s"},
    "jobs": {"under_way", "learn_ended", "watching"},
    "a source": {"from_response"},
    "the limit": {"take", "watching", "spacing_s"},
    "a sandbox": set(),
    "its clock": {"simulate_work", "snapshot", "hold", "reset_offset", "move_to", "on_advance"},
    "its faults": {"match_request", "match_work"},
}
OFFERED: dict[str, tuple[Callable[[stitchnb.Sandbox], Any], set[str]]] = {
    "client": (lambda s: s.client(), {"sources", "jobs", "client_id", "journal", "limit", "sandbox", "close"}),
    "jobs": (lambda s: s.client().jobs, {"start", "stop", "wait", "watch", "history"}),
    "a source": (
        lambda s: s.client().sources.create("platform.shopify", display_name="Shop", validate=False),
        {"id", "select", "start_job", "to_frame", "report_card"},
    ),
    "the limit": (lambda s: s.client().limit, {"mode", "requests", "period_s"}),
    "a sandbox": (lambda s: s, {"clock", "client", "warehouse", "faults"}),
    "its clock": (lambda s: s.clock, {"advance", "advance_to", "now", "is_frozen"}),
    "its faults": (lambda s: s.faults, {"add", "clear", "fail_checks"}),
}


@pytest.fixture
def client() -> Iterator[Client]:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"sent: {request.method} {request.url}")

    with Client("a-token", transport=httpx.MockTransport(refuse)) as client:
        yield client


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_client_says_in_one_line_what_it_is_and_asks_nothing(client: Client, part: str) -> None:
    told = repr(getattr(client, part))
    assert "object at 0x" not in told
    assert "\n" not in told
    assert told.startswith(f"<{type(getattr(client, part)).__name__}: ")


def test_what_one_does_with_a_part_is_told_and_what_is_inner_is_not(client: Client) -> None:
    assert repr(client.jobs) == (
        "<Jobs: the replication jobs of the account; start(), stop(), wait(), watch(), history()>"
    )
    assert repr(client.notifications) == "<Notifications: who is told what happens: emails and hooks>"


def test_the_limit_and_the_sandboxs_clock_and_faults_show_what_holds(client: Client) -> None:
    assert repr(client.limit) == "RateLimit(30 requests in 600 s, mode='wait')"
    assert repr(Clock("2026-03-20T12:00:00Z")) == "Clock(2026-03-20T12:00:00Z, frozen)"
    assert repr(Faults()) == "Faults(none)"


@pytest.mark.parametrize("what", OFFERED)
def test_what_only_stitchnb_calls_is_not_offered(what: str) -> None:
    make, wanted = OFFERED[what]
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        made = make(sandbox)
        names = set(dir(made))
        assert all(hasattr(made, name) for name in INNER[what]), "it is there, and not offered"
    assert wanted <= names
    assert names.isdisjoint(INNER[what])


def test_modules_offer_their_public_names_alone() -> None:
    assert set(dir(stitchnb)) - set(stitchnb.__all__) == {"load_ipython_extension", "unload_ipython_extension"}
    assert dir(stitchnb.errors) == stitchnb.errors.__all__


def test_a_name_without_a_docstring_is_offered() -> None:
    class Plain:
        def __init__(self) -> None:
            self.kept = None

        def told(self) -> None:
            pass

        def inner(self) -> None:
            """Do it; for stitchnb itself to use.

            More of it.
            """

    assert {"kept", "told"} <= set(offered(Plain()))
    assert "inner" not in offered(Plain())
