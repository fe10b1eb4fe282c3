"""A catalog against the sandbox: what it shows, what it lets one choose, and what it refuses to send."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from both_modes import answering, sync_client
from connection_properties import postgres_properties, recurly_properties

import stitchnb
from stitchnb.client import Catalog, Client, Source
from stitchnb.client.catalog.view import Problems
from stitchnb.errors import InvalidInputError, InvalidSelectionError, UnknownStreamError
from stitchnb.models import Stream, StreamSchema
from stitchnb.rules.selection.columns import FieldColumns
from stitchnb.rules.selection.validate import Problem

TYPES: dict[str, dict[str, str]] = {
    "platform.recurly": recurly_properties(start_date="2025-09-01T00:00:00Z"),
    "platform.hp-postgres": postgres_properties(),
    "platform.bing-ads": {"customer_id": "1", "account_ids": "1", "start_date": "2025-09-01T00:00:00Z"},
    "platform.salesforce": {
        "api_type": "BULK",
        "select_fields_by_default": "true",
        "start_date": "2025-09-01T00:00:00Z",
    },
}
SHUT_OUT = "ImpressionSharePercent"
REPORT = "campaign_performance_report"
VIEW = "customer_view"


@pytest.fixture
def client() -> Iterator[Client]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        yield sandbox.client()


@pytest.fixture
def source(client: Client) -> Callable[[str], Source]:
    def make(type_: str) -> Source:
        made = client.sources.create(type_, display_name="S", properties=TYPES[type_], validate=False)
        if made.state not in ("discover_schema", "field_selection"):
            client.sandbox.authorize(made.id)
        client.sandbox.wait_idle()
        return made.refresh()

    return make


@pytest.fixture
def recurly(source: Callable[[str], Source]) -> Catalog:
    return source("platform.recurly").catalog()


@pytest.fixture
def database(source: Callable[[str], Source]) -> Catalog:
    return source("platform.hp-postgres").catalog()


def messages(catalog: Catalog) -> list[tuple[str, str | None]]:
    return [(problem.severity, problem.field) for problem in catalog.problems()]


def test_one_stream_has_the_frame_of_its_own_fields(recurly: Catalog) -> None:
    whole = recurly.to_frame()
    own = whole[whole["stream"] == "accounts"].reset_index(drop=True)
    pd.testing.assert_frame_equal(recurly["accounts"].to_frame(), own)


def test_the_frame_has_a_row_per_field_with_the_state_as_it_is_to_be(recurly: Catalog) -> None:
    before = recurly.to_frame()
    recurly.select("accounts", fields=["email", "address"])
    after = recurly.to_frame()

    assert len(before) == len(after) == sum(stream.field_count or 0 for stream in recurly)
    assert not before["replicated"].any()
    assert before["reason"].str.startswith("stream not selected (").all()
    landed = after[after["replicated"]].set_index("field")
    assert set(landed["stream"]) == {"accounts"}
    assert landed["reason"].to_dict()["id"] == "automatic: primary key"
    assert landed["reason"].to_dict()["address.city"] == "comes with address"
    assert landed.loc["updated_at", "key_roles"] == "replication key"
    assert after.dtypes.to_dict() == before.dtypes.to_dict() == Catalog(None, 1, []).to_frame().dtypes.to_dict()  # type: ignore[arg-type]


def test_changes_are_shown_and_can_be_discarded(recurly: Catalog) -> None:
    empty = recurly.changes()
    recurly.select("accounts", fields=["email"])

    changes = recurly.changes()

    assert changes[["stream", "key", "from", "to", "breadcrumb"]].to_numpy().tolist() == [
        ["accounts", "selected", None, True, ()],
        ["accounts", "selected", None, True, ("properties", "email")],
    ]
    assert changes["field"].fillna("-").tolist() == ["-", "email"]
    assert repr(recurly) == "Catalog(10 streams, 1 selected, 2 changes not applied)"
    assert recurly.discard().pending == []
    assert empty.dtypes.to_dict() == changes.dtypes.to_dict() == recurly.changes().dtypes.to_dict()


def test_what_is_applied_is_what_the_next_job_replicates(client: Client, source: Callable[[str], Source]) -> None:
    made = source("platform.recurly")
    made.catalog().select("accounts", fields=["email", "address"]).apply()

    made.refresh().start_job().wait()

    columns = set(client.sandbox.warehouse.table("s.accounts").columns)
    assert {"id", "updated_at", "email", "address__city"} <= columns
    assert "code" not in columns


def test_choosing_and_taking_it_back_is_no_change(recurly: Catalog) -> None:
    recurly.select("accounts", fields=["*"])
    recurly["accounts"].deselect("*")
    recurly.deselect("accounts")

    assert recurly.pending == []


PATTERNS = [
    (["accounts"], {"accounts": 0}, "a stream alone"),
    (["plan*"], {"plans": 0, "plans_add_ons": 0}, "streams by a glob"),
    (["accounts.email"], {"accounts": 1}, "a field brings its stream"),
    (["*.state", "!invoices"], {"accounts": 1, "adjustments": 1}, "a stream is taken away again"),
    (["plans.*", "!*.*_at"], {"plans": None}, "fields are taken away again"),
    (["plans.*", "!*.nothing_like_this"], {"plans": None}, "a precaution need not find anything"),
]


@pytest.mark.parametrize(("patterns", "chosen", "why"), PATTERNS, ids=[row[2] for row in PATTERNS])
def test_patterns_choose_streams_and_fields(
    recurly: Catalog, patterns: list[str], chosen: dict[str, int | None], why: str
) -> None:
    recurly.select(*patterns)

    selected = {stream.stream_name for stream in recurly if stream.selected}
    assert set(chosen) <= selected, why
    for name, count in chosen.items():
        fields = [change.field for change in recurly[name].changes() if change.breadcrumb]
        assert count is None or len(fields) == count, why
        assert "!*.*_at" not in patterns or not [f for f in fields if f and f.endswith("_at")], why
    assert "invoices" not in selected


def test_fields_are_chosen_in_every_stream_that_has_them(recurly: Catalog) -> None:
    recurly.select("*", fields=["email", "!*.email"])

    assert [change.stream_name for change in recurly.pending if change.field == "email"] == ["accounts"]


def test_a_list_that_begins_with_not_begins_with_everything(recurly: Catalog) -> None:
    recurly.select("plans", fields=["!name"])

    fields = {change.field for change in recurly.pending}
    assert "code" in fields
    assert "name" not in fields


def test_only_leaves_nothing_else_selected(recurly: Catalog) -> None:
    recurly.select("accounts", "plans", fields=["code", "state"]).apply()

    recurly.only("accounts", fields=["email"])

    assert {(c.stream_name, c.field, c.after) for c in recurly.pending} == {
        ("plans", None, False),
        ("accounts", "code", False),
        ("accounts", "email", True),
        ("accounts", "state", False),
    }


def test_only_takes_back_what_was_to_be_selected_of_other_streams(recurly: Catalog) -> None:
    recurly.select("plans.code").only("accounts")

    assert [change.stream_name for change in recurly.pending] == ["accounts"]
    assert recurly.apply().requests == 1


WRONG = [
    (lambda c: c.select("acounts"), UnknownStreamError, r"'acounts'.*Did you mean 'accounts'", "a stream"),
    (lambda c: c.select("accounts", fields=["emial"]), UnknownStreamError, "Did you mean 'email'", "a field"),
    (lambda c: c.select("accounts.emial"), UnknownStreamError, r"Did you mean 'accounts\.email'", "a dotted field"),
    (lambda c: c.select("*_reprot.*"), UnknownStreamError, "_reprot", "a glob that finds nothing"),
    (lambda c: c.select("accounts.*", "!*_at"), UnknownStreamError, r'has a dot: "\*\.\*_at"', "fields without a dot"),
    (lambda c: c.select("accounts.*", "!accounts.emial"), UnknownStreamError, "emial", "a precaution misspelled"),
    (lambda c: c.select("accounts", fields=["!emial"]), UnknownStreamError, "emial", "a field not to be selected"),
    (lambda c: c.select("accounts", fields="email"), InvalidInputError, r"\['email'\]", "a text for a list"),
    (lambda c: c.select(), InvalidInputError, "Pass a stream such as", "nothing"),
    (lambda c: c.configure("acounts"), UnknownStreamError, "accounts", "a stream to configure"),
    (lambda c: c.configure("accounts", replication_key="updatd_at"), UnknownStreamError, "updated_at", "a key"),
    (
        lambda c: c.configure("accounts", replication_key="email"),
        InvalidSelectionError,
        "it takes 'updated_at'",
        "a key that the source does not take",
    ),
    (
        lambda c: c.select("accounts", replication_method="FULL_TABLE"),
        InvalidSelectionError,
        "its replication method is INCREMENTAL",
        "a method where another is forced",
    ),
    (lambda c: c.select("accounts", view_keys=["id"]), InvalidSelectionError, "no view", "keys of what is no view"),
    (lambda c: c.select("accounts", view_keys="id"), InvalidInputError, r"\['id'\]", "a text for a list of keys"),
    (lambda c: c.deselect("accounts.id"), InvalidSelectionError, "automatic: primary key", "deselecting a key"),
    (
        lambda c: c.select("accounts", fields=["address.city"]),
        InvalidSelectionError,
        "it comes with address",
        "a field inside that nothing is said of",
    ),
]


@pytest.mark.parametrize(("choose", "error", "told", "why"), WRONG, ids=[row[3] for row in WRONG])
def test_what_cannot_be_is_refused_and_changes_nothing(
    recurly: Catalog, choose: Any, error: type[Exception], told: str, why: str
) -> None:
    recurly.select("plans")
    before = recurly.pending

    with pytest.raises(error, match=told):
        choose(recurly)

    assert recurly.pending == before


def test_unsupported_fields_are_refused_by_name_and_left_out_by_globs(source: Callable[[str], Source]) -> None:
    catalog = source("platform.salesforce").catalog()

    with pytest.raises(InvalidSelectionError, match="cannot be selected: this field is unsupported by the Bulk API"):
        catalog.select("Account", fields=["Name", "BillingAddress"])
    catalog.select("Account", fields=["*"])

    assert "BillingAddress" not in {change.field for change in catalog.pending}
    assert catalog.apply().requests == 1


def test_deselecting_what_is_selected_by_default_is_said_to_do_nothing(database: Catalog) -> None:
    database.select("orders", replication_method="FULL_TABLE").deselect("orders.status")

    assert messages(database) == [("warning", "status")]
    applied = database.apply()
    assert "deselecting it does nothing: it is selected by default" in repr(applied)
    state = next(field for field in database["orders"].fields() if field.name == "status")
    assert (state.saved_selected, state.replicated, state.reason) == (False, True, "selected by default")


def test_a_view_needs_keys(database: Catalog) -> None:
    database.select(VIEW, replication_method="FULL_TABLE")

    assert database.problems().errors[0].message.startswith("customer_view is a view and needs keys")
    with pytest.raises(InvalidSelectionError, match="give view_keys"):
        database.apply()
    with pytest.raises(UnknownStreamError, match="emial"):
        database.configure(VIEW, view_keys=["emial"])
    database.configure(VIEW, view_keys=["id"])

    assert database.apply().requests == 1
    assert database[VIEW].view_keys == ("id",)
    assert "primary key" in database.to_frame().query("stream == @VIEW and field == 'id'")["key_roles"].tolist()


def test_an_incremental_stream_needs_a_key_of_a_type_that_orders_its_rows(database: Catalog) -> None:
    database.select("orders", replication_method="INCREMENTAL")

    (problem,) = database.problems().errors
    assert "needs a replication_key: 'id' or 'customer_id' or 'quantity'" in problem.message
    with pytest.raises(InvalidSelectionError, match=r"must be an integer, date-time or timestamp \(it is string\)"):
        database.configure("orders", replication_key="status")
    with pytest.raises(InvalidSelectionError, match="no replication method"):
        database.configure("orders", replication_method="SOMETIMES")
    database.configure("orders", replication_key="updated_at").apply()

    assert (database["orders"].replication_method, database["orders"].replication_key) == ("INCREMENTAL", "updated_at")
    assert database["orders"].valid_keys == ("id", "customer_id", "quantity", "placed_at", "updated_at")
    assert database["orders"].methods == ("FULL_TABLE", "INCREMENTAL", "LOG_BASED")
    database.configure("orders", replication_key=None, replication_method="FULL_TABLE")
    assert [(c.key, c.after) for c in database.pending] == [
        ("replication-key", None),
        ("replication-method", "FULL_TABLE"),
    ]
    assert database.apply().requests == 1, "what is taken back is read back as nothing"


def test_fields_that_exclude_each_other_are_warned_of_and_sent(source: Callable[[str], Source]) -> None:
    catalog = source("platform.bing-ads").catalog()

    catalog.select(REPORT, fields=["DeviceOS", SHUT_OUT, "Clicks"])

    (problem,) = catalog.problems()
    assert (problem.severity, problem.stream_name) == ("warning", REPORT)
    assert f"DeviceOS cannot be extracted together with {SHUT_OUT}" in problem.message
    fields = {field.name: field for field in catalog[REPORT].fields()}
    assert (fields["DeviceOS"].conflicts, fields[SHUT_OUT].conflicts) == ((SHUT_OUT,), ("DeviceOS",))
    assert len(fields["DeviceOS"].exclusions) == 7
    assert catalog.problems().to_frame()["severity"].tolist() == ["warning"]
    assert len(catalog.apply().warnings) == 1
    catalog.deselect(f"{REPORT}.DeviceOS")
    assert catalog.problems() == []


def test_a_stream_tells_all_that_a_picker_shows(recurly: Catalog) -> None:
    accounts = recurly.select("accounts", fields=["email"])["accounts"]

    assert (accounts.selected, accounts.saved_selected, accounts.is_changed) == (True, False, True)
    assert (accounts.forced_method, accounts.methods, accounts.valid_keys) == (
        "INCREMENTAL",
        ("INCREMENTAL",),
        ("updated_at",),
    )
    assert (accounts.table_keys, accounts.is_view, accounts.row_count) == (("id",), False, None)
    assert accounts.replicated_count == sum(field.replicated for field in accounts.fields()) == 3
    fields = {field.name: field for field in accounts.fields()}
    assert (fields["id"].locked, fields["email"].locked) == ("automatic: primary key", None)
    assert fields["address.city"].locked == "it cannot be selected by itself: it comes with address"
    assert (fields["email"].selected, fields["email"].saved_selected, fields["email"].is_changed) == (True, None, True)
    assert repr(accounts).startswith("CatalogStream('accounts', selected, 3 of ")


def test_a_toggled_field_is_a_change_and_toggled_again_none(recurly: Catalog) -> None:
    recurly.select("accounts").apply()
    email = ("properties", "email")

    recurly["accounts"].select(email)
    assert [change.breadcrumb for change in recurly.pending] == [email]
    recurly["accounts"].deselect(email)
    assert recurly.pending == []
    with pytest.raises(UnknownStreamError, match="email"):
        recurly["accounts"].select(("properties", "emial"))


def test_a_stream_is_found_by_either_of_its_names(database: Catalog) -> None:
    assert database["orders"] is database["shop-public-orders"]
    assert ("orders" in database, "order" in database, len(database)) == (True, False, 3)
    with pytest.raises(UnknownStreamError, match="Did you mean 'orders'"):
        database["ordres"]


def test_of_two_streams_with_one_name_one_says_which() -> None:
    listed = [{"stream_id": n, "tap_stream_id": f"{s}-orders", "stream_name": "orders"} for n, s in enumerate("ab")]
    catalog = Catalog(None, 1, [Stream(one) for one in listed])  # type: ignore[arg-type]

    with pytest.raises(InvalidInputError, match="Pass one of these ids: 'a-orders', 'b-orders'"):
        catalog["orders"]
    assert catalog["b-orders"].stream_id == 1
    with sync_client(answering(listed)) as other:
        assert other.streams.find(1, "b-orders").stream_id == 1
        with pytest.raises(InvalidInputError, match="Pass one of these ids: 'a-orders', 'b-orders'"):
            other.streams.select(1, "orders")


def test_a_stream_of_which_nothing_would_land_is_warned_of(client: Client) -> None:
    schema = {"properties": {"a": {}}}
    told = {"schema": schema, "metadata": [{"breadcrumb": ["properties", "a"], "metadata": {"inclusion": "available"}}]}
    catalog = Catalog(client, 1, [Stream({"tap_stream_id": "s", "stream_name": "s"})])
    catalog["s"]._take(FieldColumns(StreamSchema(told)))

    catalog.select("s")

    assert "none of its fields replicates" in repr(catalog.problems())
    assert catalog.select("s.a").problems() == []


def test_the_catalog_shows_itself_as_its_streams(recurly: Catalog) -> None:
    frame = recurly.select("accounts").streams.to_frame()

    assert frame.set_index("stream")["selected"].fillna(value=False).to_dict()["accounts"]
    assert "accounts" in recurly._repr_html_()
    assert recurly.problems()._repr_html_() == "<p>No problems.</p>"


def test_problems_show_themselves_as_a_table() -> None:
    shown = Problems([Problem("error", "s", "s", (), "it is wrong")])._repr_html_()
    assert "severity" in shown
    assert "it is wrong" in shown


def test_a_method_that_was_chosen_can_be_taken_back(database: Catalog) -> None:
    database.configure("orders", replication_method="FULL_TABLE").configure("orders", replication_method=None)
    assert database.pending == []

    database.configure("orders", replication_method="FULL_TABLE").select("orders").apply()
    database.configure("orders", replication_method=None)

    assert [(change.key, change.after) for change in database.pending] == [("replication-method", None)]
