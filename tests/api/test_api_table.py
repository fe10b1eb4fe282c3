"""The table of the API: complete, consistent, and the same as what the sandbox serves by its own registration."""

from typing import Any

import pytest

from stitchnb.api.endpoints import ENDPOINTS, Endpoint, at, find, is_valid_parameter
from stitchnb.api.schemas import SCHEMAS
from stitchnb.client import requests
from stitchnb.rules.schema.validate import is_valid
from stitchnb.sandbox import Sandbox
from stitchnb.sandbox import endpoints as served
from stitchnb.sandbox import sandbox as server

VALUES = {"source_type": "platform.recurly", "destination_type": "postgres", "job_name": "1.2.sync.a"}


def route(endpoint: Endpoint | served.Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def test_the_sandbox_serves_each_endpoint_of_the_table_with_the_same_token(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[served.Endpoint] = []
    build = server.build_app

    def recording(endpoints: Any, **options: Any) -> Any:
        registered.extend(endpoints)
        return build(endpoints, **options)

    monkeypatch.setattr(server, "build_app", recording)
    with Sandbox(pace_s=0):
        pass

    routes = {route(one): one.auth for one in registered if not one.path.startswith("/_sandbox")}
    assert routes == {route(one): one.auth for one in ENDPOINTS}


def test_the_client_reads_the_response_of_each_endpoint() -> None:
    assert set(requests._READERS) == set(ENDPOINTS)


def test_each_endpoint_is_in_the_table_once() -> None:
    assert len({route(one) for one in ENDPOINTS}) == len(ENDPOINTS) == 40


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=route)
def test_a_path_is_found_with_the_parameters_that_it_was_made_of(endpoint: Endpoint) -> None:
    parameters = {name: VALUES.get(name, "7") for name in endpoint.parameters}

    assert find(endpoint.method, endpoint.url_path(**parameters)) == (endpoint, parameters)
    assert at(endpoint.method, endpoint.path) is endpoint


def test_a_parameter_is_one_segment_of_a_path() -> None:
    endpoint = at("GET", "/v4/source-types/{source_type}")

    assert endpoint is not None
    assert endpoint.url_path(source_type="a/b?c") == "/v4/source-types/a%2Fb%3Fc"


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("source_id", "7", True),
        ("source_id", "9" * 18, True),
        ("source_id", "9" * 19, False),
        ("source_id", "abc", False),
        ("source_id", "", False),
        ("source_id", "\u0667", False),
        ("source_type", "platform.recurly", True),
        ("source_type", "", False),
    ],
)
def test_a_parameter_is_a_number_or_text(name: str, value: str, valid: bool) -> None:
    assert is_valid_parameter(name, value) is valid


@pytest.mark.parametrize(
    ("endpoint", "body", "idempotent"),
    [
        (("GET", "/v4/sources"), None, True),
        (("PUT", "/v4/sources/{source_id}"), {}, True),
        (("DELETE", "/v4/sources/{source_id}"), None, True),
        (("POST", "/v4/sources"), {}, False),
        (("POST", "/v2/import/batch"), {"key_names": ["id"]}, True),
        (("POST", "/v2/import/batch"), {}, False),
        (("POST", "/v2/import/batch"), None, False),
        (("POST", "/v2/import/push"), [{"key_names": ["id"]}], True),
        (("POST", "/v2/import/push"), [{"key_names": ["id"]}, {}], False),
        (("POST", "/v2/import/validate"), {}, True),
    ],
)
def test_only_a_request_that_changes_nothing_twice_is_repeated(
    endpoint: tuple[str, str], body: Any, idempotent: bool
) -> None:
    found = at(*endpoint)

    assert found is not None
    assert found.is_idempotent(body) is idempotent


def test_extractions_and_loads_share_a_limit_and_nothing_else_has_one() -> None:
    assert {one.path for one in ENDPOINTS if one.limit_group == "extractions_and_loads"} == {
        "/v4/{client_id}/extractions",
        "/v4/{client_id}/extractions/{job_name}",
        "/v4/{client_id}/loads",
    }
    assert {one.limit_group for one in ENDPOINTS} == {"extractions_and_loads", None}


def examples() -> list[tuple[dict[str, Any], Any]]:
    bodies: list[Any] = [one.schema.body for one in ENDPOINTS if one.schema.body is not None]
    alternatives = [schema for body in bodies for schema in body.get("anyOf", [body])]
    return [(schema, example) for schema in alternatives for example in schema.get("examples", [])]


@pytest.mark.parametrize(("schema", "example"), examples())
def test_an_example_is_valid(schema: dict[str, Any], example: Any) -> None:
    assert is_valid(schema, example)


def references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"].rpartition("/")[2]} if "$ref" in schema else set()
        return own.union(*map(references, schema.values()))
    return set().union(*map(references, schema)) if isinstance(schema, list) else set()


def test_every_schema_that_is_referred_to_is_there_and_used() -> None:
    used = set().union(*(references(one.schema.response) for one in ENDPOINTS), references(dict(SCHEMAS)))

    assert used | {"Error"} == set(SCHEMAS)
