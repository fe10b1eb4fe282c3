"""Records of the seeded connector: valid, plausible, and hanging together."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from connector_runs import NOW, Record, by_key, moment, records_of, run, selected, stream_of, validator

from stitchnb.sandbox import catalog
from stitchnb.sandbox.connectors.seeded.connector import seeded_connector

EARLY = moment("2019-03-01T00:00:00Z")
ALL_STREAMS = [
    (source_type, stream.stream_name)
    for source_type in (
        "platform.recurly",
        "platform.shopify",
        "platform.hubspot",
        "platform.stripe",
        "zendesk",
        "platform.jira",
        "platform.facebook",
        "platform.bing-ads",
        "platform.salesforce",
        "platform.hp-postgres",
    )
    for stream in catalog.streams(source_type)
]


def table(source_type: str, name: str, now: Any = EARLY, seed: int = 0) -> list[Record]:
    connector = seeded_connector(source_type, seed)
    return records_of(run(connector, stream_of(connector, name), now))


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


@pytest.mark.parametrize(("source_type", "name"), ALL_STREAMS)
def test_records_are_valid_have_unique_keys_and_bear_no_real_address(source_type: str, name: str) -> None:
    connector = seeded_connector(source_type, 0)
    stream = stream_of(connector, name)
    records = records_of(run(connector, stream, EARLY))
    assert records
    check = validator(stream.schema)
    for record in records:
        check.validate(record)
        assert all(record[key] is not None for key in (*stream.key_properties, stream.replication_key) if key)
        for path, value in leaves(record):
            if isinstance(value, str) and "@" in value:
                assert value.endswith("@example.com"), path
            if isinstance(value, float):
                assert Decimal(str(value)) % Decimal("0.0001") == 0, path
    if stream.key_properties:
        assert len(by_key(stream, records)) == len(records)


def test_numbers_are_never_integers_so_that_no_column_has_two_types() -> None:
    numbers = 0
    for stream in catalog.streams("platform.recurly"):
        numeric = {name for name, schema in stream.schema["properties"].items() if "number" in schema.get("type", [])}
        for record in table("platform.recurly", stream.stream_name):
            found = [record[name] for name in numeric if record[name] is not None]
            assert all(type(value) is float for value in found)
            numbers += len(found)
    assert numbers > 1_000


@pytest.mark.parametrize(
    ("child", "path", "parent", "key"),
    [
        ("billing_info", ("account_id",), "accounts", "id"),
        ("subscriptions", ("account", "id"), "accounts", "id"),
        ("subscriptions", ("plan", "id"), "plans", "id"),
        ("plans_add_ons", ("plan_id",), "plans", "id"),
        ("invoices", ("account", "id"), "accounts", "id"),
        ("invoices", ("subscription_ids",), "subscriptions", "id"),
        ("invoices", ("line_items", "data", "id"), "adjustments", "id"),
        ("invoices", ("transactions", "id"), "transactions", "id"),
        ("transactions", ("invoice", "id"), "invoices", "id"),
        ("transactions", ("account", "id"), "accounts", "id"),
        ("adjustments", ("invoice_id",), "invoices", "id"),
        ("adjustments", ("subscription_id",), "subscriptions", "id"),
        ("adjustments", ("plan_id",), "plans", "id"),
        ("coupon_redemptions", ("account_id",), "accounts", "id"),
        ("coupon_redemptions", ("coupon", "id"), "coupons", "id"),
        ("accounts", ("billing_info", "account_id"), "accounts", "id"),
    ],
)
def test_foreign_keys_of_recurly_point_to_rows_that_exist(
    child: str, path: tuple[str, ...], parent: str, key: str
) -> None:
    there = {record[key] for record in table("platform.recurly", parent)}
    pointing = [value for record in table("platform.recurly", child) for at, value in leaves(record) if at == path]
    pointing = [value for value in pointing if value is not None]
    assert len(pointing) > 5
    assert set(pointing) <= there


@pytest.mark.parametrize(
    ("source_type", "child", "field", "parent", "key"),
    [
        ("platform.shopify", "order_refunds", "order_id", "orders", "id"),
        ("platform.shopify", "transactions", "order_id", "orders", "id"),
        ("platform.shopify", "collects", "collection_id", "custom_collections", "id"),
        ("platform.shopify", "metafields", "owner_id", "products", "id"),
        ("platform.stripe", "orders", "customer_id", "customers", "id"),
        ("platform.jira", "tasks", "project_id", "projects", "id"),
        ("platform.jira", "tasks", "assignee_id", "people", "id"),
        ("zendesk", "ticket_comments", "ticket_id", "tickets", "id"),
        ("platform.hubspot", "deals", "contact_id", "contacts", "id"),
        ("platform.facebook", "campaign_performance", "campaign_id", "campaigns", "id"),
        ("platform.salesforce", "Opportunity", "AccountId", "Account", "Id"),
        ("platform.hp-postgres", "orders", "customer_id", "customers", "id"),
        ("platform.hp-postgres", "customer_view", "id", "customers", "id"),
    ],
)
def test_foreign_keys_of_the_others_do_too(source_type: str, child: str, field: str, parent: str, key: str) -> None:
    there = {record[key] for record in table(source_type, parent)}
    pointing = {record[field] for record in table(source_type, child)}
    assert pointing
    assert pointing <= there


def test_a_parent_is_never_younger_than_its_child() -> None:
    accounts = {record["id"]: record for record in table("platform.recurly", "accounts")}
    for subscription in table("platform.recurly", "subscriptions"):
        assert accounts[subscription["account"]["id"]]["created_at"] <= subscription["created_at"]


def test_an_embedded_account_is_the_account() -> None:
    accounts = {record["id"]: record for record in table("platform.recurly", "accounts")}
    for invoice in table("platform.recurly", "invoices"):
        account = accounts[invoice["account"]["id"]]
        assert invoice["account"] == {name: account[name] for name in invoice["account"]}
        assert invoice["address"]["city"] == account["address"]["city"]


def test_the_money_adds_up() -> None:
    transactions = {record["invoice"]["id"]: record for record in table("platform.recurly", "transactions")}
    subscriptions = {record["id"]: record for record in table("platform.recurly", "subscriptions")}
    plans = {record["id"]: record["currencies"][0]["unit_amount"] for record in table("platform.recurly", "plans")}
    paid = 0
    for invoice in table("platform.recurly", "invoices"):
        subscription = subscriptions[invoice["subscription_ids"][0]]
        assert subscription["unit_amount"] == plans[subscription["plan"]["id"]]
        assert invoice["subtotal"] == subscription["subtotal"] == subscription["unit_amount"] * subscription["quantity"]
        assert invoice["total"] == pytest.approx(invoice["subtotal"] - invoice["discount"] + invoice["tax"])
        assert invoice["total"] == pytest.approx(invoice["paid"] + invoice["balance"])
        assert invoice["currency"] == subscription["currency"]
        assert [line["amount"] for line in invoice["line_items"]["data"]] == [invoice["total"]]
        if invoice["state"] == "paid":
            paid += 1
            assert transactions[invoice["id"]]["amount"] == invoice["paid"] == invoice["total"]
            assert [entry["id"] for entry in invoice["transactions"]] == [transactions[invoice["id"]]["id"]]
    assert paid > 100


def test_orders_add_up_too() -> None:
    for order in table("platform.shopify", "orders"):
        items = sum(item["price"] * item["quantity"] for item in order["line_items"])
        assert order["subtotal_price"] == pytest.approx(items)


def test_a_subscription_ends_once_and_moves_its_period_until_then() -> None:
    states = Counter()
    for record in table("platform.recurly", "subscriptions", NOW):
        ended = record["state"] != "active"
        states[record["state"]] += 1
        assert (record["canceled_at"] is not None) == ended
        assert record["current_period_started_at"] == record["updated_at"]
    assert set(states) == {"active", "expired", "canceled"}
    assert states["active"] > 100


def test_values_vary_and_some_are_missing() -> None:
    records = table("platform.recurly", "accounts", NOW)
    assert len({record["email"] for record in records}) == len(records)
    assert len({(record["first_name"], record["last_name"]) for record in records}) > 500
    assert {record["address"]["country"] for record in records} == {"US", "GB", "DE", "FR", "ES", "NL"}
    assert {record["state"] for record in records} == {"active", "closed"}
    without_phone = sum(record["address"]["phone"] is None for record in records)
    assert 0.1 < without_phone / len(records) < 0.3
    assert {len(record["custom_fields"]) for record in records} == {0, 1, 2}


def test_a_view_shows_what_its_table_holds() -> None:
    customers = {record["id"]: record for record in table("platform.hp-postgres", "customers")}
    for row in table("platform.hp-postgres", "customer_view"):
        assert row == {name: customers[row["id"]][name] for name in row}


def test_a_field_that_the_catalogue_does_not_know_is_made_by_its_type() -> None:
    connector = seeded_connector("platform.recurly", 0)
    found = stream_of(connector, "plans")
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "colour": {"type": ["null", "string"]},
            "weight": {"type": ["null", "number"]},
            "size": {"type": ["null", "integer"]},
            "fragile": {"type": ["null", "boolean"]},
            "seen_at": {"type": ["null", "date-time"]},
            "anything": {},
            "parts": {"type": ["null", "array"], "items": {"type": ["null", "string"]}},
            "box": {"type": ["null", "object"], "properties": {"height": {"type": ["null", "integer"]}}},
        },
    }
    stream = type(found)("plans", "plans", schema, ("id",), "FULL_TABLE")
    records = records_of(run(connector, stream, NOW))
    assert len(records) == 12
    for record in records:
        validator(schema).validate(record)
    assert any(record["colour"] for record in records)


def test_rows_are_the_same_in_every_process() -> None:
    program = (
        "import json, sys\n"
        "from datetime import UTC, datetime\n"
        "from stitchnb.sandbox.connectors.seeded.connector import seeded_connector\n"
        "from stitchnb.sandbox.pipeline import SelectedStream\n"
        "found = seeded_connector('platform.recurly', 42).discover({})[0]\n"
        "stream = SelectedStream('accounts', 'accounts', found.schema, ('id',), 'INCREMENTAL', 'updated_at')\n"
        "now = datetime(2018, 4, 1, tzinfo=UTC)\n"
        "batches = seeded_connector('platform.recurly', 42).extract({}, [stream], {}, now)\n"
        "json.dump([record for batch in batches for record in batch.records], sys.stdout)\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": hash_seed}
        ).stdout
        for hash_seed in ("1", "2")
    ]
    here = table("platform.recurly", "accounts", moment("2018-04-01T00:00:00Z"), seed=42)
    assert json.loads(told[0]) == json.loads(told[1]) == here


def test_rows_stay_the_same_from_release_to_release() -> None:
    first = min(table("platform.recurly", "accounts", moment("2018-04-01T00:00:00Z")), key=lambda r: r["created_at"])
    assert {name: first[name] for name in ("id", "code", "email", "created_at", "state")} == {
        "id": "bkypzcbf42me",
        "code": "acct-1001",
        "email": "mei.castillo1@example.com",
        "created_at": "2018-01-16T04:47:50Z",
        "state": "active",
    }


def test_threads_that_extract_at_once_see_the_same_rows() -> None:
    seeded_connector.cache_clear()
    connector = seeded_connector("platform.recurly", 99)
    stream = selected(connector.discover({})[-1], ["id", "updated_at", "total"])
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: records_of(run(connector, stream, NOW)), range(8)))
    assert len(tables[0]) > 1_000
    assert all(found == tables[0] for found in tables)


def test_ids_look_like_ids() -> None:
    assert all(re.fullmatch(r"[a-z2-9]{12}", record["id"]) for record in table("platform.recurly", "accounts"))
