"""Ids as they are given: a number, also one out of a frame; what is none is refused before anything is sent."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from connection_properties import recurly_properties

import stitchnb
from stitchnb.client import Client
from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard, Source

CALLS: dict[str, Callable[[Client, Any], Any]] = {
    "a source": lambda c, id_: c.sources.get(id_),
    "a source's check": lambda c, id_: c.connection_checks.last(id_),
    "a destination's check": lambda c, id_: c.connection_checks.last(destination_id=id_),
    "streams": lambda c, id_: c.streams.list(id_),
    "a catalog": lambda c, id_: c.streams.catalog(id_),
    "a selection": lambda c, id_: c.streams.select(id_, "accounts"),
    "a job's start": lambda c, id_: c.jobs.start(id_),
    "a job's stop": lambda c, id_: c.jobs.stop(id_),
    "the history of jobs": lambda c, id_: c.jobs.history(id_),
    "a new source's destination": lambda c, id_: c.sources.create(
        "platform.x", display_name="X", destination_id=id_, validate=False
    ),
    "a source's destination": lambda c, id_: c.sources.update(1, destination_id=id_),
    "the destinations of a source": lambda c, id_: c.destinations.list(source_id=id_),
    "a check that is waited for": lambda c, id_: c.connection_checks.wait(id_),
    "a source to pause": lambda c, id_: c.sources.pause(id_),
    "a source to delete": lambda c, id_: c.sources.delete(id_),
    "a destination": lambda c, id_: c.destinations.get(id_),
    "a destination to change": lambda c, id_: c.destinations.update(id_, properties={"port": "1"}),
    "a destination to delete": lambda c, id_: c.destinations.delete(id_),
    "a hook's destination": lambda c, id_: c.notifications.hooks.create("https://e.example.com", destination_id=id_),
}


@pytest.fixture
def client() -> Iterator[Client]:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"sent: {request.method} {request.url}")

    with Client("a-token", transport=httpx.MockTransport(refuse)) as client:
        yield client


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
@pytest.mark.parametrize("id_", ["233312", True, 1.0, object(), Source({"id": 233312})])
def test_what_is_no_id_is_refused_and_nothing_sent(client: Client, call: Callable[..., Any], id_: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"is no (source|destination) id: give the number in"):
        call(client, id_)


@pytest.mark.parametrize("method", ["wait", "watch", "watching"])
@pytest.mark.parametrize("job", ["1.2.sync.x", 233312, Source({"id": 233312})])
def test_what_is_no_job_is_refused_and_nothing_sent(client: Client, method: str, job: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"Expected a Job from source\.start_job\(\)"):
        getattr(client.jobs, method)(job)


@pytest.mark.parametrize("given", [7, None, ReportCard({"type": "platform.recurly"})])
def test_what_is_no_name_of_a_type_is_refused_and_nothing_sent(client: Client, given: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"is not a valid source type\. Pass its name"):
        client.source_types.get(given)
    with pytest.raises(
        InvalidInputError, match=r"is not a valid destination type\. Pass its name, such as 'postgres'\.$"
    ):
        client.destination_types.get(given)


def test_what_is_no_name_of_a_job_has_no_log(client: Client) -> None:
    with pytest.raises(InvalidInputError, match=r"^7 is not a job name. Pass its job_name"):
        client.extractions.log(7)  # type: ignore[arg-type]


def test_what_is_no_selection_is_not_written(client: Client) -> None:
    with pytest.raises(InvalidInputError, match=r"Pass Selection\.of"):
        client.streams.update(1, "accounts")  # type: ignore[arg-type]


def test_a_sandbox_asks_for_ids_as_a_client_does() -> None:
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        for ask in (sandbox.jobs, sandbox.authorize):
            with pytest.raises(InvalidInputError, match="is no source id: give the number in"):
                ask(Source({"id": 233312}))  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError, match=r"is no name of a job: give its job_name\.$"):
            sandbox.job_progress(7)  # type: ignore[arg-type]


def test_an_id_out_of_a_frame_is_an_id() -> None:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        client = sandbox.client()
        given = recurly_properties()
        into = client.destinations.to_frame()["id"].to_numpy()[0]
        client.sources.create("platform.recurly", display_name="R", properties=given, destination_id=into)
        id_ = client.sources.to_frame()["id"].to_numpy()[0]
        assert isinstance(id_, np.int64)

        client.connection_checks.wait(id_, show_progress=False)
        client.streams.select(id_, "accounts")
        assert client.jobs.start(id_).wait(show_progress=False).succeeded
        assert [run.source_id for run in client.jobs.history(id_)] == [id_]
        assert client.sources.update(id_, destination_id=into).id == id_
        assert client.notifications.hooks.create("https://e.example.com/", destination_id=into).destination_id == into
