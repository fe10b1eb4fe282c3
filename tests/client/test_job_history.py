"""The jobs that have run, as a sandbox knows them and as a real account tells them."""

from collections.abc import Iterator

import pandas as pd
import pytest
from test_journey import RECURLY

import stitchnb
from stitchnb.client.jobs.jobs import JobHistory
from stitchnb.errors import NotFoundError


@pytest.fixture
def sandbox() -> Iterator[stitchnb.Sandbox]:
    """A sandbox whose source ran well, failed, and ran well again."""
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        source = sandbox.client().sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
        source.check().wait()
        source.select("accounts").select("plans")
        source.start_job().wait()
        with sandbox.faults.fail_extractions("the tap fell over"):
            source.start_job()
            sandbox.wait_idle()
        source.start_job().wait()
        yield sandbox


def test_a_sandbox_knows_every_job(sandbox: stitchnb.Sandbox) -> None:
    history = sandbox.client().jobs.history()
    frame = history.to_frame()
    assert frame["status"].tolist() == ["succeeded", "failed", "succeeded"]
    assert frame["source"].tolist() == ["recurly"] * 3
    assert frame["start_time"].is_monotonic_increasing
    assert frame["failure"].fillna("").tolist() == ["", "tap: the tap fell over", ""]


def test_a_sandbox_knows_the_rows_of_each_stream(sandbox: stitchnb.Sandbox) -> None:
    rows = sandbox.client().jobs.history().rows_to_frame()
    assert rows["stream"].tolist() == ["accounts", "plans"] * 2
    warehouse = sandbox.warehouse
    assert rows["rows"].tolist()[:2] == [
        len(warehouse.table("recurly.accounts")),
        len(warehouse.table("recurly.plans")),
    ]


def test_a_real_account_tells_the_last_extraction_and_no_rows(sandbox: stitchnb.Sandbox) -> None:
    with stitchnb.Client(sandbox.token, base_url=sandbox.url) as account:
        history = account.jobs.history()
        assert [(run.source, run.status) for run in history] == [("recurly", "succeeded")]
        assert history.rows_to_frame().empty
        assert len(account.jobs.history(history[0].source_id)) == 1


def test_one_source_alone_can_be_asked_for(sandbox: stitchnb.Sandbox) -> None:
    client = sandbox.client()
    assert len(client.jobs.history(client.sources.list()[0].id)) == 3


@pytest.mark.parametrize("as_real", [False, True], ids=["a sandbox", "a real account"])
def test_a_source_that_has_not_run_has_no_jobs_and_one_that_is_not_there_is_an_error(
    sandbox: stitchnb.Sandbox, as_real: bool
) -> None:
    client = sandbox.client()
    idle = client.sources.create("platform.shopify", display_name="Idle", validate=False)
    with stitchnb.Client(sandbox.token, base_url=sandbox.url) as account:
        asked = account if as_real else client
        assert asked.jobs.history(idle.id) == ()
        with pytest.raises(NotFoundError, match=r"There is no source 1 in this account\. client\.sources\.list\(\)"):
            asked.jobs.history(1)


def test_one_job_is_a_frame_of_one_row(sandbox: stitchnb.Sandbox) -> None:
    history = sandbox.client().jobs.history()
    pd.testing.assert_frame_equal(history[1].to_frame(), history.to_frame().iloc[[1]].reset_index(drop=True))


def test_no_jobs_have_the_same_columns(sandbox: stitchnb.Sandbox) -> None:
    full, empty = sandbox.client().jobs.history(), JobHistory()
    for frame in ("to_frame", "rows_to_frame"):
        some, none = getattr(full, frame)(), getattr(empty, frame)()
        assert none.empty
        assert none.dtypes.equals(some.dtypes)
    assert repr(empty) == "no jobs"


def test_a_client_remembers_a_job_that_it_started_until_it_has_ended(sandbox: stitchnb.Sandbox) -> None:
    with stitchnb.Client(sandbox.token, base_url=sandbox.url, rate_limit="off") as account:
        (id_,) = [source.id for source in account.sources.list()]
        assert account.jobs.under_way(id_) is None
        job = account.jobs.start(id_)
        run = account.jobs.under_way(id_)
        assert (run.job_name, run.source_id, run.status) == (job.job_name, id_, "running")
        assert run.start_time is not None
        sandbox.wait_idle()
        assert account.jobs.under_way(id_) == run, "nothing was asked since"
        account.jobs.history()
        assert account.jobs.under_way(id_) is None

        account.jobs.start(id_).wait()
        assert account.jobs.under_way(id_) is None


def test_a_sandbox_is_listened_to_as_well(sandbox: stitchnb.Sandbox) -> None:
    client = sandbox.client()
    id_ = client.sources.list()[0].id
    client.jobs.start(id_)
    sandbox.wait_idle()
    client.jobs.history(id_)
    assert client.jobs.under_way(id_) is None
