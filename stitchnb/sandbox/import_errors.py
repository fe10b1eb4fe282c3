"""Every error that the Import API answers with, word for word."""

from __future__ import annotations

from typing import Any

from stitchnb.sandbox.errors import APIErrorResponse


def not_active() -> APIErrorResponse:
    """The source is paused or deleted."""
    return APIErrorResponse(401, {"error": "Forbidden", "errors": {"error": "Connection is not active."}})


def too_large(size: int) -> APIErrorResponse:
    """More bytes than a request may have. The slip of the pen is the API's."""
    message = f"Request rejected: request size ({size}s bytes) exceeds the maximum"
    return APIErrorResponse(413, {"status": "ERROR", "message": message})


def no_json() -> APIErrorResponse:
    """Something else than JSON."""
    return APIErrorResponse(415, "Content-Type must be application/json")


def not_loaded(reason: str) -> APIErrorResponse:
    """Nothing is wrong with the data, but they could not be loaded; none of them are kept."""
    return APIErrorResponse(503, {"error": f"Nothing was imported, try again later: {reason}"})


def bad_request(violation: str) -> APIErrorResponse:
    """The request is not of the form that it must have."""
    return APIErrorResponse(400, {"error": f"Request failed validation:{violation}"})


def sequence_too_large() -> APIErrorResponse:
    """A sequence that no column can hold."""
    return bad_request("#: sequence can not be above 9223372036854775807")


def bad_schema(reason: str) -> APIErrorResponse:
    """The schema is none."""
    return APIErrorResponse(400, {"error": f"Invalid JSON schema: {reason}"})


def bad_record(number: int, violation: str) -> APIErrorResponse:
    """A record that is not as the schema says."""
    return APIErrorResponse(400, {"error": f"Record {number} did not conform to schema: {violation}"})


def missing_key(name: str) -> APIErrorResponse:
    """A record without its primary key."""
    return APIErrorResponse(400, {"error": f"Record is missing key property {name}"})


def too_many_points(number: int, count: int, limit: int) -> APIErrorResponse:
    """A record with too many values."""
    return APIErrorResponse(400, {"error": f"Record {number} has {count} data points, and may have {limit} at most"})


def no_records() -> APIErrorResponse:
    """A push is an array, and never empty."""
    return APIErrorResponse(400, {"status": "ERROR", "message": "An array of records is expected"})


def no_client() -> APIErrorResponse:
    """A push that does not say whose it is."""
    return APIErrorResponse(401, {"status": "ERROR", "error": "Not Authenticated.", "errors": None})


def other_client() -> APIErrorResponse:
    """A push for another account."""
    errors = {"error": "Access token is not associated with this client."}
    return APIErrorResponse(403, {"status": "ERROR", "error": "Forbidden", "errors": errors})


def several_clients(client_id: Any) -> APIErrorResponse:
    """A push for more than one account."""
    reason = f"The batch contains data points for multiple clients. Only client_id {client_id} is allowed"
    return unprocessable(reason)


def unprocessable(reason: Any) -> APIErrorResponse:
    """A push whose messages are not of the form that they must have."""
    error = "Request cannot be processed; see errors."
    return APIErrorResponse(422, {"status": "ERROR", "error": error, "errors": [{"reason": reason}]})


def no_import_source(source_id: Any) -> APIErrorResponse:
    """Only sources of the Import API have access tokens."""
    message = f"source ({source_id}) is not an Import API source"
    return APIErrorResponse(400, {"error": "InvalidType", "data": {"message": message}})


def token_not_found(token_id: Any) -> APIErrorResponse:
    """No such access token of this source."""
    return APIErrorResponse(404, {"error": "NotFound", "data": {"message": f"access token not found ({token_id})"}})
