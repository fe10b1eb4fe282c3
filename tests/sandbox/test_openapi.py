"""The description is of what is served, and what is served keeps to it whatever is sent."""

import json
import re
from dataclasses import dataclass
from typing import Any

import apt_bodies
import httpx
import pytest
import recurly_facts as recurly
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox import sandbox as server
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.openapi import PATH

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def bounded(examples: int) -> settings:
    """Settle how many examples are sent, drawn from a fixed seed."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Served:
    """A sandbox in which there is something of everything, and the ids of it."""

    sandbox: Sandbox
    api: httpx.Client
    import_token: str
    known: dict[str, Any]

    def described(self) -> dict[str, Any]:
        document: dict[str, Any] = self.api.get(PATH).json()
        return document

    def token_for(self, security: list[dict[str, Any]]) -> str:
        return self.import_token if {"import": []} in security else self.sandbox.token.reveal()

    def path_parameters(self, path: str) -> dict[str, Any]:
        known = {**self.known, "id": self.known["hook" if "hooks" in path else "email"]}
        if "/tokens" in path:
            known["source_id"] = self.known["import_source"]
        return {name: value for name, value in known.items() if f"{{{name}}}" in path}


@pytest.fixture
def served(sandbox: Sandbox, api: httpx.Client, configured: dict[str, Any]) -> Served:
    job_name = api.post(f"/v4/sources/{configured['id']}/sync").json()["job_name"]
    sandbox.wait_idle()
    import_source = api.post("/v4/sources", json={"type": "import_api", "display_name": "Pushed"}).json()["id"]
    token = api.post(f"/v4/sources/{import_source}/tokens").json()
    stream = api.get(f"/v4/sources/{configured['id']}/streams").json()[0]
    base = "/notifications/public/v1/api"
    destination = api.get("/v4/destinations").json()[0]["id"]
    hook = {"type": "post_load", "destination_id": destination, "config": {"url": "https://hooks.example.com/"}}
    return Served(
        sandbox,
        api,
        token["access_token"],
        {
            "source_id": configured["id"],
            "import_source": import_source,
            "token_id": token["id"],
            "stream_id": stream["stream_id"],
            "client_id": sandbox.client_id,
            "job_name": job_name,
            "destination_id": destination,
            "source_type": "platform.recurly",
            "destination_type": "postgres",
            "email": api.post(f"{base}/custom-emails", json={"email_address": "a@example.com"}).json()["id"],
            "hook": api.post(f"{base}/hooks", json=hook).json()["id"],
            "name": sandbox.snapshot("kept").name,
        },
    )


def send_all_sorts(served: Served, schema: Any, method: str, path: str) -> None:
    """Send an endpoint what it is described to take and what it is not, for what is there and for what is not."""
    operation, told = schema[path][method], schema.raw_schema["paths"][path][method]
    headers = {"Authorization": f"Bearer {served.token_for(told['security'])}"}
    known = served.path_parameters(path)
    modes = [GenerationMode.POSITIVE]
    if "requestBody" in told or told["parameters"]:
        modes.append(GenerationMode.NEGATIVE)
    cases = [operation.as_strategy(generation_mode=mode) for mode in modes]
    if known:
        cases += [operation.as_strategy(generation_mode=mode, path_parameters=known) for mode in modes]
    with requests.Session() as session:

        @bounded(40)
        @given(case=st.one_of(cases))
        def send(case: Any) -> None:
            # Headers of any name may be made up, such as another Host, which is refused before anything is looked at.
            case.headers = {}
            answer = case.call(base_url=served.sandbox.url, session=session, headers=headers, allow_redirects=False)
            case.validate_response(answer, checks=CHECKS)

        send()


def breaches(served: Served, *, of_controls: bool) -> list[str]:
    """Tell what does not keep to the description; what deletes comes last."""
    document = served.described()
    schema = schemathesis.openapi.from_dict(document)
    endpoints = [
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith("/_sandbox") == of_controls
    ]
    found: list[str] = []
    for method, path in sorted(endpoints, key=lambda endpoint: endpoint[0] == "delete"):
        try:
            send_all_sorts(served, schema, method, path)
        except (FailureGroup, AssertionError) as breach:
            found.append(f"{method.upper()} {path}: {breach}")
    return found


@pytest.mark.slow
def test_whatever_is_sent_the_api_answers_as_described(served: Served) -> None:
    assert "\n".join(breaches(served, of_controls=False)) == ""


@pytest.mark.slow
def test_whatever_is_sent_the_controls_answer_as_described(sandbox: Sandbox, api: httpx.Client) -> None:
    # Nothing is scheduled in it: its clock is moved to any time at all.
    empty = Served(sandbox, api, "none", {"name": sandbox.snapshot("kept").name, "email": 1, "hook": 1})

    assert "\n".join(breaches(empty, of_controls=True)) == ""


def send_nearly_right(served: Served, schema: Any, endpoint: str, right: list[Any], statuses: set[int]) -> None:
    """Send an endpoint bodies with a fault or two in them, and take back what comes of them."""
    method, _, path = endpoint.partition(" ")
    described = schema.raw_schema["paths"]
    taken_back = next(
        (other for other in described if other.startswith(f"{path}/{{") and "delete" in described[other]), None
    )
    headers = {"Content-Type": "application/json"}
    headers["Authorization"] = f"Bearer {served.token_for(described[path][method.lower()]['security'])}"
    known = served.path_parameters(path)

    @bounded(150)
    @given(body=apt_bodies.nearly(right))
    def send(body: Any) -> None:
        case = schema[path][method].Case(path_parameters=known, body=body, media_type="application/json")
        answer = served.api.request(method, case.formatted_path, content=json.dumps(body), headers=headers)
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)
        if method == "POST" and taken_back and answer.is_success:
            served.api.delete(f"{path}/{answer.json()['id']}")

    send()


@pytest.mark.slow
def test_whatever_is_nearly_right_is_answered_as_described(served: Served) -> None:
    schema = schemathesis.openapi.from_dict(served.described())
    found: list[str] = []
    for endpoint, right in apt_bodies.bodies(served.known).items():
        statuses: set[int] = set()
        try:
            send_nearly_right(served, schema, endpoint, right, statuses)
        except (FailureGroup, AssertionError) as breach:
            found.append(f"{endpoint}: {breach}")
        else:
            assert {status // 100 for status in statuses} == {2, 4}, f"{endpoint} was only answered with {statuses}"
    assert "\n".join(found) == ""

    # And what it did not refuse, it tells as described.
    for path, methods in schema.raw_schema["paths"].items():
        if "get" in methods and not path.startswith("/_sandbox"):
            case = schema[path]["GET"].Case(path_parameters=served.path_parameters(path))
            case.validate_response(served.api.get(case.formatted_path), checks=CHECKS)


@pytest.mark.slow
def test_a_breach_is_seen(served: Served) -> None:
    schema = schemathesis.openapi.from_dict(served.described())

    with served.sandbox.faults.add(status=503, path="/v4/sources"), pytest.raises(FailureGroup, match="Server error"):
        send_all_sorts(served, schema, "get", "/v4/sources")


def test_half_a_character_is_no_text(api: httpx.Client) -> None:
    body = json.dumps({**recurly.CREATE, "display_name": "a\ud800"})
    pair = json.dumps({**recurly.CREATE, "display_name": "a\U0001f600"})

    assert api.post("/v4/sources", content=body).json()["error"] == "InvalidBody"
    assert api.post("/v4/sources", content=pair).json()["display_name"] == "a\U0001f600"


# -- the description itself -------------------------------------------------------------------------------------------


def test_what_is_served_is_described_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Endpoint] = []
    build = server.build_app

    def watched(endpoints: Any, **options: Any) -> Any:
        found.extend(endpoints)
        return build(endpoints, **options)

    monkeypatch.setattr(server, "build_app", watched)
    with Sandbox(pace_s=0) as sandbox:
        answer = httpx.get(f"{sandbox.url}{PATH}", headers={"Authorization": f"Bearer {sandbox.token.reveal()}"})

    described = answer.json()["paths"]
    assert {(m.upper(), path) for path, methods in described.items() for m in methods} == {
        (endpoint.method, endpoint.path) for endpoint in found
    }


def test_it_is_openapi_with_a_name_for_every_operation(api: httpx.Client) -> None:
    document = api.get(PATH).json()
    schemathesis.openapi.from_dict(document).validate()

    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]\w+", name) for name in names)
    assert [o["operationId"] for o in operations if not any("content" in r for r in o["responses"].values())] == []


@pytest.mark.parametrize(
    ("endpoint", "body", "statuses", "security"),
    [
        ("post /v4/sources", True, {"200", "400", "401", "413"}, [{"account": []}]),
        ("get /v4/{client_id}/extractions/{job_name}", False, {"302", "401", "404"}, [{"account": []}]),
        ("post /v2/import/batch", True, {"201", "400", "401", "403", "413", "415", "422", "503"}, [{"import": []}]),
        ("post /v3/accounts", True, {"200", "400", "413"}, []),
        ("get /v2/import/status", False, {"200"}, []),
    ],
)
def test_an_operation_tells_its_body_its_answers_and_its_token(
    api: httpx.Client, endpoint: str, body: bool, statuses: set[str], security: list[Any]
) -> None:
    method, path = endpoint.split(" ")
    operation = api.get(PATH).json()["paths"][path][method]

    assert ("requestBody" in operation) is body
    assert set(operation["responses"]) == statuses
    assert operation["security"] == security


def test_every_example_of_it_is_taken(served: Served) -> None:
    document = served.described()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            for example in schema.get("examples", []):
                token = served.token_for(operation["security"])
                answer = served.api.request(method, path, json=example, headers={"Authorization": f"Bearer {token}"})
                assert answer.is_success, (path, answer.text)


def test_the_description_asks_for_the_token(sandbox: Sandbox) -> None:
    assert httpx.get(f"{sandbox.url}{PATH}").status_code == 401
