"""The sandbox serves the whole documented API, the client requests it, tests prove it, and the page lists it."""

import importlib.util
from pathlib import Path
from typing import Any

import endpoint_table
import httpx
import pytest
from endpoint_table import normal

from stitchnb.client import Client, ImportClient

ROOT = Path(__file__).resolve().parents[2]
BASE = "/notifications/public/v1/api"

# What the API's documentation names.
DOCUMENTED = [
    "POST /v3/accounts",
    "POST /v3/sessions/ephemeral",
    "GET /v4/source-types",
    "GET /v4/source-types/{}",
    "GET /v4/destination-types",
    "GET /v4/destination-types/{}",
    *("GET /v4/sources", "POST /v4/sources"),
    *("GET /v4/sources/{}", "PUT /v4/sources/{}", "DELETE /v4/sources/{}"),
    "GET /v4/sources/{}/last-connection-check",
    "GET /v4/destinations/{}/last-connection-check",
    "GET /v4/sources/{}/streams",
    "GET /v4/sources/{}/streams/{}",
    "PUT /v4/sources/{}/streams/metadata",
    *("POST /v4/sources/{}/sync", "DELETE /v4/sources/{}/sync"),
    *("GET /v4/destinations", "POST /v4/destinations"),
    *("PUT /v4/destinations/{}", "DELETE /v4/destinations/{}"),
    "GET /v4/{}/extractions",
    "GET /v4/{}/extractions/{}",
    "GET /v4/{}/loads",
    *(f"GET {BASE}/custom-emails", f"POST {BASE}/custom-emails"),
    *(f"PUT {BASE}/custom-emails/{{}}", f"DELETE {BASE}/custom-emails/{{}}"),
    *(f"GET {BASE}/hooks", f"POST {BASE}/hooks"),
    *(f"PUT {BASE}/hooks/{{}}", f"DELETE {BASE}/hooks/{{}}"),
    *("POST /v4/sources/{}/tokens", "GET /v4/sources/{}/tokens", "DELETE /v4/sources/{}/tokens/{}"),
    *("GET /v2/import/status", "POST /v2/import/batch", "POST /v2/import/push", "POST /v2/import/validate"),
]


def of_api(endpoints: dict[str, str]) -> set[str]:
    return {normal(endpoint) for endpoint in endpoints if " /_sandbox" not in endpoint}


def test_the_documented_api_is_served_and_nothing_else() -> None:
    assert of_api(endpoint_table.served()) == set(DOCUMENTED)


def test_the_client_asks_for_the_documented_api_and_nothing_else() -> None:
    assert set(endpoint_table.in_client()) == set(DOCUMENTED)


def test_every_documented_endpoint_is_held_by_a_test() -> None:
    assert set(endpoint_table.held_by()) == set(DOCUMENTED)


def test_the_page_lists_the_endpoints_that_there_are() -> None:
    listed = endpoint_table.section(endpoint_table.PAGE.read_text("utf-8"))

    assert listed == endpoint_table.table(), "run: uv run python tests/meta/endpoint_table.py --write"


def test_a_section_is_written_between_its_marks_alone() -> None:
    page = f"# A\n{endpoint_table.BEGIN}\nold\n{endpoint_table.END}\n## B\n"

    written = endpoint_table.written(page)

    assert written.startswith(f"# A\n{endpoint_table.BEGIN}\n40 endpoints")
    assert written.endswith(f"|\n{endpoint_table.END}\n## B\n")
    assert endpoint_table.section(written) == endpoint_table.table()


# -- what the docstrings say is what is sent --------------------------------------------------------------------------


class Named:
    """Remembers the dotted name of what is called on it, and calls nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.called: list[str] = []

    def __getattr__(self, attribute: str) -> "Named":
        inner = Named(f"{self.name}.{attribute}")
        inner.called = self.called
        return inner

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self.called.append(self.name)


def cases() -> list[Any]:
    """Calls of every method, with answers to them."""
    spec = importlib.util.spec_from_file_location("endpoint_cases", ROOT / "tests" / "client" / "endpoint_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [*((case, "client") for case in module.CASES), *((case, "ImportClient") for case in module.IMPORT_CASES)]


@pytest.mark.parametrize(("case", "whose"), cases(), ids=[case[0] for case, _ in cases()])
def test_a_method_sends_what_its_docstring_says(case: Any, whose: str) -> None:
    _, call, _, _, answer, *_ = case
    asked: list[str] = []

    def answering(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        return httpx.Response(200) if answer is None else httpx.Response(200, json=answer)

    kind = Client if whose == "client" else ImportClient
    with kind("a-token", base_url="https://api.example.com", transport=httpx.MockTransport(answering)) as client:
        call(client)
    named = Named(whose)
    call(named)

    (name,) = named.called
    told = [endpoint for endpoint, names in endpoint_table.in_client().items() if name in names]
    assert any(matches(endpoint, asked[0]) for endpoint in told), f"{name} sent {asked[0]}, and says {told}"


def matches(endpoint: str, asked: str) -> bool:
    parts, given = endpoint.split("/"), asked.split("/")
    return len(parts) == len(given) and all(part in ("{}", one) for part, one in zip(parts, given, strict=True))
