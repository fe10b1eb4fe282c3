"""Every documented refusal: what is sent, and the status and the body that come back, word for word.

In a row ``{source_id}`` stands for what the fixture of that name gives.
"""

from dataclasses import dataclass
from typing import Any

from documented import BASE, BATCH, MESSAGE, NEW_ACCOUNT, NEW_DESTINATION, NEW_SOURCE, PUSH

from stitchnb.errors import (
    AccessDeniedError,
    AlreadyRunningError,
    APIError,
    AuthenticationError,
    BadRequestError,
    InvalidPropertiesError,
    NameTakenError,
    NotFoundError,
)

SELECTED = {"selected": True}


@dataclass(frozen=True)
class Row:
    """One refusal.

    Attributes
    ----------
    told
        The documented body; ... where none is documented.
    kind
        What the client makes of it.
    token
        None sends none, ... the account's.
    needs
        A fixture whose state it needs.
    sandbox
        Options of the sandbox that it needs.
    """

    why: str
    endpoint: str
    body: Any
    status: int
    told: Any
    kind: type[APIError] = BadRequestError
    token: Any = ...
    needs: str = ""
    sandbox: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.endpoint}: {self.why}"


def named(error: str, message: Any, **data: Any) -> dict[str, Any]:
    return {"error": error, "data": {"message": message, **data}}


def typed(type_: str, message: str) -> dict[str, Any]:
    return {"error": {"type": type_, "message": message}}


def fields(message: str) -> dict[str, Any]:
    return {"invalid_fields": message}


def source(**change: Any) -> dict[str, Any]:
    return {**NEW_SOURCE, **change}


def given(**change: Any) -> dict[str, Any]:
    return source(properties={**NEW_SOURCE["properties"], **change})


def stream(tap_stream_id: str | None, metadata: dict[str, Any], *breadcrumb: str) -> dict[str, Any]:
    entry = {"breadcrumb": list(breadcrumb), "metadata": metadata}
    chosen = {} if tap_stream_id is None else {"tap_stream_id": tap_stream_id}
    return {"streams": [{**chosen, "metadata": [entry]}]}


def batch(data: dict[str, Any] | None = None, **change: Any) -> dict[str, Any]:
    messages = [MESSAGE if data is None else {**MESSAGE, "data": data}]
    return {key: value for key, value in {**BATCH, "messages": messages, **change}.items() if value is not ...}


POST_BODY = "POST body may only include a non-empty type, a non-empty display_name and map of string properties"
PUT_BODY = "PUT body many only include the keys: display_name, properties, and paused_at"
BAD_NAME = (
    "The name field must be under 50 characters, and can only contain lowercase letters, numbers, underscores, or "
    "dollar signs. It must begin with a letter or an underscore."
)
NO_CRON = named("AccessDenied", "access to cron_expression based scheduling is not permitted")
BOTH_DAYS = named(
    "InvalidCronExpression",
    'cron_expression "0 0 12 1 * MON *" is invalid: Support for specifying both a day-of-week AND a day-of-month '
    "parameter is not implemented.",
)
SELECTION_BODY = "body must contain a 'streams' property with a list of metadatas by tap_stream_id"
DESTINATION_BODY = (
    "POST body may only include a type, a name, a description, map of properties, and boolean for unmapped sources"
)
NOT_AUTHORIZED = {"message": "Not Authorized"}
STANDARD = (("plan", "standard"),)
CRON = {"cron_expression": "0 0 12 ? * MON-FRI *"}

_SOURCES = "POST /v4/sources"
_SOURCE = "PUT /v4/sources/{source_id}"
_SELECTION = "PUT /v4/sources/{source_id}/streams/metadata"
_EMAILS, _HOOKS = f"{BASE}/custom-emails", f"{BASE}/hooks"

ROWS = [
    Row("no token", "GET /v4/sources", None, 401, ..., AuthenticationError, token=None),
    Row("a bad token", "GET /v4/sources", None, 401, ..., AuthenticationError, token="wrong"),
    # -- sources
    Row(
        "unknown type",
        _SOURCES,
        source(type="platform.x"),
        400,
        named("InvalidType", "invalid source type (platform.x)"),
    ),
    Row(
        "the name is taken",
        _SOURCES,
        source(),
        400,
        named("InvalidName", "non-unique name (Recurly)"),
        NameTakenError,
        needs="source_id",
    ),
    Row(
        "the derived name is taken",
        _SOURCES,
        source(display_name="Recurly!"),
        400,
        named("InvalidName", "non-unique name after deriving it from display_name (Recurly! -> recurly)"),
        NameTakenError,
        needs="source_id",
    ),
    Row(
        "nothing is left of the name",
        _SOURCES,
        source(display_name="####"),
        400,
        named("InvalidDisplayName", "invalid name after deriving it from display_name (#### -> )"),
        NameTakenError,
    ),
    Row("a bad name", _SOURCES, source(display_name="7up"), 400, named("InvalidName", BAD_NAME), NameTakenError),
    Row("another key", _SOURCES, source(name="x"), 400, named("InvalidBody", POST_BODY)),
    Row("an empty type", _SOURCES, source(type=""), 400, named("InvalidBody", POST_BODY)),
    Row("an empty name", _SOURCES, source(display_name=""), 400, named("InvalidBody", POST_BODY)),
    Row("a property that is no string", _SOURCES, given(quota_limit=30), 400, named("InvalidBody", POST_BODY)),
    Row(
        "the plan has no access",
        _SOURCES,
        source(type="platform.twilio"),
        400,
        named("AccessDenied", "you do not have access to source type (platform.twilio)"),
        AccessDeniedError,
    ),
    Row(
        "a value breaks its schema",
        _SOURCES,
        given(quota_limit="thirty"),
        400,
        named("InvalidProperties", "properties do not match schema", bad_properties=["quota_limit"], report_card=...),
        InvalidPropertiesError,
    ),
    Row(
        "an empty value",
        _SOURCE,
        {"properties": {"subdomain": ""}},
        400,
        named("InvalidProperties", "properties do not match schema", bad_properties=["subdomain"], report_card=...),
        InvalidPropertiesError,
    ),
    Row("cron without the plan", _SOURCES, given(**CRON), 400, NO_CRON, AccessDeniedError, sandbox=STANDARD),
    Row("cron without the plan", _SOURCE, {"properties": CRON}, 400, NO_CRON, AccessDeniedError, sandbox=STANDARD),
    Row("bad cron", _SOURCES, given(cron_expression="0 0 12 1 * MON *"), 400, BOTH_DAYS),
    Row("bad cron", _SOURCE, {"properties": {"cron_expression": "0 0 12 1 * MON *"}}, 400, BOTH_DAYS),
    Row("another key", _SOURCE, {"type": "platform.x"}, 400, named("InvalidBody", PUT_BODY)),
    Row(
        "a bad name",
        _SOURCE,
        {"display_name": ""},
        400,
        named("InvalidDisplayName", "invalid display_name ()"),
        NameTakenError,
    ),
    Row("no such source", "PUT /v4/sources/7", {}, 400, named("InvalidId", "source not found (7)"), NotFoundError),
    Row("no such source", "DELETE /v4/sources/7", None, 400, named("InvalidId", "source not found (7)"), NotFoundError),
    # -- streams
    Row("no such source", "GET /v4/sources/7/streams", None, 400, "invalid stream-id: 7", NotFoundError),
    Row("no such stream", "GET /v4/sources/{source_id}/streams/7", None, 400, "invalid stream-id: 7", NotFoundError),
    Row("no stream id", _SELECTION, stream(None, SELECTED), 400, fields("invalid tap-stream-ids:  [nil]")),
    Row(
        "an unknown stream", _SELECTION, stream("acounts", SELECTED), 400, fields("invalid tap-stream-ids:  [acounts]")
    ),
    Row(
        "a read-only key",
        _SELECTION,
        stream("accounts", {"row-count": 3}),
        400,
        fields('only non-discoverable metadata can be produced by the UI: #{"row-count"}'),
    ),
    Row(
        "an unsupported field",
        "PUT /v4/sources/{salesforce_id}/streams/metadata",
        stream("Account", SELECTED, "properties", "BillingAddress"),
        400,
        fields("Unsupported fields cannot be selected by default"),
    ),
    Row("no streams", _SELECTION, {}, 400, SELECTION_BODY),
    Row("no metadata", _SELECTION, {"streams": [{"tap_stream_id": "accounts"}]}, 400, SELECTION_BODY),
    Row(
        "no breadcrumb",
        _SELECTION,
        {"streams": [{"tap_stream_id": "accounts", "metadata": [{"metadata": SELECTED}]}]},
        400,
        SELECTION_BODY,
    ),
    # -- jobs
    Row(
        "one is under way",
        "POST /v4/sources/{running_id}/sync",
        None,
        200,
        typed(
            "already_running",
            "Did not create job for client-id: {client_id}; connection-id: {running_id} because one already exists",
        ),
        AlreadyRunningError,
        sandbox=(("pace_s", 60),),
    ),
    Row(
        "no such source",
        "POST /v4/sources/7/sync",
        None,
        400,
        typed("invalid_source", "Unable to locate source(7) for client ({client_id})"),
        NotFoundError,
    ),
    Row(
        "a deleted source",
        "POST /v4/sources/{deleted_id}/sync",
        None,
        400,
        typed("invalid_source", "Integration is deleted."),
        NotFoundError,
    ),
    Row("another account", "GET /v4/7/extractions", None, 401, ..., AuthenticationError),
    Row("another account", "GET /v4/7/loads", None, 401, ..., AuthenticationError),
    Row("no such job", "GET /v4/{client_id}/extractions/{client_id}.7.sync.x", None, 404, ..., NotFoundError),
    # -- destinations
    Row(
        "at the limit",
        "POST /v4/destinations",
        NEW_DESTINATION,
        400,
        "you are at your destination limit",
        AccessDeniedError,
        needs="crowd",
    ),
    Row("another key", "POST /v4/destinations", {**NEW_DESTINATION, "colour": "red"}, 400, DESTINATION_BODY),
    Row(
        "the type is given",
        "PUT /v4/destinations/{destination_id}",
        {"type": "redshift", "properties": {}},
        400,
        "this API endpoint does not support modifying destination type",
    ),
    Row("a bad id", "PUT /v4/destinations/7", {"properties": {}}, 400, "invalid connection id", NotFoundError),
    Row(
        "a bad id",
        "DELETE /v4/destinations/7",
        None,
        400,
        "Unable to locate dest (7) for client ({client_id}) to delete",
        NotFoundError,
    ),
    Row("letters for an id", "DELETE /v4/destinations/seven", None, 404, ..., NotFoundError),
    Row("nothing for an id", "DELETE /v4/destinations/", None, 404, ..., NotFoundError),
    Row(
        "another query",
        "GET /v4/destinations?colour=red",
        None,
        400,
        "GET may only include the params: source_id and/or destination_id",
    ),
    # -- notifications
    Row(
        "a bad address",
        f"POST {_EMAILS}",
        {"email_address": "ada"},
        400,
        {"error": {"message": {"email_address": "Required. Must be valid email address format."}}},
    ),
    Row(
        "more than ten",
        f"POST {_EMAILS}",
        {"email_address": "b@example.com"},
        400,
        {"error": {"message": "Account not authorized to create additional custom notification email addresses."}},
        needs="crowd",
    ),
    Row("a bad id", f"PUT {_EMAILS}/7", {"disabled_at": None}, 404, {"status": "NOT FOUND"}, NotFoundError),
    Row("a bad id", f"DELETE {_EMAILS}/7", None, 404, {"status": "NOT FOUND"}, NotFoundError),
    Row("a bad time", f"PUT {_EMAILS}/{{email_id}}", {"disabled_at": "soon"}, 400, {"disabled_at": "soon"}),
    Row("a bad body", f"POST {_HOOKS}", {"type": "post_load"}, 400, named("InvalidBody", "Invalid POST body")),
    Row(
        "not https",
        f"POST {_HOOKS}",
        {"type": "post_load", "destination_id": "{destination_id}", "config": {"url": "http://hooks.example.com/"}},
        400,
        named("InvalidBody", "Invalid POST body"),
    ),
    Row(
        "no such destination",
        f"POST {_HOOKS}",
        {"type": "post_load", "destination_id": 1, "config": {"url": "https://hooks.example.com/"}},
        400,
        named("InvalidBody", "Invalid POST body"),
    ),
    Row(
        "a bad body",
        f"PUT {_HOOKS}/{{hook_id}}",
        {"enable": "yes"},
        400,
        named("InvalidBody", "PUT body must only contain boolean 'enable' key"),
    ),
    Row(
        "more than ten",
        f"POST {_HOOKS}",
        {"type": "post_load", "destination_id": "{destination_id}", "config": {"url": "https://hooks.example.com/"}},
        400,
        {"error": {"message": "You have exceeded the limit of 10 hooks."}},
        needs="crowd",
    ),
    Row("a bad id", f"PUT {_HOOKS}/7", {"enable": True}, 400, {"error": "NotFound"}, NotFoundError),
    Row("a bad id", f"DELETE {_HOOKS}/7", None, 400, {"error": "NotFound"}, NotFoundError),
    # -- accounts
    Row(
        "the address is known",
        "POST /v3/accounts",
        {**NEW_ACCOUNT, "email": "{known_email}"},
        400,
        {"code": "ExistingUser", "message": "This email address is already associated with an active user."},
        token=None,
    ),
    Row(
        "something is missing",
        "POST /v3/accounts",
        {k: v for k, v in NEW_ACCOUNT.items() if k != "partner_id"},
        400,
        {"code": "BadRequest", "message": "Invalid form data.", "errors": {"partner_id": "required"}},
        token=None,
    ),
    # -- Import API
    *(
        Row(why, "POST /v2/import/batch", body, 400, {"error": error}, token="{import_token}")
        for why, body, error in [
            ("a key is missing", batch(schema=...), "Request failed validation:#: required key [schema] not found"),
            (
                "another key",
                batch(colour="red"),
                "Request failed validation:#: extraneous key [colour] is not permitted",
            ),
            (
                "a record off its schema",
                batch({"id": "one"}),
                "Record 0 did not conform to schema: #/id: expected: Integer, found: String",
            ),
            ("no primary key", batch({"name": "Ada"}), "Record is missing key property id"),
        ]
    ),
    Row("a bad token", "POST /v2/import/batch", BATCH, 401, NOT_AUTHORIZED, AuthenticationError, token="wrong"),
    Row("a bad token", "POST /v2/import/push", PUSH, 401, NOT_AUTHORIZED, AuthenticationError, token="wrong"),
    Row(
        "a paused source",
        "POST /v2/import/batch",
        BATCH,
        401,
        {"error": "Forbidden", "errors": {"error": "Connection is not active."}},
        AuthenticationError,
        token="{paused_import_token}",
    ),
    Row("too large", "POST /v2/import/batch", "x" * 20 * 1024 * 1024, 413, ..., token="{import_token}"),
]
