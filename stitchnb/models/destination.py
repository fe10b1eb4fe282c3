"""Destinations: where rows land."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stitchnb.models.base import Model, attr, frozen_or_empty, one, parse_time
from stitchnb.models.report_card import ReportCard


class Destination(Model):
    """One destination of the account."""

    id = attr[int]("id", default=0)
    name = attr[str | None]("name")
    display_name = attr[str | None]("display_name")
    description = attr[str | None]("description")
    type = attr[str]("type", default="")
    properties = attr[Mapping[str, Any]]("properties", default={}, read=frozen_or_empty)
    report_card = attr[ReportCard]("report_card", default={}, read=one(ReportCard))
    check_job_name = attr[str | None]("check_job_name")
    stitch_client_id = attr[int | None]("stitch_client_id")
    created_at = attr[datetime | None]("created_at", read=parse_time)
    updated_at = attr[datetime | None]("updated_at", read=parse_time)
    paused_at = attr[datetime | None]("paused_at", read=parse_time)
    deleted_at = attr[datetime | None]("deleted_at", read=parse_time)

    _summary = ("id", "type", "name")
