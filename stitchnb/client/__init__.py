"""The client of the Connect API."""

from stitchnb.client.account import create_account
from stitchnb.client.client import AsyncClient, Client
from stitchnb.client.connection_checks import ConnectionCheck
from stitchnb.client.destinations import Destination
from stitchnb.client.imports import AsyncImportClient, ImportClient
from stitchnb.client.jobs import Job, JobResult
from stitchnb.client.journal import Exchange, Journal
from stitchnb.client.pages import Pages
from stitchnb.client.records import Records
from stitchnb.client.sources import Source

__all__ = [
    "AsyncClient",
    "AsyncImportClient",
    "Client",
    "ConnectionCheck",
    "Destination",
    "Exchange",
    "ImportClient",
    "Job",
    "JobResult",
    "Journal",
    "Pages",
    "Records",
    "Source",
    "create_account",
]
