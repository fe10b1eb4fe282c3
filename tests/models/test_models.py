"""Models are read-only views of JSON objects that keep whatever the API adds."""

import pickle
from datetime import UTC, datetime

import pytest

from stitchnb import models
from stitchnb.models import (
    ConnectionCheck,
    Extraction,
    Field,
    Load,
    ReportCard,
    Secret,
    Selection,
    Source,
    StreamSchema,
    format_time,
    parse_time,
)


def test_to_dict_gives_back_exactly_what_came() -> None:
    came = {"type": "platform.new", "steps": [{"type": "form", "properties": [], "hint": 7}], "colour": None}

    assert ReportCard.from_dict(came).to_dict() == came


def test_what_the_api_adds_tomorrow_is_kept() -> None:
    source = Source.from_dict({"id": 1, "mood": {"today": "good"}})

    assert source.extra == {"mood": {"today": "good"}}


def test_a_model_does_not_change_with_the_dict_that_it_was_made_from() -> None:
    came = {"id": 1, "properties": {"a": "b"}}
    source = Source.from_dict(came)

    came["properties"]["a"] = "changed"  # type: ignore[index]

    assert source.properties == {"a": "b"}


def test_a_model_cannot_be_changed() -> None:
    source = Source.from_dict({"id": 1, "properties": {"a": "b"}})

    with pytest.raises(AttributeError, match="read-only"):
        source.id = 2  # type: ignore[misc, assignment]
    with pytest.raises(AttributeError, match="read-only"):
        del source.id
    with pytest.raises(TypeError):
        source.properties["a"] = "c"  # type: ignore[index]


def test_missing_keys_are_fine() -> None:
    card = ReportCard.from_dict({})

    assert (card.steps, card.details.access, card.current_step, card.properties) == ((), None, None, ())


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"steps": None}, "null where an array is expected"),
        ({"steps": "form"}, "text where an array is expected"),
        ({"steps": [None, 3]}, "an array of something else"),
        ({"details": []}, "an array where an object is expected"),
        ({"upgrade_available": "platform.x"}, "text where an object is expected"),
    ],
)
def test_odd_values_are_read_without_an_error(odd: dict[str, object], why: str) -> None:
    card = ReportCard.from_dict(odd)

    assert card.steps in ((), None), why
    assert card.upgrade_available is None
    assert card.to_dict() == odd


def test_only_an_object_can_become_a_model() -> None:
    with pytest.raises(TypeError, match="takes a JSON object"):
        Source.from_dict([1])  # type: ignore[arg-type]


def test_models_are_equal_when_the_same_came() -> None:
    assert Source.from_dict({"id": 1}) == Source.from_dict({"id": 1})
    assert Source.from_dict({"id": 1}) != Source.from_dict({"id": 1, "new": 0})
    assert Source.from_dict({"id": 1}) != Load.from_dict({"id": 1})
    assert len({Source.from_dict({"id": 1}), Source.from_dict({"id": 1})}) == 1


def test_a_model_survives_pickling() -> None:
    source = Source.from_dict({"id": 1, "name": "recurly"})

    assert pickle.loads(pickle.dumps(source)) == source


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-03-20T16:06:19Z", datetime(2020, 3, 20, 16, 6, 19, tzinfo=UTC)),
        ("2019-01-07T23:23:08.116Z", datetime(2019, 1, 7, 23, 23, 8, 116000, tzinfo=UTC)),
        ("2020-03-20T18:06:19+02:00", datetime(2020, 3, 20, 16, 6, 19, tzinfo=UTC)),
        ("soon", None),
        (None, None),
        (5, None),
    ],
)
def test_times_are_read_as_aware_datetimes(text: object, moment: datetime | None) -> None:
    assert parse_time(text) == moment


def test_a_naive_datetime_is_never_written() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        format_time(datetime(2020, 1, 1))


@pytest.mark.parametrize(
    ("wire", "state"),
    [
        ({"report_card": {"current_step_type": "field_selection"}}, "field_selection"),
        ({"paused_at": "2019-01-22T18:04:48Z", "report_card": {"current_step_type": "fully_configured"}}, "paused"),
        ({"deleted_at": "2019-01-22T18:04:48Z", "paused_at": "2019-01-22T18:04:48Z"}, "deleted"),
        ({}, "unknown"),
    ],
)
def test_a_source_says_in_one_word_where_it_stands(wire: dict[str, object], state: str) -> None:
    assert Source.from_dict(wire).state == state


def test_the_schema_of_a_stream_travels_as_text() -> None:
    schema = StreamSchema.from_dict(
        {
            "schema": '{"properties": {"id": {"type": ["null", "integer"]}, '
            '"at": {"type": "string", "format": "date-time"}}}',
            "metadata": [
                {"breadcrumb": [], "metadata": {"table-key-properties": ["id"], "valid-replication-keys": ["at"]}},
                {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}},
            ],
        }
    )

    assert [(f.name, f.types, f.roles, f.metadata.inclusion) for f in schema.fields] == [
        ("id", ("integer",), ("primary key",), "automatic"),
        ("at", ("date-time",), ("replication key",), None),
    ]


def test_a_schema_that_cannot_be_read_has_no_fields() -> None:
    assert StreamSchema.from_dict({"schema": "{"}).fields == ()


def test_a_nested_field_has_a_dotted_name() -> None:
    assert Field.from_dict({"breadcrumb": ["properties", "address", "properties", "city"]}).name == "address.city"


def test_a_selection_is_written_as_the_api_wants_it() -> None:
    selection = Selection.of("accounts", {(): {"selected": True}, ("properties", "code"): {"selected": True}})

    assert selection.to_dict() == {
        "tap_stream_id": "accounts",
        "metadata": [
            {"breadcrumb": [], "metadata": {"selected": True}},
            {"breadcrumb": ["properties", "code"], "metadata": {"selected": True}},
        ],
    }


@pytest.mark.parametrize(
    ("wire", "failure", "why"),
    [
        ({"discovery_exit_status": 0, "tap_exit_status": 0, "target_exit_status": 0}, None, "all good"),
        ({"discovery_exit_status": 0, "tap_exit_status": 1, "tap_description": "401"}, "tap: 401", "the tap failed"),
        ({"tap_exit_status": 2}, "tap: exit status 2", "failed without a word"),
        ({"tap_description": "Terminated"}, "tap: Terminated", "stopped: no status, but a description"),
    ],
)
def test_an_extraction_says_which_part_failed(wire: dict[str, object], failure: str | None, why: str) -> None:
    assert Extraction.from_dict(wire).failure == failure, why


_DESCRIPTIONS = ("discovery_description", "tap_description", "target_description")


@pytest.mark.parametrize(
    ("wire", "was_stopped", "why"),
    [
        (dict.fromkeys(_DESCRIPTIONS, "Terminated"), True, "as Stitch tells it"),
        ({"discovery_exit_status": 0, "tap_description": "Terminated"}, True, "stopped after its discovery"),
        ({}, False, "nothing went wrong"),
        ({"tap_exit_status": 1, "tap_description": "Terminated"}, False, "a tap that ended badly, with that very word"),
        ({"tap_exit_status": 1, "tap_description": "Connection Terminated"}, False, "a tap that lost its source"),
        (
            {"target_exit_status": 1, "target_description": "no space", "tap_description": "Terminated"},
            False,
            "the target failed, and so the tap was ended",
        ),
    ],
)
def test_an_extraction_was_stopped_when_no_part_of_it_failed(
    wire: dict[str, object], was_stopped: bool, why: str
) -> None:
    assert Extraction.from_dict(wire).was_stopped is was_stopped, why


def test_a_load_says_its_error_in_the_destinations_words() -> None:
    load = Load.from_dict({"error_state": {"notification_data": {"warehouse_message": "disk full"}}})

    assert load.failure == "disk full"
    assert Load.from_dict({"error_state": None}).failure is None


def test_a_check_gives_the_first_message_there_is() -> None:
    check = ConnectionCheck.from_dict({"status": "failed", "discovery_error_message": "FATAL:  no"})

    assert (check.message, check.is_finished, check.succeeded) == ("FATAL:  no", True, False)


def test_a_secret_travels_as_itself_and_shows_as_a_mask() -> None:
    secret = Secret("s3cr3t")

    shown = [repr(secret), str(secret), f"{secret}", f"{secret!s:>12}", f"{[secret]}"]
    shown += ["%s" % secret, "{}".format(secret)]  # noqa: UP031, UP032 - every way of formatting is tried
    assert not any("s3cr3t" in text for text in shown)
    assert secret == "s3cr3t"
    assert "Bearer " + secret == "Bearer s3cr3t"
    assert secret.reveal() == "s3cr3t"
    assert b"s3cr3t" not in pickle.dumps(secret)


def test_every_public_name_of_models_is_there() -> None:
    assert models.__all__ == sorted(models.__all__)
    assert all(hasattr(models, name) for name in models.__all__)


def test_a_secret_of_a_secret_holds_the_same() -> None:
    assert Secret(Secret("abc")).reveal() == "abc"


def test_the_old_name_of_a_required_property_still_works() -> None:
    required = models.Property({"name": "host", "is_required": True})
    with pytest.warns(DeprecationWarning, match="is_user_required"):
        assert required.is_asked_for is True
