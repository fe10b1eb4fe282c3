"""A selection written from one source and read into another: what is taken, what is refused, what is left out."""

import copy
from pathlib import Path
from typing import Any

import pytest
from both_modes import MODES, call, sync_client
from connection_properties import postgres_properties
from shopify import COLLECTIONS, SOURCE_ID, Shop, documented_schema

import stitchnb
from stitchnb.client import Catalog, Source
from stitchnb.errors import InvalidInputError, InvalidSelectionError
from stitchnb.models import Stream, StreamSchema
from stitchnb.rules.selection.columns import FieldColumns

DATABASE = postgres_properties()
HEAD = "stitchnb_selection: 1\nstreams:\n"


def opened(shop: Shop | None = None, source_type: str | None = "platform.shopify", **options: Any) -> Catalog:
    return sync_client(shop or Shop()).streams.catalog(SOURCE_ID, source_type=source_type, **options)


def made(*streams: tuple[str, str, dict[str, Any]]) -> Catalog:
    """A catalog of streams by tap_stream_id, name and schema, without a client."""
    listed = [{"stream_id": n, "tap_stream_id": i, "stream_name": name} for n, (i, name, _) in enumerate(streams)]
    catalog = Catalog(None, 1, map(Stream, listed))  # type: ignore[arg-type]
    for id_, _, schema in streams:
        catalog[id_]._take(FieldColumns(StreamSchema(schema)))
    return catalog


def schema_of(*breadcrumbs: tuple[str, ...], **metadata: Any) -> dict[str, Any]:
    told = {"inclusion": "available", **metadata}
    return {"schema": {}, "metadata": [{"breadcrumb": list(b), "metadata": dict(told)} for b in breadcrumbs]}


def test_a_selection_is_applied_to_another_source_of_the_type(tmp_path: Path) -> None:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        client = sandbox.client()
        sources: list[Source] = []
        for name, database in (("A", "shop"), ("B", "store")):
            given = {**DATABASE, "dbname": database}
            source = client.sources.create("platform.hp-postgres", display_name=name, properties=given, validate=False)
            sandbox.wait_idle()
            sources.append(source)
        here, there = (source.catalog() for source in sources)
        here.select("orders", fields=["total", "quant*"], replication_method="INCREMENTAL", replication_key="id")
        here.select("customer_view", replication_method="FULL_TABLE", view_keys=["id"]).apply()
        there.select("customers", replication_method="FULL_TABLE").apply()
        there.select("customers.email")

        path = here.write_selection(tmp_path / "shop.yml")
        left_out = there.read_selection(path)
        there.apply()

        assert left_out == []
        assert there.selection() == here.selection()
        assert sources[1].catalog().to_yaml() == path.read_text("utf-8")
        assert not there["customers"].saved_selected


def test_it_holds_names_and_choices_only_in_the_catalogs_order() -> None:
    catalog = opened().select("orders.title", COLLECTIONS, replication_key="updated_at").select("orders.image")

    assert catalog.to_yaml() == (
        "stitchnb_selection: 1\n"
        "source_type: platform.shopify\n"
        "streams:\n"
        "  custom_collections:\n"
        "    replication_key: updated_at\n"
        "  orders:\n"
        "    replication_key: updated_at\n"
        "    fields:\n"
        "    - title\n"
        "    - image\n"
    )
    assert opened(source_type=None).selection() == {"stitchnb_selection": 1, "streams": {}}


def test_only_what_was_chosen_and_lands_is_written() -> None:
    home, city = ("properties", "home"), ("properties", "home", "properties", "city")
    schema = schema_of(home, city)
    for name, told in {
        "key": {"inclusion": "automatic", "selected": True},
        "blob": {"inclusion": "unsupported", "selected": True},
        "usual": {"inclusion": "available", "selected-by-default": True},
        "wanted": {"inclusion": "available", "selected-by-default": True, "selected": True},
    }.items():
        schema["metadata"].append({"breadcrumb": ["properties", name], "metadata": told})
    schema["metadata"][1]["metadata"]["selected"] = True
    catalog = made(("a", "a", schema)).select("a")

    assert catalog.selection()["streams"] == {"a": {"fields": ["wanted"]}}
    assert catalog.select("a.home").selection()["streams"] == {"a": {"fields": ["home", "wanted", "home.city"]}}


def test_reading_it_makes_just_that_selection() -> None:
    shop = Shop()
    for name in ("title", "handle"):
        entry = next(e for e in shop.schemas["orders"]["metadata"] if e["breadcrumb"] == ["properties", name])
        entry["metadata"]["selected"] = True
    catalog = opened(shop).select("customers", fields=["title"])

    catalog.read_selection(HEAD + "  orders: {fields: [title, image]}\n")

    assert [str(change) for change in catalog.pending] == [
        "orders: selected None → True",
        "orders.handle: selected True → False",
        "orders.image: selected None → True",
    ]
    assert shop.written == [], "nothing is sent until it is applied"
    catalog.read_selection(catalog.selection())
    assert len(catalog.pending) == 3, "reading what is there already changes nothing"
    assert catalog.read_selection(HEAD + "  {}\n") == []
    assert catalog.selection()["streams"] == {}


@pytest.mark.parametrize("mode", MODES)
def test_an_event_loop_reads_and_writes_it_the_same(mode: str, tmp_path: Path) -> None:
    def act(client: Any) -> Any:
        if mode == "sync":
            return client.streams.catalog(SOURCE_ID)

        async def main() -> Any:
            return await client.streams.catalog(SOURCE_ID)

        return main()

    catalog = call(mode, Shop(), act)
    path = catalog.select("orders.title").write_selection(str(tmp_path / "orders.yml"))

    catalog.discard().read_selection(path)

    assert [change.field for change in catalog.pending] == [None, "title"]


def test_names_that_mean_several_things_are_written_so_that_they_mean_one() -> None:
    dotted, nested = ("properties", "a.b"), ("properties", "a", "properties", "b")
    schema = schema_of(dotted, ("properties", "a"), nested, ("properties", "no*"))
    streams = [("x-t", "t", schema), ("y-t", "t", schema), ("t2", "t2", schema), ("z", "t2", schema)]
    catalog = made(*map(copy.deepcopy, streams))
    catalog["y-t"].select(dotted, "no*")
    catalog["z"].select(nested)

    assert catalog.selection()["streams"] == {
        "y-t": {"fields": [dotted, "no*"]},
        "z": {"fields": ["a", nested]},
    }
    text = catalog.to_yaml()
    catalog.discard().read_selection(text)
    assert catalog.to_yaml() == text


WRONG = [
    ("  ordres: {}\n", ["line 3: There is no stream or field 'ordres'. Did you mean 'orders'"], "a stream"),
    (
        "  orders: {fields: [titel]}\n",
        ["orders.titel: The selection, line 3: there is no such field. Did you"],
        "field",
    ),
    ("  orders:\n    fields:\n    - [properties, x]\n", ["line 5: there is no such field"], "a breadcrumb"),
    ("  orders: {fields: ['*']}\n", ["orders.*: The selection, line 3: there is no such field"], "a glob is a name"),
    ("  orders: {fields: [image.width]}\n", ["cannot be selected by itself: it comes with image"], "a field inside"),
    ("  orders: {replication_key: updatd_at}\n", ["line 3: There is no stream or field 'updatd_at'"], "a key"),
    ("  orders: {replication_key: title}\n", ["line 3: orders: 'title' cannot be its replication key"], "no key"),
    ("  orders: {replication_method: FULL_TABLE}\n", ["line 3: orders: its replication method is"], "a forced method"),
    ("  orders: {view_keys: [id]}\n", ["line 3: orders: it is no view"], "keys of what is no view"),
    ("  ordres: {}\n  orders: {fields: [x, titel]}\n", ["'ordres'", "orders.x", "orders.titel"], "all at once"),
]


@pytest.mark.parametrize(("text", "told", "why"), WRONG, ids=[row[2] for row in WRONG])
def test_what_is_not_there_is_refused_or_left_out_and_told(text: str, told: list[str], why: str) -> None:
    catalog = opened().select("products.title")
    before = catalog.pending

    with pytest.raises(InvalidSelectionError) as caught:
        catalog.read_selection(HEAD + text + "  collects: {}\n")
    assert all(part in str(caught.value) for part in told), why
    assert len(caught.value.problems) == len(told)
    assert catalog.pending == before, "nothing is changed"

    left_out = catalog.read_selection(HEAD + text + "  collects: {}\n", missing="ignore")
    frame = left_out.to_frame()
    assert len(frame) == len(told)
    assert set(frame["severity"]) == {"warning"}
    assert frame["message"].str.contains("line [345]:").all()
    assert "collects" in catalog.selection()["streams"]
    assert "products" not in catalog.selection()["streams"]


def test_what_was_left_out_is_a_row_with_its_stream_and_field() -> None:
    left_out = opened().read_selection(HEAD + "  orders: {fields: [titel]}\n  nothing:\n", missing="ignore").to_frame()

    assert left_out[["stream", "field"]].fillna("-").to_numpy().tolist() == [["nothing", "-"], ["orders", "titel"]]


def test_a_name_that_several_fields_have_here_is_asked_about() -> None:
    schema = schema_of(("properties", "a.b"), ("properties", "a"), ("properties", "a", "properties", "b"))

    with pytest.raises(InvalidSelectionError, match=r"\[properties, a\.b\] or \[properties, a, properties, b\]"):
        made(("s", "s", schema)).read_selection(HEAD + "  s: {fields: [a.b]}\n")


def test_a_selection_of_another_type_of_source_is_refused() -> None:
    text = opened().select("orders").to_yaml()
    catalog = opened(source_type="platform.recurly")

    with pytest.raises(InvalidInputError, match=r"line 2: this is a selection of a platform\.shopify source, and this"):
        catalog.read_selection(text)
    assert catalog.read_selection(text.replace("source_type: platform.shopify\n", "")) == []


def test_one_stream_by_both_of_its_names_is_refused() -> None:
    catalog = made(("shop-orders", "orders", documented_schema()))

    with pytest.raises(InvalidInputError, match="line 4: 'orders' and 'shop-orders' are one stream"):
        catalog.read_selection(HEAD + "  orders: {}\n  shop-orders: {}\n")


def test_fields_have_to_be_there_to_be_written_or_read() -> None:
    catalog = opened(load=False).select("orders")

    with pytest.raises(InvalidInputError, match=r"catalog\.load\('orders'\)"):
        catalog.to_yaml()
    with pytest.raises(InvalidInputError, match=r"fields of 'collects', 'orders' are not loaded"):
        catalog.read_selection(HEAD + "  orders:\n  collects:\n")
    assert catalog["orders"].selected, "nothing is changed"
    with pytest.raises(InvalidInputError, match="missing is 'skip'"):
        catalog.read_selection(HEAD, missing="skip")  # type: ignore[arg-type]
