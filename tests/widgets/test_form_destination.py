"""The form that creates a destination, or changes one."""

import pytest
from form_cards import HOST, TEXT, card, prop
from form_page import Account, Page, Wire

from stitchnb.errors import InvalidInputError, InvalidValuesError
from stitchnb.models import Destination
from stitchnb.widgets import DestinationForm

TUNNEL = {"type": "string", "pattern": "^(ssh|none)$"}
POSTGRES = card(
    prop("host", HOST, required=True),
    prop("password", TEXT, required=True, is_credential=True),
    prop("ssl", {"type": "boolean"}, required=True),
    prop("encryption_host", HOST),
    prop("encryption_type", TUNNEL, required=True),
    type="postgres",
    later=["fully_configured"],
)
VALUES = {"host": "db.example.com", "password": "key-4711", "ssl": True, "encryption_type": "none"}


@pytest.fixture
def account() -> Account:
    return Account(POSTGRES)


def test_it_creates_a_destination(account: Account, wire: Wire) -> None:
    form = DestinationForm(account, "postgres", name="Warehouse", values={**VALUES, "encryption_host": "b.example.com"})
    page = Page(form, wire)
    page.type("description", "Where all lands")
    page.press()
    assert account.created == [
        {
            "type": "postgres",
            "name": "Warehouse",
            "description": "Where all lands",
            "ignore_unmapped_sources": False,
            "properties": {
                "host": "db.example.com",
                "password": "key-4711",
                "ssl": "true",
                "encryption_type": "none",
            },
        }
    ]
    assert form.destination is not None
    assert form.destination.id == 155
    assert page.state["locked"]
    assert page.state["notice"]["text"] == "Created destination 155: Warehouse. Stitch now checks the connection."
    assert repr(form) == "DestinationForm('postgres', created destination 155)"
    assert not wire.holds("4711")


def test_name_and_description_may_be_left_out(account: Account) -> None:
    DestinationForm(account, "postgres", values=VALUES, ignore_unmapped_sources=True).submit()
    assert account.created[0]["ignore_unmapped_sources"] is True
    assert "name" not in account.created[0]


def test_name_and_description_stand_apart_from_what_is_required(account: Account) -> None:
    form = DestinationForm(account, "postgres")
    first, required, *_ = form._spec["groups"]
    assert (first["title"], [field["name"] for field in first["fields"]]) == (
        "Name and description",
        ["name", "description"],
    )
    assert required["title"] == "Required"
    assert not any("required" in field for field in first["fields"])


def test_a_destination_ends_ready_to_take_rows_and_has_no_schedule(account: Account, wire: Wire) -> None:
    notes = [step["note"] for step in Page(DestinationForm(account, "postgres"), wire).state["steps"]]
    assert notes[-1] == "Ready for rows"
    assert "runs on schedule" not in notes


def test_a_tunnel_is_only_asked_for_where_one_is_wanted(account: Account) -> None:
    form = DestinationForm(account, "postgres", values=VALUES)
    assert form["encryption_host"].hidden
    form["encryption_type"].value = "ssh"
    assert not form["encryption_host"].hidden
    names = [field["name"] for field in form._spec["groups"][1]["fields"]]
    # What a tunnel needs stands right behind what asks for one.
    assert names[-2:] == ["encryption_type", "encryption_host"]


def test_nothing_is_sent_while_anything_is_in_the_way(account: Account) -> None:
    with pytest.raises(InvalidValuesError, match="The destination was not sent"):
        DestinationForm(account, "postgres").submit()
    assert account.created == []


def test_it_changes_a_destination(account: Account) -> None:
    report_card = POSTGRES.to_dict()
    for one in report_card["steps"][0]["properties"]:
        one["provided"] = one["name"] != "encryption_host"
    told = {"host": "db.example.com", "ssl": "true", "encryption_type": "none"}
    destination = Destination(
        {"id": 155, "type": "postgres", "name": "Warehouse", "properties": told, "report_card": report_card}
    )
    form = DestinationForm(account, destination=destination)
    assert form.errors == {}
    assert "name" not in form
    form["host"].value = "db2.example.com"
    form.submit()
    assert account.updated == [{"id": 155, "properties": {"host": "db2.example.com"}}]
    with pytest.raises(InvalidInputError, match="There are no changes to save"):
        form.submit()
    with pytest.raises(InvalidInputError, match="can't change the name of a destination"):
        DestinationForm(account, destination=destination, name="Other")


def test_either_a_type_or_a_destination_is_given(account: Account) -> None:
    with pytest.raises(InvalidInputError, match="either the type"):
        DestinationForm(account)
