"""Bodies that create destinations."""

from typing import Any

POSTGRES: dict[str, Any] = {
    "type": "postgres",
    "name": "Reporting",
    "description": "For the monthly figures",
    "properties": {
        "host": "db.example.com",
        "port": "5432",
        "database": "reporting",
        "username": "loader",
        "password": "s3cret-word",
        "encryption_type": "none",
        "ssl": True,
    },
}
SNOWFLAKE = {
    "type": "snowflake",
    "properties": {
        "host": "acme.snowflake.example.com",
        "port": "443",
        "database": "reporting",
        "warehouse": "small",
        "username": "loader",
        "password": "s3cret-word",
    },
}
S3 = {
    "type": "s3",
    "properties": {
        "output_file_format": "csv",
        "s3_bucket": "acme-lake",
        "s3_key_format_string": "[integration_name]/[table_name]/[table_version]_[timestamp_loaded].csv",
    },
}


def with_properties(**changes: Any) -> dict[str, Any]:
    return {**POSTGRES, "properties": {**POSTGRES["properties"], **changes}}
