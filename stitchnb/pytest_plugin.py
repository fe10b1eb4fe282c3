"""Fixtures for suites that test code of their own against a sandbox of the Connect API.

Installed with stitchnb and found by pytest by itself; nothing of it is loaded before a test asks for it. For a sandbox
that stands at another time, has another seed or keeps its state, define a fixture ``stitch_sandbox`` of your own:
``stitch_client`` goes along with it.

Examples
--------
::

    def test_my_pipeline_creates_its_source(stitch_client):
        my_pipeline.set_up(stitch_client)
        assert [source.name for source in stitch_client.sources.list()] == ["recurly"]


    def test_my_pipeline_survives_a_bad_gateway(stitch_sandbox, stitch_client):
        with stitch_sandbox.faults.add(status=502, times=2, method="GET", path="/v4/sources"):
            my_pipeline.report(stitch_client)
        assert [exchange.status for exchange in stitch_sandbox.journal()] == [502, 502, 200]
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
    """Give a new, empty sandbox to each test: in memory, at 2026-01-01T00:00:00Z, seed 0, checks and jobs at once.

    Its clock moves by ``stitch_sandbox.clock.advance(hours=6)``; ``stitch_sandbox.wait_idle()`` waits for what was
    started; ``stitch_sandbox.warehouse`` gives the rows that landed; ``stitch_sandbox.faults`` lets things go wrong;
    ``stitch_sandbox.journal()`` tells what was asked. ``stitch_sandbox.url`` and ``stitch_sandbox.token.reveal()`` are
    for clients other than stitchnb's.
    """
    from stitchnb.embedded import Sandbox

    with Sandbox(clock=_NOW, pace_s=0) as sandbox:
        yield sandbox


@pytest.fixture
def stitch_client(stitch_sandbox: Sandbox) -> Iterator[SandboxClient]:
    """Give a `stitchnb.Client` of the test's ``stitch_sandbox``, closed when the test ends."""
    with stitch_sandbox.client() as client:
        yield client
