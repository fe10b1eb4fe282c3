"""Extractions of the seeded connector: order, bookmarks, batches, and what a later clock brings."""

from datetime import timedelta
from typing import Any

import pytest
from connector_runs import NOW, by_key, moment, records_of, run, selected, stream_of
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchnb.sandbox.connectors.seeded.connector import BATCH_SIZE, seeded_connector
from stitchnb.sandbox.connectors.seeded.dataset import dataset_of
from stitchnb.sandbox.pipeline import ConnectorError, SelectedStream

KEYED = [
    (source_type, stream.stream_name)
    for source_type in ("platform.recurly", "platform.shopify", "platform.jira", "platform.salesforce")
    for stream in seeded_connector(source_type, 0).discover({})
    if stream.metadata[()].get("forced-replication-method") == "INCREMENTAL"
]
EARLY = moment("2018-06-01T00:00:00Z")
keyed_streams = st.sampled_from(KEYED)
seeds = st.integers(0, 2**31)
# The first year is enough to see everything, and small enough to be seen often.
times = st.integers(0, 300 * 86_400).map(lambda seconds: EARLY + timedelta(seconds=seconds))
starts = st.sampled_from(["2017-01-01T00:00:00Z", "2018-03-01T00:00:00Z", "2018-08-15T00:00:00Z"])


def pick(source_type: str, name: str, seed: int) -> tuple[Any, SelectedStream]:
    connector = seeded_connector(source_type, seed)
    return connector, stream_of(connector, name)


@settings(max_examples=40, deadline=None)
@given(keyed_streams, seeds, times, starts)
def test_rows_come_in_the_order_of_their_replication_key(
    which: tuple[str, str], seed: int, now: Any, start: str
) -> None:
    connector, stream = pick(*which, seed)
    keys = [record[stream.replication_key] for record in records_of(run(connector, stream, now, start=start))]
    assert keys == sorted(keys)
    assert all(moment(start) <= moment(key) <= now for key in keys)


@settings(max_examples=40, deadline=None)
@given(keyed_streams, seeds, times, st.integers(0, 200))
def test_a_bookmark_is_inclusive(which: tuple[str, str], seed: int, now: Any, position: int) -> None:
    connector, stream = pick(*which, seed)
    everything = records_of(run(connector, stream, now))
    if not everything:
        return
    key = everything[position % len(everything)][stream.replication_key]
    again = records_of(run(connector, stream, now, bookmark={stream.replication_key: key}))
    assert again == [record for record in everything if record[stream.replication_key] >= key]
    assert again[0][stream.replication_key] == key


@settings(max_examples=40, deadline=None)
@given(keyed_streams, seeds, st.lists(times, min_size=2, max_size=4), starts)
def test_incremental_runs_upserted_are_the_state_of_the_last_moment(
    which: tuple[str, str], seed: int, moments: list[Any], start: str
) -> None:
    connector, stream = pick(*which, seed)
    moments.sort()
    table: dict[Any, Any] = {}
    bookmark = None
    for now in moments:
        batches = run(connector, stream, now, start=start, bookmark=bookmark)
        table |= by_key(stream, records_of(batches))
        bookmark = batches[-1].bookmark if batches else bookmark
    assert table == by_key(stream, records_of(run(connector, stream, moments[-1], start=start)))


@settings(max_examples=30, deadline=None)
@given(keyed_streams, seeds, times)
def test_the_same_seed_and_time_give_the_same_rows(which: tuple[str, str], seed: int, now: Any) -> None:
    first = run(*pick(*which, seed), now)
    seeded_connector.cache_clear()
    dataset_of.cache_clear()
    assert run(*pick(*which, seed), now) == first


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_another_seed_gives_other_rows(seed: int) -> None:
    def ids(seed: int) -> set[str]:
        return {str(record["id"]) for record in records_of(run(*pick("platform.recurly", "accounts", seed), EARLY))}

    assert ids(seed)
    assert ids(seed).isdisjoint(ids(seed + 1))


@settings(max_examples=30, deadline=None)
@given(keyed_streams, st.data())
def test_a_selection_changes_no_value(which: tuple[str, str], data: st.DataObject) -> None:
    connector, stream = pick(*which, 0)
    names = list(stream.schema["properties"])
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    fewer = stream_of(connector, which[1], chosen)
    everything, some = records_of(run(connector, stream, EARLY)), records_of(run(connector, fewer, EARLY))
    assert some == [{name: record[name] for name in chosen} for record in everything]
    assert all(list(record) == chosen for record in some)


def test_a_nested_selection_leaves_out_what_was_not_selected() -> None:
    connector, stream = pick("platform.recurly", "invoices", 0)
    text = {"type": ["null", "string"]}
    line = {"type": ["null", "object"], "properties": {"plan_code": text}}
    schema = {
        "properties": {
            "id": text,
            "address": {"type": ["null", "object"], "properties": {"city": text}},
            "line_items": {
                "type": ["null", "object"],
                "properties": {"data": {"type": ["null", "array"], "items": line}},
            },
        }
    }
    small = SelectedStream("invoices", "invoices", schema, ("id",), "INCREMENTAL", "updated_at")
    everything, some = records_of(run(connector, stream, EARLY)), records_of(run(connector, small, EARLY))
    assert len(some) > 20
    assert some == [
        {
            "id": record["id"],
            "address": {"city": record["address"]["city"]},
            "line_items": {"data": [{"plan_code": item["plan_code"]} for item in record["line_items"]["data"]]},
        }
        for record in everything
    ]


def test_batches_are_of_bounded_size_and_each_has_the_bookmark_of_its_last_record() -> None:
    connector = seeded_connector("platform.recurly", 0)
    stream = stream_of(connector, "accounts", ["id", "updated_at"])
    batches = run(connector, stream, NOW)
    assert [len(batch.records) for batch in batches[:-1]] == [BATCH_SIZE] * (len(batches) - 1)
    assert len(batches) > 2
    for batch in batches:
        assert batch.bookmark == {"updated_at": batch.records[-1]["updated_at"]}
        assert batch.time_extracted == NOW
        assert batch.stream is stream


def test_streams_are_extracted_in_the_order_in_which_they_were_asked_for() -> None:
    connector = seeded_connector("platform.recurly", 0)
    streams = [stream_of(connector, name, ["id"]) for name in ("plans", "accounts", "coupons")]
    batches = connector.extract({}, streams, {}, EARLY)
    assert [batch.stream.stream_name for batch in batches] == ["plans", "accounts", "coupons"]


def test_a_stream_without_rows_gives_no_batch() -> None:
    connector = seeded_connector("platform.recurly", 0)
    stream = stream_of(connector, "accounts")
    assert run(connector, stream, moment("2017-12-31T00:00:00Z")) == []
    assert run(connector, stream, NOW, bookmark={"updated_at": "2027-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    ("bookmark", "same_as", "why"),
    [
        ({"updated_at": "2018-05-01T00:00:00Z"}, "2018-05-01T00:00:00Z", "plain"),
        ({"updated_at": "2018-05-01T02:00:00+02:00"}, "2018-05-01T00:00:00Z", "another zone"),
        ({"updated_at": "2018-04-30T23:59:59.5Z"}, "2018-05-01T00:00:00Z", "a fraction of a second"),
        ({"updated_at": "2018-05-01T00:00:00"}, "2018-05-01T00:00:00Z", "no zone is UTC"),
        ({"created_at": "2018-05-01T00:00:00Z"}, "2018-03-01T00:00:00Z", "of a key of former days: from the start"),
        ({"updated_at": "soon"}, "2018-03-01T00:00:00Z", "no moment at all: from the start"),
        ({}, "2018-03-01T00:00:00Z", "none: from the start"),
    ],
)
def test_how_a_bookmark_is_read(bookmark: dict[str, str], same_as: str, why: str) -> None:
    connector = seeded_connector("platform.recurly", 0)
    stream = stream_of(connector, "accounts", ["id", "updated_at"])
    found = records_of(run(connector, stream, EARLY, start="2018-03-01T00:00:00Z", bookmark=bookmark))
    expected = [r for r in records_of(run(connector, stream, EARLY)) if r["updated_at"] >= same_as]
    assert found == expected, why
    assert found


def test_a_clock_set_forward_brings_a_few_new_and_a_few_changed_rows() -> None:
    connector = seeded_connector("platform.recurly", 0)
    stream = stream_of(connector, "subscriptions")
    before = run(connector, stream, NOW)
    known = by_key(stream, records_of(before))
    later = records_of(run(connector, stream, NOW + timedelta(days=7), bookmark=before[-1].bookmark))
    new = [record for record in later if (record["id"],) not in known]
    changed = [record for record in later if known.get((record["id"],), record) != record]
    assert 2 <= len(new) <= 15
    assert 20 <= len(changed) <= 300
    assert all(record["updated_at"] > known[(record["id"],)]["updated_at"] for record in changed)


@pytest.mark.parametrize(
    ("stream", "start", "least", "most"),
    [
        ("accounts", "2018-01-10T00:00:00Z", 1_000, 3_000),
        ("accounts", "2025-11-23T00:00:00Z", 200, 900),
        ("plans", "2018-01-10T00:00:00Z", 12, 12),
        ("plans", "2025-11-23T00:00:00Z", 6, 12),
        ("invoices", "2018-01-10T00:00:00Z", 2_000, 5_000),
        ("transactions", "2025-11-23T00:00:00Z", 200, 900),
    ],
)
def test_streams_have_a_sensible_size(stream: str, start: str, least: int, most: int) -> None:
    connector = seeded_connector("platform.recurly", 0)
    fields = ["id", "updated_at"] if stream != "transactions" else ["id"]
    assert least <= len(records_of(run(connector, stream_of(connector, stream, fields), NOW, start=start))) <= most


def test_a_full_table_is_told_whole_every_time_and_leaves_no_bookmark() -> None:
    connector = seeded_connector("platform.jira", 0)
    stream = stream_of(connector, "people")
    batches = run(connector, stream, NOW, start="2026-01-01T00:00:00Z", bookmark={"updated_at": "2026-01-01"})
    assert [batch.bookmark for batch in batches] == [{}]
    ids = [record["id"] for record in records_of(batches)]
    assert ids == sorted(set(ids))
    assert len(ids) > 10


def test_a_stream_without_a_key_tells_its_last_row_again() -> None:
    connector = seeded_connector("platform.facebook", 0)
    stream = stream_of(connector, "campaign_performance")
    first = run(connector, stream, EARLY)
    second = run(connector, stream, EARLY + timedelta(days=30), bookmark=first[-1].bookmark)
    everything = records_of(run(connector, stream, EARLY + timedelta(days=30)))
    assert stream.key_properties == ()
    assert records_of(second)[0] == records_of(first)[-1]
    assert records_of(first) + records_of(second)[1:] == everything


def database_stream(method: str, key: str | None) -> tuple[Any, SelectedStream]:
    connector = seeded_connector("platform.hp-postgres", 0)
    found = selected(connector.discover({})[1])
    return connector, SelectedStream(found.tap_stream_id, "orders", found.schema, ("id",), method, key)


def test_a_log_is_read_from_its_position_on() -> None:
    connector, stream = database_stream("LOG_BASED", None)
    first = run(connector, stream, EARLY)
    second = run(connector, stream, EARLY + timedelta(days=2), bookmark=first[-1].bookmark)
    table = by_key(stream, records_of(first)) | by_key(stream, records_of(second))
    assert 0 < len(records_of(second)) < len(records_of(first))
    assert table == by_key(stream, records_of(run(connector, stream, EARLY + timedelta(days=2))))


@pytest.mark.parametrize("key", ["id", "total", "status", "placed_at"])
def test_any_field_can_be_the_replication_key_of_a_table(key: str) -> None:
    connector, stream = database_stream("INCREMENTAL", key)
    everything = records_of(run(connector, stream, EARLY))
    middle = everything[len(everything) // 2][key]
    again = run(connector, stream, EARLY, bookmark={key: middle})
    assert [record[key] for record in everything] == sorted(record[key] for record in everything)
    assert records_of(again) == [record for record in everything if record[key] >= middle]
    assert again[-1].bookmark == {key: everything[-1][key]}


def test_rows_without_a_value_in_the_replication_key_are_never_extracted() -> None:
    connector = seeded_connector("platform.jira", 0)
    found = stream_of(connector, "tasks")
    stream = SelectedStream("tasks", "tasks", found.schema, ("id",), "INCREMENTAL", "completed_at")
    done = [record for record in records_of(run(connector, found, EARLY)) if record["completed_at"] is not None]
    assert 0 < len(done) < len(records_of(run(connector, found, EARLY)))
    assert by_key(stream, records_of(run(connector, stream, EARLY))) == by_key(stream, done)


def test_a_start_date_holds_for_keys_that_are_moments_of_another_kind() -> None:
    connector = seeded_connector("platform.jira", 0)
    found = stream_of(connector, "projects")
    stream = SelectedStream("projects", "projects", found.schema, ("id",), "INCREMENTAL", "due_date")
    due = [record["due_date"] for record in records_of(run(connector, stream, EARLY, start="2018-05-01T00:00:00Z"))]
    assert due == [
        record["due_date"]
        for record in records_of(run(connector, stream, EARLY))
        if record["due_date"] >= "2018-05-01T00:00:00Z"
    ]


def test_incremental_replication_needs_a_key() -> None:
    connector, stream = database_stream("INCREMENTAL", None)
    with pytest.raises(ConnectorError, match=r"Stream 'orders' has no replication key\. INCREMENTAL requires one"):
        run(connector, stream, EARLY)


def test_a_method_that_is_none_is_named() -> None:
    connector, stream = database_stream("SOMETIMES", "id")
    with pytest.raises(ConnectorError, match="Stream 'orders' has the unknown replication method 'SOMETIMES'"):
        run(connector, stream, EARLY)


def test_a_replication_key_that_is_no_field_is_named() -> None:
    connector, stream = database_stream("INCREMENTAL", "changed_on")
    with pytest.raises(ConnectorError, match="Stream 'orders' does not have its replication key 'changed_on'"):
        run(connector, stream, EARLY)


def test_a_stream_that_is_not_there_is_named_with_those_that_are() -> None:
    connector = seeded_connector("platform.jira", 0)
    gone = SelectedStream("gone", "gone", {"properties": {}}, (), "FULL_TABLE")
    with pytest.raises(ConnectorError, match=r"The source has no stream 'gone'\. It has people, projects, tasks"):
        run(connector, gone, EARLY)


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        (
            ["TimePeriod", "DeviceOS", "ImpressionSharePercent"],
            "cannot have both DeviceOS and ImpressionSharePercent",
        ),
        (["TimePeriod", "DeviceOS"], None),
    ],
    ids=["together", "apart"],
)
def test_fields_that_exclude_each_other_fail_the_extraction(fields: list[str], refused: str | None) -> None:
    connector = seeded_connector("platform.bing-ads", 0)
    stream = stream_of(connector, "campaign_performance_report", fields)
    if refused is None:
        assert run(connector, stream)
        return
    with pytest.raises(ConnectorError, match=refused):
        run(connector, stream)
