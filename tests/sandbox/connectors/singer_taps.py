"""Small Singer taps, written as programs into a folder on PATH, and what the tests of the connector run them with."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import psutil
from polling import wait_until

from stitchnb.sandbox.connectors.singer.connector import Singer
from stitchnb.sandbox.pipeline import Batch, Context, DiscoveredStream, SelectedStream

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

# Every tap begins with this: it writes down how it was run, and has a few words to speak with.
_PRELUDE = """\
#!{python} -IS
import json, os, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
options, argv = {{}}, sys.argv[1:]
while argv:
    word = argv.pop(0)
    options[word] = True if word == "--discover" else json.load(open(argv.pop(0)))
config, discovering = options["--config"], "--discover" in options
catalog = options.get("--catalog") or options.get("--properties")
with open(os.path.join(HERE, "runs.jsonl"), "a") as runs:
    processes = {{"pid": os.getpid(), "parent": os.getppid()}}
    ran = {{**processes, "argv": sys.argv[1:], "options": options, "environment": dict(os.environ)}}
    runs.write(json.dumps(ran) + "\\n")

def say(**message):
    print(json.dumps(message), flush=True)

def log(text):
    print(text, file=sys.stderr, flush=True)

TEXT, NUMBER, TIME = ({{"type": ["null", kind]}} for kind in ("string", "integer", "string"))
TIME = {{**TIME, "format": "date-time"}}

def entry(name, fields, keys=("id",), **more):
    metadata = [{{"breadcrumb": [], "metadata": {{"table-key-properties": list(keys), **more}}}}]
    for field in fields:
        inclusion = "automatic" if field in (*keys, *more.get("valid-replication-keys", ())) else "available"
        metadata.append({{"breadcrumb": ["properties", field], "metadata": {{"inclusion": inclusion}}}})
    schema = {{"type": "object", "properties": fields}}
    return {{"stream": name, "tap_stream_id": name, "schema": schema, "metadata": metadata}}

def schema(name, fields, keys=("id",)):
    say(type="SCHEMA", stream=name, schema={{"type": "object", "properties": fields}}, key_properties=list(keys))

def be_silent():
    open(os.path.join(HERE, "silent"), "w").close()
    time.sleep(600)

def record(stream, **values):
    say(type="RECORD", stream=stream, record=values)

THINGS = {{"id": NUMBER, "name": TEXT}}

def discover(*entries):
    if discovering:
        print(json.dumps({{"streams": list(entries) or [entry("things", THINGS)]}}))
        sys.exit()

"""

# Orders by the time of their last change, which it keeps in its state; countries, a full table.
SHOP = """
ORDERS = {"id": NUMBER, "note": TEXT, "updated_at": TIME}
COUNTRIES = {"code": TEXT, "name": TEXT}
discover(
    entry("orders", ORDERS, **{"valid-replication-keys": ["updated_at"], "forced-replication-method": "INCREMENTAL"}),
    entry("countries", COUNTRIES, ("code",), **{"forced-replication-method": "FULL_TABLE"}),
)
rows = json.load(open(os.path.join(HERE, "orders.json")))
state = options.get("--state", {"bookmarks": {}})
since = state["bookmarks"].get("orders", {}).get("updated_at", "")
schema("orders", ORDERS)
for row in rows:
    if row["updated_at"] >= since:
        record("orders", **row)
        state["bookmarks"]["orders"] = {"updated_at": row["updated_at"]}
        say(type="STATE", value=state)
schema("countries", COUNTRIES, ("code",))
say(type="ACTIVATE_VERSION", stream="countries", version=7)
for code, name in {"ES": "Spain", "NZ": "New Zealand"}.items():
    record("countries", code=code, name=name)
say(type="STATE", value=state)
log("INFO orders since " + (since or "ever"))
"""


@dataclass(frozen=True)
class Taps:
    """A folder of taps, which is on PATH, and what they wrote down of their runs."""

    folder: Path

    def write(self, name: str, body: str) -> str:
        """Write a tap that begins as all do."""
        return self.program(name, _PRELUDE.format(python=sys.executable) + dedent(body))

    def program(self, name: str, text: str) -> str:
        """Write any program."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        (self.folder / "silent").unlink(missing_ok=True)
        path.chmod(0o755)
        return name

    def orders(self, *rows: tuple[int, str, str]) -> None:
        """Give the shop its orders: id, note, day of the last change."""
        made = [{"id": id_, "note": note, "updated_at": f"2026-01-{day}T00:00:00Z"} for id_, note, day in rows]
        (self.folder / "orders.json").write_text(json.dumps(made), "utf-8")

    @property
    def runs(self) -> list[dict[str, Any]]:
        path = self.folder / "runs.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def running(self) -> list[str]:
        """Commands of the processes that have this folder in them."""
        return [
            " ".join(process.info["cmdline"])
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in word for word in process.info["cmdline"] or ())
        ]

    def still_running(self) -> list[str]:
        """Those that go on: none, or the test fails; one that was killed a moment ago is given another to be gone."""
        return wait_until(self.running, lambda found: not found, what="the end of every tap")


class SilenceClock:
    """A clock that stands still until a tap calls ``be_silent``, and then makes every look 400 s later than the last.

    So a tap is silent for too long when the test says so, however long the machine takes to start it.
    """

    def __init__(self, folder: Path) -> None:
        self._signal = folder / "silent"
        self._is_silent = False
        self._now_s = 0.0

    def monotonic(self) -> float:
        # The look after the signal still finds what the tap said before it.
        was_silent, self._is_silent = self._is_silent, self._signal.exists()
        if was_silent:
            self._now_s += 400
        return self._now_s


def selected(
    found: DiscoveredStream,
    fields: Iterable[str] | None = None,
    *,
    method: str | None = None,
    replication_key: str | None = None,
) -> SelectedStream:
    """Select a stream, with all its fields unless some are named."""
    metadata = found.metadata[()]
    method = method or metadata.get("forced-replication-method", "FULL_TABLE")
    keys = metadata.get("valid-replication-keys", [None])
    properties = found.schema["properties"]
    return SelectedStream(
        found.tap_stream_id,
        found.stream_name,
        {**found.schema, "properties": {name: properties[name] for name in fields or properties}},
        tuple(metadata.get("table-key-properties", ())),
        method,
        (replication_key or keys[0]) if method == "INCREMENTAL" else None,
    )


def run(
    tap: Singer,
    properties: Mapping[str, Any] | None = None,
    state: Mapping[str, Mapping[str, Any]] | None = None,
    context: Context | None = None,
) -> list[Batch]:
    """Discover, select everything, extract."""
    properties = properties or {}
    streams = [selected(found) for found in tap.discover(properties)]
    return list(tap.extract(properties, streams, state or {}, NOW, context))


def records(batches: Iterable[Batch], stream: str | None = None) -> list[Mapping[str, Any]]:
    chosen = [batch for batch in batches if stream in (None, batch.stream.tap_stream_id)]
    return [record for batch in chosen for record in batch.records]


def kept(batches: Iterable[Batch], state: Mapping[str, Any] | None = None) -> dict[str, Mapping[str, Any]]:
    """The bookmarks that a job keeps when all these batches have landed."""
    return {**(state or {}), **{batch.stream.tap_stream_id: batch.bookmark for batch in batches}}


def path_with(folder: Path) -> str:
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
