"""Going back in time: everything is as it was, and the sandbox goes on from there."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from recurly_facts import NOON

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import Sandbox


def picture(api: httpx.Client, sandbox: Sandbox) -> dict[str, Any]:
    """All that there is to see of a sandbox."""
    sources = api.get("/v4/sources").json()
    return {
        "sources": sources,
        "streams": {s["id"]: api.get(f"/v4/sources/{s['id']}/streams").json() for s in sources},
        "checks": [api.get(f"/v4/sources/{s['id']}/last-connection-check").json() for s in sources],
        "destinations": api.get("/v4/destinations").json(),
        "extractions": api.get(f"/v4/{sandbox.client_id}/extractions").json(),
        "loads": api.get(f"/v4/{sandbox.client_id}/loads").json(),
        "rows": {
            f"{t.schema}.{t.table}": sandbox.warehouse.table(f"{t.schema}.{t.table}").to_csv()
            for t in sandbox.warehouse.tables().itertuples()
        },
        "now": sandbox.clock.now(),
    }


def run(api: httpx.Client, sandbox: Sandbox, source: dict[str, Any]) -> str:
    job_name: str = api.post(f"/v4/sources/{source['id']}/sync").json()["job_name"]
    sandbox.wait_idle()
    return job_name


def change_everything(api: httpx.Client, sandbox: Sandbox, source: dict[str, Any]) -> None:
    api.post("/v4/sources", json={**recurly.CREATE, "display_name": "Another"})
    sandbox.wait_idle()
    api.put(f"/v4/sources/{source['id']}", json={"display_name": "Renamed", "paused_at": NOON})
    sandbox.clock.advance(days=2)
    run(api, sandbox, source)
    sandbox.warehouse.sql("CREATE TABLE mine AS SELECT 1 AS a")
    sandbox.warehouse.sql("CREATE VIEW recurly.seen AS SELECT id FROM recurly.plans")
    sandbox.warehouse.sql("DROP TABLE recurly.accounts")


@pytest.fixture(params=["in memory", "in files"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    path = tmp_path / "acme.sandbox" if request.param == "in files" else None
    with Sandbox(path, clock=NOON, pace_s=0) as sandbox:
        yield sandbox


def test_restoring_puts_everything_back_and_the_same_calls_lead_to_the_same_again(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    run(api, sandbox, configured)
    before = picture(api, sandbox)
    snapshot = sandbox.snapshot()
    job_name = run(api, sandbox, configured)
    after_a_job = picture(api, sandbox)

    for _ in range(2):
        change_everything(api, sandbox, configured)
        sandbox.restore(snapshot)
        assert picture(api, sandbox) == before

    assert run(api, sandbox, configured) == job_name
    assert picture(api, sandbox) == after_a_job


def test_a_reset_sandbox_is_as_a_new_one(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    url, token = sandbox.url, sandbox.token.reveal()
    run(api, sandbox, configured)
    change_everything(api, sandbox, configured)
    sandbox.faults.add(status=500, path="/v3/*")

    sandbox.reset()

    assert (sandbox.url, sandbox.token.reveal()) == (url, token)
    assert sandbox.journal[:] == []
    assert list(sandbox.faults) == []
    with Sandbox(clock=NOON, pace_s=0, token=token) as new, httpx.Client(base_url=new.url) as new_api:
        new_api.headers["Authorization"] = f"Bearer {token}"
        assert picture(api, sandbox) == picture(new_api, new)
        for one, its_sandbox in ((api, sandbox), (new_api, new)):
            one.post("/v4/sources", json=recurly.CREATE)
            its_sandbox.wait_idle()
        assert picture(api, sandbox) == picture(new_api, new)


def test_what_was_restored_is_what_a_restart_finds(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"

    def opened() -> tuple[Sandbox, httpx.Client]:
        sandbox = Sandbox(path, clock=NOON, pace_s=0)
        return sandbox, httpx.Client(
            base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"}
        )

    sandbox, api = opened()
    with sandbox, api:
        api.post("/v4/sources", json=recurly.CREATE)
        sandbox.wait_idle()
        snapshot = sandbox.snapshot()
        api.post("/v4/sources", json={**recurly.CREATE, "display_name": "Another"})
        sandbox.wait_idle()
        sandbox.restore(snapshot)
        before = api.get("/v4/sources").json()

    sandbox, api = opened()
    with sandbox, api:
        assert api.get("/v4/sources").json() == before
        sandbox.reset()
    sandbox, api = opened()
    with sandbox, api:
        assert api.get("/v4/sources").json() == []


def test_restoring_breaks_off_what_is_under_way() -> None:
    with Sandbox(clock=NOON, pace_s=600) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        empty = sandbox.snapshot("empty")
        created = api.post("/v4/sources", json={**recurly.CREATE, "properties": {}}).json()
        api.post(f"/v4/sources/{created['id']}/sync")
        busy = sandbox.snapshot("busy")

        sandbox.restore(empty)
        assert api.get("/_sandbox").json()["running"] == []
        assert api.get("/v4/sources").json() == []

        sandbox.restore(busy)
        (extraction,) = api.get("/v4/116078/extractions").json()["data"]
        assert extraction["tap_description"] == "the sandbox was closed while the job was running"


def test_a_check_under_way_is_run_again_after_restoring() -> None:
    with Sandbox(clock=NOON, pace_s=600) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        created = api.post("/v4/sources", json=recurly.CREATE).json()
        checked = sandbox.snapshot()

        sandbox.restore(checked)

        assert api.get("/_sandbox").json()["running"] == [created["check_job_name"]]


def test_snapshots_go_by_names(sandbox: Sandbox, api: httpx.Client) -> None:
    first = sandbox.snapshot("mine")
    api.post("/v4/sources", json=recurly.CREATE)
    second = sandbox.snapshot("mine")

    assert (first.name, second.name, sandbox.snapshot().name) == ("mine", "mine", "snapshot-3")
    with pytest.raises(InvalidInputError, match=r"no snapshot 'mine'\. Its snapshots: 'mine', 'snapshot-3'"):
        sandbox.restore(first)
    sandbox.reset()
    sandbox.restore("mine")
    assert len(api.get("/v4/sources").json()) == 1
    with pytest.raises(InvalidInputError, match="'other'"):
        sandbox.restore("other")
    with Sandbox(pace_s=0) as other, pytest.raises(InvalidInputError, match="Its snapshots: none"):
        other.restore(second)


def test_a_snapshot_is_a_frame_of_one_row(sandbox: Sandbox) -> None:
    frame = sandbox.snapshot("before").to_frame()
    assert frame["name"].tolist() == ["before"]
    assert frame["taken_at"].tolist() == [sandbox.clock.now()]
    assert str(frame["taken_at"].dtype) == "datetime64[us, UTC]"
