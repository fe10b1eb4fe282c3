"""What a source type is, as far as its report card tells: its kind, and whether this account may use it."""

from __future__ import annotations

from enum import StrEnum

from stitchnb.models.report_card import ReportCard


class TypeKind(StrEnum):
    """Where a source type's rows come from."""

    DATABASE = "database"
    FILES = "files"
    SERVICE = "service"
    PUSH = "push"


KIND_TITLES = {
    TypeKind.DATABASE: "Database",
    TypeKind.FILES: "Files",
    TypeKind.SERVICE: "Service",
    TypeKind.PUSH: "Pushed to Stitch",
}


def type_kind(card: ReportCard) -> TypeKind:
    """Tell a source type's kind from what its report card asks for.

    Files lie in a bucket or at a path, a database is reached by host and port; what has a form without any property and
    discovers nothing is pushed to. Everything else is a service, and so is a card that tells nothing.
    """
    asked = {prop.name for prop in card.properties if not prop.is_read_only}
    if asked & {"bucket", "path"}:
        return TypeKind.FILES
    if {"host", "port"} <= asked:
        return TypeKind.DATABASE
    if card.steps and not card.steps[0].properties and card.step("discover_schema") is None:
        return TypeKind.PUSH
    return TypeKind.SERVICE


def access_error(card: ReportCard) -> str | None:
    """Say why no source of this type can be created in this account, and what to use instead; None where one can.

    Parameters
    ----------
    card
        As the source-types endpoints give it: they alone tell the details.
    """
    instead = f" Its successor is {card.upgrade_available}." if card.upgrade_available else ""
    if card.details.access is False:
        return f"This account may not use source type {card.type_name!r} (access is false).{instead}"
    if not card.steps:
        return f"Source type {card.type_name!r} has no steps: it cannot be created by the API.{instead}"
    return None
