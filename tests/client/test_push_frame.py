"""A DataFrame is pushed by its dtypes, lands as it was, and what cannot be sent is named before anything is sent."""

import asyncio
import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from both_modes import MODES, Plays, answering, push

from stitchnb.client import AsyncImportClient, Client, ImportClient
from stitchnb.client.imports import batches as frame_batches
from stitchnb.client.imports import frames as frame_records
from stitchnb.errors import (
    BadRequestError,
    InvalidInputError,
    InvalidValuesError,
    OutcomeUnknownError,
    PartialPushError,
)

OK = {"status": "OK", "message": "Batch Accepted!"}
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
EARLIER = timezone(timedelta(hours=-5))
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


def sent(server: Plays) -> list[dict[str, Any]]:
    return [json.loads(request.content) for request in server.asked]


# What a column holds, how it is sent, and what is in the warehouse then.
COLUMNS: dict[str, tuple[Any, str, list[Any]]] = {
    "int8": (np.array([1, -2], "int8"), "integer", [1, -2]),
    "uint32": (np.array([1, 2**32 - 1], "uint32"), "integer", [1, 2**32 - 1]),
    "int64": ([2**63 - 1, -(2**63)], "integer", [2**63 - 1, -(2**63)]),
    "uint64 within": (np.array([0, 2**63 - 1], "uint64"), "integer", [0, 2**63 - 1]),
    "Int64": (pd.array([2**53 + 1, None], "Int64"), "integer", [2**53 + 1, None]),
    "float32": (np.array([0.5, np.nan], "float32"), "number", [0.5, None]),
    "float64": ([0.1, 16.0], "number", [0.1, 16.0]),
    "Float64": (pd.array([0.1, None], "Float64"), "number", [0.1, None]),
    "bool": ([True, False], "boolean", [True, False]),
    "boolean": (pd.array([True, None], "boolean"), "boolean", [True, None]),
    "str": (["a", None], "string", ["a", None]),
    "string": (pd.array(["ü ☃ \U0001f600", pd.NA], "string"), "string", ["ü ☃ \U0001f600", None]),
    "text as objects": (pd.Series(["a", np.nan], dtype=object), "string", ["a", None]),
    "category of text": (pd.Categorical(["a", None]), "string", ["a", None]),
    "category of numbers": (pd.Categorical([1, 2]), "integer", [1, 2]),
    "sparse": (pd.arrays.SparseArray([0.0, 2.5]), "number", [0.0, 2.5]),
    "datetime": (pd.to_datetime(["2026-03-20T12:00:00", None]), "date-time", [NOON, None]),
    "datetime of seconds": (np.array(["2026-03-20T12:00:00", "0001-01-01"], "datetime64[s]"), "date-time", [NOON, ...]),
    "datetime of microseconds": (
        pd.to_datetime(["2026-03-20T12:00:00.000001", None]),
        "date-time",
        [NOON + timedelta(microseconds=1), None],
    ),
    "datetime with a zone": (
        pd.to_datetime(["2026-03-20T07:00:00-05:00", None]).tz_convert("America/Lima"),
        "date-time",
        [NOON, None],
    ),
    "datetimes as objects": (
        pd.Series([datetime(2026, 3, 20, 7, tzinfo=EARLIER), pd.NaT], dtype=object),
        "date-time",
        [NOON, None],
    ),
    "dates": ([date(2026, 3, 20), None], "date-time", [datetime(2026, 3, 20, tzinfo=UTC), None]),
    "decimals": ([Decimal("12.34"), Decimal(5)], "decimal", [Decimal("12.34"), Decimal(5)]),
    "decimals that binary fractions only come near": (
        [Decimal("0.07"), Decimal("-1234567.89")],
        "decimal",
        [Decimal("0.07"), Decimal("-1234567.89")],
    ),
    "decimals that are whole": ([Decimal(5), None], "decimal", [Decimal(5), None]),
    "decimals and what is none": ([Decimal("5.10"), Decimal("NaN")], "decimal", [Decimal("5.1"), None]),
    "decimals and whole numbers": (pd.Series([Decimal("0.1"), 7], dtype=object), "decimal", [Decimal("0.1"), 7]),
    "decimals and floats": (pd.Series([Decimal("0.25"), 0.5], dtype=object), "number", [0.25, 0.5]),
    "decimals wider than a column": ([Decimal("1E-30"), Decimal("1E+10")], "number", [1e-30, 1e10]),
    "ids": ([ID, None], "string", [str(ID), None]),
    "integers as objects": (pd.Series([1, None], dtype=object), "integer", [1, None]),
    "numbers of two kinds": (pd.Series([1, 2.5], dtype=object), "number", [1.0, 2.5]),
    "numpy's own as objects": (pd.Series([np.int64(3), np.int8(4)], dtype=object), "integer", [3, 4]),
    "nothing at all": ([None, None], "", []),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_lands_as_it_was(client: Client, importer: ImportClient, name: str) -> None:
    values, sent_as, landed = COLUMNS[name]
    frame = pd.DataFrame({"id": [1, 2], "value": values})

    pushed = importer.push_frame("things", frame, key_names=["id"])

    assert pushed.to_frame()["sent_as"].tolist() == ["integer", sent_as]
    rows = client.sandbox.warehouse.table("shop.things").sort_values("id")
    assert not [table for table in client.sandbox.warehouse.tables()["table"] if table == "_sdc_rejected"]
    # A column of which nothing is known comes into being with its first value.
    assert ("value" in rows) == bool(landed)
    for found, wanted in zip(rows.get("value", ()), landed, strict=bool(landed)):
        if wanted is None:
            assert pd.isna(found)
        elif isinstance(wanted, datetime):
            assert pd.Timestamp(found).tz_localize(None) == wanted.replace(tzinfo=None)
        else:
            assert wanted is ... or (found == wanted and isinstance(found, str) == isinstance(wanted, str))
            assert isinstance(found, Decimal) == (sent_as == "decimal")


def test_lists_and_objects_land_in_tables_and_columns_of_their_own(client: Client, importer: ImportClient) -> None:
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "address": [{"city": "Oslo", "since": NOON}, None],
            "tags": [["a", "b"], np.array(["c"])],
        }
    )

    pushed = importer.push_frame("people", frame, key_names=["id"])

    warehouse = client.sandbox.warehouse
    assert warehouse.table("shop.people")["address__city"].tolist()[0] == "Oslo"
    assert pd.Timestamp(warehouse.table("shop.people")["address__since"].iloc[0]).hour == 12
    assert warehouse.table("shop.people__tags")["value"].tolist() == ["a", "b", "c"]
    assert pushed.schema["properties"]["address"] == {
        "type": ["null", "object"],
        "properties": {
            "city": {"type": ["null", "string"]},
            "since": {"type": ["null", "string"], "format": "date-time"},
        },
    }
    assert pushed.schema["properties"]["tags"] == {"type": ["null", "array"], "items": {"type": ["null", "string"]}}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pd.Series(["2026-03-20T12:00:00"], dtype="datetime64[ns]"), "2026-03-20T12:00:00Z"),
        (pd.Series(["2026-03-20T12:00:00.5"], dtype="datetime64[ns]"), "2026-03-20T12:00:00.500000Z"),
        (pd.Series(["2026-03-20T12:00:00.000000001"], dtype="datetime64[ns]"), "2026-03-20T12:00:00.000000001Z"),
        (pd.Series([datetime(2026, 3, 20, 7, tzinfo=EARLIER)], dtype=object), "2026-03-20T12:00:00Z"),
        (pd.Series([datetime(2026, 3, 20, 12)], dtype=object), "2026-03-20T12:00:00Z"),
    ],
    ids=["whole seconds", "half a second", "a nanosecond", "another zone", "no zone"],
)
def test_times_are_sent_in_utc_and_as_finely_as_they_are(values: Any, text: str) -> None:
    server = answering(OK, 201)

    push("sync", server, lambda c: c.push_frame("things", pd.DataFrame({"at": values})))

    assert sent(server)[0]["messages"][0]["data"] == {"at": text}


@pytest.mark.parametrize("mode", MODES)
def test_a_frame_is_sent_with_its_schema_its_keys_and_rising_sequences(mode: str) -> None:
    server = answering(OK, 201)
    frame = pd.DataFrame({"id": [7, 8], "name": ["a", None]}, index=["x", "y"])

    pushed = push(mode, server, lambda c: c.push_frame("people", frame, key_names=["id"], first_sequence=40))

    assert sent(server) == [
        {
            "table_name": "people",
            "schema": {
                "type": "object",
                "properties": {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}},
            },
            "messages": [
                {"action": "upsert", "sequence": 40, "data": {"id": 7, "name": "a"}},
                {"action": "upsert", "sequence": 41, "data": {"id": 8, "name": None}},
            ],
            "key_names": ["id"],
        }
    ]
    assert repr(pushed) == "PushedFrame('people', 2 rows in 1 request)"
    assert pushed.to_frame().to_dict("list") == {
        "column": ["id", "name"],
        "sent_as": ["integer", "string"],
        "is_key": [True, False],
        "missing": [0, 1],
    }
    assert "2 rows in 1 request" in pushed._repr_html_()


def test_without_keys_none_are_sent_and_rows_are_appended(client: Client, importer: ImportClient) -> None:
    frame = pd.DataFrame({"id": [1]})

    importer.push_frame("things", frame)
    importer.push_frame("things", frame)

    assert client.sandbox.warehouse.table("shop.things")["id"].tolist() == [1, 1]


def test_of_rows_with_the_same_key_the_last_one_counts(client: Client, importer: ImportClient) -> None:
    importer.push_frame("things", pd.DataFrame({"id": [1, 1], "name": ["old", "new"]}), key_names=["id"])
    assert client.sandbox.warehouse.table("shop.things")["name"].tolist() == ["new"]

    importer.push_frame("things", pd.DataFrame({"id": [1], "name": ["newer"]}), key_names=["id"])
    assert client.sandbox.warehouse.table("shop.things")["name"].tolist() == ["newer"]


def test_pushing_works_in_an_event_loop(client: Client, importer: ImportClient) -> None:
    source = client.sources.list()[0]
    token = client.import_tokens.create(source.id)

    async def main() -> Any:
        async with AsyncImportClient(token, base_url=client.base_url) as pusher:
            return await pusher.push_frame("things", pd.DataFrame({"id": range(3)}), key_names=["id"])

    assert asyncio.run(main()).rows == 3
    assert client.sandbox.warehouse.table("shop.things")["id"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("mode", MODES)
def test_many_rows_travel_in_several_requests_in_their_order(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_batches, "MOST_ROWS", 4)
    server = answering(OK, 201)

    pushed = push(mode, server, lambda c: c.push_frame("t", pd.DataFrame({"n": range(10)}), first_sequence=100))

    assert [len(body["messages"]) for body in sent(server)] == [4, 4, 2]
    messages = [message for body in sent(server) for message in body["messages"]]
    assert [(m["sequence"], m["data"]["n"]) for m in messages] == [(100 + n, n) for n in range(10)]
    assert pushed.requests == 3


def test_no_request_is_larger_than_stitch_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_batches, "MOST_BYTES", 1000)
    server = answering(OK, 201)
    frame = pd.DataFrame({"n": range(50), "text": ["ü" * 20] * 50})

    push("sync", server, lambda c: c.push_frame("t", frame, key_names=["n"]))

    assert max(len(request.content) for request in server.asked) <= 1000
    assert [m["data"]["n"] for body in sent(server) for m in body["messages"]] == list(range(50))


def test_a_request_of_the_real_limit_is_taken(client: Client, importer: ImportClient) -> None:
    frame = pd.DataFrame({"id": range(5), "text": ["x" * 9_000_000] * 5})

    pushed = importer.push_frame("large", frame, key_names=["id"])

    assert pushed.requests == 3
    assert client.sandbox.warehouse.table("shop.large")["text"].str.len().tolist() == [9_000_000] * 5


def frame_of(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


# Frames that cannot be sent, what is said of them, and about which column.
ODD: list[tuple[Any, dict[str, Any], str | None, str]] = [
    (frame_of(t=pd.to_timedelta([1], "s")), {}, "t", r"lengths of time.*frame\['t'\]\.dt\.total_seconds\(\)"),
    (frame_of(t=pd.Series([timedelta(1)], dtype=object)), {}, "t", r"Row 0 holds lengths of time.*total_seconds"),
    (frame_of(t=pd.Series([np.timedelta64(1, "s")], dtype=object)), {}, "t", r"Row 0 holds lengths of time"),
    (frame_of(p=pd.period_range("2026", periods=1, freq="M")), {}, "p", r"periods.*frame\['p'\]\.dt\.to_timestamp"),
    (frame_of(i=pd.interval_range(0, 1)), {}, "i", r"intervals.*astype\(str\)"),
    (frame_of(c=[1j]), {}, "c", "complex numbers.*two columns"),
    (frame_of(b=[b"x"]), {}, "b", r"Row 0 holds bytes.*frame\['b'\] = frame\['b'\]\.str\.decode\('utf-8'\)"),
    (frame_of(f=[1.0, float("inf")]), {}, "f", r"Row 1 holds an infinite number.*\.replace\("),
    (frame_of(f=pd.Series([float("-inf")], dtype=object)), {}, "f", "Row 0 holds an infinite number"),
    (frame_of(n=np.array([2**63], "uint64")), {}, "n", r"Row 0 holds a whole number beyond.*astype\(str\)"),
    (frame_of(n=[10**30, 1]), {}, "n", "Row 0 holds a whole number beyond"),
    (frame_of(d=[Decimal("0.1234567890123456789")]), {}, "d", "Row 0 holds a decimal with more digits"),
    (frame_of(m=pd.Series([1, "a"], dtype=object)), {}, "m", r"integer \(row 0\) and string \(row 1\).*split"),
    (frame_of(m=pd.Series([1, 2.5, "a"], dtype=object)), {}, "m", r"number \(row 1\) and string \(row 2\)"),
    (frame_of(s=[{1, 2}]), {}, "s", "Row 0 holds a set, which JSON cannot hold"),
    (frame_of(o=[{1: 2}]), {}, "o", "Row 0 holds an object with the key 1"),
    (
        frame_of(far=np.array(["NaT", "2026-01-01", "20000-01-01"], "datetime64[s]")),
        {},
        "far",
        "Row 2 holds a time out",
    ),
    (frame_of(_sdc_sequence=[1]), {}, "_sdc_sequence", r"Stitch's own: drop it, frame\.drop\(columns="),
    (frame_of(id=[1]), {"key_names": ["uid"]}, "uid", "no such column. Did you mean 'id'"),
    (frame_of(n=[1]).rename_axis("id"), {"key_names": ["id"]}, "id", r"the index.*frame\.reset_index\(\)"),
    (frame_of(id=[1.0, None]), {"key_names": ["id"]}, "id", "It is a key, and row 1 has no value in it"),
    (frame_of(id=[[1]]), {"key_names": ["id"]}, "id", "a list or an object cannot be one"),
    ([{"id": 1}], {}, None, r"no pandas DataFrame but a list.*pd\.DataFrame\(records\)"),
    (frame_of(id=[]), {}, None, "nothing to push"),
    (pd.DataFrame(index=[1]), {}, None, "nothing to push"),
    (pd.DataFrame([[1]]), {}, None, r"column 0 has no name that is a text.*rename"),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), {}, None, "'a' as the name of several columns"),
    (pd.DataFrame({("a", "b"): [1]}), {}, None, "several levels"),
    (frame_of(id=[1]), {"key_names": "id"}, None, r"key_names expects a list of names. Pass \['id'\]"),
    (frame_of(id=[1, 2]), {"first_sequence": 2**63 - 1}, None, "not a whole number from 0 to 2\\^63-1"),
    (frame_of(id=[1]), {"first_sequence": 1.5}, None, "its sequence 1.5 is not a whole number"),
    (
        # Text of Arrow's cannot even hold it.
        frame_of(id=[1, 2], text=pd.Series(["a", "\ud800"], dtype=object)),
        {},
        None,
        "column 'text', row 1, holds text that is not valid Unicode",
    ),
    (frame_of(id=[1, 2], many=[[0], [0] * 10_000]), {}, None, "row 1 has 10,001 values"),
]


@pytest.mark.parametrize(("frame", "options", "column", "message"), ODD, ids=range(len(ODD)))
def test_what_cannot_be_sent_is_named_and_nothing_is_sent(
    frame: Any, options: dict[str, Any], column: str | None, message: str
) -> None:
    server = answering(OK, 201)

    with pytest.raises(InvalidInputError, match=message) as raised:
        push("sync", server, lambda c: c.push_frame("things", frame, **options))

    assert server.asked == []
    if column is not None:
        assert isinstance(raised.value, InvalidValuesError)
        assert list(raised.value.errors) == [column]


def test_what_is_nested_without_end_is_named() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(InvalidValuesError, match=r"Row 0 holds a list or an object that is nested too deeply\."):
        push("sync", answering(OK, 201), lambda c: c.push_frame("t", frame_of(v=[endless])))


@pytest.mark.parametrize("dtype", [np.longdouble, object])
def test_numbers_wider_than_those_of_json_are_sent_as_the_nearest(dtype: Any) -> None:
    server = answering(OK, 201)
    values = pd.Series([np.longdouble("1.5"), np.longdouble("nan")], dtype=dtype)

    push("sync", server, lambda c: c.push_frame("t", frame_of(v=values)))

    assert [one["data"]["v"] for one in sent(server)[0]["messages"]] == [1.5, None]


def test_wide_complex_numbers_are_refused() -> None:
    with pytest.raises(InvalidValuesError, match="complex numbers"):
        push("sync", answering(OK, 201), lambda c: c.push_frame("t", frame_of(v=[{"a": np.clongdouble(1)}])))


def test_a_key_that_is_no_text_is_named() -> None:
    with pytest.raises(InvalidValuesError, match="there is no such column"):
        push("sync", answering(OK, 201), lambda c: c.push_frame("t", frame_of(v=[1]), key_names=[1]))


def test_every_column_that_cannot_be_sent_is_named_at_once() -> None:
    frame = frame_of(t=pd.to_timedelta([1], "s"), b=[b"x"], good=[1])

    with pytest.raises(InvalidValuesError) as raised:
        push("sync", answering(OK), lambda c: c.push_frame("things", frame))

    assert list(raised.value.errors) == ["t", "b"]


def test_a_row_that_is_too_large_alone_is_named_before_the_others_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_batches, "MOST_BYTES", 500)
    server = answering(OK, 201)

    with pytest.raises(InvalidInputError, match=r"row 30 alone has 9\d\d bytes"):
        push("sync", server, lambda c: c.push_frame("t", frame_of(text=["a"] * 30 + ["b" * 800])))

    assert server.asked == []


def test_a_record_may_have_as_many_values_as_stitch_takes(client: Client, importer: ImportClient) -> None:
    assert frame_records.MOST_DATA_POINTS == 10_000
    importer.push_frame("things", frame_of(id=[1], many=[[0] * 9_999]), key_names=["id"])

    assert len(client.sandbox.warehouse.table("shop.things__many")) == 9_999


def test_a_schema_of_ones_own_is_sent_as_it_is_and_what_breaks_it_is_told(importer: ImportClient) -> None:
    schema = {"properties": {"age": {"type": "integer"}}}
    mixed = frame_of(age=pd.Series([16, "old"], dtype=object))

    with pytest.raises(BadRequestError, match="Record 1 did not conform to schema: #/age: expected: Integer"):
        importer.push_frame("people", mixed, schema=schema)

    assert importer.push_frame("people", mixed, schema={}).schema == {}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("keys", [[], ["n"]])
def test_an_accepted_part_is_counted(mode: str, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_batches, "MOST_ROWS", 2)
    refusal = httpx.Response(400, json={"error": "Record 0 did not conform to schema: #/n"})
    server = Plays(httpx.Response(201, json=OK), refusal)

    with pytest.raises(PartialPushError) as raised:
        push(mode, server, lambda c: c.push_frame("t", frame_of(n=range(5)), key_names=keys))

    error = raised.value
    assert (error.accepted, error.total, error.uncertain) == (2, 5, 0)
    assert isinstance(error.__cause__, BadRequestError)
    assert "Record 0 did not conform" in str(error)
    assert ("frame.iloc[2:]" in str(error)) == (not keys)
    assert ("push the whole frame again" in str(error)) == bool(keys)


def test_without_a_key_rows_of_a_broken_connection_are_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_batches, "MOST_ROWS", 2)
    server = Plays(httpx.Response(201, json=OK), httpx.ReadError)

    with pytest.raises(PartialPushError) as raised:
        push("sync", server, lambda c: c.push_frame("t", frame_of(n=range(5))))

    assert (raised.value.accepted, raised.value.uncertain) == (2, 2)
    assert len(server.asked) == 2, "rows without a key are not sent again"


def test_where_the_first_request_fails_the_error_is_its_own() -> None:
    with pytest.raises(OutcomeUnknownError):
        push("sync", Plays(httpx.ReadError), lambda c: c.push_frame("t", frame_of(n=[1])))


def test_a_frame_is_not_changed_by_being_pushed(importer: ImportClient) -> None:
    frame = frame_of(id=[1], at=pd.to_datetime(["2026-03-20T12:00:00+01:00"]), tags=[["a"]])
    before = frame.copy(deep=True)

    importer.push_frame("things", frame, key_names=["id"])

    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("is_swapped", [True, False], ids=["swapped", "no name"])
def test_the_name_of_the_table_comes_first(is_swapped: bool) -> None:
    frame = pd.DataFrame({"id": [1]})
    given: tuple[Any, Any] = (frame, "t") if is_swapped else ("", frame)
    with ImportClient("a-token") as importer, pytest.raises(InvalidInputError, match="name of the table first"):
        importer.push_frame(*given)


def test_keys_that_are_no_list_are_refused() -> None:
    with ImportClient("a-token") as importer, pytest.raises(InvalidInputError, match="Leave it out"):
        importer.push_frame("t", pd.DataFrame({"id": [1]}), key_names=None)
