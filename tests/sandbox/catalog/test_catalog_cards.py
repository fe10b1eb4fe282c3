"""Report cards are told as the API tells them."""

import json
from importlib.resources import files
from typing import Any

import pytest
from catalog_digests import DESTINATION_TYPES, SOURCE_TYPES, fingerprint
from jsonschema import Draft202012Validator

from stitchnb.sandbox import catalog
from stitchnb.sandbox.catalog import cards
from stitchnb.sandbox.catalog.tables import CatalogError

MIDNIGHT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T00:00:00Z$"}
MINUTES = {"type": "string", "pattern": "^1$|^30$|^60$|^360$|^720$|^1440$"}
MOMENT = {"type": "string", "format": "date-time"}
NUMBER = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\d+"}]}
TEXT = {"type": "string"}


def given(name: str, required: bool, schema: Any, *, credential: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "is_required": required,
        "is_credential": credential,
        "system_provided": False,
        "property_type": "user_provided",
        "json_schema": schema,
        "provided": False,
        "tap_mutable": False,
    }


RECURLY: dict[str, Any] = {
    "type": "platform.recurly",
    "current_step": 1,
    "current_step_type": "form",
    "steps": [
        {
            "type": "form",
            "properties": [
                given("anchor_time", False, MOMENT),
                given("cron_expression", False, None),
                given("frequency_in_minutes", False, MINUTES),
                {
                    "name": "image_version",
                    "is_required": True,
                    "is_credential": False,
                    "system_provided": True,
                    "property_type": "read_only",
                    "json_schema": None,
                    "provided": False,
                    "tap_mutable": False,
                },
                given("start_date", True, MIDNIGHT),
                given("api_key", True, TEXT, credential=True),
                given("subdomain", True, TEXT),
                given("quota_limit", True, NUMBER),
            ],
        },
        {"type": "discover_schema", "properties": []},
        {"type": "field_selection", "properties": []},
        {"type": "fully_configured", "properties": []},
    ],
    "details": {
        "pricing_tier": "standard",
        "pipeline_state": "released",
        "default_start_date": "-1 year",
        "default_scheduling_interval": 60,
        "protocol": "platform.recurly",
        "access": True,
    },
}


def test_the_card_of_recurly_is_the_one_of_the_guide() -> None:
    assert catalog.source_type("platform.recurly") == RECURLY


def test_the_list_tells_two_things_more_than_the_card_of_one_type() -> None:
    listed = catalog.source_type("platform.recurly", listed=True)
    assert listed == {
        **RECURLY,
        "details": {**RECURLY["details"], "image_version": "1.latest"},
        "upgrade_available": None,
    }
    assert listed == catalog.source_types()["platform.recurly"]


@pytest.mark.parametrize("source_type", SOURCE_TYPES)
def test_every_source_type_is_the_documented_one(source_type: str) -> None:
    assert fingerprint(catalog.source_types()[source_type]) == SOURCE_TYPES[source_type]


@pytest.mark.parametrize("destination_type", DESTINATION_TYPES)
def test_every_destination_type_is_the_documented_one(destination_type: str) -> None:
    assert fingerprint(catalog.destination_type(destination_type)) == DESTINATION_TYPES[destination_type]


def test_types_are_told_in_the_order_of_the_api() -> None:
    assert list(catalog.source_types()) == list(SOURCE_TYPES)
    assert list(catalog.destination_types()) == list(DESTINATION_TYPES)
    assert (len(catalog.source_types()), len(catalog.destination_types())) == (70, 6)


@pytest.mark.parametrize(
    ("source_type", "step", "step_type", "why"),
    [
        ("platform.recurly", 1, "form", "the form asks for something"),
        ("import_api", 2, "fully_configured", "the form asks for nothing and nothing else is asked"),
        ("webhook.segment", 2, "oauth", "the form asks for nothing, the authorisation does"),
    ],
)
def test_a_card_begins_at_the_first_step_that_asks_for_something(
    source_type: str, step: int, step_type: str, why: str
) -> None:
    card = catalog.source_type(source_type)
    assert (card["current_step"], card["current_step_type"]) == (step, step_type), why


def test_old_types_have_details_and_no_steps() -> None:
    old = [name for name, card in catalog.source_types().items() if "steps" not in card]
    assert len(old) == 10
    assert set(catalog.source_types()["hubspot"]) == {"type", "details", "upgrade_available"}
    assert set(catalog.source_type("hubspot")) == {"type", "details"}


@pytest.mark.parametrize("types", [catalog.source_types, catalog.destination_types])
def test_nothing_is_provided_before_anybody_gave_it_and_every_schema_is_one(types: Any) -> None:
    for card in types().values():
        for step in card.get("steps", []):
            for form_property in step["properties"]:
                assert form_property["provided"] is False
                Draft202012Validator.check_schema(form_property["json_schema"] or {})


def test_a_card_that_was_taken_out_can_be_changed_without_harm() -> None:
    card = catalog.source_types()["platform.recurly"]
    card["steps"][0]["properties"][5]["json_schema"]["type"] = "integer"
    card["details"]["access"] = False
    assert catalog.source_type("platform.recurly") == RECURLY


def test_one_schema_is_not_shared_between_properties() -> None:
    first, second = catalog.source_types()["platform.recurly"]["steps"][0]["properties"][5:7]
    assert first["json_schema"] == second["json_schema"]
    assert first["json_schema"] is not second["json_schema"]


def test_cards_go_over_the_wire() -> None:
    assert json.loads(json.dumps(dict(catalog.source_types()))) == dict(catalog.source_types())


def test_an_unknown_type_is_a_key_error() -> None:
    assert "platform.nobody" not in catalog.source_types()
    with pytest.raises(KeyError, match=r"platform\.nobody"):
        catalog.source_type("platform.nobody")
    with pytest.raises(KeyError, match="tape"):
        catalog.destination_type("tape")


def test_a_word_that_says_nothing_is_named_with_its_entry() -> None:
    table = {"properties": {}, "groups": {}}
    with pytest.raises(CatalogError, match=r"platform\.new: token optonal.*'optonal'"):
        cards._source_card("platform.new", {"form": ["token optonal"]}, table)


def test_a_new_type_is_one_new_entry() -> None:
    table = {"properties": {"token": "secret"}, "groups": {"keys": ["token", "region optional advanced"]}}
    card = cards._source_card("platform.new", {"form": ["@keys"], "pipeline_state": "alpha"}, table)
    token, region = card["steps"][0]["properties"]
    assert (token["name"], token["is_credential"], token["is_required"]) == ("token", True, True)
    assert (region["property_type"], region["is_required"], region["json_schema"]) == (
        "user_provided_advanced",
        False,
        TEXT,
    )
    assert [step["type"] for step in card["steps"]] == [
        "form",
        "discover_schema",
        "field_selection",
        "fully_configured",
    ]
    assert card["details"]["access"] is False


def test_the_data_travels_in_the_package_and_stays_small() -> None:
    sizes = [len(file.read_bytes()) for file in files("stitchnb.sandbox.catalog").joinpath("data").iterdir()]
    assert len(sizes) > 10
    assert sum(sizes) < 100_000
