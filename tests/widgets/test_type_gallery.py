"""A gallery of source types: what can be chosen, and what to choose instead."""

from collections.abc import Iterator
from typing import Any

import pytest
from form_cards import HOST, card, prop
from panel_page import say

import stitchnb
from stitchnb.errors import InvalidInputError, StitchError, UnknownSourceTypeError
from stitchnb.models import ReportCard
from stitchnb.widgets.gallery import TypeGallery

OLD = ReportCard(
    {
        "type": None,
        "details": {"protocol": "zendesk", "access": False, "pipeline_state": "deprecated"},
        "upgrade_available": {"type": "platform.zendesk"},
    }
)
CARDS = [
    card(type="platform.zendesk", pipeline_state="beta"),
    card(prop("host", HOST), prop("port"), type="platform.hp-postgres"),
    card(type="platform.mambu", access=False, pricing_tier="enterprise"),
    card(type="platform.new", access=False, pipeline_state="alpha"),
    OLD,
]


class Chosen:
    """What a gallery called."""

    def __init__(self, cards: list[ReportCard]) -> None:
        self.types: list[str] = []
        self.errors: list[StitchError] = []
        self.gallery = TypeGallery(
            cards, on_choose=lambda one: self.types.append(one.type_name), on_error=self.errors.append
        )

    def tile(self, type: str) -> dict[str, Any]:
        return next(tile for tile in self.gallery._content["types"] if tile["type"] == type)


@pytest.fixture
def chosen() -> Chosen:
    return Chosen(CARDS)


def test_a_tile_tells_name_kind_and_state(chosen: Chosen) -> None:
    assert chosen.tile("platform.hp-postgres") == {
        "type": "platform.hp-postgres",
        "title": "HP Postgres",
        "kind": "database",
        "state": "released",
        "tone": "mute",
        "also": ["PostgreSQL", "Postgre SQL", "pg", "psql"],
    }
    assert [tile["title"] for tile in chosen.gallery._content["types"]] == [
        *("HP Postgres", "Mambu", "New", "Zendesk", "Zendesk")
    ]
    assert chosen.gallery._content["kinds"] == [["database", "Database"], ["service", "Service"]]


@pytest.mark.parametrize(
    ("type", "why", "tier"),
    [
        ("zendesk", "Deprecated. New sources can't be created.", None),
        ("platform.mambu", "Not in this account's plan.", "enterprise"),
        ("platform.new", "In alpha. Ask Stitch for access.", None),
        ("platform.zendesk", None, None),
    ],
)
def test_what_cannot_be_chosen_says_why(chosen: Chosen, type: str, why: str | None, tier: str | None) -> None:
    tile = chosen.tile(type)
    assert (tile.get("refusal"), tile.get("tier")) == (why, tier)


def test_a_deprecated_type_points_to_its_successor(chosen: Chosen) -> None:
    assert chosen.tile("zendesk")["upgrade"] == {"type": "platform.zendesk", "title": "Zendesk"}
    assert "upgrade" not in Chosen([OLD]).tile("zendesk"), "a successor that is not there leads nowhere"


def test_choosing_in_the_page_is_choosing_in_code(chosen: Chosen) -> None:
    say(chosen.gallery, "choose", value="platform.zendesk")
    chosen.gallery.choose("platform.hp-postgres")
    assert chosen.types == ["platform.zendesk", "platform.hp-postgres"]


def test_a_type_without_access_is_refused_even_when_the_page_asks_for_it(chosen: Chosen) -> None:
    say(chosen.gallery, "choose", value="zendesk")
    assert chosen.types == []
    assert str(chosen.errors[0]).endswith("(access is false). Its successor is platform.zendesk.")
    with pytest.raises(InvalidInputError, match=r"may not use source type 'platform\.mambu'"):
        chosen.gallery.choose("platform.mambu")


def test_an_unknown_type_offers_the_near_ones(chosen: Chosen) -> None:
    with pytest.raises(UnknownSourceTypeError, match=r"platform\.zendesk"):
        chosen.gallery.choose("platform.zendesc")


@pytest.fixture
def client() -> Iterator[stitchnb.Client]:
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        yield sandbox.client()


def test_every_type_of_the_catalogue_has_a_tile_and_a_row_where_no_script_runs(client: stitchnb.Client) -> None:
    cards = client.source_types.list()
    gallery = Chosen(cards).gallery
    assert {tile["type"] for tile in gallery._content["types"]} == {one.type_name for one in cards}
    assert gallery._repr_mimebundle_()[0]["text/html"].count("<tr>") == len(cards) + 1
    assert repr(gallery) == f"TypeGallery({len(cards)} source types)"
