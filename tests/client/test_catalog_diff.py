"""Two discoveries beside each other: what came, what went, what is of another type."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from both_modes import sync_client
from shopify import COLLECTIONS, SOURCE_ID, Shop

from stitchnb.client import Catalog
from stitchnb.errors import InvalidInputError

COLUMNS = ["stream", "field", "change", "key", "from", "to", "replicated", "breadcrumb", "tap_stream_id"]


def opened(shop: Shop, **options: Any) -> Catalog:
    return sync_client(shop).streams.catalog(SOURCE_ID, **options)


def changed(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Shop:
    """A shop whose stream custom_collections is another than documented: its list entry and its schema."""
    shop = Shop()
    schema = copy.deepcopy(shop.schemas[COLLECTIONS])
    schema["schema"] = json.loads(schema["schema"])
    change(next(s for s in shop.listed if s["stream_name"] == COLLECTIONS), schema)
    shop.schemas[COLLECTIONS] = schema
    return shop


def field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """The metadata of a field."""
    return next(e["metadata"] for e in schema["metadata"] if e["breadcrumb"] == ["properties", name])


def drop(schema: dict[str, Any], name: str) -> None:
    del schema["schema"]["properties"][name]
    schema["metadata"] = [e for e in schema["metadata"] if e["breadcrumb"] != ["properties", name]]


def add(schema: dict[str, Any], name: str) -> None:
    schema["schema"]["properties"] = {name: {"type": "number"}} | schema["schema"]["properties"]
    schema["metadata"].append({"breadcrumb": ["properties", name], "metadata": {"inclusion": "available"}})


def retype(schema: dict[str, Any], name: str, **type_: Any) -> None:
    schema["schema"]["properties"][name] = type_


def turn_round(schema: dict[str, Any]) -> None:
    schema["schema"]["properties"] = dict(reversed(schema["schema"]["properties"].items()))


def tell(listed: dict[str, Any], schema: dict[str, Any], **own: Any) -> None:
    """Say something of the stream itself, wherever that is said."""
    for metadata in (listed["metadata"], schema["metadata"][0]["metadata"]):
        metadata.update({key.replace("_", "-"): value for key, value in own.items()})


DIFFERENT = [
    (lambda listed, schema: drop(schema, "title"), [["title", "removed", "type", "string", None]], "a field went"),
    (lambda listed, schema: add(schema, "price"), [["price", "added", "type", None, "number"]], "a field came"),
    (
        lambda listed, schema: retype(schema, "title", type=["null", "integer"]),
        [["title", "retyped", "type", "string", "integer"]],
        "a field is of another type",
    ),
    (
        lambda listed, schema: retype(schema, "published_at", type="string", format="date-time"),
        [["published_at", "retyped", "type", "string", "date-time"]],
        "a text became a moment",
    ),
    (
        lambda listed, schema: field(schema, "title").update({"sql-datatype": "varchar(9)"}),
        [["title", "retyped", "sql_type", None, "varchar(9)"]],
        "a field is of another SQL type",
    ),
    (
        lambda listed, schema: field(schema, "title").update(inclusion="unsupported"),
        [["title", "changed", "inclusion", "available", "unsupported"]],
        "a field cannot be delivered any more",
    ),
    (
        lambda listed, schema: field(schema, "title").update({"selected-by-default": True}),
        [["title", "changed", "selected_by_default", None, "yes"]],
        "a field comes by itself now",
    ),
    (
        lambda listed, schema: field(schema, "title").update(fieldExclusions=[["properties", "handle"]]),
        [["title", "changed", "exclusions", None, "handle"]],
        "a field cannot be with another any more",
    ),
    (
        lambda listed, schema: schema["schema"]["properties"]["image"]["properties"].pop("width"),
        [["image.width", "removed", "type", "integer", None]],
        "a field inside of another went",
    ),
    (
        lambda listed, schema: (drop(schema, "title"), add(schema, "name"), retype(schema, "handle", type="number")),
        [
            ["name", "added", "type", None, "number"],
            ["handle", "retyped", "type", "string", "number"],
            ["title", "removed", "type", "string", None],
        ],
        "all at once, what went comes last",
    ),
    (
        lambda listed, schema: tell(
            listed, schema, table_key_properties=["id", "handle"], valid_replication_keys=["id"]
        ),
        [[None, "changed", "table_keys", "id", "id, handle"], [None, "changed", "valid_keys", "updated_at", "id"]],
        "a stream has other keys",
    ),
    (
        lambda listed, schema: tell(listed, schema, forced_replication_method=None),
        [[None, "changed", "forced_method", "INCREMENTAL", None]],
        "a method can be chosen now",
    ),
    (
        lambda listed, schema: tell(listed, schema, is_view=True),
        [[None, "changed", "is_view", None, "yes"]],
        "a table became a view",
    ),
    (lambda listed, schema: field(schema, "title").update(selected=True), [], "what is chosen is no difference"),
    (lambda listed, schema: turn_round(schema), [], "nor is the order"),
]


@pytest.mark.parametrize(("change", "rows", "why"), DIFFERENT, ids=[row[2] for row in DIFFERENT])
def test_what_is_different_is_a_row(change: Any, rows: list[list[Any]], why: str) -> None:
    frame = opened(changed(change)).diff(opened(Shop()))

    told = frame[["field", "change", "key", "from", "to"]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == rows, why
    assert set(frame["stream"]) == set(frame["tap_stream_id"]) == ({COLLECTIONS} if rows else set())


def test_with_no_difference_there_are_the_same_columns_and_no_row() -> None:
    none = opened(Shop()).diff(opened(Shop()))
    some = opened(changed(lambda listed, schema: drop(schema, "title"))).diff(opened(Shop()))

    assert len(none) == 0
    assert none.columns.tolist() == some.columns.tolist() == COLUMNS
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


def test_it_says_of_what_is_gone_whether_it_landed() -> None:
    earlier = opened(Shop()).select(COLLECTIONS, fields=["title"])
    later = opened(changed(lambda listed, schema: (drop(schema, "title"), drop(schema, "handle"))))

    frame = later.diff(earlier).set_index("field")

    assert frame["replicated"].to_dict() == {"handle": False, "title": True}
    assert frame.loc["title", "breadcrumb"] == ("properties", "title")


def test_streams_that_came_or_went_are_one_row_each() -> None:
    shop = Shop()
    shop.listed = [s for s in shop.listed if s["stream_name"] != "orders"]
    earlier, later = opened(Shop()).select("orders"), opened(shop)

    gone, came = later.diff(earlier), earlier.diff(later)

    assert gone[["stream", "change", "replicated"]].to_numpy().tolist() == [["orders", "removed", True]]
    assert came[["stream", "change", "replicated"]].to_numpy().tolist() == [["orders", "added", True]]
    assert gone[["field", "key", "from", "to"]].isna().all(axis=None)


def test_a_table_of_another_database_is_the_same_by_its_name() -> None:
    other = Shop()
    for stream in other.listed:
        stream["tap_stream_id"] = f"other-{stream['stream_name']}"

    assert len(opened(other).diff(opened(Shop()))) == 0
    # Two of one name: nobody can tell which of them it was.
    other.listed[1]["stream_name"] = other.listed[0]["stream_name"]
    frame = opened(other, load=False).diff(opened(Shop(), load=False))
    assert frame["change"].tolist() == ["added", "added", "removed", "removed"]


def test_fields_have_to_be_loaded_in_both_or_in_neither() -> None:
    listed, loaded = opened(Shop(), load=False), opened(Shop())

    assert len(listed.diff(opened(Shop(), load=False))) == 0
    with pytest.raises(
        InvalidInputError, match=r"fields of 'abandoned_checkouts', .* and 4 more are not loaded in the later catalog"
    ):
        listed.diff(loaded)
    with pytest.raises(InvalidInputError, match="not loaded in the earlier catalog"):
        loaded.diff(listed)
