"""Streams are told as a discovery of the real source tells them, or are marked as made up."""

from collections.abc import Mapping
from typing import Any

import pytest
from catalog_digests import RECURLY_SCHEMAS, SOURCE_TYPES, fingerprint

from stitchnb.sandbox import catalog
from stitchnb.sandbox.catalog.shapes import Shapes
from stitchnb.sandbox.catalog.streams import StreamPlan, stream_plans
from stitchnb.sandbox.catalog.tables import CatalogError
from stitchnb.sandbox.pipeline import DiscoveredStream

PUSHED = {"import_api", "webhook.contentful", "webhook.segment", "webhook.sparkpost", "webhook.zapier"}
GENERATED = "stitchnb.generated"


def by_name(source_type: str) -> dict[str, DiscoveredStream]:
    return {stream.stream_name: stream for stream in catalog.streams(source_type)}


def plans() -> list[tuple[str, StreamPlan]]:
    return [(source_type, plan) for source_type in SOURCE_TYPES for plan in stream_plans(source_type)]


@pytest.mark.parametrize("name", RECURLY_SCHEMAS)
def test_recurly_schemas_are_the_documented_ones(name: str) -> None:
    assert fingerprint(by_name("platform.recurly")[name].schema) == RECURLY_SCHEMAS[name]


def test_recurly_streams_are_in_the_order_of_the_tap() -> None:
    streams = catalog.streams("platform.recurly")
    assert [stream.tap_stream_id for stream in streams] == list(RECURLY_SCHEMAS)
    assert [stream.stream_name for stream in streams] == list(RECURLY_SCHEMAS)


@pytest.mark.parametrize(
    ("stream", "key", "replication_key"),
    [
        ("accounts", "id", "updated_at"),
        ("billing_info", "account_id", "updated_at"),
        ("transactions", "id", "collected_at"),
        ("coupon_redemptions", "id", "created_at"),
        ("invoices", "id", "updated_at"),
    ],
)
def test_key_and_replication_key_of_a_recurly_stream_are_automatic(stream: str, key: str, replication_key: str) -> None:
    metadata = by_name("platform.recurly")[stream].metadata
    assert metadata[()] == {
        "table-key-properties": [key],
        "forced-replication-method": "INCREMENTAL",
        "valid-replication-keys": [replication_key],
    }
    automatic = {path[1] for path, entry in metadata.items() if entry.get("inclusion") == "automatic"}
    assert automatic == {key, replication_key}


def test_every_top_level_field_of_recurly_has_an_entry_and_no_nested_one() -> None:
    for stream in catalog.streams("platform.recurly"):
        fields = {("properties", name) for name in stream.schema["properties"]}
        assert set(stream.metadata) == {(), *fields}


def test_a_recurly_address_is_spelled_out_as_the_tap_does() -> None:
    text = {"type": ["null", "string"]}
    names = "city country first_name last_name phone postal_code region street1 street2"
    properties = by_name("platform.recurly")["accounts"].schema["properties"]
    assert properties["created_at"] == {"type": ["null", "date-time"]}
    assert properties["address"] == {
        "type": ["null", "object"],
        "properties": dict.fromkeys(names.split(), text),
    }


def test_shopify_has_its_nine_streams_with_their_keys() -> None:
    found = {
        stream.tap_stream_id: stream.metadata[()]["valid-replication-keys"]
        for stream in catalog.streams("platform.shopify")
    }
    assert found == {
        "abandoned_checkouts": ["updated_at"],
        "collects": ["updated_at"],
        "custom_collections": ["updated_at"],
        "customers": ["updated_at"],
        "metafields": ["updated_at"],
        "order_refunds": ["created_at"],
        "orders": ["updated_at"],
        "products": ["updated_at"],
        "transactions": ["created_at"],
    }


def test_the_custom_collections_of_shopify_are_the_documented_ones() -> None:
    stream = by_name("platform.shopify")["custom_collections"]
    text, number = {"type": ["null", "string"]}, {"type": ["null", "integer"]}
    image = {"width": number, "created_at": text, "alt": text, "src": text, "height": number}
    assert stream.schema == {
        "type": "object",
        "properties": {
            "handle": text,
            "sort_order": text,
            "published_at": text,
            "published_scope": text,
            "image": {"type": ["null", "object"], "properties": image},
            "id": number,
            "template_suffix": text,
            "updated_at": text,
            "admin_graphql_api_id": text,
            "title": text,
            "body_html": text,
        },
    }
    assert list(stream.schema["properties"])[:3] == ["handle", "sort_order", "published_at"]
    assert stream.metadata[("properties", "image")] == {"inclusion": "available"}
    assert stream.metadata[("properties", "id")] == {"inclusion": "automatic"}


@pytest.mark.parametrize("source_type", SOURCE_TYPES)
def test_streams_are_real_or_marked_as_made_up(source_type: str) -> None:
    streams = catalog.streams(source_type)
    assert bool(streams) == (source_type not in PUSHED)
    real = source_type in {"platform.recurly", "platform.shopify"}
    assert all((GENERATED in stream.metadata[()]) != real for stream in streams)


@pytest.mark.parametrize(("source_type", "plan"), plans(), ids=lambda value: getattr(value, "name", value))
def test_keys_are_fields_and_parents_are_streams_that_rows_can_be_drawn_from(
    source_type: str, plan: StreamPlan
) -> None:
    own, siblings = plan.metadata[()], {other.name: other for other in stream_plans(source_type)}
    named = [*own["table-key-properties"], *own.get("valid-replication-keys", [])]
    assert set(named) <= set(plan.schema["properties"])
    for name, parent in plan.parents.items():
        if parent.through is not None:
            assert parent.through in plan.parents, name
        else:
            assert parent.name in siblings, name
            # Only rows that appear in the order of their index can be counted at any time.
            assert parent.same or siblings[parent.name].rows.follows is None, name
    assert plan.person is None or plan.person in plan.parents


def test_a_database_forces_nothing_and_has_a_view() -> None:
    streams = by_name("platform.hp-postgres")
    assert streams["orders"].tap_stream_id == "shop-public-orders"
    assert streams["orders"].metadata[()] == {
        "database-name": "shop",
        "schema-name": "public",
        "is-view": False,
        "row-count": 1205,
        "table-key-properties": ["id"],
        GENERATED: True,
    }
    assert streams["customer_view"].metadata[()]["is-view"] is True
    assert streams["customer_view"].metadata[()]["table-key-properties"] == []
    assert streams["orders"].metadata[("properties", "total")] == {
        "inclusion": "available",
        "selected-by-default": True,
        "sql-datatype": "numeric(12,2)",
    }
    assert streams["orders"].metadata[("properties", "placed_at")]["sql-datatype"] == "timestamp with time zone"


def test_fields_that_shut_out_others_say_so_on_both_sides() -> None:
    metadata = by_name("platform.bing-ads")["campaign_performance_report"].metadata
    shut_out = metadata[("properties", "DeviceOS")]["fieldExclusions"]
    assert len(shut_out) == 7
    assert ["properties", "ImpressionSharePercent"] in shut_out
    for breadcrumb in shut_out:
        assert metadata[tuple(breadcrumb)]["fieldExclusions"] == [["properties", "DeviceOS"]]


def test_a_field_that_cannot_be_read_says_why() -> None:
    metadata = by_name("platform.salesforce")["Account"].metadata
    assert metadata[("properties", "BillingAddress")] == {
        "inclusion": "unsupported",
        "unsupported-description": "this field is unsupported by the Bulk API.",
    }
    assert metadata[("properties", "Name")] == {"inclusion": "available", "selected-by-default": True}


def test_streams_are_the_callers_own() -> None:
    changed = catalog.streams("platform.recurly")[0]
    schema: Any = changed.schema
    schema["properties"].clear()
    metadata: Any = changed.metadata
    metadata[()]["table-key-properties"].append("more")
    again = catalog.streams("platform.recurly")[0]
    assert fingerprint(again.schema) == RECURLY_SCHEMAS["accounts"]
    assert again.metadata[()]["table-key-properties"] == ["id"]


def test_an_unknown_type_has_no_streams() -> None:
    with pytest.raises(KeyError, match=r"platform\.nobody"):
        catalog.streams("platform.nobody")


@pytest.mark.parametrize(
    ("fields", "expected", "why"),
    [
        ("a", {"a": {"type": ["null", "string"]}}, "a bare name is a text"),
        ("a:timestamp", {"a": {"type": ["null", "string"], "format": "date-time"}}, "a text with a format"),
        ("a:money", {"a": {"type": ["null", "number"], "multipleOf": 1e-08}}, "eight decimals"),
        ("a:{}", {"a": {"type": ["null", "object"], "properties": {}}}, "an object of which nothing is said"),
        ("a:[]", {"a": {"type": ["null", "array"], "items": {}}}, "a list of which nothing is said"),
        (
            "a:[point]|string",
            {
                "a": {
                    "type": ["null", "array", "string"],
                    "items": {"type": ["null", "object"], "properties": {"x": {"type": ["null", "integer"]}}},
                }
            },
            "a list that may be a text",
        ),
        ("...point b", {"x": {"type": ["null", "integer"]}, "b": {"type": ["null", "string"]}}, "fields taken in"),
    ],
)
def test_the_notation_of_fields(fields: str, expected: Mapping[str, Any], why: str) -> None:
    assert Shapes({"point": "x:integer"}).object(fields, "object")["properties"] == expected, why


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("a:txt", "a:txt: no such type; there are string, integer"),
        ("a:{pint}", "a: no shape 'pint'; there are point"),
        ("...pint", "no shape 'pint'; there are point"),
    ],
)
def test_a_mistake_in_the_notation_names_the_field(fields: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Shapes({"point": "x:integer"}).object(fields, "object")
