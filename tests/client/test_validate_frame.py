"""A frame can be looked at, here and by Stitch, without a row of it being kept."""

import json

import httpx
import pandas as pd
import pytest
from both_modes import MODES, Plays, answering, push

from stitchnb.client import Client, ImportClient
from stitchnb.client.imports import batches as frame_batches
from stitchnb.errors import BadRequestError, InvalidValuesError

OK = {"status": "OK", "message": "Batch is valid!"}


def test_a_good_frame_is_told_as_it_would_be_sent_and_nothing_lands(client: Client, importer: ImportClient) -> None:
    frame = pd.DataFrame({"id": [1, 2], "name": ["a", None]})

    valid = importer.validate_frame("people", frame, key_names=["id"])

    assert repr(valid) == "ValidFrame('people', 2 rows in 1 request)"
    assert valid.to_frame()["sent_as"].tolist() == ["integer", "string"]
    assert [exchange.path for exchange in importer.journal] == ["/v2/import/validate"]
    assert client.sandbox.warehouse.tables().empty
    pushed = importer.push_frame("people", frame, key_names=["id"])
    assert pushed.schema == valid.schema
    pd.testing.assert_frame_equal(pushed.to_frame(), valid.to_frame())


def test_what_cannot_be_sent_is_named_as_by_pushing(importer: ImportClient) -> None:
    with pytest.raises(InvalidValuesError, match="bytes, which JSON cannot hold"):
        importer.validate_frame("people", pd.DataFrame({"raw": [b"x"]}))

    assert len(importer.journal) == 0


def test_what_breaks_a_schema_of_ones_own_is_told_by_stitch(client: Client, importer: ImportClient) -> None:
    schema = {"properties": {"age": {"type": "integer", "maximum": 150}}}

    with pytest.raises(BadRequestError, match="Record 1 did not conform to schema: #/age: 300"):
        importer.validate_frame("people", pd.DataFrame({"age": [30, 300]}), schema=schema)

    assert client.sandbox.warehouse.tables().empty


@pytest.mark.parametrize("mode", MODES)
def test_many_rows_are_looked_at_piece_by_piece(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_batches, "MOST_ROWS", 2)
    server = answering(OK)

    valid = push(mode, server, lambda c: c.validate_frame("t", pd.DataFrame({"n": range(5)})))

    assert (valid.rows, valid.requests) == (5, 3)
    assert [len(json.loads(request.content)["messages"]) for request in server.asked] == [2, 2, 1]


def test_of_a_later_piece_it_is_told_which_row_it_begins_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_batches, "MOST_ROWS", 2)
    refusal = httpx.Response(400, json={"error": "Record 1 did not conform to schema: #/n"})
    frame = pd.DataFrame({"n": range(4)}, index=["a", "b", "c", "d"])

    with pytest.raises(BadRequestError) as raised:
        push("sync", Plays(httpx.Response(200, json=OK), refusal), lambda c: c.validate_frame("t", frame))

    assert raised.value.__notes__ == ["Record 0 in it is row c of the frame."]
