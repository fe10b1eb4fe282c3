"""Lines of a tap's output: each is a message, or refused with the reason."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pipeline_messages as messages
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stitchnb.sandbox.connectors.singer.messages import (
    ActivateVersionMessage,
    InvalidMessageError,
    Message,
    RecordMessage,
    SchemaMessage,
    StateMessage,
    parse,
)

ORDER = {"type": "RECORD", "stream": "orders", "record": {"id": 1}}


def line(**message: Any) -> bytes:
    return json.dumps(message).encode()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (ORDER, RecordMessage("orders", {"id": 1}, None)),
        (
            {**ORDER, "time_extracted": "2026-01-01T02:00:00+02:00", "version": 3},
            RecordMessage("orders", {"id": 1}, datetime(2026, 1, 1, tzinfo=UTC)),
        ),
        (
            {**ORDER, "time_extracted": "2026-01-01T00:00:00"},
            RecordMessage("orders", {"id": 1}, datetime(2026, 1, 1, tzinfo=UTC)),
        ),
        ({**ORDER, "time_extracted": "yesterday"}, RecordMessage("orders", {"id": 1}, None)),
        ({**ORDER, "what_comes": "tomorrow"}, RecordMessage("orders", {"id": 1}, None)),
        (
            {"type": "SCHEMA", "stream": "orders", "schema": {"type": "object"}, "key_properties": ["id"]},
            SchemaMessage("orders", {"type": "object"}, ("id",)),
        ),
        (
            {"type": "SCHEMA", "stream": "orders", "schema": {}, "key_properties": "id"},
            SchemaMessage("orders", {}, ("id",)),
        ),
        ({"type": "SCHEMA", "stream": "orders", "schema": {}}, SchemaMessage("orders", {}, ())),
        ({"type": "STATE", "value": {"bookmarks": {"orders": 7}}}, StateMessage({"bookmarks": {"orders": 7}})),
        ({"type": "STATE", "value": None}, StateMessage(None)),
        ({"type": "ACTIVATE_VERSION", "stream": "orders", "version": 3}, ActivateVersionMessage("orders")),
    ],
)
def test_a_message_is_read(message: dict[str, Any], expected: Message) -> None:
    assert parse(line(**message)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"Starting up...", messages.TAP_TEXT_NOT_JSON),
        (b'{"type": "RECORD", "stream": "orders", "rec', messages.TAP_TEXT_NOT_JSON),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[1]", "JSON that is not an object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"type": "RECORD", "stream": "s", "record": {"n": ' + b"9" * 5_000 + b"}}", "thousands of digits"),
        (line(record={}), messages.TAP_NO_MESSAGE_TYPE),
        (line(type=["RECORD"]), messages.TAP_NO_MESSAGE_TYPE),
        (line(type="RECROD"), "the unknown type 'RECROD'"),
        (line(type="RECORD", record={}), "RECORD message without 'stream'"),
        (line(type="RECORD", stream="", record={}), "RECORD message without 'stream'"),
        (line(type="RECORD", stream="orders", record=[1]), "'record' is not an object"),
        (line(type="RECORD", stream="orders"), "'record' is not an object"),
        (line(type="SCHEMA", stream="orders", schema="{}"), "'schema' is not an object"),
        (line(type="SCHEMA", stream="orders", schema={}, key_properties=[1]), "'key_properties' is not a list"),
        (line(type="ACTIVATE_VERSION"), "ACTIVATE_VERSION message without 'stream'"),
        (line(type="BATCH", stream="orders", manifest=["f.gz"]), f"{messages.TAP_BATCH_MESSAGE}: remove batch_config"),
    ],
)
def test_what_is_no_message_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(InvalidMessageError, match=reason):
        parse(text)


def test_no_digit_of_a_number_is_lost() -> None:
    message = parse(b'{"type": "RECORD", "stream": "s", "record": {"n": 12345678901234567890.123456789, "i": 7}}')
    assert isinstance(message, RecordMessage)
    assert message.record == {"n": Decimal("12345678901234567890.123456789"), "i": 7}


def test_a_state_can_be_written_as_json_again() -> None:
    message = parse(b'{"type": "STATE", "value": {"since": 1.5}}')
    assert isinstance(message, StateMessage)
    assert json.dumps(message.value) == '{"since": 1.5}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH"]) | json_values},
    optional=dict.fromkeys(("stream", "record", "schema", "key_properties", "value", "time_extracted"), json_values),
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()) | messages.map(lambda m: line(**m)))
@example(b'{"type": "STATE", "value": "\\ud800"}')
@example(b'{"type": "RECORD", "stream": "s", "record": {}, "time_extracted": "0001-01-01T00:00:00+23:59"}')
def test_any_line_is_a_message_or_refused(text: bytes) -> None:
    try:
        message = parse(text)
    except InvalidMessageError as error:
        assert str(error)  # noqa: PT017 - whether it is raised is what varies
    else:
        assert isinstance(message, Message)
