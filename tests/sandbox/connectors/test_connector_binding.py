"""Binding a source type of a sandbox to another connector than the seeded one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest
import recurly_facts as recurly

from stitchnb.errors import InvalidInputError, UnknownSourceTypeError
from stitchnb.sandbox import Sandbox, connectors
from stitchnb.sandbox.connectors.seeded.connector import SeededConnector
from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context, DiscoveredStream, SelectedStream


class Ours:
    """One stream with one row; writes into the log, and closes what it opened."""

    def __init__(self, *, fails: bool = False) -> None:
        self.closed = 0
        self._fails = fails

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        assert properties["api_key"]

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        schema = {"properties": {"id": {"type": "integer"}}}
        metadata = {(): {"table-key-properties": ["id"]}, ("properties", "id"): {"inclusion": "automatic"}}
        return [DiscoveredStream("ours", "ours", schema, metadata)]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        assert context is not None
        try:
            context.log(f"reading with {properties['api_key']}")
            yield Batch(streams[0], [{"id": 1}], now)
            if self._fails:
                raise ConnectorError(f"the tap was told {properties['api_key']}")
        finally:
            self.closed += 1


@pytest.fixture
def selected(api: httpx.Client, sandbox: Sandbox, request: pytest.FixtureRequest) -> tuple[Ours, int]:
    """A source of the bound type with its stream selected."""
    ours = Ours(**getattr(request, "param", {}))
    sandbox.connectors["platform.recurly"] = ours
    source_id: int = api.post("/v4/sources", json=recurly.CREATE).json()["id"]
    sandbox.wait_idle()
    stream = {"tap_stream_id": "ours", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
    assert api.put(f"/v4/sources/{source_id}/streams/metadata", json={"streams": [stream]}).json() == {"status": 200}
    return ours, source_id


def run(api: httpx.Client, sandbox: Sandbox, source_id: int) -> tuple[dict[str, Any], str]:
    name = api.post(f"/v4/sources/{source_id}/sync").json()["job_name"]
    sandbox.wait_idle()
    (extraction,) = api.get("/v4/116078/extractions").json()["data"]
    return extraction, httpx.get(api.get(f"/v4/116078/extractions/{name}").headers["location"]).text


def test_every_type_has_a_seeded_connector_until_it_is_bound(sandbox: Sandbox) -> None:
    ours = Ours()
    assert isinstance(sandbox.connectors["platform.recurly"], SeededConnector)

    sandbox.connectors["platform.recurly"] = ours

    assert sandbox.connectors["platform.recurly"] is ours
    assert sandbox.connectors.bound == {"platform.recurly": ours}
    assert isinstance(sandbox.connectors["platform.jira"], SeededConnector)
    del sandbox.connectors["platform.recurly"]
    assert isinstance(sandbox.connectors["platform.recurly"], SeededConnector)


def test_a_binding_is_one_sandboxs_own(sandbox: Sandbox) -> None:
    sandbox.connectors["platform.recurly"] = Ours()

    with Sandbox(pace_s=0) as other:
        assert other.connectors.bound == {}


def test_a_type_that_is_none_is_refused_with_near_names(sandbox: Sandbox) -> None:
    for act in (
        lambda: sandbox.connectors["hp-postgres"],
        lambda: sandbox.connectors.__setitem__("hp-postgres", Ours()),
        lambda: sandbox.connectors.__delitem__("hp-postgres"),
    ):
        with pytest.raises(UnknownSourceTypeError, match=r"platform\.hp-postgres"):
            act()


@pytest.mark.parametrize("nothing", [None, "tap-postgres", Ours], ids=repr)
def test_what_is_no_connector_is_refused(sandbox: Sandbox, nothing: Any) -> None:
    with pytest.raises(InvalidInputError, match="check, discover, extract"):
        sandbox.connectors["platform.recurly"] = nothing

    assert sandbox.connectors.bound == {}


def test_checks_and_jobs_ask_the_bound_connector(
    api: httpx.Client, sandbox: Sandbox, selected: tuple[Ours, int]
) -> None:
    ours, source_id = selected

    extraction, log = run(api, sandbox, source_id)

    assert [stream["stream_name"] for stream in api.get(f"/v4/sources/{source_id}/streams").json()] == ["ours"]
    assert extraction["tap_exit_status"] == 0
    assert sandbox.warehouse.table("recurly.ours")["id"].tolist() == [1]
    assert ours.closed == 1
    assert "tap    reading with [hidden]" in log


@pytest.mark.parametrize("selected", [{"fails": True}], indirect=True)
def test_a_refusal_in_the_middle_fails_the_tap_without_a_credential(
    api: httpx.Client, sandbox: Sandbox, selected: tuple[Ours, int]
) -> None:
    extraction, log = run(api, sandbox, selected[1])

    assert (extraction["tap_exit_status"], extraction["tap_description"]) == (1, "the tap was told [hidden]")
    assert recurly.CREATE["properties"]["api_key"] not in log
    assert sandbox.warehouse.table("recurly.ours")["id"].tolist() == [1], "what had landed stays"
    assert selected[0].closed == 1


def test_the_public_names_are_lazy_and_those_that_are_none_are_said_to_be() -> None:
    assert set(connectors.__all__) <= set(dir(connectors))
    assert repr(connectors.Postgres()) == "Postgres()"
    with pytest.raises(AttributeError, match="Oracle"):
        _ = connectors.Oracle
