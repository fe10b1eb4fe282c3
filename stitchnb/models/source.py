"""Sources: a connection to a place that data comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stitchnb.models._base import Model, attr, frozen_or_empty, one
from stitchnb.models._times import parse_time
from stitchnb.models.report_card import ReportCard
from stitchnb.models.schedule import Schedule


class Source(Model):
    """One source of the account, as Stitch last told it."""

    id = attr[int]("id", default=0)
    name = attr[str]("name", default="", doc="Fixed for ever: the schema in the destination.")
    display_name = attr[str]("display_name", default="")
    type = attr[str]("type", default="")
    properties = attr[Mapping[str, Any]](
        "properties", default={}, read=frozen_or_empty, doc="What was given, without credentials."
    )
    schedule = attr[Schedule | None]("schedule", read=one(Schedule), doc="None while paused, deleted or unfinished.")
    report_card = attr[ReportCard]("report_card", default={}, read=one(ReportCard))
    check_job_name = attr[str | None]("check_job_name")
    stitch_client_id = attr[int | None]("stitch_client_id")
    created_at = attr[datetime | None]("created_at", read=parse_time)
    updated_at = attr[datetime | None]("updated_at", read=parse_time)
    paused_at = attr[datetime | None]("paused_at", read=parse_time)
    system_paused_at = attr[datetime | None]("system_paused_at", read=parse_time)
    deleted_at = attr[datetime | None]("deleted_at", read=parse_time)

    _summary = ("id", "name", "type", "state")

    @property
    def state(self) -> str:
        """One word for where it stands: ``deleted``, ``paused``, or its current step's type."""
        # From the wire: a long list is asked for nothing but this, and needs no model of every report card for it.
        wire = self._wire
        if wire.get("deleted_at"):
            return "deleted"
        if wire.get("paused_at") or wire.get("system_paused_at"):
            return "paused"
        card = wire.get("report_card")
        return str(card.get("current_step_type") or "unknown") if isinstance(card, dict) else "unknown"
