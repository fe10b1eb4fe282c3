"""A check fails by what was given, in the words of the source, and never tells a credential."""

from collections.abc import Mapping

import pytest
from connection_properties import recurly_properties
from connector_runs import NOW, stream_of
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.sandbox import catalog
from stitchnb.sandbox.connectors.seeded.connector import SeededConnector, seeded_connector
from stitchnb.sandbox.pipeline import ConnectorError

RECURLY = recurly_properties(start_date="2018-01-10T00:00:00Z", api_key="k3y", subdomain="stitchdata")
MYSQL = {"host": "db.example.com", "port": "3306", "user": "reader", "password": "s3cret"}


@pytest.mark.parametrize(
    ("source_type", "properties", "message", "why"),
    [
        (
            "platform.recurly",
            {**RECURLY, "api_key": "bad-key"},
            "HTTP-error-code: 401, Error: stitchdata.recurly.com does not accept the credentials",
            "the key is turned down",
        ),
        (
            "platform.recurly",
            {**RECURLY, "subdomain": "unknown"},
            "HTTP-error-code: 404, Error: there is no unknown.recurly.com",
            "no such site",
        ),
        (
            "platform.recurly",
            {**RECURLY, "subdomain": "unknown", "api_key": "bad-key"},
            "HTTP-error-code: 404, Error: there is no unknown.recurly.com",
            "where nobody answers nobody refuses",
        ),
        (
            "platform.shopify",
            {"shop": "unknown"},
            "HTTP-error-code: 404, Error: there is no unknown.myshopify.com",
            "another property is the host",
        ),
        (
            "platform.stripe",
            {"client_secret": "bad-token"},
            "HTTP-error-code: 401, Error: the service does not accept the credentials",
            "a type of which only its card is known",
        ),
        (
            "platform.hp-mysql",
            {**MYSQL, "password": "bad-password"},
            "(1045, \"Access denied for user 'reader'@'db.example.com' (using password: YES)\")",
            "a database speaks its own language",
        ),
        (
            "platform.hp-mariadb",
            {**MYSQL, "host": "unknown"},
            "(2003, \"Can't connect to MySQL server on 'unknown' ([Errno -2] Name or service not known)\")",
            "no such machine",
        ),
        (
            "platform.hp-postgres",
            {**MYSQL, "password": "bad-password"},
            'FATAL:  password authentication failed for user "reader"',
            "as PostgreSQL says it",
        ),
        (
            "platform.mongodb",
            {**MYSQL, "password": "bad-password"},
            "Authentication failed., full error: {'ok': 0.0, 'code': 18, 'codeName': 'AuthenticationFailed'}",
            "braces in the message",
        ),
        (
            "platform.zuora",
            {"username": "bad-name", "password": "good"},
            "HTTP-error-code: 401, Error: the service does not accept the credentials",
            "a user name may be a credential",
        ),
    ],
)
def test_what_is_refused_and_how(source_type: str, properties: Mapping[str, str], message: str, why: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        seeded_connector(source_type, 0).check(properties)
    assert str(caught.value) == message, why


@pytest.mark.parametrize(
    ("source_type", "properties", "why"),
    [
        ("platform.recurly", RECURLY, "all is well"),
        ("platform.recurly", {**RECURLY, "subdomain": "bad-company"}, "not a credential"),
        ("platform.recurly", {**RECURLY, "api_key": "unknown"}, "not a host"),
        ("platform.recurly", {**RECURLY, "quota_limit": 30}, "a number"),
        ("platform.recurly", {**RECURLY, "api_key": None}, "nothing given"),
        ("platform.recurly", {}, "what is required is the business of the form"),
        ("platform.hp-mysql", MYSQL, "a database"),
        ("import_api", {}, "nothing to connect to"),
        ("hubspot", {}, "an old type without steps"),
    ],
)
def test_what_connects(source_type: str, properties: Mapping[str, str], why: str) -> None:
    seeded_connector(source_type, 0).check(properties)


@pytest.mark.parametrize("source_type", list(catalog.source_types()))
def test_every_credential_of_every_type_can_be_refused(source_type: str) -> None:
    steps = catalog.source_type(source_type).get("steps", [])
    credentials = [entry["name"] for step in steps for entry in step["properties"] if entry["is_credential"]]
    for name in credentials:
        with pytest.raises(ConnectorError) as caught:
            seeded_connector(source_type, 0).check({name: "bad-value"})
        assert "bad-value" not in str(caught.value)


@given(st.text(min_size=1, max_size=40), st.sampled_from(["subdomain", "quota_limit", "nothing"]))
def test_no_message_holds_the_credential(end: str, typed_again: str) -> None:
    secret = "bad-" + end
    with pytest.raises(ConnectorError) as caught:
        seeded_connector("platform.recurly", 0).check({**RECURLY, typed_again: secret, "api_key": secret})
    assert secret not in str(caught.value)


def test_discovery_and_extraction_need_what_the_check_needs() -> None:
    connector = seeded_connector("platform.recurly", 0)
    properties = {**RECURLY, "api_key": "bad-key"}
    with pytest.raises(ConnectorError, match="401"):
        connector.discover(properties)
    with pytest.raises(ConnectorError, match="401"):
        connector.extract(properties, [stream_of(connector, "plans")], {}, NOW)


def test_discovery_tells_the_streams_of_the_catalogue() -> None:
    assert seeded_connector("platform.recurly", 0).discover(RECURLY) == catalog.streams("platform.recurly")


@pytest.mark.parametrize("source_type", list(catalog.source_types()))
def test_there_is_a_connector_for_every_type(source_type: str) -> None:
    connector = seeded_connector(source_type, 5)
    assert connector.discover({}) == catalog.streams(source_type)
    assert connector is seeded_connector(source_type, 5)


def test_an_unknown_type_is_a_key_error() -> None:
    with pytest.raises(KeyError, match=r"platform\.nobody"):
        seeded_connector("platform.nobody", 0)


def test_the_repr_names_the_type() -> None:
    assert repr(SeededConnector("platform.recurly", 3)) == "<SeededConnector for platform.recurly>"
