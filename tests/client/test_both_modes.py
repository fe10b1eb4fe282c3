"""One definition serves both kinds of client: the same methods, the same errors, the same journey."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from both_modes import TOKEN
from test_journey import RECURLY

import stitchnb
from stitchnb.client import AsyncClient, AsyncImportClient, Client, ImportClient, RecordList
from stitchnb.client._sansio import Sleep, Steps, drive, drive_async, endpoint_method, sleep
from stitchnb.errors import AuthenticationError, CheckFailedError, UnknownSourceTypeError, WaitTimeoutError

RESOURCES = [
    *("account", "source_types", "destination_types", "sources", "destinations", "streams", "connection_checks"),
    *("jobs", "extractions", "loads", "notifications.emails", "notifications.hooks", "import_tokens"),
]


def part(client: Any, name: str) -> Any:
    for attribute in name.split("."):
        client = getattr(client, attribute)
    return client


@pytest.fixture
def sandbox() -> Iterator[Any]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as made:
        yield made


@pytest.mark.parametrize("name", RESOURCES)
def test_both_kinds_of_client_have_the_same_methods(name: str) -> None:
    sync, async_ = part(Client(TOKEN), name), part(AsyncClient(TOKEN), name)
    methods = [m for m in dir(sync) if not m.startswith("_") and callable(getattr(sync, m))]

    assert methods
    for method in methods:
        one, other = getattr(sync, method), getattr(async_, method)
        assert inspect.signature(one) == inspect.signature(other)
        assert one.__doc__ == other.__doc__
        assert one.__doc__.strip()


def test_a_method_looks_like_an_ordinary_one() -> None:
    create = Client(TOKEN).sources.create
    told = inspect.signature(create)

    assert create.__name__ == "create"
    assert "Create a source" in inspect.getdoc(create)  # type: ignore[operator]
    assert list(told.parameters)[:2] == ["type", "display_name"]
    assert told.return_annotation == "Source"


def test_the_guide_works_in_an_event_loop(sandbox: Any) -> None:
    async def main() -> Any:
        async with sandbox.async_client() as client:
            assert (await client.source_types.get("platform.recurly")).details.access
            source = await client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
            check = await source.check()
            assert (await check.wait()).succeeded
            source = await source.select("accounts", ["email", "code"])
            assert source.state == "fully_configured"
            job = await source.start_job()
            result = await job.wait()
            assert [one.job_name for one in await source.extractions()] == [job.job_name]
            assert [one.stream_name for one in await source.loads()] == ["accounts"]
            assert client.journal[-1].status == 200
            return result

    result = asyncio.run(main())

    assert repr(result) == "JobResult(succeeded, 1 stream loaded)"
    assert len(sandbox.warehouse.table("recurly.accounts")) > 0


def test_errors_are_the_same_in_an_event_loop(sandbox: Any) -> None:
    async def main() -> None:
        async with AsyncClient("wrong", base_url=sandbox.url) as other:
            with pytest.raises(AuthenticationError):
                await other.sources.list()
        async with sandbox.async_client() as client:
            with pytest.raises(UnknownSourceTypeError, match=r"Did you mean 'platform\.recurly'"):
                await client.sources.create("recurly", display_name="R", properties=RECURLY)
            source = await client.sources.create(
                "platform.recurly", display_name="R", properties={**RECURLY, "api_key": "bad-key"}
            )
            with pytest.raises(CheckFailedError):
                await (await source.check()).wait()

    asyncio.run(main())


def test_other_tasks_go_on_while_one_waits() -> None:
    with stitchnb.Sandbox(pace_s=600) as sandbox:

        async def main() -> list[Any]:
            async with sandbox.async_client() as client:
                source = await client.sources.create("platform.recurly", display_name="R", properties=RECURLY)
                waiting = asyncio.create_task(client.connection_checks.wait(source.id))
                listed = await asyncio.gather(*[client.sources.list() for _ in range(5)])
                assert not waiting.done()
                waiting.cancel()
                with pytest.raises(WaitTimeoutError):
                    await client.connection_checks.wait(source.id, timeout_s=0)
                return listed

        assert [len(found) for found in asyncio.run(main())] == [1] * 5


def test_a_wait_that_is_cancelled_ends_at_once_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with stitchnb.Sandbox(pace_s=600) as sandbox:

        async def main() -> None:
            async with sandbox.async_client() as client:
                source = await client.sources.create("platform.recurly", display_name="R", properties=RECURLY)
                waiting = asyncio.create_task(client.connection_checks.wait(source.id))
                while "running" not in capsys.readouterr().err:
                    await asyncio.sleep(0.01)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting

        asyncio.run(main())

    assert "stopped waiting; it continues in Stitch" in capsys.readouterr().err


def test_a_source_and_a_job_know_what_became_of_them(sandbox: Any) -> None:
    client = sandbox.client()
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    source.check().wait()
    assert isinstance(source.extractions(), RecordList)
    assert list(source.extractions().to_frame().columns)[:2] == ["source_id", "source_type"]
    job = source.select("accounts").start_job()
    job.wait()
    other = client.sources.create("platform.recurly", display_name="Other", properties=RECURLY)

    assert source.extractions()[0].job_name == job.job_name
    assert source.loads().to_frame()["stream"].tolist() == ["accounts"]
    assert (len(other.extractions()), len(other.loads())) == (0, 0)
    assert client.extractions.to_frame()["succeeded"].tolist() == [True]
    assert next(iter(client.loads.iterate())).stream_name == "accounts"


@pytest.mark.parametrize("kind", [Client, AsyncClient, ImportClient, AsyncImportClient])
def test_no_client_shows_or_pickles_its_token(kind: type[Any]) -> None:
    import pickle

    client = kind(TOKEN)

    assert TOKEN not in repr(client) + repr(vars(client)) + repr(vars(client._transport))
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(client)


@pytest.mark.parametrize("kind", [Client, AsyncClient, ImportClient, AsyncImportClient])
def test_both_regions_and_any_other_address_can_be_given(kind: type[Any]) -> None:
    assert kind(TOKEN).base_url == "https://api.stitchdata.com"
    assert kind(TOKEN, region="us").base_url == "https://api.stitchdata.com"
    assert kind(TOKEN, region="eu").base_url == "https://api.eu-central-1.stitchdata.com"
    assert kind(TOKEN, base_url="https://x.example.com/").base_url == "https://x.example.com"


def steps(mended: list[str]) -> Steps[int]:
    """Meet an error in the middle, and go on."""
    try:
        yield from sleep(1)
    except KeyError as error:
        mended.append(f"mended {error}")
    yield from sleep(2)
    return 3


def test_steps_can_handle_the_error_of_a_step() -> None:
    def perform(step: Sleep) -> None:
        if step.seconds == 1:
            raise KeyError("it")

    async def perform_async(step: Sleep) -> None:
        perform(step)

    mended: list[str] = []
    assert drive(steps(mended), perform) == 3
    assert asyncio.run(drive_async(steps(mended), perform_async)) == 3
    assert mended == ["mended 'it'"] * 2


def test_an_endpoint_method_of_a_class_is_its_documented_function() -> None:
    class Odd:
        @endpoint_method
        def nothing(self) -> Steps[None]:
            """Do nothing."""
            yield from sleep(0)

    assert Odd.nothing.__doc__ == "Do nothing."  # type: ignore[attr-defined]
