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
