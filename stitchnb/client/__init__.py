"""The client of the Connect API."""

from stitchnb.client.account import create_account
from stitchnb.client.catalog import Catalog
from stitchnb.client.client import AsyncClient, Client
from stitchnb.client.connection_checks import ConnectionCheck
from stitchnb.client.destinations import Destination
from stitchnb.client.frame_batches import PushedFrame, ValidFrame
from stitchnb.client.imports import AsyncImportClient, ImportClient
from stitchnb.client.job_watch import JobLook, JobResult, JobWatch
from stitchnb.client.jobs import Job
from stitchnb.client.journal import Exchange, Journal
from stitchnb.client.pages import Pages
from stitchnb.client.records import Records
from stitchnb.client.sources import Source

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
    "JobLook",
    "JobResult",
    "JobWatch",
    "Journal",
    "Pages",
    "PushedFrame",
    "Records",
    "Source",
    "ValidFrame",
    "create_account",
]
