"""Report cards: what must be configured for a type, step by step, and how far a source or destination has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stitchnb._deprecated import Renamed
from stitchnb.models.base import Model, _frames, attr, frozen, many, one

if TYPE_CHECKING:
    import pandas as pd


class Property(Model):
    """One property of a connection step: an input of its form."""

    name = attr[str]("name", default="")
    is_required = attr[bool]("is_required", default=False)
    is_credential = attr[bool]("is_credential", default=False, doc="Its value is never given back by the API.")
    system_provided = attr[bool]("system_provided", default=False)
    property_type = attr[str](
        "property_type",
        default="user_provided",
        doc="``user_provided``, ``user_provided_advanced``, ``user_provided_immutable``, "
        "``system_provided_by_default`` or ``read_only``; others may come.",
    )
    json_schema = attr[Mapping[str, Any] | None]("json_schema", read=frozen, doc="None: anything goes.")
    provided = attr[bool]("provided", default=False)
    tap_mutable = attr[bool | None]("tap_mutable", doc="None for destinations, which have no such thing.")

    _summary = ("name", "property_type", "is_required", "provided")

    @property
    def is_read_only(self) -> bool:
        """Stitch's own: shown, never sent."""
        return self.property_type == "read_only"

    @property
    def is_user_required(self) -> bool:
        """Must the user supply it? Required, and neither read-only nor supplied by Stitch by default."""
        return self.is_required and self.property_type not in ("read_only", "system_provided_by_default")

    is_asked_for = Renamed("is_user_required")


class ConnectionStep(Model):
    """One step on the way to a configured source or destination."""

    type = attr[str](
        "type",
        default="",
        doc="``form``, ``oauth``, ``profile``, ``discover_schema``, ``field_selection`` or ``fully_configured``.",
    )
    properties = attr[tuple[Property, ...]]("properties", default=(), read=many(Property))

    _summary = ("type",)


class TypeDetails(Model):
    """What a type is and whether this account may use it."""

    access = attr[bool | None]("access")
    pricing_tier = attr[str | None]("pricing_tier", doc="``standard`` or ``enterprise``.")
    pipeline_state = attr[str | None]("pipeline_state", doc="``alpha``, ``beta``, ``released`` or ``deprecated``.")
    default_start_date = attr[str | None]("default_start_date", doc="Such as ``-1 year`` or ``-30 days``.")
    default_scheduling_interval = attr[int | None]("default_scheduling_interval", doc="Minutes.")
    protocol = attr[str | None]("protocol")
    image_version = attr[str | None]("image_version")

    _summary = ("access", "pipeline_state")


def _upgrade(value: Any) -> str | None:
    return value.get("type") if isinstance(value, Mapping) else None


class ReportCard(Model):
    """What must be configured, step by step, and how far it has come.

    Old types have no steps; they are ordinary otherwise.
    """

    type = attr[str | None]("type")
    current_step = attr[int | None]("current_step", doc="Counted from 1.")
    current_step_type = attr[str | None]("current_step_type")
    steps = attr[tuple[ConnectionStep, ...]]("steps", default=(), read=many(ConnectionStep))
    details = attr[TypeDetails]("details", default={}, read=one(TypeDetails))
    upgrade_available = attr[str | None]("upgrade_available", read=_upgrade, doc="The type that replaces this one.")

    _summary = ("type", "current_step_type")

    @property
    def type_name(self) -> str:
        """The type, which old types only tell as their details' protocol."""
        return self.type or self.details.protocol or ""

    @property
    def properties(self) -> tuple[Property, ...]:
        """The properties of all steps, in order."""
        return tuple(p for step in self.steps for p in step.properties)

    def step(self, type: str) -> ConnectionStep | None:
        """Find the step of one type; None when this card has no such step."""
        return next((s for s in self.steps if s.type == type), None)

    def to_frame(self) -> pd.DataFrame:
        """Show the properties as a DataFrame.

        Returns
        -------
        DataFrame
            One row per property, in the card's order, with a fresh index. Columns: ``step`` (string), ``property``
            (string), ``required`` (bool), ``credential`` (bool), ``given_by`` (string: ``you``, ``Stitch``, or
            ``Stitch, or you`` where one may bring one's own), ``provided`` (bool), ``accepts`` (string, in words),
            ``property_type`` (string). A card without properties gives the same columns and no row.
        """
        frame: pd.DataFrame = _frames().report_card(self)
        return frame
