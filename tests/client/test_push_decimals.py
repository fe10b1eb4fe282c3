"""Exact decimals keep their digits all the way: by their schema they land as numeric, not in floating point."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from stitchnb.client import Client, ImportClient
from stitchnb.errors import InvalidValuesError


def column_type(client: Client, column: str) -> str:
    columns = client.sandbox.warehouse.sql("DESCRIBE shop.prices").set_index("column_name")
    return str(columns.loc[column, "column_type"])


def test_a_column_of_decimals_is_sent_with_the_digits_that_it_has(client: Client, importer: ImportClient) -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "price": [Decimal("0.07"), Decimal("1234567890.12"), None]})

    pushed = importer.push_frame("prices", frame, key_names=["id"])

    assert pushed.schema["properties"]["price"] == {"type": ["null", "number"], "multipleOf": 0.01}
    assert column_type(client, "price") == "DECIMAL(38,2)"
    total = client.sandbox.warehouse.sql("SELECT sum(price) AS total FROM shop.prices")["total"].iloc[0]
    assert total == Decimal("1234567890.19")


def test_more_digits_the_next_time_neither_split_the_column_nor_are_lost(
    client: Client, importer: ImportClient
) -> None:
    for id_, price in enumerate((Decimal(5), Decimal("5.5"), Decimal("5.125"))):
        importer.push_frame("prices", pd.DataFrame({"id": [id_], "price": [price]}), key_names=["id"])

    prices = client.sandbox.warehouse.table("shop.prices").sort_values("id")["price"].tolist()
    assert prices == [Decimal(5), Decimal("5.5"), Decimal("5.125")]
    assert column_type(client, "price") == "DECIMAL(38,3)"


def test_decimals_in_lists_and_objects_keep_them_too(client: Client, importer: ImportClient) -> None:
    frame = pd.DataFrame({"id": [1], "net": [{"eur": Decimal("0.10")}], "parts": [[Decimal("0.1"), Decimal("0.025")]]})

    importer.push_frame("prices", frame, key_names=["id"])

    warehouse = client.sandbox.warehouse
    assert column_type(client, "net__eur") == "DECIMAL(38,2)"
    assert warehouse.table("shop.prices__parts")["value"].tolist() == [Decimal("0.1"), Decimal("0.025")]


def test_a_decimal_may_be_a_key(client: Client, importer: ImportClient) -> None:
    for name in ("old", "new"):
        frame = pd.DataFrame({"id": [Decimal(7)], "name": [name]})
        assert importer.push_frame("prices", frame, key_names=["id"]).schema["properties"]["id"]["type"] == "number"

    assert client.sandbox.warehouse.table("shop.prices")["name"].tolist() == ["new"]


def test_a_key_that_is_no_number_is_named(importer: ImportClient) -> None:
    frame = pd.DataFrame({"id": [Decimal(7), Decimal("NaN")]})

    with pytest.raises(InvalidValuesError, match="It is a key, and row 1 has no value in it"):
        importer.push_frame("prices", frame, key_names=["id"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([Decimal("0.1234567890123456789")], "more digits than a number of JSON keeps: send text"),
        ([Decimal("1E+30")], "a whole number beyond those of a warehouse"),
        ([Decimal("Infinity")], "an infinite number"),
        ([Decimal("1.5"), "a"], r"decimal \(row 0\) and string \(row 1\)"),
    ],
)
def test_what_would_lose_digits_is_refused_before_anything_is_sent(
    importer: ImportClient, values: list[Any], words: str
) -> None:
    with pytest.raises(InvalidValuesError, match=words):
        importer.push_frame("prices", pd.DataFrame({"price": values}))

    assert len(importer.journal) == 0
