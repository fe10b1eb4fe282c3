"""Fingerprints of documented bodies: an oracle that shares nothing with the notation of the catalogue's files."""

import hashlib
import json
from typing import Any


def fingerprint(body: Any) -> str:
    """First half of the SHA-256 of the body as JSON with sorted keys; the order within lists counts."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


SOURCE_TYPES: dict[str, str] = {
    "deskdotcom": "9c51853a3c790c39",
    "google-ecommerce": "1486628c29672b57",
    "hubspot": "5cf80fe07a83ebe1",
    "import_api": "38af6db151b69f07",
    "intercom": "a86d0726713171dc",
    "mssql_server": "f8b8a89171e8771f",
    "pardot": "3d71e82d05f87171",
    "platform.3plcentral": "c6b0cae7ab5fa669",
    "platform.amplitude": "589f44fc705f88d0",
    "platform.asana": "3a46c6e816d444c6",
    "platform.aurora": "c2c4bc71a6941734",
    "platform.bing-ads": "4ae587b1cda47d21",
    "platform.chargebee": "d7de607cbc8ccf94",
    "platform.closeio": "3fec0af50ffd8ebf",
    "platform.clubspeed": "37abac2554b09a35",
    "platform.deputy": "427fa37553ce7175",
    "platform.doubleclick-campaign-manager": "ee95680a560a1f6e",
    "platform.facebook": "3978fd73fd3c4752",
    "platform.frontapp": "8035012d07cbfa70",
    "platform.ga360": "4fcb7c8662d72cb9",
    "platform.github": "28c1a4d5e97adc30",
    "platform.google-ads": "8609a7719ddc1bf6",
    "platform.google-analytics": "5f566f9810ba7842",
    "platform.google-sheets": "a5feeda56d9a2def",
    "platform.harvest": "8b87af5355dbb53b",
    "platform.harvest-forecast": "e5ef2499dc603288",
    "platform.hp-aurora": "6c4c17902350375e",
    "platform.hp-cloudsql": "f2ef17e41bcbd282",
    "platform.hp-mariadb": "ee3f68c2809d3ff4",
    "platform.hp-mysql": "ec01cd390b6b5d63",
    "platform.hp-postgres": "463e2fdd4402be63",
    "platform.hubspot": "c19a08bf1eeeeab2",
    "platform.jira": "2a93ecb2edcf6eb7",
    "platform.linkedin-ads": "64a4fa4eb125373c",
    "platform.listrak": "fb02fb8c9c2f30cd",
    "platform.mambu": "c9f2f5c95853b85e",
    "platform.marketo": "12245156586dad13",
    "platform.mongodb": "52fe8c0bee6083de",
    "platform.ms-teams": "5bfd49c9781939ae",
    "platform.nice-incontact": "045cf2eb3b4ceebd",
    "platform.onfleet": "8a5419a7b6295fac",
    "platform.outbrain": "859271d40ad90269",
    "platform.outreach": "8767cf588c4ee7ef",
    "platform.pardot": "b63f3659505a545f",
    "platform.recurly": "bdc02e0a4cacc680",
    "platform.responsys": "6c6bdecfcc191117",
    "platform.ringcentral": "09cba2d5f604f0a8",
    "platform.s3-csv": "aa22e2bc997baff7",
    "platform.sailthru": "cf3ed2a13fbce588",
    "platform.salesforce": "8f57240994d35fef",
    "platform.shippo": "46b64d494ada6d3d",
    "platform.shopify": "ec93b6e7a865a21e",
    "platform.skubana": "ae35995a6d965b83",
    "platform.stripe": "39f4eec9e5a6c769",
    "platform.surveymonkey": "57ca59884685b300",
    "platform.taboola": "2e2e09224782dba6",
    "platform.toast": "350f085fb554ba06",
    "platform.toggl": "f743d6f9fa51986a",
    "platform.trello": "5a24b245c1a77e64",
    "platform.twilio": "4730c0fc6732760a",
    "platform.xero": "06b82b066ca0bcad",
    "platform.zuora": "1e233fdedb708f44",
    "redshift": "40228988886be78c",
    "square": "fedc138267c64946",
    "webhook.contentful": "ba4a2141550f2508",
    "webhook.segment": "994f4ded68a1c72c",
    "webhook.sparkpost": "4ce4b4d138ae080a",
    "webhook.zapier": "bc9ba678f824ccf4",
    "zendesk": "df7d0b7c782bf3e1",
    "zopim": "9d5c0f99619325a6",
}

DESTINATION_TYPES: dict[str, str] = {
    "azure_sqldw": "e8087ffba40728dd",
    "redshift": "d8ab633d79540346",
    "postgres": "6d95d6d600a2aaa1",
    "snowflake": "4dcf71755bdfb035",
    "s3": "88343b76ada30998",
    "storagegrid": "28df29b7168541b5",
}

RECURLY_SCHEMAS: dict[str, str] = {
    "accounts": "881b590fa427940a",
    "adjustments": "ff0700a5cd8d8333",
    "billing_info": "530cb8d6f4f90a2d",
    "coupons": "401e2cf4a902f5fd",
    "plans": "6f48d5c1a48c718d",
    "plans_add_ons": "32c7f5910786ea00",
    "subscriptions": "7b4325781b584d43",
    "transactions": "f6ff36977370e6ca",
    "coupon_redemptions": "2769491ba25d5664",
    "invoices": "01b5325c819ecacf",
}
