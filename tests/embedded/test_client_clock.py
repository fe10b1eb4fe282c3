"""Changes are dated by the clock of the account that they are made in: a sandbox's own, else this machine's."""

import asyncio
import json
from datetime import UTC, datetime

import httpx
import pytest

import stitchnb
from stitchnb.client import Client
from stitchnb.models import parse_time

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


def test_a_client_of_a_frozen_sandbox_dates_changes_by_its_clock() -> None:
    with stitchnb.Sandbox(clock=NOON, pace_s=0) as sandbox:
        client = sandbox.client()
        source = client.sources.create("platform.recurly", display_name="R", validate=False)
        email = client.notifications.emails.create("etl@example.com")
        sandbox.clock.advance(hours=6)

        assert source.pause().paused_at == sandbox.clock.now() == datetime(2026, 3, 20, 18, tzinfo=UTC)
        client.notifications.emails.disable(email.id)
        assert [one.disabled_at for one in client.notifications.emails.list()] == [sandbox.clock.now()]


def test_so_does_one_that_is_awaited() -> None:
    async def pause(sandbox: stitchnb.Sandbox, source_id: int) -> datetime | None:
        async with sandbox.async_client() as client:
            return (await client.sources.pause(source_id)).paused_at

    with stitchnb.Sandbox(clock=NOON, pace_s=0) as sandbox:
        source = sandbox.client().sources.create("platform.recurly", display_name="R", validate=False)
        assert asyncio.run(pause(sandbox, source.id)) == NOON


def test_a_real_account_is_dated_by_this_machine() -> None:
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content)["paused_at"])
        return httpx.Response(200, json={"id": 1})

    before = datetime.now(UTC).replace(microsecond=0)
    with Client("a-token", transport=httpx.MockTransport(answer)) as client:
        client.sources.pause(1)
    moment = parse_time(sent[0])
    assert moment is not None
    assert before <= moment <= datetime.now(UTC)


@pytest.mark.parametrize("clock", [NOON, None])
def test_the_day_that_forms_count_from_is_of_the_same_clock(clock: datetime | None) -> None:
    with stitchnb.Sandbox(clock=clock, pace_s=0) as sandbox:
        client = sandbox.client()
        before, today, after = client.now().date(), client.today(), client.now().date()
        assert before <= today <= after
        assert clock is None or today == clock.date()
