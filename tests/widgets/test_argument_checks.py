"""Wrong arguments of widgets: the error names the expected and the passed type."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from form_cards import recurly

import stitchnb
from stitchnb.errors import InvalidInputError
from stitchnb.widgets import (
    AccountBrowser,
    AccountPage,
    ConnectionForm,
    DestinationForm,
    JobMonitor,
    SourceForm,
    SourceJobs,
    SourceWizard,
    StreamPicker,
)


@pytest.fixture
def client(sandbox: stitchnb.Sandbox) -> Iterator[stitchnb.Client]:
    with sandbox.client() as client:
        yield client


def new_source(client: stitchnb.Client) -> Any:
    return client.sources.create("platform.shopify", display_name="Shop", validate=False)


CLIENT = "expects a Client from stitchnb.connect\\(\\) as its first argument, got "
SOURCE = "expects a Source from client.sources.get\\(source_id\\), got "


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda client, source: StreamPicker(client), f"StreamPicker {SOURCE}SandboxClient"),
        (lambda client, source: StreamPicker(3), f"StreamPicker {SOURCE}int"),
        (lambda client, source: SourceJobs(client, 3), f"SourceJobs {SOURCE}int"),
        (lambda client, source: SourceJobs(source, source), f"SourceJobs {CLIENT}Source"),
        (lambda client, source: SourceWizard(source), f"SourceWizard {CLIENT}Source"),
        (lambda client, source: AccountBrowser(source), f"AccountBrowser {CLIENT}Source"),
        (lambda client, source: AccountPage(source), f"AccountPage {CLIENT}Source"),
        (lambda client, source: SourceForm(source, "platform.recurly"), f"SourceForm {CLIENT}Source"),
        (lambda client, source: DestinationForm("postgres"), f"DestinationForm {CLIENT}str"),
        (lambda client, source: SourceWizard(client, source), "pass an existing source as source=…, got Source"),
        (lambda client, source: SourceForm(client, source), "pass an existing source as source=…, got Source"),
        (lambda client, source: DestinationForm(client, 155), "pass an existing destination as destination=…, got int"),
        (lambda client, source: SourceForm(client, source="shop"), "expects a source or its id as source=…, got str"),
        (lambda client, source: SourceForm(client, source=True), "expects a source or its id as source=…, got bool"),
        (lambda client, source: SourceWizard(client, source="shop"), "expects a source or its id as source=…, got str"),
        (lambda client, source: JobMonitor(source), "JobMonitor expects a Job from source.start_job\\(\\), got Source"),
        (lambda client, source: ConnectionForm(client), "ConnectionForm expects a ReportCard .* got SandboxClient"),
    ],
)
def test_an_error_names_the_expected_and_the_passed_type(
    client: stitchnb.Client, make: Callable[[Any, Any], object], words: str
) -> None:
    source = new_source(client)
    with pytest.raises(InvalidInputError, match=words):
        make(client, source)


def test_a_token_passed_instead_of_a_client_is_not_in_the_error() -> None:
    with pytest.raises(InvalidInputError) as refused:
        SourceForm("key-4711", "platform.recurly")  # type: ignore[arg-type]
    assert "key-4711" not in str(refused.value)


def test_an_async_client_is_refused_as_such(sandbox: stitchnb.Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="SourceWizard expects a Client, got AsyncClient"):
        SourceWizard(sandbox.async_client())  # type: ignore[arg-type]


def test_tab_offers_the_properties_of_a_form_and_the_streams_of_a_catalog(client: stitchnb.Client) -> None:
    form = ConnectionForm(recurly())
    offered = form._ipython_key_completions_()
    assert "subdomain" in offered
    assert all(form[name].name == name for name in offered)

    given = {"api_key": "k", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
    source.check().wait()
    catalog = source.catalog(load=False)
    offered = catalog._ipython_key_completions_()
    assert "accounts" in offered
    assert all(catalog[name].stream_name == name for name in offered)


def test_a_picker_of_a_source_that_was_told_before_its_check_had_ended_shows_how_it_stands_now(
    client: stitchnb.Client,
) -> None:
    given = {"api_key": "k", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
    source.check().wait()
    assert source.state == "discover_schema"
    assert StreamPicker(source)._content["state"][0] == "field selection"
