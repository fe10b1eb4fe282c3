"""What stands greyed in an empty input is an example that would be right there."""

import json
from typing import Any

import pytest
from form_cards import MIDNIGHT, TEXT, as_property

from stitchnb.models import ReportCard
from stitchnb.rules.inputs import InputKind, describe
from stitchnb.rules.placeholders import placeholder
from stitchnb.rules.properties import value_error
from stitchnb.sandbox import catalog


@pytest.mark.parametrize("card", [*catalog.source_types().values(), *catalog.destination_types().values()])
def test_a_placeholder_is_an_example_that_the_property_takes(card: dict[str, Any]) -> None:
    for prop in ReportCard(card).properties:
        example = placeholder(prop.name, describe(prop))
        if example:
            value = json.loads(example) if describe(prop).kind is InputKind.JSON else example
            assert value_error(prop, value) is None, f"{prop.name}: {example}"


def test_a_credential_and_a_day_have_no_placeholder() -> None:
    assert placeholder("user", describe(as_property(TEXT, is_credential=True))) == ""
    assert placeholder("start_date", describe(as_property(MIDNIGHT))) == ""
    assert placeholder("subdomain", describe(as_property(TEXT))) == "acme"
