"""What a source type is, as far as its report card tells: its kind, and whether this account may use it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from stitchnb.models.report_card import ReportCard

_WITH_CAPITALS_INSIDE = (
    *("ActiveCampaign", "AdRoll", "AppsFlyer", "BambooHR", "BigCommerce", "CircleCI", "DocumentDB", "DoubleClick"),
    *(
        "DynamoDB",
        "FullStory",
        "GitHub",
        "GitLab",
        "HubSpot",
        "LinkedIn",
        "LivePerson",
        "LookML",
        "MariaDB",
        "NetSuite",
    ),
    *("PagerDuty", "PayPal", "QuickBooks", "RingCentral", "SaaSOptics", "SendGrid", "ServiceNow", "SharePoint"),
    *("ShipHero", "SparkPost", "StorageGRID", "SurveyMonkey", "TikTok", "UserVoice", "WooCommerce", "WordPress"),
    "YouTube",
)

PRODUCTS: Mapping[str, str] = {
    **{name.lower(): name for name in _WITH_CAPITALS_INSIDE},
    "3plcentral": "3PL Central",
    "closeio": "Close.io",
    "cloudsql": "Cloud SQL",
    "clubspeed": "Club Speed",
    "customerio": "Customer.io",
    "deskdotcom": "Desk.com",
    "frontapp": "Front",
    "ga360": "Google Analytics 360",
    "helpscout": "Help Scout",
    "incontact": "inContact",
    "ms": "Microsoft",
    "mssql": "Microsoft SQL",
    "nice": "NICE",
    "sqldw": "SQL Data Warehouse",
}
"""By the word, in lower case, that stands for them in a type's name."""

OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "aurora": ("Amazon Aurora", "AWS", "MySQL", "PostgreSQL"),
    "bing": ("Microsoft Advertising",),
    "cloudsql": ("Google Cloud", "GCP", "MySQL", "PostgreSQL"),
    "deskdotcom": ("Salesforce Desk",),
    "doubleclick": ("DCM", "Google Campaign Manager", "CM360"),
    "facebook": ("Facebook Ads", "Meta Ads", "Instagram"),
    "frontapp": ("Front App",),
    "ga360": ("GA 360", "GA", "Google Analytics"),
    "github": ("Git Hub",),
    "google-ads": ("AdWords", "Google AdWords"),
    "google-analytics": ("GA", "GA4"),
    "google-sheets": ("Spreadsheet", "Gsheets"),
    "hubspot": ("Hub Spot",),
    "jira": ("Atlassian",),
    "linkedin": ("Linked In",),
    "mariadb": ("Maria DB", "MySQL"),
    "marketo": ("Adobe Marketo",),
    "mongodb": ("Mongo DB",),
    "ms": ("MS",),
    "mssql": ("MS SQL Server", "SQL Server"),
    "mysql": ("My SQL",),
    "pardot": ("Salesforce Pardot", "Account Engagement"),
    "postgres": ("PostgreSQL", "Postgre SQL", "pg", "psql"),
    "redshift": ("Amazon Redshift", "AWS"),
    "responsys": ("Oracle Responsys",),
    "s3": ("Amazon S3", "AWS", "bucket"),
    "salesforce": ("SFDC", "Sales Force"),
    "zopim": ("Zendesk Chat",),
}
"""What else people call a product, by one or two words of a type's name: to be searched for, and never shown."""


class TypeKind(StrEnum):
    """Where a source type's rows come from."""

    DATABASE = "database"
    FILES = "files"
    SERVICE = "service"
    PUSH = "push"


KIND_TITLES = {
    TypeKind.DATABASE: "Database",
    TypeKind.FILES: "Files",
    TypeKind.SERVICE: "Service",
    TypeKind.PUSH: "Pushed to Stitch",
}


def type_kind(card: ReportCard) -> TypeKind:
    """Tell a source type's kind from what its report card asks for.

    Files lie in a bucket or at a path, a database is reached by host and port; what has a form without any property and
    discovers nothing is pushed to. Everything else is a service, and so is a card that tells nothing.
    """
    asked = {prop.name for prop in card.properties if not prop.is_read_only}
    if asked & {"bucket", "path"}:
        return TypeKind.FILES
    if {"host", "port"} <= asked:
        return TypeKind.DATABASE
    if card.steps and not card.steps[0].properties and card.step("discover_schema") is None:
        return TypeKind.PUSH
    return TypeKind.SERVICE


def access_error(card: ReportCard) -> str | None:
    """Say why no source of this type can be created in this account, and what to use instead; None where one can.

    Parameters
    ----------
    card
        As the source-types endpoints give it: they alone tell the details.
    """
    instead = f" Its successor is {card.upgrade_available}." if card.upgrade_available else ""
    if card.details.access is False:
        return f"This account may not use source type {card.type_name!r} (access is false).{instead}"
    if not card.steps:
        return f"Source type {card.type_name!r} has no steps: it cannot be created by the API.{instead}"
    return None
