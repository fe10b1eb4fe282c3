"""Replication jobs: started by hand or by schedule, seen through their extraction and their loads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stitchnb.models.base import Model, attr, frozen, parse_time

_STOPPED = "Terminated"


class ReplicationJob(Model):
    """A job that was started."""

    job_name = attr[str]("job_name", default="")

    _summary = ("job_name",)

    @property
    def client_id(self) -> int | None:
        """The account, which the job's name begins with."""
        head = self.job_name.split(".", 1)[0]
        return int(head) if head.isascii() and head.isdigit() else None


class Extraction(Model):
    """The last completed extraction of a source.

    Exit statuses are 0 when that part was good; a stopped job has None and ``Terminated`` descriptions.
    """

    job_name = attr[str]("job_name", default="")
    source_id = attr[int]("source_id", default=0)
    source_type = attr[str | None]("source_type", doc="The tap's name, such as ``tap-recurly``.")
    stitch_client_id = attr[int | None]("stitch_client_id")
    start_time = attr[datetime | None]("start_time", read=parse_time)
    completion_time = attr[datetime | None]("completion_time", read=parse_time)
    discovery_exit_status = attr[int | None]("discovery_exit_status")
    discovery_description = attr[str | None]("discovery_description")
    tap_exit_status = attr[int | None]("tap_exit_status")
    tap_description = attr[str | None]("tap_description")
    target_exit_status = attr[int | None]("target_exit_status")
    target_description = attr[str | None]("target_description")

    _summary = ("job_name", "source_id", "succeeded")

    @property
    def parts(self) -> Mapping[str, tuple[int | None, str | None]]:
        """Exit status and description of each part, in the order in which they run."""
        return {
            "discovery": (self.discovery_exit_status, self.discovery_description),
            "tap": (self.tap_exit_status, self.tap_description),
            "target": (self.target_exit_status, self.target_description),
        }

    @property
    def succeeded(self) -> bool:
        """Every part that ran ended with 0, and none was stopped."""
        return not self.failure

    @property
    def failure(self) -> str | None:
        """Say which part failed and why; None when none did."""
        for part, (status, description) in self.parts.items():
            if status not in (None, 0) or (status is None and description):
                return f"{part}: {description or f'exit status {status}'}"
        return None

    @property
    def was_stopped(self) -> bool:
        """It did not fail by itself: somebody stopped the job."""
        parts = self.parts.values()
        return all(status in (None, 0) for status, _ in parts) and any(words == _STOPPED for _, words in parts)


class Load(Model):
    """The last load of a stream into the destination."""

    stitch_client_id = attr[int | None]("stitch_client_id")
    source_name = attr[str]("source_name", default="")
    stream_name = attr[str]("stream_name", default="")
    last_batch_loaded_at = attr[datetime | None]("last_batch_loaded_at", read=parse_time)
    error_state = attr[Mapping[str, Any] | None]("error_state", read=frozen, doc="None when the load was good.")

    _summary = ("source_name", "stream_name", "last_batch_loaded_at")

    @property
    def failure(self) -> str | None:
        """The load's error in the destination's words; None when it was good."""
        if not self.error_state:
            return None
        told = self.error_state.get("notification_data") or {}
        return str(told.get("warehouse_message") or told.get("message") or told.get("error") or "the load failed")
