"""The sandbox described as OpenAPI 3.1, from the very endpoints that it serves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from stitchnb import __version__
from stitchnb.api import endpoints as api
from stitchnb.api.endpoints import Auth
from stitchnb.api.schemas import ID, NAME, SCHEMAS, EndpointSchema, ref
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.middleware import CONTROL

PATH = f"{CONTROL}/openapi.json"
"""Where the description is served."""

_NUMBERED = {"source_id", "destination_id", "stream_id", "token_id", "client_id", "fault_id", "id"}

# Parts of paths that say nothing of what an endpoint is about.
_UNTELLING = re.compile(r"v\d+|notifications|public|api|import")

_SECURITY: Mapping[Auth, list[dict[str, list[str]]]] = {
    "account": [{"account": []}],
    "import": [{"import": []}],
    "none": [],
}
_SCHEMES = {
    "account": {"type": "http", "scheme": "bearer", "description": "The account's access token."},
    "import": {"type": "http", "scheme": "bearer", "description": "A token of an Import API source."},
}


class Description:
    """Describes endpoints, its own included."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = [*endpoints, *self.endpoints()]

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoint that answers with the description."""
        schema = EndpointSchema({"type": "object", "required": ["openapi", "info", "paths"]})
        return [
            Endpoint("GET", PATH, lambda request: self.document(), "This description, as OpenAPI 3.1", schema=schema)
        ]

    def document(self) -> dict[str, Any]:
        """Answer with the description."""
        paths: dict[str, dict[str, Any]] = {}
        for endpoint in self._endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Stitch Connect API, as the sandbox of stitchnb serves it",
                "version": __version__,
                "description": f"What is below {CONTROL} steers the sandbox itself; the rest is the API.",
            },
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {"schemas": SCHEMAS, "securitySchemes": _SCHEMES},
        }


def _described(endpoint: Endpoint) -> tuple[str, EndpointSchema]:
    """Return an endpoint's summary and schema: its own, or those of the table of the API."""
    if endpoint.summary is not None and endpoint.schema is not None:
        return endpoint.summary, endpoint.schema
    documented = api.at(endpoint.method, endpoint.path)
    if documented is None:
        raise ValueError(f"{endpoint.method} {endpoint.path} has no description: pass summary and schema.")
    return documented.summary, documented.schema


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    summary, schema = _described(endpoint)
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": summary,
        "tags": [_telling_parts(endpoint.path)[0]],
        "security": _SECURITY[endpoint.auth],
        "parameters": [
            *(_parameter(name, "path", ID if name in _NUMBERED else NAME) for name in _in_braces(endpoint.path)),
            *(_parameter(name, "query", rule) for name, rule in schema.query.items()),
        ],
        "responses": {str(schema.status): _answer(schema)}
        | {str(status): _refusal(status) for status in _refuses(endpoint, schema)},
    }
    if schema.body is not None:
        operation["requestBody"] = {"required": not schema.body_is_optional, "content": _content(schema.body)}
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    words = [endpoint.method.lower(), *_telling_parts(endpoint.path), *_in_braces(endpoint.path)]
    return re.sub(r"\W+", "_", "_".join(words)).strip("_")


def _telling_parts(path: str) -> list[str]:
    parts = [part for part in path.strip("/").split("/") if not part.startswith("{")]
    telling = [part.lstrip("_") for part in parts if not _UNTELLING.fullmatch(part)]
    return ["import", *telling] if "import" in parts else telling


def _in_braces(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _parameter(name: str, place: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _answer(schema: EndpointSchema) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(schema.status).phrase}
    if schema.response is not None:
        answer["content"] = _content(schema.response, schema.media_type)
    if schema.headers:
        answer["headers"] = {name: {"required": True, "schema": {"type": "string"}} for name in schema.headers}
    return answer


def _refuses(endpoint: Endpoint, schema: EndpointSchema) -> list[int]:
    """Tell the statuses of an endpoint's refusals, those that go without saying included."""
    found = set(schema.error_statuses)
    if endpoint.auth != "none":
        found.add(401)
    if _in_braces(endpoint.path):
        found.add(404)
    if schema.body is not None:
        found.add(413)
    return sorted(found)


def _refusal(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": _content(ref("Error"))}


def _content(schema: Mapping[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {media_type: {"schema": schema}}
