"""Every shape in which Stitch says no becomes an error of the right class, with Stitch's words."""

from typing import Any

import pytest

from stitchnb import errors
from stitchnb.client.error_parsing import parse_error

CASES: list[tuple[int, Any, type[errors.APIError], str, str]] = [
    # status, body, class, message, why this row is here
    (401, {"message": "Not Authorized"}, errors.AuthenticationError, "Not Authorized", "a bad token"),
    (401, None, errors.AuthenticationError, "no reason was given", "a bad token without a body"),
    (
        400,
        {"error": "InvalidType", "data": {"message": "invalid source type (platform.x)"}},
        errors.BadRequestError,
        "invalid source type (platform.x)",
        "a named error",
    ),
    (
        400,
        {"error": "InvalidName", "data": {"message": "non-unique name (Recurly)"}},
        errors.NameTakenError,
        "non-unique name (Recurly)",
        "a name in use",
    ),
    (
        400,
        {"error": "AccessDenied", "data": {"message": "you do not have access to source type (platform.x)"}},
        errors.AccessDeniedError,
        "you do not have access to source type (platform.x)",
        "the plan",
    ),
    (
        400,
        {"error": "InvalidId", "data": {"message": "source not found (7)"}},
        errors.NotFoundError,
        "source not found (7)",
        "no such source, which is a 400 here",
    ),
    (400, "invalid stream-id: 7", errors.NotFoundError, "invalid stream-id: 7", "a bare string"),
    (
        400,
        {"invalid_fields": "invalid tap-stream-ids:  [nil]"},
        errors.BadRequestError,
        "invalid tap-stream-ids:  [nil]",
        "the shape of the streams endpoint",
    ),
    (
        200,
        {"error": {"type": "already_running", "message": "one already exists"}},
        errors.AlreadyRunningError,
        "one already exists",
        "an error with status 200",
    ),
    (
        400,
        {"error": {"type": "invalid_source", "message": "Integration is deleted."}},
        errors.NotFoundError,
        "Integration is deleted.",
        "an error object",
    ),
    (
        400,
        {"error": {"message": {"email_address": "Required. Must be valid email address format."}}},
        errors.BadRequestError,
        "email_address: Required. Must be valid email address format.",
        "a message that is an object",
    ),
    (404, {"status": "NOT FOUND"}, errors.NotFoundError, "status: NOT FOUND", "a 404 with a status"),
    (404, "", errors.NotFoundError, "no reason was given", "an empty body"),
    (429, "slow down", errors.RateLimitedError, "slow down", "too many requests"),
    (502, "<html>bad gateway</html>", errors.ServerError, "<html>bad gateway</html>", "no JSON at all"),
    (
        400,
        {"error": "Record 0 did not conform to schema: #/age: expected: Integer, found: String"},
        errors.BadRequestError,
        "Record 0 did not conform to schema: #/age: expected: Integer, found: String",
        "a sentence where the error's name belongs",
    ),
    (
        401,
        {"error": "Forbidden", "errors": {"error": "Connection is not active."}},
        errors.AuthenticationError,
        "Forbidden (error: Connection is not active.)",
        "the reason is beside the error",
    ),
    (
        400,
        {"code": "BadRequest", "message": "Invalid form data.", "errors": {"partner_id": "required"}},
        errors.BadRequestError,
        "Invalid form data. (partner_id: required)",
        "what is missing is beside the message",
    ),
    (400, [1, 2], errors.BadRequestError, "no reason was given", "a shape that nobody has seen"),
]


@pytest.mark.parametrize(("status", "body", "kind", "message", "why"), CASES, ids=[case[4] for case in CASES])
def test_an_error_answer_is_read(status: int, body: Any, kind: type[errors.APIError], message: str, why: str) -> None:
    error = parse_error(status, body, method="POST", path="/v4/sources")

    assert type(error) is kind
    assert error.message == message
    assert (error.status_code, error.method, error.path, error.body) == (status, "POST", "/v4/sources", body)
    assert message in str(error)


def test_refused_properties_are_named() -> None:
    body = {
        "error": "InvalidProperties",
        "data": {"message": "properties do not match schema", "bad_properties": ["quota_limit"], "report_card": {}},
    }

    error = parse_error(400, body, method="POST", path="/v4/sources")

    assert isinstance(error, errors.InvalidPropertiesError)
    assert error.bad_properties == ("quota_limit",)
    assert error.code == "InvalidProperties"
    assert "quota_limit" in str(error)


@pytest.mark.parametrize("body", [{"job_name": "1.2.sync.x"}, [], None, "fine", {"error": None}, {"error": "odd"}])
def test_a_good_answer_is_no_error(body: Any) -> None:
    assert parse_error(200, body, method="GET", path="/v4/sources") is None


def test_a_sentence_is_not_taken_for_the_errors_name() -> None:
    error = parse_error(400, {"error": "Record is missing key property id"}, method="POST", path="/v2/import/batch")

    assert error is not None
    assert error.code is None
    assert str(error).count("missing key property") == 1


def test_the_tree_is_public_and_has_one_root() -> None:
    assert errors.__all__ == sorted(errors.__all__)
    assert all(issubclass(getattr(errors, name), errors.StitchError) for name in errors.__all__)
    drawn = errors.__doc__ or ""
    assert all(name in drawn for name in errors.__all__)


def test_near_names_come_nearest_first() -> None:
    known = ["platform.recurly", "platform.shopify", "webhook.segment", "platform.stripe"]

    assert errors.near_names("recurly", known) == ["platform.recurly"]
    assert errors.near_names("platform.recurli", known)[0] == "platform.recurly"
    assert errors.near_names("zzzzzz", known) == []


@pytest.mark.parametrize(
    ("path", "is_told", "why"),
    [
        ("/v4/sources/7/streams", True, "the list"),
        ("/v4/sources/7/streams/metadata", True, "a selection"),
        ("/v4/sources/8/streams", False, "another id"),
        ("/v4/sources/7/streams/7", False, "a stream has an id of its own"),
    ],
)
def test_where_the_id_of_a_stream_is_the_sources_the_error_says_so(path: str, is_told: bool, why: str) -> None:
    error = parse_error(400, "invalid stream-id: 7", method="GET", path=path)
    assert error is not None
    assert ("It is the source's id: there is no such source, or it was deleted." in str(error)) is is_told, why


# Where Stitch does not know an id, it is said what the id is of and where those that are there can be seen.
IDS: list[tuple[str, Any, str | None, str]] = [
    # path, body, what is there not, why this row is here
    ("/v4/sources/7", {"error": "InvalidId", "data": {"message": "source not found (7)"}}, "source 7", "a source"),
    ("/v4/sources/7/tokens", {"error": "InvalidId", "data": {"message": "source not found (7)"}}, "source 7", "below"),
    (
        "/v4/sources/7/sync",
        {"error": {"type": "invalid_source", "message": "Unable to locate source(7) for client (1)"}},
        "source 7",
        "a job's source",
    ),
    (
        "/v4/sources/7/sync",
        {"error": {"type": "invalid_source", "message": "Integration is deleted."}},
        None,
        "the source is there, and deleted",
    ),
    ("/v4/sources/7/streams/8", "invalid stream-id: 8", None, "the id is a stream's"),
    (
        "/v4/sources/7/last-connection-check",
        {"error": "InvalidId", "data": {"message": "connection check not found (source 7 was not checked yet)"}},
        None,
        "the source is there",
    ),
    ("/v4/destinations/7", "invalid connection id", "destination 7", "a destination to change"),
    ("/v4/destinations/7", "Unable to locate dest (7) for client (1) to delete", "destination 7", "one to delete"),
    ("/notifications/public/v1/api/hooks/7", {"error": "NotFound"}, "hook 7", "a hook"),
    ("/notifications/public/v1/api/custom-emails/7", {"status": "NOT FOUND"}, "notification e-mail 7", "an e-mail"),
    ("/v4/1/extractions/1.2.sync.x", {"error": "NotFound"}, None, "a job's name is no id"),
]


@pytest.mark.parametrize(("path", "body", "missing", "why"), IDS, ids=[case[3] for case in IDS])
def test_an_id_that_stitch_does_not_know_is_told_with_where_to_look(
    path: str, body: Any, missing: str | None, why: str
) -> None:
    error = parse_error(404, body, method="GET", path=path)

    assert type(error) is errors.NotFoundError
    if missing is None:
        assert "in this account" not in str(error)
    else:
        told = str(error).splitlines()[-1]
        assert told.startswith(f"There is no {missing} in this account. client.")
        assert told.endswith(".list() shows all.")


def test_a_cron_expression_of_unix_is_told_with_what_it_is_in_quartz() -> None:
    message = 'cron_expression "0 12 * * *" is invalid: Unexpected end of expression.'
    body = {"error": "InvalidCronExpression", "data": {"message": message}}

    error = parse_error(400, body, method="PUT", path="/v4/sources/7")

    assert error is not None
    assert error.message == message
    assert error.hint == 'Quartz expects six or seven fields, seconds first: "0 0 12 * * ?".'


def test_a_token_without_a_right_to_an_account_is_told_which_account_it_was() -> None:
    error = parse_error(401, {"message": "Not Authorized"}, method="GET", path="/v4/5/extractions")
    assert error is not None
    assert "Or it has no access to account 5. client.account.client_id() returns its own." in str(error)
    assert "account 5" not in str(parse_error(401, None, method="GET", path="/v4/sources/5"))
