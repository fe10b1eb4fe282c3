"""What applying a catalog sends, byte for byte, and what it says when not all of it arrives."""

import json
from typing import Any

import httpx
import pytest
import shopify
from both_modes import MODES, call, sync_client
from shopify import COLLECTIONS, SOURCE_ID, Shop

from stitchnb.client.catalog import apply as _catalog_apply
from stitchnb.client.catalog.catalog import Catalog, open_catalog
from stitchnb.errors import (
    BadRequestError,
    InvalidSelectionError,
    SelectionApplyError,
    SelectionVerificationError,
    ServerError,
)
from stitchnb.rules.selection.changes import parts_of

REFUSED = httpx.Response(400, json={"invalid_fields": "Unsupported fields cannot be selected by default"})
BROKEN = httpx.Response(502)


def opened(server: Shop, *, load: bool = True) -> Catalog:
    client = sync_client(server)
    client._transport._sleep = lambda seconds: None
    found: Catalog = client.run(open_catalog(client, SOURCE_ID, load=load, max_concurrency=8, show_progress=False))
    return found


def body(*entries: tuple[list[str], dict[str, Any]], stream: str = COLLECTIONS) -> bytes:
    told = [{"breadcrumb": breadcrumb, "metadata": metadata} for breadcrumb, metadata in entries]
    return json.dumps({"streams": [{"tap_stream_id": stream, "metadata": told}]}, separators=(",", ":")).encode()


SELECTED: dict[str, Any] = {"selected": True}

SENT = [
    (lambda c: c.select(COLLECTIONS), body(([], SELECTED)), "a stream alone"),
    (
        lambda c: c.select(COLLECTIONS, fields=["title", "handle"]),
        body(([], SELECTED), (["properties", "handle"], SELECTED), (["properties", "title"], SELECTED)),
        "a stream with fields, in the schema's order",
    ),
    (
        lambda c: c.select("custom_collections.title"),
        body(([], SELECTED), (["properties", "title"], SELECTED)),
        "a field brings its stream",
    ),
    (
        lambda c: c.select(COLLECTIONS, fields=["id", "updated_at"]),
        body(([], SELECTED)),
        "automatic fields come by themselves",
    ),
    (
        lambda c: c.select(COLLECTIONS, replication_key="updated_at"),
        body(([], {"replication-key": "updated_at", "selected": True})),
        "two keys of a stream are one entry",
    ),
    (
        lambda c: c.select(COLLECTIONS, replication_method="INCREMENTAL"),
        body(([], SELECTED)),
        "a method that is forced already is not sent",
    ),
    (lambda c: c.only(COLLECTIONS), body(([], SELECTED)), "what is not selected needs no deselecting"),
]


@pytest.mark.parametrize(("choose", "sent", "why"), SENT, ids=[row[2] for row in SENT])
def test_only_what_changes_is_sent_in_one_request(choose: Any, sent: bytes, why: str) -> None:
    shop = Shop()
    catalog = opened(shop)

    choose(catalog)
    assert shop.written == [], "nothing is sent until it is applied"
    applied = catalog.apply()

    assert shop.written == [sent]
    assert applied.requests == 1
    assert catalog.pending == []
    assert len(catalog.apply().changes) == 0
    assert len(shop.written) == 1, "with nothing to change nothing is sent"


def test_many_streams_travel_together_and_are_read_back() -> None:
    shop = Shop()
    catalog = opened(shop)
    shop.asked.clear()

    catalog.select("orders", "customers").select("order_refunds.title")
    applied = catalog.apply()

    assert [s["tap_stream_id"] for s in json.loads(shop.written[0])["streams"]] == [
        "customers",
        "order_refunds",
        "orders",
    ]
    path = f"/v4/sources/{SOURCE_ID}/streams"
    # The list tells of the streams themselves; only where fields were written is a schema read.
    assert shop.asked == [f"PUT {path}/metadata", f"GET {path}", f"GET {path}/2288751"]
    assert repr(applied) == "Applied(4 changes in 1 request)"
    assert applied.to_frame()["stream"].tolist() == ["customers", "order_refunds", "order_refunds", "orders"]


def test_a_stream_can_be_selected_before_its_fields_are_known() -> None:
    shop = Shop()
    catalog = opened(shop, load=False)

    catalog.select("orders").apply()

    assert shop.written == [body(([], SELECTED), stream="orders")]
    assert not catalog["orders"].is_loaded


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of two entries at most."""
    monkeypatch.setattr(_catalog_apply, "parts_of", lambda changes: parts_of(changes, most=2))


def chosen(shop: Shop) -> Catalog:
    """Six entries, which are three requests: two streams with two fields each."""
    return opened(shop).select("orders", "products", fields=["title", "handle"])


@pytest.mark.usefixtures("small_parts")
def test_parts_are_as_few_as_there_can_be() -> None:
    shop = Shop()

    assert chosen(shop).apply().requests == 3

    assert [[len(s["metadata"]) for s in json.loads(part)["streams"]] for part in shop.written] == [[2], [1, 1], [2]]


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_is_refused_is_told_from_those_that_were_written() -> None:
    shop = Shop()
    shop.answers = iter([None, REFUSED])
    catalog = chosen(shop)

    with pytest.raises(SelectionApplyError, match=r"2 of 6 changes applied, 4 not applied\.\n.*Unsupported") as caught:
        catalog.apply()

    error = caught.value
    assert isinstance(error.__cause__, BadRequestError)
    assert [str(change) for change in error.applied] == [
        "orders: selected None → True",
        "orders.handle: selected None → True",
    ]
    assert [change.field for change in error.not_applied] == ["title", None, "handle", "title"]
    assert error.uncertain == ()
    assert catalog.pending == list(error.not_applied), "what is left can be applied again"
    assert len(catalog.apply().changes) == 4
    assert catalog["products"].saved_selected


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_failed_after_it_was_written_counts_as_applied() -> None:
    class Forgetful(Shop):
        """Writes the second part, and then says that something is broken."""

        def _write(self, body: dict[str, Any]) -> httpx.Response:
            done = super()._write(body)
            return BROKEN if len(self.written) > 1 else done

    catalog = chosen(Forgetful())

    with pytest.raises(SelectionApplyError) as caught:
        catalog.apply()

    assert isinstance(caught.value.__cause__, ServerError)
    assert (len(caught.value.applied), len(caught.value.not_applied), caught.value.uncertain) == (4, 2, ())
    assert catalog.pending == list(caught.value.not_applied)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(
    ("answer", "unsure", "why"),
    [(BROKEN, 2, "it may have been written"), (REFUSED, 0, "a refusal says for certain that it was not")],
)
def test_where_nothing_can_be_read_back_the_failed_part_is_in_doubt(
    answer: httpx.Response, unsure: int, why: str
) -> None:
    class Gone(Shop):
        """Answers nothing any more once it failed."""

        def __call__(self, request: httpx.Request) -> httpx.Response:
            if len(self.written) > 1:
                return answer if request.method == "PUT" and request.content == self.written[-1] else BROKEN
            return super().__call__(request)

        def _write(self, body: dict[str, Any]) -> httpx.Response:
            return answer if len(self.written) > 1 else super()._write(body)

    catalog = chosen(Gone())

    with pytest.raises(SelectionApplyError) as caught:
        catalog.apply()

    assert (len(caught.value.applied), len(caught.value.uncertain)) == (2, unsure), why
    assert len(catalog.pending) == 4


def test_what_cannot_be_read_back_is_said_to_be_written() -> None:
    class Blind(Shop):
        """Writes, and then tells nothing any more."""

        def __call__(self, request: httpx.Request) -> httpx.Response:
            return BROKEN if self.written else super().__call__(request)

    catalog = opened(Blind()).select(COLLECTIONS, fields=["title"])

    with pytest.raises(ServerError) as caught:
        catalog.apply()

    assert caught.value.__notes__ == [
        "2 changes applied, but reading back failed. source.catalog() shows what Stitch has now."
    ]
    assert catalog.pending == []


def test_what_is_read_back_otherwise_than_written_is_said() -> None:
    class Deaf(Shop):
        """Takes everything and keeps nothing."""

        def _write(self, body: dict[str, Any]) -> httpx.Response:
            return httpx.Response(200, json={"status": 200})

    catalog = opened(Deaf()).select(COLLECTIONS, fields=["title"])

    with pytest.raises(SelectionVerificationError, match=r"custom_collections\.title: selected False → True") as caught:
        catalog.apply()

    assert len(caught.value.changes) == 2
    assert not catalog["custom_collections"].selected, "the catalog shows what Stitch has"


def test_a_field_inside_is_selected_with_what_is_around_it() -> None:
    shop = Shop()
    width = ["properties", "image", "properties", "width"]
    shop.schemas[COLLECTIONS]["metadata"].append({"breadcrumb": width, "metadata": {"inclusion": "available"}})
    catalog = opened(shop)

    catalog.select(COLLECTIONS, fields=["image.width"]).apply()
    catalog.deselect("custom_collections.image.width").apply()

    assert shop.written == [
        body(([], SELECTED), (["properties", "image"], SELECTED), (width, SELECTED)),
        body((width, {"selected": False})),
    ]


def test_what_a_list_leaves_out_is_no_longer_chosen() -> None:
    class Terse(Shop):
        """Leaves out of its list what is null."""

        def __call__(self, request: httpx.Request) -> httpx.Response:
            answer = super().__call__(request)
            if not request.url.path.endswith("/streams"):
                return answer
            own = [{k: v for k, v in stream["metadata"].items() if v is not None} for stream in self.listed]
            told = [{**s, "metadata": m} for s, m in zip(self.listed, own, strict=True)]
            return httpx.Response(200, json=told)

    shop = Terse()
    catalog = opened(shop).select(COLLECTIONS, replication_key="updated_at")
    catalog.apply()
    assert catalog[COLLECTIONS].replication_key == "updated_at"

    # Somebody else takes it back meanwhile; the next reading shows it.
    next(s for s in shop.listed if s["stream_name"] == COLLECTIONS)["metadata"]["replication-key"] = None
    catalog.select("orders").apply()

    assert catalog[COLLECTIONS].replication_key is None


def test_nothing_is_sent_while_there_is_an_error() -> None:
    shop = Shop()
    catalog = opened(shop).select(COLLECTIONS, fields=["title"])
    catalog[COLLECTIONS].deselect()

    with pytest.raises(InvalidSelectionError, match="its stream is not selected"):
        catalog.apply()

    assert shop.written == []


@pytest.mark.parametrize("mode", MODES)
def test_an_event_loop_applies_the_same(mode: str) -> None:
    shop = Shop()

    def act(client: Any) -> Any:
        if mode == "sync":
            return client.streams.catalog(SOURCE_ID).select(COLLECTIONS, fields=["title"]).apply()

        async def main() -> Any:
            catalog = await client.streams.catalog(SOURCE_ID)
            return await catalog.select(COLLECTIONS, fields=["title"]).apply()

        return main()

    applied = call(mode, shop, act)

    assert shop.written == [body(([], SELECTED), (["properties", "title"], SELECTED))]
    assert len(applied.changes) == 2


def test_the_documented_schema_is_read() -> None:
    frame = opened(Shop()).select(COLLECTIONS, fields=["title", "image"]).to_frame()

    frame = frame[frame["stream"] == COLLECTIONS].set_index("field")
    assert len(frame) == len(shopify.TEXTS) + 2 + len(shopify.IMAGE)
    assert frame.loc["id", ["type", "reason", "key_roles"]].tolist() == [
        "integer",
        "automatic: primary key",
        "primary key",
    ]
    assert frame.loc["image.width", ["type", "replicated", "reason"]].tolist() == ["integer", True, "comes with image"]
    assert frame[frame["replicated"]].index.tolist() == [
        *("updated_at", "title", "id", "image"),
        *(f"image.{name}" for name in shopify.IMAGE),
    ]
