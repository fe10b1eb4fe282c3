"""A source or destination that was not checked yet: what it waits for is said in place of "not found"."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import stitchnb
from stitchnb.client import Client
from stitchnb.client.resources.checks import missing_check_reason
from stitchnb.errors import InvalidInputError, NotFoundError
from stitchnb.models import Source

START = {"start_date": "2025-09-01T00:00:00Z"}


@pytest.fixture
def sandbox() -> Iterator[stitchnb.Sandbox]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: stitchnb.Sandbox) -> Client:
    return sandbox.client()


def create(client: Client, type_: str, **properties: str) -> stitchnb.client.Source:
    return client.sources.create(type_, display_name="One", properties=properties, validate=False)


def test_a_source_that_waits_for_somebody_to_authorise_it_says_so(client: Client) -> None:
    source = create(client, "platform.hubspot", **START)
    with pytest.raises(NotFoundError) as refused:
        source.check()
    assert str(refused.value).endswith(
        f"\nThere is no check of source {source.id} yet: it is at its oauth step and must be authorized. "
        f"Call client.sandbox.authorize({source.id}), which replaces the sign-in in the browser. "
        "Setup then continues automatically."
    )
    assert "source not found" not in str(refused.value)
    with pytest.raises(NotFoundError, match="at its oauth step"):
        client.connection_checks.wait(source.id, show_progress=False)

    client.sandbox.authorize(source.id)
    assert source.check().wait(show_progress=False).succeeded


def test_an_incomplete_form_is_told_with_what_it_still_needs(client: Client) -> None:
    source = create(client, "platform.recurly", subdomain="acme", **START)
    with pytest.raises(NotFoundError) as refused:
        source.check()
    assert (
        f"its form is not complete. Pass api_key, quota_limit to client.sources.update({source.id}, properties={{…}})"
    ) in str(refused.value)


def test_what_only_the_user_can_give_comes_before_the_browser(client: Client) -> None:
    source = create(client, "platform.facebook", **START)
    with pytest.raises(NotFoundError, match=r"Pass account_id to .*, then call client\.sandbox\.authorize"):
        source.check()
    with pytest.raises(InvalidInputError, match="oauth step still needs account_id, which only you can give"):
        client.sandbox.authorize(source.id)
    source.update(properties={"account_id": "1234"})
    client.sandbox.authorize(source.id)
    assert source.check().wait(show_progress=False).succeeded


def test_a_type_without_a_check_is_never_checked(client: Client) -> None:
    source = create(client, "import_api")
    with pytest.raises(NotFoundError, match=f"Source {source.id} is never checked: the type import_api has no"):
        source.check()


def test_a_destination_tells_what_its_form_still_needs(client: Client) -> None:
    made = client.destinations.create("postgres", properties={"host": "db.example.com"}, validate=False)
    with pytest.raises(NotFoundError, match=f"no check of destination {made.id} yet: its form is not complete"):
        made.check()


def test_a_source_that_is_not_there_is_still_not_found(client: Client) -> None:
    with pytest.raises(NotFoundError, match=r"source not found \(7\)\nThere is no source 7 in this account"):
        client.connection_checks.last(7)
    with pytest.raises(NotFoundError, match=r"invalid connection id\nThere is no destination 7 in this account"):
        client.connection_checks.last(destination_id=7)


def test_it_is_the_same_to_await(sandbox: stitchnb.Sandbox, client: Client) -> None:
    source = create(client, "platform.hubspot", **START)

    async def look() -> None:
        async with sandbox.async_client() as client:
            await client.connection_checks.last(source.id)

    with pytest.raises(NotFoundError, match="at its oauth step"):
        asyncio.run(look())


def card(step: str, *properties: dict[str, Any]) -> dict[str, Any]:
    steps = [{"type": step, "properties": list(properties)}, {"type": "discover_schema", "properties": []}]
    return {"type": "platform.x", "current_step": 1, "current_step_type": step, "steps": steps}


def told(step: str, base_url: str, **more: Any) -> str | None:
    source = Source({"id": 45, "stitch_client_id": 6, "type": "platform.x", "report_card": card(step), **more})
    return missing_check_reason(source, base_url=base_url, in_sandbox=False)


def test_of_a_real_account_it_says_where_in_stitch() -> None:
    words = told("oauth", "https://api.eu-central-1.stitchdata.com")
    assert words is not None
    assert (
        "Authorize it in Stitch (https://app.eu-central-1.stitchdata.com/client/6/pipeline/v2/sources/45/summary)"
        in words
    )
    assert "Authorize it in Stitch. Setup then" in (told("profile", "https://stitch.example.com") or "")


@pytest.mark.parametrize(
    ("step", "more", "why"),
    [
        ("discover_schema", {}, "it should have been checked"),
        ("oauth", {"deleted_at": "2026-01-01T00:00:00Z"}, "nobody will authorise it any more"),
        ("form", {}, "the form asks for nothing more"),
        ("oauth", {"report_card": {}}, "a card that tells no step"),
    ],
)
def test_where_nothing_is_known_nothing_is_said(step: str, more: dict[str, Any], why: str) -> None:
    assert told(step, "https://api.stitchdata.com", **more) is None, why
