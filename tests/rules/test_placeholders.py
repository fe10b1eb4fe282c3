"""What stands greyed in an empty input is an example that would be right there, and the one that words give."""

import json
from typing import Any

import pytest
from form_cards import DIGITS, HOST, MIDNIGHT, TEXT, as_property, prop

from stitchnb.models import Property, ReportCard
from stitchnb.rules.report_cards.labels import placeholder
from stitchnb.rules.report_cards.properties import help_text, missing_error, properties_errors, value_error
from stitchnb.rules.schema.examples import example_for
from stitchnb.rules.schema.inputs import InputKind, describe
from stitchnb.sandbox import catalog

CARDS = [ReportCard(card) for card in (*catalog.source_types().values(), *catalog.destination_types().values())]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.type_name)
def test_a_placeholder_is_an_example_that_the_property_takes(card: ReportCard) -> None:
    for one in card.properties:
        wanted = describe(one, card.type_name)
        example = placeholder(one.name, wanted)
        if example:
            value = json.loads(example) if wanted.kind is InputKind.JSON else example
            assert value_error(one, value) is None, f"{one.name}: {example}"


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.type_name)
def test_words_and_placeholder_give_the_same_example(card: ReportCard) -> None:
    for one in card.properties:
        wanted = describe(one, card.type_name)
        shown = placeholder(one.name, wanted)
        if shown and wanted.kind is not InputKind.TEXT:
            assert f"such as {shown}" in wanted.expected, one.name
            assert f"such as {shown}" in (value_error(one, "", card.type_name) or "")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.type_name)
def test_no_port_asks_for_thirty(card: ReportCard) -> None:
    for one in card.properties:
        if one.name.endswith("port"):
            assert describe(one, card.type_name).example in ("22", "443", "1433", "3306", "5432", "5439", "27017")


@pytest.mark.parametrize(
    ("type_name", "port"),
    [
        ("platform.hp-mysql", "3306"),
        ("platform.hp-postgres", "5432"),
        ("platform.heroku_pg", "5432"),
        ("platform.hp-cloudsql-postgres", "5432"),  # the server's name, not the service's
        ("platform.hp-cloudsql", "3306"),
        ("redshift", "5439"),
        ("platform.nobody-knows", "5432"),
        ("", "5432"),
    ],
)
def test_a_port_is_the_one_of_its_type(type_name: str, port: str) -> None:
    asked = Property(prop("port", DIGITS, required=True))
    assert example_for("port", type_name) == port
    assert placeholder("port", describe(asked, type_name)) == port
    assert missing_error(asked, type_name) == f"Required: a whole number, such as {port}."
    assert value_error(asked, "x", type_name) == f"Expected a whole number, such as {port}."
    card = ReportCard({"type": type_name, "steps": [{"type": "form", "properties": [asked.to_dict()]}]})
    assert properties_errors(card, {"port": "x"}) == {"port": f"Expected a whole number, such as {port}."}


def test_a_property_says_the_same_whoever_asked_before() -> None:
    asked = Property(prop("port", DIGITS))
    assert [describe(asked, name).example for name in ("", "mysql", "", "mysql")] == ["5432", "3306", "5432", "3306"]


def test_an_example_by_name_is_only_given_where_the_schema_takes_it() -> None:
    few = {"type": "integer", "minimum": 1, "maximum": 5}
    assert describe(Property(prop("port", few))).expected == "a whole number from 1 to 5, such as 1"
    assert describe(Property(prop("endpoint", HOST))).example == "db.example.com"
    assert help_text(Property(prop("endpoint", HOST))).startswith("A host name or an IP address, such as db.example")


def test_a_credential_and_a_day_have_no_placeholder() -> None:
    assert placeholder("user", describe(as_property(TEXT, is_credential=True))) == ""
    assert placeholder("start_date", describe(as_property(MIDNIGHT))) == ""
    assert placeholder("subdomain", describe(as_property(TEXT))) == "acme"


def test_a_text_that_takes_anything_is_not_told_by_an_example() -> None:
    wanted: Any = describe(Property(prop("subdomain", TEXT)))
    assert (wanted.expected, wanted.example) == ("any text", "")
