"""The API's objects: typed, read-only, and forgiving of what they do not know yet."""

from stitchnb.models.account import (
    EphemeralToken,
    Hook,
    ImportReceipt,
    ImportStatus,
    ImportToken,
    NewAccount,
    NotificationEmail,
)
from stitchnb.models.base import Model, Secret, format_time, parse_time
from stitchnb.models.destination import Destination
from stitchnb.models.job import Extraction, Load, ReplicationJob
from stitchnb.models.report_card import ConnectionStep, Property, ReportCard, TypeDetails
from stitchnb.models.source import ConnectionCheck, Schedule, Source
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
