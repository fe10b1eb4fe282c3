"""A stream picker against the sandbox: what its page is told, and what comes of what is pressed there."""

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from picker_sources import REPORT, VIEW, LargeAccount, make_source, new_sandbox
from polling import LIMIT_S

from stitchnb import Client, Sandbox
from stitchnb.client import Source
from stitchnb.errors import InvalidInputError, InvalidSelectionError, SelectionApplyError, UnknownStreamError
from stitchnb.widgets.picker.picker import StreamPicker
from stitchnb.widgets.picker.rows import FieldFlag, StreamFlag


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with new_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return sandbox.client()


@pytest.fixture
def recurly(client: Client) -> Source:
    return make_source(client, "platform.recurly")


@pytest.fixture
def database(client: Client) -> Source:
    return make_source(client, "platform.hp-postgres")


class Page:
    """A view of a picker, as its script would have it."""

    def __init__(self, picker: StreamPicker, wire: Any, view: str = "view-1") -> None:
        self.picker = picker
        self.wire = wire
        self.view = view
        self.heard = 0

    def say(self, kind: str, **content: Any) -> None:
        """Send a message, and wait until what it began in the background is done."""
        self.send({"type": kind, "view": self.view, **content})
        assert self.picker.wait(LIMIT_S)

    def send(self, content: Any) -> None:
        self.picker._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    @property
    def told(self) -> dict[str, Any]:
        return self.picker._content

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [m["data"]["content"] for m in self.wire.messages if m["data"].get("method") == "custom"]

    @property
    def streams(self) -> dict[str, tuple[StreamFlag, Any, Any]]:
        """Flags, replicated and all fields of the streams, by name, as the page puts them together."""
        rows = [list(row) for row in self.picker._streams]
        for i, *rest in self.told["changed"]:
            rows[i] = [rows[i][0], *rest]
        return {name: (StreamFlag(flags), *(counts or (None, None))) for name, flags, *counts in rows}

    def number(self, stream: str) -> int:
        return [row[0] for row in self.picker._streams].index(stream)

    def open(self, stream: str) -> None:
        self.say("open", stream=self.number(stream))

    def detail(self, stream: str) -> dict[str, Any]:
        """What was last told of a stream that was opened."""
        number = self.number(stream)
        return [m for m in self.messages if m["type"] == "fields" and m["stream"] == number][-1]

    def fields(self, stream: str) -> dict[str, tuple[FieldFlag, str]]:
        told = self.detail(stream)
        return {name: (FieldFlag(flags), told["reasons"][reason]) for name, *_, reason, flags in told["fields"]}

    def position(self, stream: str, field: str) -> int:
        return list(self.fields(stream)).index(field)

    def toggle(self, stream: str, *fields: str, on: bool) -> None:
        which = [self.position(stream, field) for field in fields]
        self.say("fields", stream=self.number(stream), which=which, on=on)


def opened(picker: StreamPicker, wire: Any, *streams: str) -> Page:
    page = Page(picker, wire)
    for stream in streams:
        page.open(stream)
    return page


def test_the_streams_are_asked_for_in_one_request_and_their_fields_when_one_is_opened(
    recurly: Source, client: Client, wire: Any
) -> None:
    before = len(client.journal)
    page = Page(StreamPicker(recurly), wire)
    assert len(client.journal) == before + 1
    assert page.streams["accounts"] == (StreamFlag.HAS_PRIMARY_KEY | StreamFlag.HAS_REPLICATION_KEY, None, None)
    page.open("accounts")
    assert len(client.journal) == before + 2
    assert page.streams["accounts"][1:] == (0, 86)
    assert len(page.fields("accounts")) == 86
    page.open("accounts")
    assert len(client.journal) == before + 2


def test_fields_are_asked_for_without_holding_up_the_kernel(
    recurly: Source, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(StreamPicker(recurly), wire)
    go_on = threading.Event()
    load = page.picker.catalog.load

    def slowly(*streams: str, **options: Any) -> object:
        assert go_on.wait(LIMIT_S)
        return load(*streams, **options)

    monkeypatch.setattr(page.picker.catalog, "load", slowly)
    page.send({"type": "open", "view": "view-1", "stream": page.number("accounts")})
    assert page.messages[-1] == {"type": "heard", "to": "view-1"}, "the press is over before the fields are there"
    go_on.set()
    assert page.picker.wait(LIMIT_S)
    assert page.fields("accounts")["id"] == (
        FieldFlag.TICKED | FieldFlag.LOCKED | FieldFlag.PRIMARY_KEY,
        "automatic: primary key",
    )


def test_fields_that_cannot_be_asked_for_are_said_in_their_place_and_can_be_asked_for_again(
    recurly: Source, sandbox: Sandbox, wire: Any
) -> None:
    page = Page(StreamPicker(recurly), wire)
    with sandbox.faults.add(status=403, path="/v4/sources/*"):
        page.open("accounts")
    assert "403" in page.detail("accounts")["error"]
    page.open("accounts")
    assert "error" not in page.detail("accounts")


def test_ticking_a_stream_or_a_field_changes_the_catalog_and_sends_nothing(
    recurly: Source, client: Client, wire: Any
) -> None:
    page = opened(StreamPicker(recurly), wire, "accounts")
    sent = len(client.journal)
    page.toggle("accounts", "code", on=True)
    page.say("streams", which=[page.number("plans")], on=True)
    assert [str(change) for change in page.picker.catalog.pending] == [
        "accounts: selected None → True",
        "accounts.code: selected None → True",
        "plans: selected None → True",
    ]
    assert page.told["changes"] == {
        "count": 3,
        "named": ["+ accounts", "+ accounts.code", "+ plans"],
        "rows": [
            ["accounts", "", "selected", "none", "yes"],
            ["accounts", "code", "selected", "none", "yes"],
            ["plans", "", "selected", "none", "yes"],
        ],
    }
    flags, replicated, _ = page.streams["accounts"]
    assert (flags & StreamFlag.SELECTED, flags & StreamFlag.WHOLE) == (StreamFlag.SELECTED, StreamFlag(0))
    assert replicated == 3
    assert page.fields("accounts")["code"] == (FieldFlag.TICKED | FieldFlag.REPLICATED | FieldFlag.CHANGED, "selected")
    assert len(client.journal) == sent


def test_a_stream_of_which_everything_replicates_is_whole(database: Source, wire: Any) -> None:
    page = opened(StreamPicker(database), wire, "orders")
    page.say("streams", which=[page.number("orders")], on=True)
    flags, replicated, count = page.streams["orders"]
    assert StreamFlag.WHOLE in flags
    assert replicated == count == 8


def test_one_change_sends_one_row_and_not_the_list(recurly: Source, wire: Any) -> None:
    page = Page(StreamPicker(recurly), wire)
    wire.messages.clear()
    page.say("streams", which=[0], on=True)
    states = [set(m["data"]["state"]) for m in wire.messages if m["data"].get("method") == "update"]
    assert states == [{"_content"}]
    assert [row[0] for row in page.told["changed"]] == [0]


def test_locked_fields_say_why_and_cannot_be_toggled(client: Client, wire: Any) -> None:
    page = opened(StreamPicker(make_source(client, "platform.salesforce")), wire, "Account")
    flags, reason = page.fields("Account")["BillingAddress"]
    assert FieldFlag.LOCKED in flags
    assert FieldFlag.TICKED not in flags
    assert reason == "unsupported: this field is unsupported by the Bulk API."
    page.toggle("Account", "BillingAddress", on=True)
    assert "this field is unsupported by the Bulk API" in str(page.picker.message)
    page.toggle("Account", "Id", on=False)
    assert "it cannot be deselected: automatic: primary key" in str(page.picker.message)
    assert page.picker.catalog.pending == []


def test_a_field_inside_another_has_the_box_of_the_one_around_it(recurly: Source, wire: Any) -> None:
    page = opened(StreamPicker(recurly), wire, "accounts")
    inner = FieldFlag.LOCKED | FieldFlag.TICKED
    assert page.fields("accounts")["address.city"][0] & inner == FieldFlag.LOCKED
    page.toggle("accounts", "address", on=True)
    assert page.fields("accounts")["address.city"] == (inner | FieldFlag.REPLICATED, "comes with address")


def test_deselecting_a_field_that_is_selected_by_default_unticks_it_and_says_that_it_does_nothing(
    database: Source, wire: Any
) -> None:
    page = opened(StreamPicker(database), wire, "orders")
    page.say("streams", which=[page.number("orders")], on=True)
    page.toggle("orders", "status", on=False)
    flags, reason = page.fields("orders")["status"]
    assert flags == FieldFlag.REPLICATED | FieldFlag.CHANGED
    assert reason == "selected by default"
    short, note = page.detail("orders")["notes"][str(page.position("orders", "status"))]
    assert (short, note.split(":")[0]) == ("note", "deselecting it does nothing")


def test_fields_that_exclude_each_other_are_marked_both(client: Client, wire: Any) -> None:
    page = opened(StreamPicker(make_source(client, "platform.bing-ads")), wire, REPORT)
    page.toggle(REPORT, "DeviceOS", "ImpressionSharePercent", on=True)
    notes = page.detail(REPORT)["notes"]
    for one, other in (("DeviceOS", "ImpressionSharePercent"), ("ImpressionSharePercent", "DeviceOS")):
        assert FieldFlag.WARNED in page.fields(REPORT)[one][0]
        short, note = notes[str(page.position(REPORT, one))]
        assert short == f"conflicts with {other}"
        assert note.startswith(f"{one} can't be extracted together with {other}. Stitch accepts the selection")
    assert page.told["errors"] == page.told["blocking"] == 0
    assert [problem[0] for problem in page.told["problems"]] == ["warning"]


def test_methods_and_keys_are_only_offered_where_they_can_be_chosen(
    recurly: Source, database: Source, wire: Any
) -> None:
    page = opened(StreamPicker(recurly), wire, "accounts")
    told = page.detail("accounts")
    assert (told["method"], told["forced"], told["methods"], told["key"], told["keys"]) == (
        *("INCREMENTAL", True, [], "updated_at", []),
    )
    page = opened(StreamPicker(database), wire, "orders")
    told = page.detail("orders")
    assert (told["method"], told["methods"], told["keys"]) == (None, ["FULL_TABLE", "INCREMENTAL", "LOG_BASED"], [])
    assert told["view_key_choices"] == []
    page.say("configure", stream=page.number("orders"), key="method", value="INCREMENTAL")
    assert page.detail("orders")["keys"] == ["id", "customer_id", "quantity", "placed_at", "updated_at"]
    page.say("configure", stream=page.number("orders"), key="key", value="updated_at")
    page.say("streams", which=[page.number("orders")], on=True)
    assert page.told["problems"] == []
    page.say("apply")
    stream = database.catalog(load=False)["orders"]
    assert (stream.replication_method, stream.replication_key) == ("INCREMENTAL", "updated_at")
    page.say("configure", stream=page.number("orders"), key="method", value="")
    assert page.told["changes"]["named"] == ["orders: method none"]


def test_a_view_without_keys_blocks_apply_until_it_has_some(database: Source, client: Client, wire: Any) -> None:
    page = opened(StreamPicker(database), wire, VIEW)
    page.say("streams", which=[page.number(VIEW)], on=True)
    (problem,) = page.told["problems"]
    assert problem[:3] == ["error", page.number(VIEW), -1]
    assert problem[3].startswith("customer_view is a view and needs keys")
    assert page.told["blocking"] == 1
    assert StreamFlag.WRONG in page.streams[VIEW][0]
    sent = len(client.journal)
    page.say("apply")
    assert len(client.journal) == sent
    assert str(page.picker.message).startswith("customer_view is a view and needs keys")
    page.say("configure", stream=page.number(VIEW), key="view_keys", value=["id"])
    assert page.told["blocking"] == 0
    page.say("apply")
    assert database.catalog(load=False)[VIEW].view_keys == ("id",)


def test_applying_writes_reads_back_and_calls_whoever_waits(recurly: Source, wire: Any) -> None:
    picker = StreamPicker(recurly)
    told: list[StreamPicker] = []
    picker.on_apply(told.append)
    page = opened(picker, wire, "accounts")
    page.toggle("accounts", "code", "email", on=True)
    assert page.told["state"] == ["field selection", "warn"]
    page.say("apply")
    assert told == [picker]
    assert picker.message == "Saved 3 changes."
    assert page.told["changes"]["count"] == 0
    assert page.told["state"] == ["fully configured", "ok"]
    assert page.told["applying"] is False
    saved = {field.name for field in recurly.catalog()["accounts"].fields() if field.saved_selected}
    assert {"code", "email"} <= saved
    assert FieldFlag.CHANGED not in page.fields("accounts")["code"][0]


def test_without_a_header_nothing_but_the_selection_is_asked_for(recurly: Source, client: Client) -> None:
    picker = StreamPicker(recurly, header=False)
    assert picker._content["header"] is False
    picker.select("plans")
    sent = len(client.journal)
    picker.apply()
    paths = [entry.path for entry in list(client.journal)[sent:]]
    assert all("/streams" in path for path in paths)


def test_a_refusal_says_what_was_applied_and_keeps_the_rest(recurly: Source, sandbox: Sandbox, wire: Any) -> None:
    picker = StreamPicker(recurly)
    told: list[StreamPicker] = []
    picker.on_apply(told.append)
    page = opened(picker, wire, "accounts")
    page.toggle("accounts", "code", on=True)
    with sandbox.faults.add(status=403, method="PUT", path="/v4/sources/*"):
        page.say("apply")
    assert page.told["notice"]["tone"] == "error"
    first, *rest = str(picker.message).splitlines()
    assert "403" in first
    assert rest == [
        "Not applied: + accounts, + accounts.code",
        "Unsaved changes are kept. Click Apply to retry them.",
    ]
    assert page.told["changes"]["count"] == 2
    assert page.told["applying"] is False
    assert told == []
    with sandbox.faults.add(status=403, method="PUT", path="/v4/sources/*"), pytest.raises(SelectionApplyError):
        picker.apply()
    page.say("apply")
    assert picker.message == "Saved 2 changes."


def test_nothing_can_be_changed_while_changes_are_applied(
    recurly: Source, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(StreamPicker(recurly), wire)
    page.say("streams", which=[0], on=True)
    is_applying, go_on = threading.Event(), threading.Event()
    apply = page.picker.catalog.apply

    def slowly() -> object:
        is_applying.set()
        assert go_on.wait(LIMIT_S)
        return apply()

    monkeypatch.setattr(page.picker.catalog, "apply", slowly)
    page.send({"type": "apply", "view": "view-1"})
    assert is_applying.wait(LIMIT_S)
    assert page.told["applying"]
    page.send({"type": "streams", "view": "view-1", "which": [1], "on": True})
    assert page.picker.message == "Changes are being applied. Wait until that is done."
    with pytest.raises(InvalidInputError, match="being applied"):
        page.picker.apply()
    go_on.set()
    assert page.picker.wait(LIMIT_S)
    assert page.picker.message == "Saved 1 change."


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_result_comes_in_the_update_that_ends_apply(
    is_refused: bool, recurly: Source, sandbox: Sandbox, wire: Any
) -> None:
    page = Page(StreamPicker(recurly), wire)
    page.say("streams", which=[0], on=True)
    before = len(wire.contents(page.picker))
    if is_refused:
        sandbox.faults.add(status=403, method="PUT", path="/v4/sources/*")
    page.say("apply")
    sent = wire.contents(page.picker)[before:]
    tone, waiting = ("error", 1) if is_refused else ("ok", 0)
    assert [(one["applying"], one["notice"] and one["notice"]["tone"], one["changes"]["count"]) for one in sent] == [
        (True, None, 1),
        (False, tone, waiting),
    ]


def test_discard_takes_everything_back(recurly: Source, wire: Any) -> None:
    page = opened(StreamPicker(recurly), wire, "accounts")
    before = page.streams
    page.toggle("accounts", "code", on=True)
    page.say("discard")
    assert page.streams == before
    assert page.told["changes"]["count"] == 0
    assert FieldFlag.CHANGED not in page.fields("accounts")["code"][0]


def test_what_code_chooses_is_shown_like_what_is_pressed(recurly: Source, wire: Any) -> None:
    picker = StreamPicker(recurly)
    page = opened(picker, wire, "accounts")
    picker.select("accounts", fields=["code"])
    assert FieldFlag.CHANGED in page.fields("accounts")["code"][0]
    picker.deselect("accounts", fields=["code"])
    assert page.told["changes"]["named"] == ["+ accounts"]
    picker.only("plans")
    assert page.told["changes"]["named"] == ["+ plans"]
    picker.discard()
    picker.catalog.select("invoices")
    assert page.told["changes"]["count"] == 0
    picker.refresh()
    assert page.told["changes"]["named"] == ["+ invoices"]
    with pytest.raises(UnknownStreamError):
        picker.select("acounts")
    with pytest.raises(InvalidSelectionError):
        picker.configure("accounts", replication_method="FULL_TABLE")


def test_loading_from_code_shows_the_counts(recurly: Source, wire: Any) -> None:
    picker = StreamPicker(recurly)
    page = Page(picker, wire)
    picker.load("plans")
    assert page.streams["plans"][2] is not None
    picker.load()
    assert all(count is not None for _, _, count in page.streams.values())


@pytest.mark.parametrize(
    "message",
    [
        {"type": "unheard of"},
        {"type": "open", "stream": -1},
        {"type": "open", "stream": 10},
        {"type": "open", "stream": True},
        {"type": "streams", "which": [0]},
        {"type": "streams", "which": "all", "on": True},
        {"type": "streams", "which": [0, 99], "on": True},
        {"type": "fields", "stream": 0, "which": [0], "on": True},
        {"type": "configure", "stream": 0, "key": "selected", "value": "x"},
        {"type": "configure", "stream": 0, "key": "method", "value": ["x"]},
        {"type": "configure", "stream": 0, "key": "view_keys", "value": "id"},
        {"type": "configure", "stream": 0, "key": "view_keys", "value": [1]},
    ],
    ids=json.dumps,
)
def test_a_message_that_makes_no_sense_is_logged_answered_and_changes_nothing(
    recurly: Source, wire: Any, caplog: pytest.LogCaptureFixture, message: dict[str, Any]
) -> None:
    page = Page(StreamPicker(recurly), wire)
    with caplog.at_level(logging.WARNING):
        page.send({"view": "view-1", **message})
    assert "ignored a message" in caplog.text
    assert page.messages[-1] == {"type": "heard", "to": "view-1"}
    assert page.picker.catalog.pending == []
    assert page.picker.message is None


def test_two_thousand_streams_of_five_hundred_fields_are_sent_in_less_than_200_kb(wire: Any) -> None:
    account = LargeAccount()
    source = account.source()
    account.asked.clear()
    picker = StreamPicker(source)
    state = json.dumps({key: value for key, value in picker.get_state().items() if key not in ("_esm", "_css")})
    assert len(account.asked) == 1
    assert len(state) < 120_000
    page = opened(picker, wire, "orders_of_region_0003")
    assert len(page.fields("orders_of_region_0003")) == 500
    assert len(json.dumps(page.detail("orders_of_region_0003"))) < 40_000
    page.say("streams", which=list(range(2_000)), on=True)
    assert page.told["changed"] == []
    assert page.told["changes"]["count"] == 1_800
    assert len(page.told["changes"]["rows"]) == 100
    page.say("apply")
    assert picker.message == "Saved 1,800 changes."


def test_a_view_that_opens_another_stream_is_told_of_that_one_only(recurly: Source, wire: Any) -> None:
    page = opened(StreamPicker(recurly), wire, "accounts", "plans")
    wire.messages.clear()
    page.picker.select("accounts", "plans")
    assert [m["stream"] for m in page.messages] == [page.number("plans")]


def test_streams_of_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    account = LargeAccount(streams=2)
    answer = account._stream
    monkeypatch.setattr(account, "_stream", lambda n, name: {**answer(n, name), "stream_name": "orders"})
    picker = StreamPicker(account.source())
    assert [row[0] for row in picker._streams] == [
        "orders (public-orders_of_region_0000)",
        "orders (public-orders_of_region_0001)",
    ]


def test_where_no_script_runs_there_is_one_line_and_a_table(recurly: Source) -> None:
    picker = StreamPicker(recurly)
    assert repr(picker) == f"StreamPicker(source {recurly.id}, 10 streams, 0 selected)"
    picker.load("accounts")
    picker.select("accounts", fields=["code"])
    assert repr(picker) == f"StreamPicker(source {recurly.id}, 10 streams, 1 selected, 2 changes not applied)"
    html = picker._repr_mimebundle_()[0]["text/html"]
    assert html.count("<tr>") == 11
    cells = ("left", "accounts"), ("left", "yes"), ("right", "3"), ("right", "86")
    assert "".join(f'<td style="text-align:{side}">{text}</td>' for side, text in cells) in html
    assert "shown." not in html


def test_a_long_table_says_that_it_is_cut() -> None:
    html = StreamPicker(LargeAccount().source())._table()
    assert html.count("<tr>") == 101
    assert html.endswith("<p>Showing 100 of 2,000 streams</p>")
