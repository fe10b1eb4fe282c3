"""The client of the Connect API."""

from stitchnb.client.client import Client
from stitchnb.client.connection_checks import ConnectionCheck
from stitchnb.client.jobs import Job, JobResult
from stitchnb.client.records import Records
from stitchnb.client.sources import Source

__all__ = ["Client", "ConnectionCheck", "Job", "JobResult", "Records", "Source"]
