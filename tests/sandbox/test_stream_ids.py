"""Ids of streams: the same from the same seed, whichever of two checks at the same time ends first."""

import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from connection_properties import postgres_properties
from polling import wait_until

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.connectors.seeded.connector import SeededConnector
from stitchnb.sandbox.pipeline import Context, DiscoveredStream

DATABASE = postgres_properties()
CREATE = {
    "platform.recurly": recurly.CREATE,
    "platform.hp-postgres": {
        "type": "platform.hp-postgres",
        "display_name": "Database",
        "properties": DATABASE,
    },
}
FIRST = 2_288_751


class Held(SeededConnector):
    """Discovers nothing before the test lets it."""

    def __init__(self, source_type: str) -> None:
        super().__init__(source_type, 0)
        self.gate = threading.Event()

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        assert self.gate.wait(120)
        return super().discover(properties, context)


def ids_of(api: httpx.Client, source_id: int) -> dict[str, int]:
    return {s["tap_stream_id"]: s["stream_id"] for s in api.get(f"/v4/sources/{source_id}/streams").json()}


def ids_when_ended(
    sandbox: Sandbox, api: httpx.Client, order: tuple[str, ...], until: Callable[[int], None]
) -> list[dict[str, int]]:
    """Create a source of each type at once, let their checks end in an order, and give their streams' ids."""
    held = {source_type: Held(source_type) for source_type in CREATE}
    sources = {}
    for source_type, connector in held.items():
        sandbox.connectors[source_type] = connector
        sources[source_type] = api.post("/v4/sources", json=CREATE[source_type]).json()["id"]
    for source_type in order:
        held[source_type].gate.set()
        until(sources[source_type])
    return [ids_of(api, source_id) for source_id in sources.values()]


@pytest.fixture
def until_checked(api: httpx.Client) -> Callable[[int], None]:
    """Waits for a source's check, however it ends."""

    def wait(source_id: int) -> None:
        path = f"/v4/sources/{source_id}/last-connection-check"
        wait_until(lambda: api.get(path).json()["status"], lambda status: status != "running", what="the check's end")

    return wait


def test_it_is_of_no_matter_which_of_two_checks_ends_first(
    sandbox: Sandbox, api: httpx.Client, until_checked: Callable[[int], None]
) -> None:
    in_order = ids_when_ended(sandbox, api, tuple(CREATE), until_checked)
    sandbox.reset()
    reversed_ = ids_when_ended(sandbox, api, tuple(CREATE)[::-1], until_checked)

    assert in_order == reversed_
    ids = [id_ for found in in_order for id_ in found.values()]
    assert len(set(ids)) == len(ids)
    assert list(in_order[0].values()) == list(range(FIRST, FIRST + len(in_order[0])))


def test_a_state_whose_sources_counted_their_streams_together_gives_no_id_twice(tmp_path: Path) -> None:
    path = tmp_path / "old.sandbox"
    with Sandbox(path, clock=recurly.NOON, pace_s=0) as sandbox, client_of(sandbox) as api:
        second = [api.post("/v4/sources", json=body).json()["id"] for body in CREATE.values()][1]
        sandbox.wait_idle()
    # As it was written before, with one count for all; a stream of each source was not discovered yet.
    with closing(sqlite3.connect(path)) as db:
        streams = db.execute("SELECT stream_id FROM streams ORDER BY source_id, position").fetchall()
        for number, (stream_id,) in enumerate(streams):
            db.execute("UPDATE streams SET stream_id = ? WHERE stream_id = ?", (FIRST + number, stream_id))
        db.execute("DELETE FROM streams WHERE stream_id IN (?, ?)", (FIRST + 1, FIRST + len(streams) - 1))
        db.execute("DELETE FROM counters WHERE kind LIKE 'stream of %'")
        db.execute("INSERT INTO counters (kind, given) VALUES ('stream', ?)", (len(streams),))
        db.execute("PRAGMA user_version = 2")
        db.commit()

    with Sandbox(path, clock=recurly.NOON, pace_s=0) as sandbox, client_of(sandbox) as api:
        kept = ids_of(api, second)
        for source_id in (second - 1, second):
            changed = {"properties": {"start_date": "2019-01-01T00:00:00Z"} if source_id < second else DATABASE}
            assert api.put(f"/v4/sources/{source_id}", json=changed).status_code == 200
        sandbox.wait_idle()
        assert len(ids_of(api, second - 1)) == len(recurly.STREAMS), "the first one's came back with an id of its own"
        assert kept.items() < ids_of(api, second).items()


def client_of(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"})
