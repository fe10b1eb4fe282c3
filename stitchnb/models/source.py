"""Sources: a connection to a place that data comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stitchnb.models.base import Model, attr, frozen_or_empty, one, parse_time
from stitchnb.models.report_card import ReportCard


class ConnectionCheck(Model):
    """A test of the properties and, for sources, the discovery of streams and fields.

    Exit statuses are None while it runs, 0 when that part was good, anything else when it failed.
    """

    name = attr[str]("name", default="")
    mode = attr[str | None]("mode")
    status = attr[str]("status", default="unknown", doc="``running``, ``succeeded`` or ``failed``.")
    start_time = attr[datetime | None]("start_time", read=parse_time)
    completion_time = attr[datetime | None]("completion_time", read=parse_time)
    error = attr[bool]("error", default=False)
    check_exit_status = attr[int | None]("check_exit_status")
    discovery_exit_status = attr[int | None]("discovery_exit_status")
    discovery_error_message = attr[str | None]("discovery_error_message")
    tap_exit_status = attr[int | None]("tap_exit_status")
    tap_error_message = attr[str | None]("tap_error_message")
    target_exit_status = attr[int | None]("target_exit_status")
    target_error_message = attr[str | None]("target_error_message")

    _summary = ("status", "message")

    @property
    def is_finished(self) -> bool:
        """It is finished."""
        return self.status != "running"

    @property
    def succeeded(self) -> bool:
        """The properties connect and the streams were found."""
        return self.status == "succeeded"

    @property
    def message(self) -> str | None:
        """The first error message there is."""
        return self.discovery_error_message or self.tap_error_message or self.target_error_message


class Schedule(Model):
    """When extractions start; not when rows land."""

    type = attr[str | None]("type", doc="``interval`` or ``cron``.")
    unit = attr[str | None]("unit", doc="``minute``.")
    interval = attr[float | None]("interval", doc="In units: minutes.")
    cron_expression = attr[str | None]("cron_expression", doc="Quartz cron, UTC.")
    next_fire_time = attr[datetime | None]("next_fire_time", read=parse_time, doc="Aware, UTC.")

    _summary = ("type", "interval", "cron_expression", "next_fire_time")


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
