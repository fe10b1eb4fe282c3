"""Fixtures for testing your own code with a sandbox of the Connect API.

pytest finds them automatically, and nothing is loaded before a test uses them. For another time, another seed or a
state file, define your own fixture ``stitch_sandbox``; ``stitch_client`` uses it.

Examples
--------
::

    def test_my_pipeline_creates_its_source(stitch_client):
        my_pipeline.set_up(stitch_client)
        assert [source.name for source in stitch_client.sources.list()] == ["recurly"]


    def test_my_pipeline_survives_a_bad_gateway(stitch_sandbox, stitch_client):
        with stitch_sandbox.faults.add(status=502, times=2, method="GET", path="/v4/sources"):
            my_pipeline.report(stitch_client)
        assert [exchange.status for exchange in stitch_sandbox.journal] == [502, 502, 200]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stitchnb.embedded import Sandbox, SandboxClient

_NOW = "2026-01-01T00:00:00Z"


@pytest.fixture
def stitch_sandbox() -> Iterator[Sandbox]:
    """Return a new, empty sandbox for each test: in memory, at 2026-01-01T00:00:00Z, seed 0, checks and jobs immediate.

    ``stitch_sandbox.clock.advance(hours=6)`` moves its clock, ``stitch_sandbox.wait_idle()`` waits for running checks
    and jobs, ``stitch_sandbox.warehouse`` has the loaded rows, ``stitch_sandbox.faults`` makes requests fail, and
    ``stitch_sandbox.journal`` lists the requests. ``stitch_sandbox.url`` and ``stitch_sandbox.token.reveal()`` are
    for other clients.
    """
    from stitchnb.embedded import Sandbox

    with Sandbox(clock=_NOW, pace_s=0) as sandbox:
        yield sandbox


@pytest.fixture
def stitch_client(stitch_sandbox: Sandbox) -> Iterator[SandboxClient]:
    """Return a `stitchnb.Client` of the test's ``stitch_sandbox``, closed when the test ends."""
    with stitch_sandbox.client() as client:
        yield client
