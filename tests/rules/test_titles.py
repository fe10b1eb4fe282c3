"""Types are called what their makers call them."""

import pytest

from stitchnb.rules.report_cards.labels import other_names, type_title


@pytest.mark.parametrize(
    ("type_name", "title", "why"),
    [
        ("platform.google-ads", "Google Ads", "a capital for each word, as most write themselves"),
        ("hubspot", "HubSpot", "old types are named without a platform"),
        ("platform.github", "GitHub", "a capital inside"),
        ("platform.linkedin-ads", "LinkedIn Ads", "a capital inside of the first of two words"),
        ("platform.hp-mysql", "HP MySQL", "an acronym, and a capital inside"),
        ("mssql_server", "Microsoft SQL Server", "an abbreviation"),
        ("platform.deskdotcom", "Desk.com", "the name of a type has no dot"),
        ("azure_sqldw", "Azure SQL Data Warehouse", "a destination's"),
        ("webhook.sparkpost", "SparkPost", "not of the platform"),
        ("platform.somebody-new", "Somebody New", "a type that nobody has heard of"),
        ("platform.", "platform.", "no name at all"),
    ],
)
def test_a_type_is_titled_as_its_product_is_written(type_name: str, title: str, why: str) -> None:
    assert type_title(type_name) == title, why


@pytest.mark.parametrize(
    ("type_name", "name"),
    [
        ("platform.hp-postgres", "PostgreSQL"),
        ("mssql_server", "SQL Server"),
        ("platform.facebook", "Facebook Ads"),
        ("platform.google-analytics", "GA"),
        ("platform.google-ads", "AdWords"),
    ],
)
def test_a_type_is_looked_for_by_other_names_of_its_product_too(type_name: str, name: str) -> None:
    assert name in other_names(type_name)


@pytest.mark.parametrize("type_name", ["platform.somebody-new", "platform.google-sheets-new", "platform."])
def test_a_product_does_not_get_the_names_of_another(type_name: str) -> None:
    assert "AdWords" not in other_names(type_name)
