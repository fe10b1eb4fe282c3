"""How products write their names, where the name of a source type does not show it."""

from __future__ import annotations

from collections.abc import Mapping

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
