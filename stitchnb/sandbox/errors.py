"""Every error that the API and the Import API return, word for word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any


class APIErrorResponse(Exception):
    """An answer that is an error: its status and its body."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body
        super().__init__(f"{status} {body!r}")


def _named(error: str, message: str, **data: Any) -> APIErrorResponse:
    return APIErrorResponse(400, {"error": error, "data": {"message": message, **data}})


def _typed(type_: str, message: str, status: int = 400) -> APIErrorResponse:
    return APIErrorResponse(status, {"error": {"type": type_, "message": message}})


def not_authorized() -> APIErrorResponse:
    """No token, or a wrong one."""
    return APIErrorResponse(401, {"message": "Not Authorized"})


def too_large(size: int) -> APIErrorResponse:
    """The body has more bytes than the endpoint takes."""
    return APIErrorResponse(413, {"error": f"the body is too large ({size} bytes)"})


def no_such_route(method: str, path: str) -> APIErrorResponse:
    """The API has no such method or path."""
    return APIErrorResponse(404, {"error": "NotFound", "data": {"message": f"there is no {method} {path}"}})


def invalid_account(missing: Iterable[str]) -> APIErrorResponse:
    """Creating an account without something that is required."""
    errors = dict.fromkeys(missing, "required")
    return APIErrorResponse(400, {"code": "BadRequest", "message": "Invalid form data.", "errors": errors})


def existing_user() -> APIErrorResponse:
    """An account for somebody who has one."""
    message = "This email address is already associated with an active user."
    return APIErrorResponse(400, {"code": "ExistingUser", "message": message})


def nothing_to_authorize(source_id: int, reason: str) -> APIErrorResponse:
    """The source is not one that could be authorised now. A refusal of the sandbox's own, as the route is."""
    return _named("NothingToAuthorize", f"source {source_id} cannot be authorised: {reason}")


def invalid_type(type_: str, *, kind: str = "source") -> APIErrorResponse:
    """No such type of source or destination."""
    return _named("InvalidType", f"invalid {kind} type ({type_})")


def name_taken(display_name: str) -> APIErrorResponse:
    """A live source has this display name."""
    return _named("InvalidName", f"non-unique name ({display_name})")


def derived_name_taken(display_name: str, name: str) -> APIErrorResponse:
    """A live source has the name that this display name becomes."""
    return _named("InvalidName", f"non-unique name after deriving it from display_name ({display_name} -> {name})")


def underivable_name(display_name: str, name: str) -> APIErrorResponse:
    """Nothing is left of the display name."""
    return _named("InvalidDisplayName", f"invalid name after deriving it from display_name ({display_name} -> {name})")


def invalid_name() -> APIErrorResponse:
    """The derived name cannot be a schema."""
    return _named(
        "InvalidName",
        "The name field must be under 50 characters, and can only contain lowercase letters, numbers, underscores, or "
        "dollar signs. It must begin with a letter or an underscore.",
    )


def invalid_display_name(display_name: Any) -> APIErrorResponse:
    """An update's display name is not one."""
    return _named("InvalidDisplayName", f"invalid display_name ({'' if display_name is None else display_name})")


def invalid_post_body() -> APIErrorResponse:
    """Creating a source with other keys, or with values of other types."""
    return _named(
        "InvalidBody",
        "POST body may only include a non-empty type, a non-empty display_name and map of string properties",
    )


def invalid_put_body() -> APIErrorResponse:
    """Updating a source with other keys. The slip of the pen is the API's."""
    return _named("InvalidBody", "PUT body many only include the keys: display_name, properties, and paused_at")


def no_access_to_type(type_: str, *, kind: str = "source") -> APIErrorResponse:
    """The plan does not include the type."""
    return _named("AccessDenied", f"you do not have access to {kind} type ({type_})")


def no_access_to_cron() -> APIErrorResponse:
    """The plan does not include cron schedules."""
    return _named("AccessDenied", "access to cron_expression based scheduling is not permitted")


def invalid_cron(expression: str, reason: str) -> APIErrorResponse:
    """Quartz does not understand the expression."""
    return _named("InvalidCronExpression", f'cron_expression "{expression}" is invalid: {reason}')


def invalid_properties(names: Iterable[str], report_card: Mapping[str, Any]) -> APIErrorResponse:
    """Values that break their schema, or are empty."""
    return _named(
        "InvalidProperties",
        "properties do not match schema",
        bad_properties=list(names),
        report_card=dict(report_card),
    )


def source_not_found(source_id: Any) -> APIErrorResponse:
    """No such source."""
    return _named("InvalidId", f"source not found ({source_id})")


def unchecked_source(source_id: Any) -> APIErrorResponse:
    """The source was not checked yet; the real API tells nothing of how it says so."""
    return _named("InvalidId", f"connection check not found (source {source_id} was not checked yet)")


def invalid_stream_id(stream_id: Any) -> APIErrorResponse:
    """No such source or stream."""
    return APIErrorResponse(400, f"invalid stream-id: {stream_id}")


def invalid_tap_stream_ids(tap_stream_ids: Iterable[Any]) -> APIErrorResponse:
    """Metadata for streams that the source does not have."""
    shown = " ".join("nil" if t is None else t if isinstance(t, str) else json.dumps(t) for t in tap_stream_ids)
    return APIErrorResponse(400, {"invalid_fields": f"invalid tap-stream-ids:  [{shown}]"})


def read_only_metadata(keys: Iterable[str]) -> APIErrorResponse:
    """Metadata that only discovery may write."""
    shown = " ".join(f'"{k}"' for k in keys)
    return APIErrorResponse(
        400, {"invalid_fields": f"only non-discoverable metadata can be produced by the UI: #{{{shown}}}"}
    )


def unsupported_field() -> APIErrorResponse:
    """An unsupported field was selected."""
    return APIErrorResponse(400, {"invalid_fields": "Unsupported fields cannot be selected by default"})


def invalid_selection_body() -> APIErrorResponse:
    """No streams, breadcrumb or metadata in it."""
    return APIErrorResponse(400, "body must contain a 'streams' property with a list of metadatas by tap_stream_id")


def already_running(client_id: int, source_id: int) -> APIErrorResponse:
    """A job of this source is under way; the status really is 200."""
    return _typed(
        "already_running",
        f"Did not create job for client-id: {client_id}; connection-id: {source_id} because one already exists",
        status=200,
    )


def no_source_to_sync(client_id: int, source_id: Any) -> APIErrorResponse:
    """No such source to start or stop a job of."""
    return _typed("invalid_source", f"Unable to locate source({source_id}) for client ({client_id})")


def deleted_source_to_sync() -> APIErrorResponse:
    """The source is deleted."""
    return _typed("invalid_source", "Integration is deleted.")


def no_destination_to_sync_to(source_id: int) -> APIErrorResponse:
    """The source goes to no destination; the real API tells nothing of how it says so."""
    return _typed(
        "invalid_destination",
        f"Replication is paused for source({source_id}): no destination takes its rows. Create a destination, or map "
        "the source to one.",
    )


def destination_not_found(destination_id: Any) -> APIErrorResponse:
    """A source was to be mapped to a destination that is not there."""
    return _named("InvalidId", f"destination not found ({destination_id})")


def destination_limit() -> APIErrorResponse:
    """The plan allows no further destination."""
    return APIErrorResponse(400, "you are at your destination limit")


def invalid_destination_post_body() -> APIErrorResponse:
    """Creating a destination with other keys, or with values of other types."""
    return APIErrorResponse(
        400,
        "POST body may only include a type, a name, a description, map of properties, and boolean for unmapped sources",
    )


def invalid_destination_put_body() -> APIErrorResponse:
    """Updating anything else of a destination than its properties."""
    return APIErrorResponse(400, "PUT body may only include a map of properties")


def fixed_destination_type() -> APIErrorResponse:
    """A destination stays of its type."""
    return APIErrorResponse(400, "this API endpoint does not support modifying destination type")


def invalid_connection_id() -> APIErrorResponse:
    """No such destination to look at or to update."""
    return APIErrorResponse(400, "invalid connection id")


def no_destination_to_delete(client_id: int, destination_id: str) -> APIErrorResponse:
    """No such destination to delete."""
    return APIErrorResponse(400, f"Unable to locate dest ({destination_id}) for client ({client_id}) to delete")


def no_such_job(job_name: str) -> APIErrorResponse:
    """No job of this name has run."""
    return APIErrorResponse(404, {"error": "NotFound", "data": {"message": f"there is no job {job_name}"}})


def used_link() -> APIErrorResponse:
    """A link to a log leads nowhere any more, or never did."""
    message = "this link was used before, or has expired: ask for the extraction again"
    return APIErrorResponse(403, {"error": "AccessDenied", "data": {"message": message}})


def unknown_destination_query() -> APIErrorResponse:
    """Destinations can only be asked for by two parameters."""
    return APIErrorResponse(400, "GET may only include the params: source_id and/or destination_id")


def invalid_email_address() -> APIErrorResponse:
    """No e-mail address, or none that can be."""
    message = {"email_address": "Required. Must be valid email address format."}
    return APIErrorResponse(400, {"error": {"message": message}})


def too_many_custom_emails() -> APIErrorResponse:
    """The account has as many as it may."""
    message = "Account not authorized to create additional custom notification email addresses."
    return APIErrorResponse(400, {"error": {"message": message}})


def custom_email_not_found() -> APIErrorResponse:
    """No such custom email."""
    return APIErrorResponse(404, {"status": "NOT FOUND"})


def invalid_disabled_at(value: Any) -> APIErrorResponse:
    """No time to disable a custom email at."""
    return APIErrorResponse(400, {"disabled_at": value})


def invalid_hook_body() -> APIErrorResponse:
    """Creating a hook without what it needs, with other keys, for no destination or an address that is not https."""
    return _named("InvalidBody", "Invalid POST body")


def invalid_hook_change() -> APIErrorResponse:
    """Changing anything of a hook but whether it is on."""
    return _named("InvalidBody", "PUT body must only contain boolean 'enable' key")


def too_many_hooks(limit: int) -> APIErrorResponse:
    """The account has as many as it may."""
    return APIErrorResponse(400, {"error": {"message": f"You have exceeded the limit of {limit} hooks."}})


def hook_not_found() -> APIErrorResponse:
    """No such hook."""
    return APIErrorResponse(400, {"error": "NotFound"})


# -- the Import API ---------------------------------------------------------------------------------------------------


def import_source_inactive() -> APIErrorResponse:
    """The source is paused or deleted."""
    return APIErrorResponse(401, {"error": "Forbidden", "errors": {"error": "Connection is not active."}})


def import_too_large(size: int) -> APIErrorResponse:
    """More bytes than a request may have. The slip of the pen is the API's."""
    message = f"Request rejected: request size ({size}s bytes) exceeds the maximum"
    return APIErrorResponse(413, {"status": "ERROR", "message": message})


def import_not_json() -> APIErrorResponse:
    """Something else than JSON."""
    return APIErrorResponse(415, "Content-Type must be application/json")


def import_not_loaded(reason: str) -> APIErrorResponse:
    """Nothing is wrong with the data, but they could not be loaded; none of them are kept."""
    return APIErrorResponse(503, {"error": f"Nothing was imported, try again later: {reason}"})


def import_invalid_request(violation: str) -> APIErrorResponse:
    """The request is not of the form that it must have."""
    return APIErrorResponse(400, {"error": f"Request failed validation:{violation}"})


def import_sequence_too_large() -> APIErrorResponse:
    """A sequence that no column can hold."""
    return import_invalid_request("#: sequence can not be above 9223372036854775807")


def import_invalid_schema(reason: str) -> APIErrorResponse:
    """The schema is none."""
    return APIErrorResponse(400, {"error": f"Invalid JSON schema: {reason}"})


def import_invalid_record(number: int, violation: str) -> APIErrorResponse:
    """A record that is not as the schema says."""
    return APIErrorResponse(400, {"error": f"Record {number} did not conform to schema: {violation}"})


def import_missing_key(name: str) -> APIErrorResponse:
    """A record without its primary key."""
    return APIErrorResponse(400, {"error": f"Record is missing key property {name}"})


def import_too_many_values(number: int, count: int, limit: int) -> APIErrorResponse:
    """A record with too many values."""
    return APIErrorResponse(400, {"error": f"Record {number} has {count} data points, and may have {limit} at most"})


def import_no_records() -> APIErrorResponse:
    """A push is an array, and never empty."""
    return APIErrorResponse(400, {"status": "ERROR", "message": "An array of records is expected"})


def import_no_client_id() -> APIErrorResponse:
    """A push that does not say whose it is."""
    return APIErrorResponse(401, {"status": "ERROR", "error": "Not Authenticated.", "errors": None})


def import_other_client_id() -> APIErrorResponse:
    """A push for another account."""
    errors = {"error": "Access token is not associated with this client."}
    return APIErrorResponse(403, {"status": "ERROR", "error": "Forbidden", "errors": errors})


def import_several_client_ids(client_id: Any) -> APIErrorResponse:
    """A push for more than one account."""
    reason = f"The batch contains data points for multiple clients. Only client_id {client_id} is allowed"
    return import_unprocessable(reason)


def import_unprocessable(reason: Any) -> APIErrorResponse:
    """A push whose messages are not of the form that they must have."""
    error = "Request cannot be processed; see errors."
    return APIErrorResponse(422, {"status": "ERROR", "error": error, "errors": [{"reason": reason}]})


def not_an_import_source(source_id: Any) -> APIErrorResponse:
    """Only sources of the Import API have access tokens."""
    message = f"source ({source_id}) is not an Import API source"
    return APIErrorResponse(400, {"error": "InvalidType", "data": {"message": message}})


def import_token_not_found(token_id: Any) -> APIErrorResponse:
    """No such access token of this source."""
    return APIErrorResponse(404, {"error": "NotFound", "data": {"message": f"access token not found ({token_id})"}})


def parsed_id(text: str) -> int | None:
    """Read an id from a path; None when it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None
