"""Runs of taps that behave: what they are given, what comes of what they say, and where the next run begins."""

import os
import stat
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from singer_taps import NOW, SHOP, Taps, kept, records, run, selected

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox.connectors.singer import messages as singer_batches
from stitchnb.sandbox.connectors.singer.connector import Singer
from stitchnb.sandbox.pipeline import ConnectorError, Context


@pytest.fixture
def shop(taps: Taps) -> Singer:
    taps.orders((1, "first", "01"), (2, "second", "02"))
    return Singer(taps.write("tap-shop", SHOP))


def test_discovery_lists_the_streams_of_the_catalog(shop: Singer) -> None:
    orders, countries = shop.discover({})

    assert (orders.tap_stream_id, orders.stream_name) == ("orders", "orders")
    assert orders.metadata[()]["table-key-properties"] == ["id"]
    assert list(countries.schema["properties"]) == ["code", "name"]


def test_records_come_in_batches_of_their_streams(shop: Singer) -> None:
    batches = run(shop)

    assert [row["note"] for row in records(batches, "orders")] == ["first", "second"]
    assert records(batches, "countries") == [{"code": "ES", "name": "Spain"}, {"code": "NZ", "name": "New Zealand"}]
    assert [batch.time_extracted for batch in batches] == [NOW, NOW], "the tap did not say it"


def test_a_run_begins_with_the_state_that_the_last_one_ended_with(shop: Singer, taps: Taps) -> None:
    state = kept(run(shop))
    assert "--state" not in taps.runs[-1]["options"]

    taps.orders((1, "first", "01"), (2, "changed", "03"), (3, "third", "04"))
    again = run(shop, state=state)

    assert taps.runs[-1]["options"]["--state"] == {"bookmarks": {"orders": {"updated_at": "2026-01-02T00:00:00Z"}}}
    assert [row["note"] for row in records(again, "orders")] == ["changed", "third"]
    run(shop, state=kept(again, state))
    assert taps.runs[-1]["options"]["--state"] == {"bookmarks": {"orders": {"updated_at": "2026-01-04T00:00:00Z"}}}


def test_a_state_is_kept_although_no_rows_came_with_it(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-quiet",
            """
            discover(entry("things", THINGS, **{"forced-replication-method": "INCREMENTAL"}))
            say(type="STATE", value={"runs": options.get("--state", {"runs": 0})["runs"] + 1})
            """,
        )
    )
    state = kept(run(tap))
    state = kept(run(tap, state=state), state)
    run(tap, state=state)

    assert taps.runs[-1]["options"]["--state"] == {"runs": 2}


def test_a_state_is_kept_only_with_all_that_was_said_before_it(taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(singer_batches, "BATCH_SIZE", 4)
    tap = Singer(
        taps.write(
            "tap-two",
            """
            discover(entry("a", THINGS), entry("b", THINGS))
            schema("a", THINGS)
            schema("b", THINGS)
            for number in range(10):
                record("a", id=number)
                record("b", id=number)
                say(type="STATE", value=number)
            """,
        )
    )
    said, landed = -1, {"a": -1, "b": -1}
    for batch in run(tap):
        for record in batch.records:
            landed[batch.stream.tap_stream_id] = record["id"]
        said = batch.bookmark.get("singer_state", -1)
        assert said <= min(landed.values()), "a kill now would leave rows out"
    assert said == 9


def test_the_newest_state_counts_whichever_stream_it_came_with(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-turns",
            """
            discover(entry("a", THINGS), entry("b", THINGS))
            turn = options.get("--state", 0)
            name = "ab"[turn % 2]
            schema(name, THINGS)
            record(name, id=turn)
            say(type="STATE", value=turn + 1)
            """,
        )
    )
    state = kept(run(tap))
    for turn in (1, 2, 3):
        state = kept(run(tap, state=state), state)
        assert taps.runs[-1]["options"]["--state"] == turn


def test_bookmarks_of_another_connector_are_no_state(shop: Singer, taps: Taps) -> None:
    run(shop, state={"orders": {"updated_at": "2026-01-02T00:00:00Z"}})
    assert "--state" not in taps.runs[-1]["options"]


def test_a_full_table_that_broke_off_begins_anew_and_the_others_go_on(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-broken",
            """
            discover(entry("whole", THINGS, **{"forced-replication-method": "FULL_TABLE"}),
                entry("part", THINGS, **{"valid-replication-keys": ["id"], "forced-replication-method": "INCREMENTAL"}))
            schema("whole", THINGS)
            record("whole", id=1)
            say(type="STATE", value={"currently_syncing": "whole", "bookmarks":
                {"whole": {"id": 1}, "part": {"id": 5}}})
            sys.exit(4 if "--state" not in options else 0)
            """,
        )
    )
    streams = [selected(found) for found in tap.discover({})]
    extraction = tap.extract({}, streams, {}, NOW)
    state = kept([next(extraction)])
    with pytest.raises(ConnectorError, match="exit status 4"):
        next(extraction)

    state = kept(tap.extract({}, streams, state, NOW), state)
    assert taps.runs[-1]["options"]["--state"] == {"currently_syncing": "whole", "bookmarks": {"part": {"id": 5}}}
    list(tap.extract({}, streams, state, NOW))
    assert taps.runs[-1]["options"]["--state"]["bookmarks"] == {"whole": {"id": 1}, "part": {"id": 5}}, "it ended well"


def test_a_full_table_that_the_tap_found_empty_is_told_without_records(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-empty",
            """
            discover()
            schema("things", THINGS)
            say(type="ACTIVATE_VERSION", stream="things", version=1)
            """,
        )
    )
    (batch,) = run(tap)
    assert (batch.stream.tap_stream_id, len(batch.records)) == ("things", 0)


def test_the_selection_is_written_into_the_catalog_and_holds_for_a_tap_that_says_everything(
    shop: Singer, taps: Taps
) -> None:
    orders = next(found for found in shop.discover({}) if found.stream_name == "orders")
    batches = list(shop.extract({}, [selected(orders, ["id", "updated_at"])], {}, NOW))

    assert records(batches) == [
        {"id": 1, "updated_at": "2026-01-01T00:00:00Z"},
        {"id": 2, "updated_at": "2026-01-02T00:00:00Z"},
    ], "neither the note nor the countries"
    entries = {entry["stream"]: entry for entry in taps.runs[-1]["options"]["--catalog"]["streams"]}
    told = {tuple(m["breadcrumb"]): m["metadata"] for m in entries["orders"]["metadata"]}
    assert told[()]["selected"] is True
    assert told[()]["replication-key"] == "updated_at"
    assert told["properties", "note"]["selected"] is False
    assert entries["countries"]["metadata"][0]["metadata"]["selected"] is False


def test_a_nested_selection_leaves_out_what_was_not_selected(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-nested",
            """
            LINE = {"type": "object", "properties": {"sku": TEXT, "price": NUMBER}}
            NEST = {"id": NUMBER, "address": {"anyOf": [{"type": "null"}, {"type": "object",
                "properties": {"city": TEXT, "zip": TEXT}}]}, "lines": {"type": "array", "items": LINE},
                "extra": {"type": "object"}}
            discover(entry("nest", NEST))
            schema("nest", NEST)
            record("nest", id=1, address={"city": "Rome", "zip": "00100"}, extra={"any": {"thing": 1}},
                lines=[{"sku": "a", "price": 1}, {"sku": "b"}, None])
            record("nest", id=2, address=None, lines=None, extra=None)
            """,
        )
    )
    (found,) = tap.discover({})
    text = {"type": ["null", "string"]}
    cut = {
        **found.schema,
        "properties": {
            "id": {},
            "address": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"city": text}}]},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": text}}},
            "extra": {"type": "object"},
        },
    }
    stream = selected(found)
    stream = type(stream)(stream.tap_stream_id, stream.stream_name, cut, stream.key_properties, "FULL_TABLE")

    assert records(tap.extract({}, [stream], {}, NOW)) == [
        {
            "id": 1,
            "address": {"city": "Rome"},
            "extra": {"any": {"thing": 1}},
            "lines": [{"sku": "a"}, {"sku": "b"}, None],
        },
        {"id": 2, "address": None, "lines": None, "extra": None},
    ]


def test_a_key_that_only_the_schema_message_tells_is_the_stream_s(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-keyless", 'discover(entry("things", THINGS, ()))\nschema("things", THINGS)\nrecord("things", id=1)'
        )
    )
    (batch,) = run(tap)
    assert batch.stream.key_properties == ("id",)


def test_the_tap_s_own_time_of_extraction_counts(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-clock",
            """
            discover()
            schema("things", THINGS)
            for hour in ("08", "10", "09"):
                say(type="RECORD", stream="things", record={"id": hour}, time_extracted=f"2026-01-01T{hour}:00:00Z")
            """,
        )
    )
    (batch,) = run(tap)
    assert batch.time_extracted == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_deletions_of_a_log_based_stream_come_along(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-log",
            """
            discover(entry("things", THINGS, **{"forced-replication-method": "LOG_BASED"}))
            schema("things", {**THINGS, "_sdc_deleted_at": TIME})
            record("things", id=1, name="a", _sdc_deleted_at="2026-01-01T00:00:00Z")
            """,
        )
    )
    (batch,) = run(tap)
    assert batch.records == [{"id": 1, "name": "a", "_sdc_deleted_at": "2026-01-01T00:00:00Z"}]
    assert batch.stream.schema["properties"]["_sdc_deleted_at"]["format"] == "date-time"


def test_a_tap_has_an_environment_of_its_own(shop: Singer, taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", "at_secret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    tap = Singer("tap-shop", environment={"HTTPS_PROXY": "http://proxy.example.com"})
    run(tap)

    environment = taps.runs[-1]["environment"]
    assert set(environment) - {"LC_CTYPE"} == {"PATH", "HOME", "TMPDIR", "LANG", "HTTPS_PROXY"}
    assert environment["HOME"] != os.environ["HOME"]
    assert not Path(environment["HOME"]).exists(), "it is gone with the run"


def test_only_its_owner_may_read_the_configuration(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-modes",
            """
            discover()
            schema("things", THINGS)
            paths = [word for word in sys.argv if word.endswith(".json")]
            for path in [*paths, os.path.dirname(paths[0])]:
                record("things", id=os.stat(path).st_mode, name=path)
            """,
        )
    )
    rows = records(run(tap, {"api_key": "k3y"}))

    assert [stat.S_IMODE(row["id"]) for row in rows] == [0o600, 0o600, 0o700]
    assert taps.runs[-1]["options"]["--config"] == {"api_key": "k3y"}
    assert not Path(rows[0]["name"]).exists()


def test_the_configuration_can_be_made_of_the_form_s_values(taps: Taps, shop: Singer) -> None:
    tap = Singer("tap-shop", config=lambda form: {"quota": int(form["quota_limit"]), "start_date": form["start_date"]})
    tap.check({"quota_limit": "30", "start_date": "2026-01-01"})

    assert taps.runs[-1]["options"]["--config"] == {"quota": 30, "start_date": "2026-01-01"}
    with pytest.raises(
        ConnectorError, match=r"tap-shop could not be made from the form values: KeyError: 'quota_limit'"
    ):
        tap.check({})


def test_older_taps_are_given_their_selection_as_properties(taps: Taps, shop: Singer) -> None:
    run(Singer("tap-shop", catalog_option="--properties"))
    assert "--properties" in taps.runs[-1]["options"]
    assert "--catalog" not in taps.runs[-1]["options"]


def test_the_discovery_of_a_check_serves_what_follows_it_once(shop: Singer, taps: Taps) -> None:
    def discoveries() -> int:
        return sum("--discover" in ran["options"] for ran in taps.runs)

    shop.check({"key": "1"})
    streams = [selected(found) for found in shop.discover({"key": "1"})]
    assert discoveries() == 1
    shop.check({"key": "1"})
    list(shop.extract({"key": "2"}, streams, {}, NOW))
    assert discoveries() == 3, "another configuration has a discovery of its own"
    list(shop.extract({"key": "1"}, streams, {}, NOW))
    assert discoveries() == 3
    list(shop.extract({"key": "1"}, streams, {}, NOW))
    assert discoveries() == 4


def test_a_tap_of_another_virtual_environment_is_found_beside_its_interpreter(tmp_path: Path, shop: Singer) -> None:
    bin_ = tmp_path / "venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "python").symlink_to(sys.executable)
    elsewhere = Taps(bin_)
    elsewhere.write("tap-shop", 'discover(entry("elsewhere", THINGS))')

    (found,) = Singer("tap-shop", python=bin_ / "python").discover({})
    assert found.stream_name == "elsewhere"
    assert len(Singer(bin_ / "tap-shop").discover({})) == 1, "and so it is by its path"


def test_what_a_tap_wrote_of_a_good_run_is_logged(shop: Singer) -> None:
    lines: list[str] = []
    run(shop, context=Context(log=lines.append))
    assert lines == ["INFO orders since ever"]


def settled(taps: Taps) -> int:
    """How many rows the tap has said once it says no more."""
    seen = [""]
    while not seen[-1] or len(seen) < 4 or len(set(seen[-4:])) > 1:
        time.sleep(0.1)
        seen.append((taps.folder / "said").read_text() or seen[-1])
    return int(seen[-1])


def test_a_tap_is_read_no_faster_than_its_rows_are_taken(taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(singer_batches, "BATCH_SIZE", 10)
    name = taps.write(
        "tap-endless",
        """
        discover()
        schema("things", THINGS)
        for number in range(10 ** 9):
            record("things", id=number, name="x" * 1_000)
            with open(os.path.join(HERE, "said"), "w") as said:
                said.write(str(number))
        """,
    )
    tap = Singer(name)
    (found,) = tap.discover({})
    extraction = tap.extract({}, [selected(found)], {}, NOW)
    assert len(next(extraction).records) == 10
    said = settled(taps)
    assert 10 < said < 1_000, "what fits into the pipes"
    assert len(next(extraction).records) == 10
    extraction.close()  # type: ignore[attr-defined]


def test_a_row_now_and_then_is_shown_before_the_run_ends(taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(singer_batches, "_BATCH_S", 0.1)
    tap = Singer(
        taps.write("tap-slow", 'discover()\nschema("things", THINGS)\nrecord("things", id=1)\ntime.sleep(600)')
    )
    (found,) = tap.discover({})
    extraction = tap.extract({}, [selected(found)], {}, NOW)
    assert next(extraction).records == [{"id": 1}]
    extraction.close()  # type: ignore[attr-defined]


def test_the_repr_names_the_tap() -> None:
    assert repr(Singer("tap-shop", environment={"TOKEN": "s3cret"})) == "Singer('tap-shop')"


def test_a_tap_must_have_a_name() -> None:
    with pytest.raises(InvalidInputError, match="name of a tap"):
        Singer("")
