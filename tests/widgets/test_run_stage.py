"""The wizard's replication job, stopped while it runs: told as stopped, in the words of the monitor and the history."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from connection_properties import recurly_properties
from panel_page import say, told

import stitchnb
from stitchnb.client import Client
from stitchnb.sandbox.connectors.seeded.connector import SeededConnector
from stitchnb.sandbox.pipeline import Batch, Context, SelectedStream
from stitchnb.widgets.wizard.panel import StepPanel
from stitchnb.widgets.wizard.wizard import SourceWizard

RECURLY = recurly_properties()


class Endless(SeededConnector):
    """Gives one batch, and then nothing more before it is stopped."""

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        assert context is not None
        yield next(super().extract(properties, streams, state, now, context))
        assert context.stop.wait(120)


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of an account with a source that is ready to run, and whose job does not end."""
    with stitchnb.Sandbox(pace_s=0, clock="2026-03-20T14:00:00Z") as sandbox:
        sandbox.connectors["platform.recurly"] = Endless("platform.recurly", 0)
        client = sandbox.client()
        source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
        source.check().wait(show_progress=False)
        source.select("accounts")
        yield client


def test_the_next_start_is_told_to_the_second_once_it_is_near(client: Client) -> None:
    (source,) = client.sources.list()
    due = source.schedule.next_fire_time
    client.sandbox.clock.advance_to(due - timedelta(seconds=35))
    wizard = SourceWizard(client, source=source.id)
    facts = dict(wizard.children[1]._content["blocks"][1]["facts"])
    assert facts["Next run"] == f"{due:%Y-%m-%d %H:%M:%S} UTC"
    wizard.close()


def test_a_job_that_was_stopped_is_not_told_as_one_that_failed(client: Client) -> None:
    (source,) = client.sources.list()
    wizard = SourceWizard(client, source=source.id)
    wizard.start_job()
    panel = wizard.children[1]
    assert isinstance(panel, StepPanel)
    say(panel, "press", name="stop")
    wizard.wait()

    assert "The job was stopped." in told(panel)
    assert (panel._content["blocks"][0]["tone"]) == "warn"
    assert [run.status for run in client.jobs.history()] == ["stopped"]
    wizard.close()
