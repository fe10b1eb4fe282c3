"""The whole guide by client, over a real socket."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from connection_properties import recurly_properties

import stitchnb
from stitchnb.client import Client, Source
from stitchnb.errors import (
    AlreadyRunningError,
    AuthenticationError,
    CheckFailedError,
    InvalidInputError,
    InvalidPropertiesError,
    InvalidValuesError,
    JobFailedError,
    NameTakenError,
    NotFoundError,
    TransportError,
    UnknownSourceTypeError,
    UnknownStreamError,
    WaitTimeoutError,
)

RECURLY = recurly_properties(start_date="2025-09-01T00:00:00Z", api_key="a-recurly-key", frequency_in_minutes="60")


@pytest.fixture
def client() -> Iterator[Client]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        yield sandbox.client()


@pytest.fixture
def source(client: Client) -> Source:
    created = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    created.check().wait()
    return created.refresh()


def test_from_report_card_to_rows(client: Client) -> None:
    card = client.source_types.get("platform.recurly")
    assert card.details.access
    created = client.sources.create(card.type_name, display_name="Recurly", properties=RECURLY)
    check = created.check().wait()
    assert check.succeeded
    assert len(created.streams()) == 10
    configured = created.select("accounts", ["email", "code"])
    assert configured.state == "fully_configured"
    assert configured.schedule is not None
    assert configured.schedule.interval == 60.0
    result = configured.start_job().wait()
    assert result.succeeded
    assert [load.stream_name for load in result.loads] == ["accounts"]
    rows = client.sandbox.warehouse.table("recurly.accounts")
    assert {"id", "code", "email", "updated_at"} <= set(rows.columns)


def test_a_wrong_token_says_what_to_do(client: Client) -> None:
    with stitchnb.Client("wrong", base_url=client.base_url) as other, pytest.raises(AuthenticationError) as caught:
        other.sources.list()

    assert caught.value.status_code == 401
    assert "STITCH_ACCESS_TOKEN" in str(caught.value)


def test_an_unknown_type_offers_near_ones(client: Client) -> None:
    with pytest.raises(UnknownSourceTypeError, match=r"Did you mean 'platform\.recurly'") as caught:
        client.sources.create("recurly", display_name="R", properties=RECURLY)

    assert "platform.recurly" in caught.value.near
    assert client.sources.list() == []


@pytest.mark.parametrize("odd", ["", "../sources", "a/b", "platform.recurly?x=1", "ä"])
def test_an_odd_type_name_is_still_only_a_name(client: Client, odd: str) -> None:
    with pytest.raises(UnknownSourceTypeError):
        client.source_types.get(odd)


def test_everything_wrong_is_named_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(InvalidValuesError) as caught:
        client.sources.create(
            "platform.recurly", display_name="####", properties={"quota_limit": "thirty", "subdomian": "acme"}
        )

    assert set(caught.value.errors) == {
        "display_name",
        "start_date",
        "api_key",
        "subdomain",
        "quota_limit",
        "subdomian",
    }
    assert "whole number" in caught.value.errors["quota_limit"]
    assert "subdomain" in caught.value.errors["subdomian"]
    assert client.sources.list() == []


def test_a_type_without_access_is_refused_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(InvalidInputError, match="may not use"):
        client.sources.create("platform.twilio", display_name="T")


def test_what_stitch_refuses_is_raised_by_class(client: Client, source: Source) -> None:
    there = rf"or use the source that has this one: client\.sources\.get\({source.id}\)\.$"
    for display_name in ("Recurly", "Recurly!"):
        with pytest.raises(NameTakenError, match=f"non-unique name.*\n.*{there}"):
            client.sources.create("platform.recurly", display_name=display_name, properties=RECURLY)
    with pytest.raises(InvalidPropertiesError) as caught:
        client.sources.create(
            "platform.recurly", display_name="Other", properties={**RECURLY, "quota_limit": "x"}, validate=False
        )
    assert caught.value.bad_properties == ("quota_limit",)


def test_a_failed_check_tells_the_taps_words_and_can_be_mended(client: Client) -> None:
    source = client.sources.create(
        "platform.recurly", display_name="Recurly", properties={**RECURLY, "api_key": "bad-key"}
    )

    with pytest.raises(CheckFailedError) as caught:
        source.check().wait()

    assert caught.value.check.message in str(caught.value)
    assert "bad-key" not in str(caught.value)
    source.update(properties={"api_key": "better"})
    assert source.check().wait().succeeded


def test_an_update_is_checked_before_it_is_sent(source: Source) -> None:
    with pytest.raises(InvalidValuesError, match="quota_limit"):
        source.update(properties={"quota_limit": "thirty"})
    with pytest.raises(InvalidInputError, match="nothing to change"):
        source.update()

    assert source.update(display_name="Recurly EU").display_name == "Recurly EU"


@pytest.mark.parametrize("display_name", ["", " ", 7])
def test_a_name_that_is_none_is_told_before_anything_is_sent(source: Source, display_name: Any) -> None:
    sent = len(source._client.journal)
    with pytest.raises(InvalidValuesError, match=r"is not a valid display name\. Pass text") as caught:
        source.update(display_name=display_name)
    assert list(caught.value.errors) == ["display_name"]
    assert len(source._client.journal) == sent


def test_the_destinations_of_a_source_that_is_not_there_are_an_error(client: Client, source: Source) -> None:
    assert len(client.destinations.list(source_id=source.id)) == 1
    client.destinations.list()[0].delete()
    assert client.destinations.list(source_id=source.id) == []
    with pytest.raises(NotFoundError, match="There is no source 1 in this account"):
        client.destinations.list(source_id=1)


def test_a_typo_in_a_selection_offers_near_names(source: Source) -> None:
    with pytest.raises(UnknownStreamError, match="Did you mean 'accounts'"):
        source.select("acounts")
    with pytest.raises(UnknownStreamError, match="Did you mean 'email'"):
        source.select("accounts", ["emial"])
    with pytest.raises(InvalidInputError, match="a list of names"):
        source.select("accounts", "email")

    assert not any(stream.selected for stream in source.streams())


def test_fields_say_why_they_replicate(source: Source) -> None:
    source.select("accounts", ["email"])

    frame = source.fields("accounts").to_frame().set_index("field")

    assert frame.loc["id", "reason"] == "automatic: primary key"
    assert frame.loc["updated_at", "reason"] == "automatic: replication key"
    assert frame.loc["email", "reason"] == "selected"
    assert frame.loc["code", "reason"] == "not selected"
    assert frame["replicated"].sum() == 3


def test_deselecting(source: Source) -> None:
    source.select("accounts", ["email", "code"])
    source.deselect("accounts", ["code"])

    frame = source.fields("accounts").to_frame().set_index("field")
    assert (frame.loc["email", "replicated"], frame.loc["code", "replicated"]) == (True, False)
    assert source.deselect("accounts").state == "field_selection"
    with pytest.raises(InvalidInputError, match="nothing to change"):
        source.deselect("accounts", [])


def test_an_automatic_field_is_not_deselected_and_nothing_is_sent(client: Client, source: Source) -> None:
    source.select("accounts", ["email"])
    client.journal.clear()
    with pytest.raises(InvalidInputError, match=r"^accounts\.id: it cannot be deselected: automatic: primary key$"):
        source.deselect("accounts", ["email", "id"])
    assert {one.method for one in client.journal} == {"GET"}


def test_a_second_job_is_refused_while_one_runs() -> None:
    with stitchnb.Sandbox(pace_s=30) as sandbox:
        client = sandbox.client()
        source = client.sources.create("platform.recurly", display_name="R", properties={}, validate=False)
        job = source.start_job()
        with pytest.raises(AlreadyRunningError, match="one already exists") as caught:
            source.start_job()
        assert caught.value.status_code == 200
        with pytest.raises(WaitTimeoutError, match="still extracting"):
            job.wait(timeout_s=0.1)
        job.stop()
        with pytest.raises(JobFailedError, match=r"was stopped$") as failed:
            job.wait()
        result = failed.value.result
        assert result is not None
        assert (result.was_stopped, result.outcome) == (True, "was stopped")
        assert repr(result) == "JobResult(was stopped, 0 streams loaded)"
        assert [run.status for run in client.jobs.history()] == ["stopped"]


def test_a_check_that_runs_for_long_can_be_waited_for_again() -> None:
    with stitchnb.Sandbox(pace_s=30) as sandbox:
        source = sandbox.client().sources.create("platform.recurly", display_name="R", properties=RECURLY)
        with pytest.raises(WaitTimeoutError, match="Wait again"):
            source.check().wait(timeout_s=0)


def test_a_stream_without_rows_does_not_hold_up_the_wait(client: Client, source: Source) -> None:
    source.select("accounts")
    job = source.start_job()
    job.wait()
    # Selected after the job: it will never be loaded by it.
    source.select("plans")

    result = job.wait(quiet_s=0)

    assert [load.stream_name for load in result.loads] == ["accounts"]


def test_pause_and_resume_and_delete(source: Source) -> None:
    source.select("accounts")

    assert source.pause().state == "paused"
    assert source.resume().state == "fully_configured"
    assert source.delete().state == "deleted"
    with pytest.raises(NotFoundError, match="source not found"):
        source.delete()


def test_a_source_that_does_not_exist(client: Client) -> None:
    with pytest.raises(NotFoundError, match=r"source not found \(7\)"):
        client.sources.get(7)
    with pytest.raises(InvalidInputError, match="no source id"):
        client.sources.get("recurly")  # type: ignore[arg-type]


def test_a_sandbox_that_was_closed_says_so() -> None:
    sandbox = stitchnb.Sandbox(pace_s=0)
    with stitchnb.Client(sandbox.token, base_url=sandbox.url) as client:
        sandbox.close()
        with pytest.raises(TransportError, match="closed sandbox"):
            client.sources.list()


def test_a_client_does_not_show_or_pickle_its_token(client: Client) -> None:
    token = client.sandbox.token.reveal()

    assert token not in repr(client) + repr(vars(client)) + str(client)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(client)
