"""Catalogs of taps, young and old: what is discovered of them, and the selection written back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.sandbox.connectors.singer.catalog import TapCatalog
from stitchnb.sandbox.pipeline import ConnectorError, DiscoveredStream, SelectedStream

TEXT = {"type": ["null", "string"]}
ADDRESS = {"type": ["null", "object"], "properties": {"city": TEXT, "street": TEXT}}
FIELDS = {"id": TEXT, "name": TEXT, "address": ADDRESS, "updated_at": TEXT}


def at(*breadcrumb: str, **metadata: Any) -> dict[str, Any]:
    return {
        "breadcrumb": list(breadcrumb),
        "metadata": {name.replace("_", "-"): value for name, value in metadata.items()},
    }


def entry(name: str = "orders", *metadata: dict[str, Any], **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": FIELDS}
    return {"tap_stream_id": name, "stream": name, "schema": schema, "metadata": list(metadata), **more}


def read(*entries: dict[str, Any]) -> TapCatalog:
    return TapCatalog.read(json.dumps({"streams": entries}).encode())


def discovered(**more: Any) -> DiscoveredStream:
    (found,) = read(entry(**more)).streams()
    return found


def test_metadata_are_told_by_breadcrumb() -> None:
    of_stream = at(table_key_properties=["id"], forced_replication_method="FULL_TABLE")
    of_field = at("properties", "name", inclusion="available", sql_datatype="text")
    (found,) = read(entry("orders", of_stream, of_field)).streams()

    assert found.metadata[()] == {"table-key-properties": ["id"], "forced-replication-method": "FULL_TABLE"}
    assert found.metadata["properties", "name"] == {"inclusion": "available", "sql-datatype": "text"}


def test_a_field_of_which_nothing_is_said_is_available_and_a_key_automatic() -> None:
    (found,) = read(
        entry("orders", at(table_key_properties=["id"]), at("properties", "name", inclusion="unsupported"))
    ).streams()

    assert {breadcrumb[-1]: m["inclusion"] for breadcrumb, m in found.metadata.items() if breadcrumb} == {
        "id": "automatic",
        "name": "unsupported",
        "address": "available",
        "updated_at": "available",
    }


def test_what_an_older_tap_says_outside_of_its_metadata_counts() -> None:
    found = discovered(
        key_properties=["id"],
        replication_method="INCREMENTAL",
        replication_key="updated_at",
        is_view=True,
        database_name="shop",
        row_count=12,
    )

    assert found.metadata[()] == {
        "table-key-properties": ["id"],
        "replication-method": "INCREMENTAL",
        "replication-key": "updated_at",
        "valid-replication-keys": ["updated_at"],
        "is-view": True,
        "database-name": "shop",
        "row-count": 12,
    }
    assert found.metadata["properties", "updated_at"]["inclusion"] == "automatic"


def test_a_tap_that_says_nothing_of_its_fields_delivers_all_of_them() -> None:
    found = discovered(key_properties=["id"])

    assert found.metadata["properties", "id"] == {"inclusion": "automatic", "selected-by-default": True}
    assert found.metadata["properties", "name"] == {"inclusion": "available", "selected-by-default": True}


def test_a_selection_by_the_tap_is_only_a_proposal() -> None:
    proposals = at(selected=True), at("properties", "name", inclusion="available", selected=True)
    (found,) = read(entry("orders", *proposals)).streams()

    assert "selected" not in found.metadata[()]
    assert found.metadata["properties", "name"] == {"inclusion": "available", "selected-by-default": True}


def test_an_inclusion_inside_the_schema_counts() -> None:
    properties = {"id": {**TEXT, "inclusion": "automatic"}, "name": {**TEXT, "inclusion": "unsupported"}}
    found = discovered(schema={"properties": properties})

    assert found.metadata["properties", "id"] == {"inclusion": "automatic"}
    assert found.metadata["properties", "name"] == {"inclusion": "unsupported"}


def test_a_schema_that_allows_anything_is_an_empty_one() -> None:
    found = discovered(schema={"properties": {"any": True, "many": {"items": True, "anyOf": [False, TEXT]}}})

    assert found.schema == {"properties": {"any": {}, "many": {"items": {}, "anyOf": [{}, TEXT]}}}


def written(catalog: TapCatalog, *streams: SelectedStream) -> dict[str, dict[str, Any]]:
    return {entry["tap_stream_id"]: entry for entry in catalog.with_selection(streams)["streams"]}


def metadata_of(entry: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    return {tuple(item["breadcrumb"]): item["metadata"] for item in entry["metadata"]}


def test_the_selection_is_written_into_the_metadata() -> None:
    catalog = read(
        entry(
            "orders",
            at(table_key_properties=["id"], valid_replication_keys=["updated_at"]),
            at("properties", "address", "properties", "city", inclusion="available"),
            at("properties", "address", "properties", "street", inclusion="available"),
        ),
        entry("customers", at(selected=True)),
    )
    cut = {"properties": {"id": TEXT, "address": {**ADDRESS, "properties": {"city": TEXT}}}}
    both = written(catalog, SelectedStream("orders", "orders", cut, ("id",), "INCREMENTAL", "updated_at"))
    orders = metadata_of(both["orders"])

    assert orders[()] == {
        "table-key-properties": ["id"],
        "valid-replication-keys": ["updated_at"],
        "selected": True,
        "replication-method": "INCREMENTAL",
        "replication-key": "updated_at",
    }
    assert {breadcrumb: m["selected"] for breadcrumb, m in orders.items() if breadcrumb} == {
        ("properties", "id"): True,
        ("properties", "name"): False,
        ("properties", "address"): True,
        ("properties", "address", "properties", "city"): True,
        ("properties", "address", "properties", "street"): False,
        ("properties", "updated_at"): False,
    }
    assert metadata_of(both["customers"])[()] == {"selected": False}


def test_older_taps_find_the_selection_where_they_look_for_it() -> None:
    catalog = read(entry("orders"), entry("customers"))
    both = written(
        catalog, SelectedStream("orders", "orders", {"properties": {"id": TEXT}}, ("id",), "FULL_TABLE", None)
    )

    assert (both["orders"]["selected"], both["orders"]["schema"]["selected"]) == (True, True)
    assert both["orders"]["replication_method"] == "FULL_TABLE"
    assert both["orders"]["schema"]["properties"]["id"] == {**TEXT, "selected": True}
    assert both["orders"]["schema"]["properties"]["name"] == {**TEXT, "selected": False}
    assert (both["customers"]["selected"], both["customers"]["schema"]["selected"]) == (False, False)


def test_a_view_gets_its_key_written_back() -> None:
    catalog = read(entry("orders", at(is_view=True)))
    view = written(catalog, SelectedStream("orders", "orders", {"properties": {"id": TEXT}}, ("id",), "FULL_TABLE"))

    assert metadata_of(view["orders"])[()]["view-key-properties"] == ["id"]


def test_writing_a_selection_leaves_the_catalog_as_it_was() -> None:
    catalog = read(entry("orders", at(table_key_properties=["id"])))
    before = json.dumps(catalog.entries)
    written(catalog, SelectedStream("orders", "orders", {"properties": {}}, (), "FULL_TABLE"))

    assert json.dumps(catalog.entries) == before


def test_a_stream_that_is_gone_is_told_with_the_near_ones() -> None:
    catalog = read(entry("orders"), entry("customers"))
    with pytest.raises(ConnectorError, match=r"'order' is no longer in its catalog, which has orders$"):
        written(catalog, SelectedStream("order", "order", {}, ()))


def test_messages_may_name_a_stream_by_its_id_name_or_alias() -> None:
    catalog = read(
        entry("shop-orders", stream="orders", stream_alias="shop_orders"),
        entry("old-customers", stream="customers"),
        entry("new-customers", stream="customers"),
    )

    assert catalog.names() == {
        "shop-orders": "shop-orders",
        "orders": "shop-orders",
        "shop_orders": "shop-orders",
        "old-customers": "old-customers",
        "new-customers": "new-customers",
    }, "a name that two streams have is neither's"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Traceback", "did not print JSON"),
        ("[" * 100_000, "did not print JSON"),
        ("[]", "without a list of 'streams'"),
        ('{"streams": {"orders": {}}}', "without a list of 'streams'"),
        ('{"streams": [{"schema": {}}]}', "a stream without a 'tap_stream_id'"),
        ('{"streams": [{"stream": "orders"}]}', "no schema of the stream 'orders'"),
        ('{"streams": [{"stream": "a", "schema": {}}, {"stream": "a", "schema": {}}]}', "'a' more than once"),
        ('{"streams": [{"stream": "a", "schema": {}, "metadata": {"b": 1}}]}', "metadata of 'a' without a breadcrumb"),
        (
            '{"streams": [{"stream": "a", "schema": {}, "metadata": [{"breadcrumb": []}]}]}',
            "metadata of 'a' without a breadcrumb",
        ),
    ],
)
def test_what_is_no_catalog_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ConnectorError, match=reason):
        TapCatalog.read(text.encode())


anything = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["id", "a", "string", "automatic", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["properties", "items", "anyOf", "inclusion", "type", "a", "id"]), inner, max_size=3
        )
    ),
    max_leaves=10,
)
metadata_items = st.fixed_dictionaries(
    {"breadcrumb": st.just([]) | st.just(["properties", "a"]) | anything},
    optional={
        "metadata": st.dictionaries(
            st.sampled_from(["table-key-properties", "valid-replication-keys", "selected", "inclusion", "is-view"]),
            anything,
        )
        | anything
    },
)
entries = st.fixed_dictionaries(
    {"schema": st.fixed_dictionaries({}, optional={"properties": anything, "items": anything}) | anything},
    optional={
        "tap_stream_id": st.sampled_from(["a", "b"]) | anything,
        "stream": anything,
        "stream_alias": anything,
        "key_properties": anything,
        "replication_key": anything,
        "metadata": st.lists(metadata_items, max_size=3) | anything,
    },
)


@given(st.lists(entries, max_size=3))
def test_any_catalog_is_read_or_refused(entries: list[dict[str, Any]]) -> None:
    try:
        catalog = read(*entries)
    except ConnectorError:
        return
    streams = catalog.streams()
    chosen = [SelectedStream(s.tap_stream_id, s.stream_name, s.schema, (), "FULL_TABLE") for s in streams]
    assert json.dumps(catalog.with_selection(chosen))
    assert set(catalog.names().values()) == {stream.tap_stream_id for stream in streams}
