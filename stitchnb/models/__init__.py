"""The API's objects: typed, read-only, and forgiving of what they do not know yet."""

from stitchnb.models._base import Model
from stitchnb.models._secret import Secret
from stitchnb.models._times import format_time, parse_time
from stitchnb.models.account import EphemeralToken, NewAccount
from stitchnb.models.connection_check import ConnectionCheck
from stitchnb.models.destination import Destination
from stitchnb.models.imports import ImportReceipt, ImportStatus, ImportToken
from stitchnb.models.job import Extraction, Load, ReplicationJob
from stitchnb.models.notifications import Hook, NotificationEmail
from stitchnb.models.report_card import ConnectionStep, Property, ReportCard, TypeDetails
from stitchnb.models.schedule import Schedule
from stitchnb.models.source import Source
from stitchnb.models.stream import (
    Breadcrumb,
    Field,
    FieldMetadata,
    MetadataEntry,
    Selection,
    Stream,
    StreamMetadata,
    StreamSchema,
)

__all__ = [
    "Breadcrumb",
    "ConnectionCheck",
    "ConnectionStep",
    "Destination",
    "EphemeralToken",
    "Extraction",
    "Field",
    "FieldMetadata",
    "Hook",
    "ImportReceipt",
    "ImportStatus",
    "ImportToken",
    "Load",
    "MetadataEntry",
    "Model",
    "NewAccount",
    "NotificationEmail",
    "Property",
    "ReplicationJob",
    "ReportCard",
    "Schedule",
    "Secret",
    "Selection",
    "Source",
    "Stream",
    "StreamMetadata",
    "StreamSchema",
    "TypeDetails",
    "format_time",
    "parse_time",
]
