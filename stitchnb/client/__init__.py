"""The client of the Connect API."""

from stitchnb._deprecated import renamed_names
from stitchnb.client.catalog.catalog import Catalog
from stitchnb.client.client import AsyncClient, Client
from stitchnb.client.imports.batches import PushedFrame, ValidFrame
from stitchnb.client.imports.client import AsyncImportClient, ImportClient
from stitchnb.client.jobs.jobs import Job
from stitchnb.client.jobs.status import JobResult, JobStatus, JobWatch
from stitchnb.client.journal import Exchange, Journal
from stitchnb.client.pages import Pages, RecordList
from stitchnb.client.resources.accounts import create_account
from stitchnb.client.resources.checks import ConnectionCheck
from stitchnb.client.resources.destinations import Destination
from stitchnb.client.resources.sources import Source

__getattr__ = renamed_names(__name__, {"JobLook": "JobStatus", "Records": "RecordList"})

__all__ = [
    "AsyncClient",
    "AsyncImportClient",
    "Catalog",
    "Client",
    "ConnectionCheck",
    "Destination",
    "Exchange",
    "ImportClient",
    "Job",
    "JobResult",
    "JobStatus",
    "JobWatch",
    "Journal",
    "Pages",
    "PushedFrame",
    "RecordList",
    "Source",
    "ValidFrame",
    "create_account",
]
