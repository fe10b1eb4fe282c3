"""What a catalog of a million fields costs: shown, reckoned with, chosen from, compared, and read over a socket."""

import fnmatch
import json
import re
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pandas as pd
import pytest
from measuring import best_of_each

from stitchnb.client import Catalog, Client
from stitchnb.models import FieldMetadata, Stream, StreamSchema
from stitchnb.rules.selection.columns import FieldColumns
from stitchnb.rules.selection.effect import effect_of
from stitchnb.rules.selection.rules import reason, replicated_fields

pytestmark = pytest.mark.benchmark

STREAMS, FIELDS = 2_000, 500
TYPES = ({"type": ["null", "string"]}, {"type": ["null", "integer"]}, {"type": "string", "format": "date-time"})


def listed(number: int) -> dict[str, Any]:
    name, selected = f"t{number}", number % 2 == 0
    own = {"table-key-properties": [f"field_{number}_0"], "selected": selected}
    return {"stream_id": number, "tap_stream_id": f"db-public-{name}", "stream_name": name, "metadata": own} | {
        "selected": selected
    }


def schema_text(number: int) -> str:
    """What Stitch answers for one stream, every field of which has a name that no other stream's field has."""
    names = [f"field_{number}_{position}" for position in range(FIELDS)]
    inclusions = ["automatic" if p == 0 else "unsupported" if p % 50 == 9 else "available" for p in range(FIELDS)]
    entries = [
        {
            "breadcrumb": ["properties", name],
            "metadata": {"inclusion": inclusion, "selected": p % 4 == 0, "sql-datatype": "varchar(255)"},
        }
        for p, (name, inclusion) in enumerate(zip(names, inclusions, strict=True))
    ]
    properties = {name: TYPES[position % 3] for position, name in enumerate(names)}
    return json.dumps(
        {
            "schema": json.dumps({"type": "object", "properties": properties}),
            "metadata": [{"breadcrumb": [], "metadata": listed(number)["metadata"]}, *entries],
            "non-discoverable-metadata-keys": ["selected", "replication-method", "replication-key"],
        }
    )


def catalog_of(streams: int) -> Catalog:
    catalog = Catalog(None, 1, [Stream(listed(number)) for number in range(streams)])  # type: ignore[arg-type]
    for number, stream in enumerate(catalog):
        stream._take(FieldColumns(StreamSchema(json.loads(schema_text(number))), pool=catalog._pool))
    return catalog


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of(STREAMS)


def peak_and_kept_mb(make: Callable[[], object]) -> tuple[float, float]:
    tracemalloc.start()
    made = make()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return peak / 1e6, kept / 1e6


def test_a_million_fields_become_a_frame_like_ready_columns_do(catalog: Catalog, report: Callable[[str], None]) -> None:
    frame = catalog.to_frame()
    dtypes = frame.dtypes.to_dict()
    ready = {n: c.array.to_numpy() if dtypes[n] == "string" else c.to_numpy() for n, c in frame.items()}

    def from_ready() -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series(values, dtype=dtypes[name]) for name, values in ready.items()})

    assert from_ready().equals(frame)
    del frame
    floor, ours = best_of_each(from_ready, catalog.to_frame, rounds=3)
    _, memory_floor = peak_and_kept_mb(from_ready)
    peak, memory = peak_and_kept_mb(catalog.to_frame)

    report(
        f"{STREAMS * FIELDS:,} fields to a frame {ours:.2f} s and {memory:.0f} MB ({peak:.0f} at the peak), from ready "
        f"columns {floor:.2f} s and {memory_floor:.0f} MB: ratios {ours / floor:.2f} and {memory / memory_floor:.2f}"
    )
    assert ours / floor <= 3


def test_what_replicates_is_reckoned_by_the_column(catalog: Catalog, report: Callable[[str], None]) -> None:
    parts = [stream.part() for stream in list(catalog)[: STREAMS // 20]]
    fields = [
        {
            breadcrumb: FieldMetadata(
                {"inclusion": part.fields.inclusion_of(p), "selected": part.fields.selected[p] == 1}
            )
            for p, breadcrumb in enumerate(part.fields.breadcrumbs)
        }
        for part in parts
    ]

    def one_by_one() -> list[tuple[dict[Any, bool], list[str]]]:
        return [(replicated_fields(of_stream), [reason(m) for m in of_stream.values()]) for of_stream in fields]

    replicated = [r and part.selected for part, (of, _) in zip(parts, one_by_one(), strict=True) for r in of.values()]
    assert effect_of(parts).replicated.tolist() == replicated
    single, ours = best_of_each(one_by_one, lambda: effect_of(parts), rounds=5)
    (whole,) = best_of_each(lambda: effect_of([stream.part() for stream in catalog]), rounds=3)

    report(
        f"{len(replicated):,} fields reckoned with by the column {ours * 1e3:.0f} ms, by the pure function one by one "
        f"{single * 1e3:.0f} ms: {single / ours:.0f} times as fast; all {STREAMS * FIELDS:,} in {whole:.2f} s"
    )
    assert single / ours >= 10


def test_a_million_fields_are_chosen_from_by_a_pattern(catalog: Catalog, report: Callable[[str], None]) -> None:
    names = [f"{stream.stream_name}.{name}" for stream in catalog for name in stream.columns.names]
    patterns = [re.compile(fnmatch.translate(p)) for p in ("*.*", "*.*_7")]

    def match_only() -> list[int]:
        return [sum(pattern.match(name) is not None for name in names) for pattern in patterns]

    def choose() -> None:
        catalog.select("*.*", "!*.*_7")

    try:
        floor, ours = best_of_each(match_only, choose, rounds=3)
        (listing,) = best_of_each(lambda: catalog.pending, rounds=2)
        count = len(catalog.pending)
    finally:
        catalog.discard()

    report(
        f"{count:,} changes chosen out of {STREAMS * FIELDS:,} fields by two patterns {ours:.2f} s, matching all names "
        f"alone {floor:.2f} s: ratio {ours / floor:.1f}; listed {listing:.2f} s"
    )
    assert ours / floor <= 8


def test_two_discoveries_of_a_million_fields_are_compared(catalog: Catalog, report: Callable[[str], None]) -> None:
    later = catalog_of(STREAMS)
    for stream in list(later)[::10]:
        stream.columns.types[7] = "number"
    keys = ["tap_stream_id", "field"]
    frames = [c.to_frame()[[*keys, "type", "sql_type", "inclusion"]] for c in (catalog, later)]

    def by_merging() -> int:
        both = frames[0].merge(frames[1], on=keys, how="outer", suffixes=("", "_later"))
        return int((both["type"] != both["type_later"]).sum())

    assert by_merging() == len(later.diff(catalog)) == STREAMS // 10
    merging, ours = best_of_each(by_merging, lambda: later.diff(catalog), rounds=2)

    report(
        f"two catalogs of {STREAMS * FIELDS:,} fields compared {ours:.2f} s, their ready frames merged by pandas "
        f"{merging:.2f} s: ratio {ours / merging:.2f}"
    )
    assert ours / merging <= 1


def test_a_schema_is_read_in_a_few_times_what_its_json_takes(report: Callable[[str], None]) -> None:
    texts = [schema_text(number) for number in range(STREAMS // 20)]

    def parse(text: str) -> Any:
        body = json.loads(text)
        return body, json.loads(body["schema"])

    def parse_all() -> None:
        for text in texts:
            parse(text)

    def read_all() -> list[FieldColumns]:
        pool: dict[Any, Any] = {}
        return [FieldColumns(StreamSchema(json.loads(text)), pool=pool) for text in texts]

    floor, ours = best_of_each(parse_all, read_all, rounds=5)
    _, parsed = peak_and_kept_mb(lambda: [parse(text) for text in texts])
    _, kept = peak_and_kept_mb(read_all)
    count = len(texts) * FIELDS

    report(
        f"{count:,} fields read {ours * 1e3:.0f} ms, their JSON alone parsed {floor * 1e3:.0f} ms: ratio "
        f"{ours / floor:.1f}; kept {kept * 1e6 / count:.0f} bytes a field ({kept / count * STREAMS * FIELDS:.0f} MB "
        f"for {STREAMS * FIELDS:,}), parsed JSON {parsed * 1e6 / count:.0f} bytes: ratio {kept / parsed:.2f}"
    )
    assert ours / floor <= 6


LATENCY_S, ASKED = 0.05, 80


class Slow(BaseHTTPRequestHandler):
    """Answers as Stitch does, and takes its time for it."""

    protocol_version = "HTTP/1.1"
    # One write for the whole answer: of two the second would wait for the first to be acknowledged.
    wbufsize = 1 << 20

    def do_GET(self) -> None:
        last = self.path.rpartition("/")[2]
        body = json.dumps([listed(n) for n in range(ASKED)]) if last == "streams" else SCHEMAS[int(last)]
        time.sleep(LATENCY_S)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


SCHEMAS: list[str] = []


@pytest.fixture
def slow_url() -> Iterator[str]:
    SCHEMAS[:] = [schema_text(number) for number in range(ASKED)]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_schemas_are_asked_for_at_the_same_time(slow_url: str, report: Callable[[str], None]) -> None:
    with Client("token", base_url=slow_url) as client:

        def load(at_most: int) -> Callable[[], object]:
            return lambda: client.streams.catalog(1, max_concurrency=at_most, show_progress=False)

        single, together = best_of_each(load(1), load(8), rounds=2)

    report(
        f"{ASKED} schemas of {FIELDS} fields over a socket that takes {LATENCY_S * 1e3:.0f} ms: eight at a time "
        f"{together:.2f} s, one by one {single:.2f} s: {single / together:.1f} times as fast"
    )
    assert single / together >= 2.5
