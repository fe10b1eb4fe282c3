"""Frames whose columns are Arrow's, as ``dtype_backend="pyarrow"`` gives them, are pushed as any others."""

import io
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from stitchnb.client import Client, ImportClient
from stitchnb.errors import InvalidValuesError

NOON = datetime(2026, 3, 20, 12)


def column(values: list[Any], kind: pa.DataType) -> pd.Series:
    return pd.Series(pa.array(values, kind), dtype=pd.ArrowDtype(kind))


# What a column's type is, a value of it, how it is sent, and what is in the warehouse then.
COLUMNS: list[tuple[pa.DataType, Any, str, Any]] = [
    (pa.int8(), -1, "integer", -1),
    (pa.int64(), 2**63 - 1, "integer", 2**63 - 1),
    (pa.uint64(), 2**63 - 1, "integer", 2**63 - 1),
    (pa.float16(), 0.5, "number", 0.5),
    (pa.float32(), 0.5, "number", 0.5),
    (pa.float64(), 0.1, "number", 0.1),
    (pa.bool_(), True, "boolean", True),
    (pa.string(), "ü ☃", "string", "ü ☃"),
    (pa.large_string(), "a", "string", "a"),
    (pa.dictionary(pa.int32(), pa.string()), "a", "string", "a"),
    (pa.decimal128(10, 2), Decimal("0.07"), "decimal", Decimal("0.07")),
    (pa.decimal128(38, 0), Decimal(7), "decimal", Decimal(7)),
    (pa.decimal256(50, 3), Decimal("-12.345"), "decimal", Decimal("-12.345")),
    (pa.date32(), date(2026, 3, 20), "date-time", datetime(2026, 3, 20)),
    (pa.date64(), date(2026, 3, 20), "date-time", datetime(2026, 3, 20)),
    (pa.timestamp("s"), NOON, "date-time", NOON),
    (pa.timestamp("us"), NOON + timedelta(microseconds=1), "date-time", NOON + timedelta(microseconds=1)),
    (pa.timestamp("ns", "America/Lima"), NOON.replace(tzinfo=UTC), "date-time", NOON),
]


@pytest.mark.parametrize(("kind", "value", "sent_as", "landed"), COLUMNS, ids=[str(case[0]) for case in COLUMNS])
def test_a_column_lands_as_it_was(
    client: Client, importer: ImportClient, kind: pa.DataType, value: Any, sent_as: str, landed: Any
) -> None:
    array = pa.array([value, None], kind.value_type).dictionary_encode() if pa.types.is_dictionary(kind) else None
    values = pd.Series(array, dtype=pd.ArrowDtype(array.type)) if array is not None else column([value, None], kind)
    frame = pd.DataFrame({"id": column([1, 2], pa.int64()), "value": values})

    pushed = importer.push_frame("things", frame, key_names=["id"])

    assert pushed.to_frame()["sent_as"].tolist() == ["integer", sent_as]
    assert pushed.to_frame()["missing"].tolist() == [0, 1]
    found, missing = client.sandbox.warehouse.table("shop.things").sort_values("id")["value"]
    assert found == landed
    assert isinstance(found, Decimal) == (sent_as == "decimal")
    assert pd.isna(missing)


def test_lists_and_structs_land_in_tables_and_columns_of_their_own(client: Client, importer: ImportClient) -> None:
    struct = pa.struct([("city", pa.string()), ("since", pa.timestamp("us"))])
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "tags": column([["a", "b"], None], pa.list_(pa.string())),
            "parts": column([[Decimal("0.10")], None], pa.list_(pa.decimal128(5, 2))),
            "address": column([{"city": "Oslo", "since": NOON}, None], struct),
        }
    )

    importer.push_frame("people", frame, key_names=["id"])

    warehouse = client.sandbox.warehouse
    assert warehouse.table("shop.people__tags")["value"].tolist() == ["a", "b"]
    assert warehouse.table("shop.people__parts")["value"].tolist() == [Decimal("0.10")]
    first = warehouse.table("shop.people").sort_values("id").iloc[0]
    assert (first["address__city"], first["address__since"]) == ("Oslo", NOON)


def test_what_is_no_number_is_missing_as_in_any_other_column(client: Client, importer: ImportClient) -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "value": column([float("nan"), None, 1.5], pa.float64())})

    assert importer.push_frame("things", frame, key_names=["id"]).to_frame()["missing"].tolist() == [0, 2]
    rows = client.sandbox.warehouse.table("shop.things").sort_values("id")
    assert rows["value"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (pa.duration("us"), timedelta(1), "lengths of time"),
        (pa.binary(), b"x", "bytes, which JSON cannot hold"),
        (pa.time64("us"), time(12), "a time, which JSON cannot hold: send text"),
        (pa.float64(), float("inf"), "an infinite number"),
        (pa.uint64(), 2**63, "a whole number beyond"),
        (pa.decimal128(38, 21), Decimal("0.123456789012345678901"), "a decimal with more digits"),
    ],
    ids=str,
)
def test_what_cannot_be_sent_is_named(importer: ImportClient, kind: pa.DataType, value: Any, words: str) -> None:
    with pytest.raises(InvalidValuesError, match=words) as raised:
        importer.push_frame("things", pd.DataFrame({"value": column([value], kind)}))

    assert list(raised.value.errors) == ["value"]
    assert len(importer.journal) == 0


def test_a_file_that_was_read_with_arrows_types_is_pushed(client: Client, importer: ImportClient) -> None:
    text = "id,name,paid,at\n1,Ada,1.5,2026-03-20 12:00:00\n2,,,\n"
    frame = pd.read_csv(io.StringIO(text), dtype_backend="pyarrow", parse_dates=["at"])

    pushed = importer.push_frame("people", frame, key_names=["id"])

    assert pushed.to_frame()["sent_as"].tolist() == ["integer", "string", "number", "date-time"]
    assert client.sandbox.warehouse.table("shop.people")["name"].tolist()[0] == "Ada"
