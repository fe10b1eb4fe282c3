"""What it costs to make a long list of sources into a DataFrame, beside the same frame from ready rows."""

import copy
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx
import pandas as pd
import pytest
from connection_properties import recurly_properties
from measuring import best_of_each

from stitchnb.client import RecordList
from stitchnb.models import Source
from stitchnb.sandbox import Sandbox

pytestmark = pytest.mark.benchmark

COUNT = 10_000
RECURLY = recurly_properties(start_date="2025-09-01T00:00:00Z")


@pytest.fixture
def bodies(sandbox: Sandbox) -> list[dict[str, Any]]:
    """That many sources as the API lists them, scheduled, every one an object of its own."""
    selection = {"tap_stream_id": "accounts", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
    with httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"}) as api:
        source = {"type": "platform.recurly", "display_name": "Recurly", "properties": RECURLY}
        path = f"/v4/sources/{api.post('/v4/sources', json=source).json()['id']}"
        sandbox.wait_idle()
        assert api.put(f"{path}/streams/metadata", json={"streams": [selection]}).is_success
        (one,) = api.get("/v4/sources").json()
    assert one["schedule"]["next_fire_time"]
    return [{**copy.deepcopy(one), "id": number, "name": f"recurly_{number}"} for number in range(COUNT)]


def as_records(bodies: list[dict[str, Any]]) -> pd.DataFrame:
    return RecordList(Source, [Source(body) for body in bodies]).to_frame()


def as_rows(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """What pandas alone does with rows that only need to be put together: the same columns, dtypes included."""
    frame = pd.DataFrame(rows)
    texts = ["name", "display_name", "type", "state"]
    times = ["next_fire_time", "created_at", "updated_at"]
    frame[texts] = frame[texts].astype("string")
    for name in times:
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame


def peak_mb(make: Callable[[], object]) -> float:
    tracemalloc.start()
    kept = make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return peak / 1e6


def test_ten_thousand_sources_become_a_frame_like_ready_rows_do(
    bodies: list[dict[str, Any]], report: Callable[[str], None]
) -> None:
    ready = as_records(bodies).astype({"next_fire_time": "object", "created_at": "object", "updated_at": "object"})
    rows: list[dict[str, Any]] = ready.to_dict("records")

    floor, ours = best_of_each(lambda: as_rows(rows), lambda: as_records(bodies))
    memory_floor, memory = peak_mb(lambda: as_rows(rows)), peak_mb(lambda: as_records(bodies))

    report(
        f"{COUNT:,} sources to a frame {ours * 1e3:.0f} ms and {memory:.0f} MB, from ready rows {floor * 1e3:.0f} ms "
        f"and {memory_floor:.0f} MB: ratios {ours / floor:.2f} and {memory / memory_floor:.2f}"
    )
    assert ours / floor <= 3
