"""Connection checks: the test of a source's or destination's properties."""

from __future__ import annotations

from datetime import datetime

from stitchnb.models._base import Model, attr
from stitchnb.models._times import parse_time


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
        """Nothing more will change."""
        return self.status != "running"

    @property
    def succeeded(self) -> bool:
        """The properties connect and the streams were found."""
        return self.status == "succeeded"

    @property
    def message(self) -> str | None:
        """The first error message there is."""
        return self.discovery_error_message or self.tap_error_message or self.target_error_message
