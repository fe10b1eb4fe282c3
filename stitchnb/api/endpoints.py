"""The table of the Connect API: every endpoint that Stitch documents, once.

The client builds its requests from it, ``%connect`` checks and completes against it, and the sandbox describes itself
with it. The sandbox registers its own routes, and a test compares them with this table, so a mistake here cannot hide
in both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from stitchnb.api import schemas
from stitchnb.api.schemas import (
    ID,
    INT,
    STR,
    EndpointSchema,
    array,
    ref,
    response_object,
)

Auth = Literal["account", "import", "none"]

# Parameters of paths that are text; the others are numbers.
_TEXT_PARAMETERS = ("source_type", "destination_type", "job_name")


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One endpoint of the Connect API.

    Attributes
    ----------
    method, path
        The path's parameters in braces: ``/v4/sources/{source_id}``.
    summary
        What it does, in a few words.
    schema
        What it takes and gives.
    auth
        The token that it takes: the account's, an Import API source's, or none.
    idempotent
        Sending a request twice does what sending it once does. ``with_keys``: where its records have key names. None
        follows from the method.
    limit_group
        The group of endpoints that share one rate limit for the account in the path; None where there is no limit.
    """

    method: str
    path: str
    summary: str
    schema: EndpointSchema
    auth: Auth = "account"
    idempotent: bool | Literal["with_keys"] | None = None
    limit_group: Literal["extractions_and_loads"] | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the path's parameters."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def has_body(self) -> bool:
        """A request needs a JSON body."""
        return self.schema.body is not None

    @property
    def returns_file(self) -> bool:
        """It redirects to a file, which is the actual result."""
        return self.schema.status == 302

    def url_path(self, **parameters: object) -> str:
        """Fill in the path's parameters; a value becomes one segment, whatever is in it."""
        return self.path.format_map({name: quote(str(value), safe="") for name, value in parameters.items()})

    def match(self, path: str) -> dict[str, str] | None:
        """Read the parameters out of a path; None where the path is not of this endpoint or an id is not a number."""
        segments, values = self.path.split("/"), path.split("/")
        if len(segments) != len(values):
            return None
        parameters: dict[str, str] = {}
        for segment, value in zip(segments, values, strict=True):
            name = segment.strip("{}")
            if name == segment:
                if segment != value:
                    return None
            elif not is_valid_parameter(name, value):
                return None
            else:
                parameters[name] = value
        return parameters

    def is_idempotent(self, body: Any) -> bool:
        """Tell whether sending a request with this body twice does what sending it once does."""
        if self.idempotent == "with_keys":
            parts = body if isinstance(body, list) else [body]
            return all(isinstance(part, Mapping) and bool(part.get("key_names")) for part in parts)
        return self.method in ("GET", "PUT", "DELETE") if self.idempotent is None else self.idempotent


def is_numeric_parameter(name: str) -> bool:
    """Tell whether a path's parameter is a number."""
    return name not in _TEXT_PARAMETERS


def is_valid_parameter(name: str, value: str) -> bool:
    """Tell whether a path's parameter can have this value. A number has at most 18 digits."""
    return re.fullmatch(r"[0-9]{1,18}", value) is not None if is_numeric_parameter(name) else bool(value)


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """Find the endpoint of a request and the path's parameters; None where the API documents none."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method and (parameters := endpoint.match(path)) is not None:
            return endpoint, parameters
    return None


def at(method: str, path: str) -> Endpoint | None:
    """Return the endpoint with this method and this path, whose parameters are in braces."""
    return _BY_ROUTE.get((method, path))


def _page(item: str) -> EndpointSchema:
    links = response_object({}, {"next": STR, "previous": STR})
    page = response_object({"data": array(ref(item)), "page": ID, "total": INT, "links": links})
    return EndpointSchema(page, query={"page": ID})


_STATUS = response_object({"status": {"const": 200}})
_NOTIFICATIONS = "/notifications/public/v1/api"
_IMPORT_ERRORS = (400, 403, 415, 422, 503)

# -- source types and destination types -------------------------------------------------------------------------------

_TYPES = EndpointSchema(array(ref("ReportCard")))
_TYPE = EndpointSchema(ref("ReportCard"), error_statuses=(400,))

LIST_SOURCE_TYPES = Endpoint("GET", "/v4/source-types", "Every source type's report card", _TYPES)
GET_SOURCE_TYPE = Endpoint("GET", "/v4/source-types/{source_type}", "One source type's report card", _TYPE)
LIST_DESTINATION_TYPES = Endpoint("GET", "/v4/destination-types", "Every destination type's report card", _TYPES)
GET_DESTINATION_TYPE = Endpoint(
    "GET", "/v4/destination-types/{destination_type}", "One destination type's report card", _TYPE
)

# -- sources ----------------------------------------------------------------------------------------------------------

_SOURCE = "/v4/sources/{source_id}"

LIST_SOURCES = Endpoint(
    "GET", "/v4/sources", "Every source: active, paused and deleted", EndpointSchema(array(ref("Source")))
)
CREATE_SOURCE = Endpoint(
    "POST",
    "/v4/sources",
    "Create a source",
    EndpointSchema(ref("Source"), body=schemas.NEW_SOURCE, error_statuses=(400,)),
)
GET_SOURCE = Endpoint("GET", _SOURCE, "One source", EndpointSchema(ref("Source"), error_statuses=(400,)))
UPDATE_SOURCE = Endpoint(
    "PUT",
    _SOURCE,
    "Change a source",
    EndpointSchema(ref("Source"), body=schemas.SOURCE_CHANGES, error_statuses=(400,)),
)
DELETE_SOURCE = Endpoint("DELETE", _SOURCE, "Delete a source", EndpointSchema(ref("Source"), error_statuses=(400,)))
LAST_SOURCE_CHECK = Endpoint(
    "GET",
    f"{_SOURCE}/last-connection-check",
    "A source's last connection check",
    EndpointSchema(ref("ConnectionCheck"), error_statuses=(400,)),
)

# -- streams ----------------------------------------------------------------------------------------------------------

LIST_STREAMS = Endpoint(
    "GET",
    f"{_SOURCE}/streams",
    "A source's streams",
    EndpointSchema(array(ref("Stream")), error_statuses=(400,)),
)
UPDATE_STREAMS = Endpoint(
    "PUT",
    f"{_SOURCE}/streams/metadata",
    "Select and configure streams and fields",
    EndpointSchema(_STATUS, body=schemas.SELECTIONS, error_statuses=(400,)),
)
GET_STREAM = Endpoint(
    "GET",
    f"{_SOURCE}/streams/{{stream_id}}",
    "A stream's schema and metadata",
    EndpointSchema(ref("StreamSchema"), error_statuses=(400,)),
)

# -- jobs -------------------------------------------------------------------------------------------------------------

START_JOB = Endpoint(
    "POST",
    f"{_SOURCE}/sync",
    "Start a replication job",
    EndpointSchema(
        {
            "description": "If a job is already running, the response is an error with status 200.",
            "anyOf": [
                response_object({"job_name": STR}),
                response_object({"error": response_object({"type": {"const": "already_running"}, "message": STR})}),
            ],
        },
        error_statuses=(400,),
    ),
)
STOP_JOB = Endpoint(
    "DELETE", f"{_SOURCE}/sync", "Stop the replication job", EndpointSchema(_STATUS, error_statuses=(400,))
)
LIST_EXTRACTIONS = Endpoint(
    "GET",
    "/v4/{client_id}/extractions",
    "The last completed extraction of each source",
    _page("Extraction"),
    limit_group="extractions_and_loads",
)
LIST_LOADS = Endpoint(
    "GET",
    "/v4/{client_id}/loads",
    "The last load of each stream",
    _page("Load"),
    limit_group="extractions_and_loads",
)
GET_EXTRACTION_LOG = Endpoint(
    "GET",
    "/v4/{client_id}/extractions/{job_name}",
    "Where to download an extraction's log",
    EndpointSchema(status=302, headers=("Location",)),
    limit_group="extractions_and_loads",
)

# -- destinations -----------------------------------------------------------------------------------------------------

_DESTINATION = "/v4/destinations/{destination_id}"

LIST_DESTINATIONS = Endpoint(
    "GET",
    "/v4/destinations",
    "Every destination, or those of a source",
    EndpointSchema(array(ref("Destination")), query={"source_id": ID, "destination_id": ID}, error_statuses=(400,)),
)
CREATE_DESTINATION = Endpoint(
    "POST",
    "/v4/destinations",
    "Create a destination",
    EndpointSchema(ref("Destination"), body=schemas.NEW_DESTINATION, error_statuses=(400,)),
)
UPDATE_DESTINATION = Endpoint(
    "PUT",
    _DESTINATION,
    "Change a destination",
    EndpointSchema(ref("Destination"), body=schemas.DESTINATION_CHANGES, error_statuses=(400,)),
)
DELETE_DESTINATION = Endpoint("DELETE", _DESTINATION, "Delete a destination", EndpointSchema(error_statuses=(400,)))
LAST_DESTINATION_CHECK = Endpoint(
    "GET",
    f"{_DESTINATION}/last-connection-check",
    "A destination's last connection check",
    EndpointSchema(ref("ConnectionCheck"), error_statuses=(400,)),
)

# -- accounts and tokens ----------------------------------------------------------------------------------------------

CREATE_ACCOUNT = Endpoint(
    "POST",
    "/v3/accounts",
    "Create a client account",
    EndpointSchema(
        response_object({"access_token": STR, "stitch_account_id": INT}),
        body=schemas.NEW_ACCOUNT,
        error_statuses=(400,),
    ),
    auth="none",
)
CREATE_EPHEMERAL_TOKEN = Endpoint(
    "POST",
    "/v3/sessions/ephemeral",
    "Get a token that is valid one hour",
    EndpointSchema(response_object({"ephemeral_token": STR})),
)
CREATE_IMPORT_TOKEN = Endpoint(
    "POST",
    f"{_SOURCE}/tokens",
    "Create an Import API token",
    EndpointSchema(response_object({"id": ID, "access_token": STR}), error_statuses=(400,)),
)
LIST_IMPORT_TOKENS = Endpoint(
    "GET", f"{_SOURCE}/tokens", "The ids of a source's tokens", EndpointSchema(array(ID), error_statuses=(400,))
)
DELETE_IMPORT_TOKEN = Endpoint(
    "DELETE",
    f"{_SOURCE}/tokens/{{token_id}}",
    "Revoke an Import API token",
    EndpointSchema(ref("Source"), error_statuses=(400, 404)),
)

# -- notifications ----------------------------------------------------------------------------------------------------

_EMAILS, _HOOKS = f"{_NOTIFICATIONS}/custom-emails", f"{_NOTIFICATIONS}/hooks"

LIST_EMAILS = Endpoint(
    "GET", _EMAILS, "Every custom e-mail, disabled ones included", EndpointSchema(array(ref("CustomEmail")))
)
CREATE_EMAIL = Endpoint(
    "POST",
    _EMAILS,
    "Create a custom e-mail",
    EndpointSchema(ref("CustomEmail"), body=schemas.NEW_EMAIL, error_statuses=(400,)),
)
UPDATE_EMAIL = Endpoint(
    "PUT",
    f"{_EMAILS}/{{id}}",
    "Disable or enable a custom e-mail",
    EndpointSchema(
        response_object({"disabled_at": schemas.NULLABLE_TIME}),
        body=schemas.EMAIL_CHANGES,
        error_statuses=(400, 404),
    ),
)
DELETE_EMAIL = Endpoint(
    "DELETE", f"{_EMAILS}/{{id}}", "Delete a custom e-mail", EndpointSchema({"const": [1]}, error_statuses=(404,))
)
LIST_HOOKS = Endpoint(
    "GET",
    _HOOKS,
    "Every hook by its type, disabled ones included",
    EndpointSchema(response_object({"post_load": array(ref("Hook"))})),
)
CREATE_HOOK = Endpoint(
    "POST", _HOOKS, "Create a hook", EndpointSchema(ref("Hook"), body=schemas.NEW_HOOK, error_statuses=(400,))
)
UPDATE_HOOK = Endpoint(
    "PUT",
    f"{_HOOKS}/{{id}}",
    "Disable or enable a hook",
    EndpointSchema(ref("Hook"), body=schemas.HOOK_CHANGES, error_statuses=(400,)),
)
DELETE_HOOK = Endpoint(
    "DELETE", f"{_HOOKS}/{{id}}", "Delete a hook", EndpointSchema({"type": "null"}, error_statuses=(400,))
)

# -- Import API -------------------------------------------------------------------------------------------------------

_RECEIPT = ref("ImportReceipt")

IMPORT_STATUS = Endpoint(
    "GET",
    "/v2/import/status",
    "Whether it is up",
    EndpointSchema(response_object({"name": STR, "version": STR, "status": STR})),
    auth="none",
)
IMPORT_BATCH = Endpoint(
    "POST",
    "/v2/import/batch",
    "Send records of one table, with their schema",
    EndpointSchema(_RECEIPT, body=schemas.IMPORT_BATCH, status=201, error_statuses=_IMPORT_ERRORS),
    auth="import",
    idempotent="with_keys",
)
IMPORT_PUSH = Endpoint(
    "POST",
    "/v2/import/push",
    "Send records of several tables",
    EndpointSchema(_RECEIPT, body=schemas.IMPORT_PUSH, status=201, error_statuses=_IMPORT_ERRORS),
    auth="import",
    idempotent="with_keys",
)
IMPORT_VALIDATE = Endpoint(
    "POST",
    "/v2/import/validate",
    "See whether a batch or a push would be taken",
    EndpointSchema(
        _RECEIPT, body={"anyOf": [schemas.IMPORT_BATCH, schemas.IMPORT_PUSH]}, error_statuses=_IMPORT_ERRORS
    ),
    auth="import",
    idempotent=True,
)

ENDPOINTS: tuple[Endpoint, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Endpoint))
"""Every endpoint that the Connect API documents."""

_BY_ROUTE = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS}
