"""Schedules: when a source's next extraction starts."""

from __future__ import annotations

from datetime import datetime

from stitchnb.models._base import Model, attr
from stitchnb.models._times import parse_time


class Schedule(Model):
    """When extractions start; not when rows land."""

    type = attr[str | None]("type", doc="``interval`` or ``cron``.")
    unit = attr[str | None]("unit", doc="``minute``.")
    interval = attr[float | None]("interval", doc="In units: minutes.")
    cron_expression = attr[str | None]("cron_expression", doc="Quartz cron, UTC.")
    next_fire_time = attr[datetime | None]("next_fire_time", read=parse_time, doc="Aware, UTC.")

    _summary = ("type", "interval", "cron_expression", "next_fire_time")
