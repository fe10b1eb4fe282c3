"""What a job extracts of a stream: the fields that replicate, those inside of others too."""

from typing import Any

import httpx

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.store.streams import StoredStream

YES, NO = {"inclusion": "available", "selected": True}, {"inclusion": "available", "selected": False}
INNER = {"type": "object", "properties": {"city": {"type": "string"}, "code": {"type": "string"}}}
CITY, CODE = ("properties", "city"), ("properties", "code")


def stored(schema: dict[str, Any], discovered: dict[tuple[str, ...], dict[str, Any]]) -> StoredStream:
    return StoredStream(1, "s", "s", {"properties": schema}, discovered, {(): {"selected": True}})


def test_a_field_inside_can_be_left_out() -> None:
    home = ("properties", "home")
    stream = stored({"home": INNER, "id": {}}, {home: YES, (*home, *CITY): NO})

    assert stream.as_selected().schema == {
        "properties": {"home": {"type": "object", "properties": {"code": {"type": "string"}}}}
    }


def test_a_field_inside_goes_with_what_is_around() -> None:
    home = ("properties", "home")

    assert stored({"home": INNER}, {home: NO, (*home, *CITY): YES}).as_selected().schema == {"properties": {}}
    assert stored({"home": INNER}, {home: YES}).as_selected().schema == {"properties": {"home": INNER}}


def test_fields_of_the_elements_of_a_list_are_cut_too() -> None:
    lines = ("properties", "lines")
    schema = {"lines": {"type": "array", "items": INNER}}

    cut = stored(schema, {lines: YES, (*lines, "items", *CODE): NO}).as_selected().schema
    without = stored(schema, {lines: YES, (*lines, "items"): NO}).as_selected().schema

    assert list(cut["properties"]["lines"]["items"]["properties"]) == ["city"]
    assert without == {"properties": {"lines": {"type": "array"}}}


def test_what_stands_beside_each_other_is_cut_on_each_side() -> None:
    home = ("properties", "home")
    schema = {"home": {"anyOf": [INNER, {"type": "null"}]}}

    cut = stored(schema, {home: YES, (*home, *CODE): NO}).as_selected().schema

    assert list(cut["properties"]["home"]["anyOf"][0]["properties"]) == ["city"]


def test_rows_hold_what_is_selected_inside_of_a_field(
    sandbox: Sandbox, source: dict[str, Any], api: httpx.Client
) -> None:
    address, city = ["properties", "address"], ["properties", "address", "properties", "city"]
    with sandbox._ctx.state.transaction() as db:
        db.execute(
            "UPDATE streams SET metadata = json_insert(metadata, '$[#]', json_array(json(?), json(?))) "
            "WHERE stream_name = 'accounts'",
            ('["properties","address","properties","city"]', '{"inclusion":"available"}'),
        )
    entries = [([], True), (address, True), (city, False)]
    metadata = [{"breadcrumb": b, "metadata": {"selected": s}} for b, s in entries]
    body = {"streams": [{"tap_stream_id": "accounts", "metadata": metadata}]}
    assert api.put(f"/v4/sources/{source['id']}/streams/metadata", json=body).is_success

    api.post(f"/v4/sources/{source['id']}/sync")
    sandbox.wait_idle()

    columns = set(sandbox.warehouse.table("recurly.accounts").columns)
    assert "address__country" in columns
    assert "address__city" not in columns
