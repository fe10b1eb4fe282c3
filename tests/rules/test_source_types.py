"""What a source type is, as its report card tells."""

from typing import Any

import pytest
from form_cards import HOST, TEXT, card, prop

from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.products import TypeKind, access_error, type_kind

KINDS: list[tuple[str, ReportCard, TypeKind]] = [
    ("host and port", card(prop("host", HOST), prop("port"), prop("password", TEXT)), TypeKind.DATABASE),
    ("a host alone is an address like others", card(prop("host", HOST), prop("api_key", TEXT)), TypeKind.SERVICE),
    ("a bucket", card(prop("bucket", TEXT), prop("search_prefix", TEXT)), TypeKind.FILES),
    ("files on a server", card(prop("host", HOST), prop("port"), prop("path", TEXT)), TypeKind.FILES),
    ("a form without anything, and nothing to discover", card(later=["fully_configured"]), TypeKind.PUSH),
    ("the same with access to grant", card(later=["oauth", "fully_configured"]), TypeKind.PUSH),
    ("nothing asked, but streams to discover", card(), TypeKind.SERVICE),
    ("no discovery, but something asked", card(prop("token", TEXT), later=["fully_configured"]), TypeKind.SERVICE),
    ("an old type tells nothing", ReportCard({"details": {"protocol": "zendesk"}}), TypeKind.SERVICE),
    (
        "what Stitch sets itself does not count",
        card(prop("host", HOST, property_type="read_only"), prop("port", property_type="read_only")),
        TypeKind.SERVICE,
    ),
]


@pytest.mark.parametrize(("why", "report_card", "kind"), KINDS, ids=[why for why, _, _ in KINDS])
def test_the_kind_comes_from_what_is_asked_for(why: str, report_card: ReportCard, kind: TypeKind) -> None:
    assert type_kind(report_card) is kind


ACCESS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"details": {"access": None}}, None),
    ({"details": {"access": False}}, "This account may not use source type 'platform.x' (access is false)."),
    (
        {"details": {"access": False}, "upgrade_available": {"type": "platform.y"}},
        "This account may not use source type 'platform.x' (access is false). Its successor is platform.y.",
    ),
    ({"steps": []}, "Source type 'platform.x' has no steps: it cannot be created by the API."),
]


@pytest.mark.parametrize(("told", "error"), ACCESS)
def test_what_cannot_be_created_says_why_and_what_to_use_instead(told: dict[str, Any], error: str | None) -> None:
    whole = {"type": "platform.x", "steps": [{"type": "form", "properties": []}], **told}
    assert access_error(ReportCard(whole)) == error
