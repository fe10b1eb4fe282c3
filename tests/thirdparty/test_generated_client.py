"""A client that somebody else generated for the Connect API, unmodified, walks through the sandbox.

It is written for asyncio. Where it is not right itself, the test says so by name and says what it does instead: the
sandbox keeps to the API's contract.
"""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar, cast

import pytest
import stitch_connect_client as generated
from connection_properties import recurly_properties
from stitch_connect_client.exceptions import ApiException

from stitchnb.sandbox import Sandbox

pytestmark = pytest.mark.slow

T = TypeVar("T")
Walk = Callable[[generated.ApiClient], Awaitable[T]]

PROPERTIES = recurly_properties(start_date="2025-09-01T00:00:00Z", api_key="a-recurly-key")
POSTGRES = {"host": "db.example.com", "port": "5432", "database": "reporting", "username": "u", "password": "p"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        yield sandbox


def walk(sandbox: Sandbox, steps: Walk[T], *, token: str | None = None) -> T:
    """Let a client of its own do something; a refusal is raised when the client is gone."""

    async def main() -> tuple[T | None, ApiException | None]:
        configuration = generated.Configuration()
        configuration.host = sandbox.url
        configuration.access_token = token or sandbox.token.reveal()
        client = generated.ApiClient(configuration)
        try:
            return await steps(client), None
        except ApiException as error:
            # Without the frames of its traceback, which would keep the client.
            return None, error.with_traceback(None)
        finally:
            await client.rest_client.pool_manager.close()
            # It closes itself once more when it is forgotten, and needs the running loop for that.
            del client
            gc.collect()
            await asyncio.sleep(0)

    result, refusal = asyncio.run(main())
    if refusal:
        raise refusal
    return cast(T, result)


async def status(call: Awaitable[Any]) -> int:
    """Tell with which status a call is refused, and keep nothing else of it."""
    try:
        await call
    except ApiException as error:
        return int(error.status)
    return 200


async def idle(sandbox: Sandbox) -> None:
    await asyncio.to_thread(sandbox.wait_idle)


def selection(stream: str, *fields: str) -> generated.StreamsUpdateList:
    chosen = generated.MetadataObject(selected=True)
    breadcrumbs = [[], *(["properties", field] for field in fields)]
    metadata = [generated.Metadata(breadcrumb=b, metadata=chosen) for b in breadcrumbs]
    return generated.StreamsUpdateList(streams=[generated.StreamUpdate(tap_stream_id=stream, metadata=metadata)])


async def created(client: generated.ApiClient) -> generated.Source:
    body = {"type": "platform.recurly", "display_name": "Recurly", "properties": PROPERTIES}
    source: generated.Source = await generated.SourcesApi(client).create_source(body)
    return source


def test_from_a_new_source_to_rows(sandbox: Sandbox) -> None:
    async def steps(client: generated.ApiClient) -> None:
        sources, streams = generated.SourcesApi(client), generated.StreamsApi(client)

        new = await sources.create_source(
            generated.CreateSourceBody(type="platform.recurly", display_name="Recurly Billing")
        )
        assert (new.name, new.stitch_client_id) == ("recurly_billing", 116078)
        assert new.report_card.steps[new.report_card.current_step - 1].type == "form"
        given = await sources.update_source(new.id, generated.UpdateSourceBody(properties=PROPERTIES))
        assert given.properties.start_date == PROPERTIES["start_date"]
        assert given.report_card.current_step == 2
        await idle(sandbox)

        check = await sources.get_last_connection_check(new.id)
        assert (check.status, check.error, check.check_exit_status) == ("succeeded", False, 0)

        listed = await streams.get_streams(new.id)
        assert [s.stream_name for s in listed][:2] == ["accounts", "adjustments"]
        assert listed[0].metadata.valid_replication_keys == ["updated_at"]
        described = await streams.get_stream_schema(new.id, listed[0].stream_id)
        assert "email" in json.loads(described.schema)["properties"]
        assert "selected" in described.non_discoverable_metadata_keys
        inclusions = {tuple(m.breadcrumb): m.metadata.inclusion for m in described.metadata}
        assert inclusions["properties", "id"] == "automatic"

        await streams.update_stream_metadata(new.id, selection("accounts", "email"))
        assert (await streams.get_streams(new.id))[0].selected is True
        configured = await sources.get_source(new.id)
        assert configured.report_card.current_step == len(configured.report_card.steps)

        await sources.start_replication(new.id)
        await idle(sandbox)

    walk(sandbox, steps)

    rows = sandbox.warehouse.sql("SELECT id, email, updated_at, _sdc_sequence FROM recurly_billing.accounts")
    assert len(rows) > 0


def test_pausing_renaming_and_deleting_a_source(sandbox: Sandbox) -> None:
    async def steps(client: generated.ApiClient) -> None:
        sources, source = generated.SourcesApi(client), await created(client)

        paused = await sources.update_source(source.id, generated.UpdateSourceBody(paused_at="2026-03-20T12:00:00Z"))
        assert paused.paused_at == "2026-03-20T12:00:00Z"
        renamed = await sources.update_source(source.id, generated.UpdateSourceBody(display_name="Billing"))
        assert (renamed.display_name, renamed.name) == ("Billing", "recurly")
        deleted = await sources.delete_source(source.id)
        assert deleted.deleted_at
        assert [s.deleted_at for s in await sources.get_sources()] == [deleted.deleted_at]

    walk(sandbox, steps)


def test_destinations(sandbox: Sandbox) -> None:
    async def steps(client: generated.ApiClient) -> None:
        destinations = generated.DestinationsApi(client)
        cards = await destinations.get_destination_types()
        assert {"postgres", "snowflake"} <= {card.type for card in cards}
        assert all(card.steps and card.details.pipeline_state for card in cards)

        new = await destinations.create_destination(generated.CreateDestinationBody("postgres", POSTGRES))
        assert (new.type, new.properties.database) == ("postgres", "reporting")
        assert len(await destinations.get_destinations()) == 2
        assert await destinations.delete_destination(new.id) is None
        assert new.id not in {d.id for d in await destinations.get_destinations()}

    walk(sandbox, steps)


@pytest.mark.parametrize(
    ("steps", "body", "why"),
    [
        (
            lambda c: generated.SourcesApi(c).get_source(7),
            {"error": "InvalidId", "data": {"message": "source not found (7)"}},
            "an error by name",
        ),
        (lambda c: generated.StreamsApi(c).get_streams(7), "invalid stream-id: 7", "an error that is a bare string"),
        (
            lambda c: generated.SourcesApi(c).start_replication(7),
            {"error": {"type": "invalid_source", "message": "Unable to locate source(7) for client (116078)"}},
            "an error by type",
        ),
    ],
)
def test_errors_reach_it_as_they_are_documented(sandbox: Sandbox, steps: Walk[Any], body: Any, why: str) -> None:
    with pytest.raises(ApiException) as caught:
        walk(sandbox, steps)

    assert caught.value.status == 400, why
    assert json.loads(caught.value.body) == body


def test_without_the_right_token_it_is_not_let_in(sandbox: Sandbox) -> None:
    with pytest.raises(ApiException) as caught:
        walk(sandbox, lambda client: generated.SourcesApi(client).get_sources(), token="another")

    assert caught.value.status == 401


def test_its_body_for_a_new_source_sends_the_properties_as_the_destination_as_well(sandbox: Sandbox) -> None:
    # Its destination_id reads what properties holds: only a plain dict can carry properties.
    body = generated.CreateSourceBody(type="platform.recurly", display_name="Recurly", properties=PROPERTIES)
    assert body.destination_id == PROPERTIES

    with pytest.raises(ApiException) as caught:
        walk(sandbox, lambda client: generated.SourcesApi(client).create_source(body))

    assert caught.value.status == 400
    assert walk(sandbox, lambda client: generated.SourcesApi(client).get_sources()) == [], "nothing is half-created"


def test_it_reads_the_answer_to_a_started_job_as_an_error_and_drops_the_jobs_name(sandbox: Sandbox) -> None:
    async def steps(client: generated.ApiClient) -> tuple[Any, Any, int]:
        source = await created(client)
        await idle(sandbox)
        await generated.StreamsApi(client).update_stream_metadata(source.id, selection("accounts"))
        told = await generated.SourcesApi(client).start_replication(source.id)
        return told, json.loads(client.last_response.data), source.id

    told, answer, source_id = walk(sandbox, steps)

    assert isinstance(told, generated.ErrorObject)
    assert told.error is None
    assert answer["job_name"].startswith(f"116078.{source_id}.sync."), "the answer has it"


def test_it_changes_a_destination_with_the_properties_alone_which_the_api_does_not_take(sandbox: Sandbox) -> None:
    changes = generated.DestinationFormProperties(database="figures")

    async def bare(client: generated.ApiClient) -> None:
        destinations = generated.DestinationsApi(client)
        (embedded,) = await destinations.get_destinations()
        assert await status(destinations.update_destination(embedded.id, changes)) == 400
        changed = await destinations.update_destination(embedded.id, {"properties": changes})
        assert changed.properties.database == "figures"

    walk(sandbox, bare)


def test_it_reads_a_propertys_schema_as_an_array_and_loses_it(sandbox: Sandbox) -> None:
    source = walk(sandbox, created)

    (frequency,) = [p for p in source.report_card.steps[0].properties if p.name == "frequency_in_minutes"]
    assert [(one.type, one.pattern) for one in frequency.json_schema] == [(None, None), (None, None)]
