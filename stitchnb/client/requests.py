"""Every request that the client sends, and how its response is read; sending is the transport's task."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import parse_qsl

from stitchnb import models
from stitchnb.api import endpoints
from stitchnb.api import endpoints as api
from stitchnb.api.endpoints import Endpoint, is_numeric_parameter
from stitchnb.client._sansio import Sender, Steps, send
from stitchnb.client.pages import Page, RecordList
from stitchnb.errors import InvalidInputError, TransportError
from stitchnb.models import (
    EphemeralToken,
    Extraction,
    Hook,
    ImportReceipt,
    ImportStatus,
    ImportToken,
    Load,
    Model,
    NewAccount,
    NotificationEmail,
    ReportCard,
    Secret,
    Selection,
    Stream,
    StreamSchema,
)

if TYPE_CHECKING:
    from stitchnb.client.jobs.jobs import Job
    from stitchnb.client.resources.checks import ConnectionCheck
    from stitchnb.client.resources.destinations import Destination
    from stitchnb.client.resources.sources import Source

T = TypeVar("T")

# From the client, a response's JSON and the path's parameters to what the caller gets.
_Reader = Callable[[Any, Any, Mapping[str, Any]], Any]

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Request(Generic[T]):
    """One request and how its response is read.

    Attributes
    ----------
    path
        Below the base URL, with its ids filled in.
    read
        Converts the client and the response's JSON (a file's bytes if `returns_file`) to what the caller gets. The
        client is None where there is none to bind an object to.
    json
        The body, None for none.
    params
        The query.
    with_token
        It carries the token.
    account
        The account whose limit for extractions and loads it counts against; None for no limit.
    returns_file
        The response redirects to a file, which is the actual result.
    is_repeatable
        Sending it twice does what sending it once does.
    """

    method: str
    path: str
    read: Callable[[Any, Any], T]
    json: Any = None
    params: Mapping[str, str] | None = None
    with_token: bool = True
    account: str | None = None
    returns_file: bool = False
    is_repeatable: bool = False


def request_to(
    endpoint: Endpoint, *, json: Any = None, params: Mapping[str, str] | None = None, **parameters: Any
) -> Request[Any]:
    """Create a request to an endpoint.

    Parameters
    ----------
    json, params
        The body and the query.
    parameters
        The path's parameters.
    """
    reader = _READERS[endpoint]
    return Request(
        endpoint.method,
        endpoint.url_path(**parameters),
        lambda client, body: reader(client, body, parameters),
        json=json,
        params=params,
        with_token=endpoint.auth != "none",
        account=str(parameters["client_id"]) if endpoint.limit_group is not None else None,
        returns_file=endpoint.returns_file,
        is_repeatable=endpoint.is_idempotent(json),
    )


# -- reading of responses ---------------------------------------------------------------------------------------------


def _object(kind: type[Model]) -> _Reader:
    """Read an object, which the client may bind to itself."""

    def read(client: Any, body: Any, parameters: Mapping[str, Any]) -> Model:
        found: Model = client.bind(kind, body, parameters) if client is not None else kind(body)
        return found

    return read


def _list(kind: type[Model]) -> _Reader:
    read = _object(kind)
    return lambda client, body, parameters: RecordList(
        kind, [read(client, record, parameters) for record in body if isinstance(record, Mapping)]
    )


def _page(kind: type[Model]) -> _Reader:
    read_records = _list(kind)

    def read(client: Any, body: Any, parameters: Mapping[str, Any]) -> Page[Any]:
        total = body.get("total")
        return Page(
            read_records(client, body.get("data", ()), parameters),
            bool((body.get("links") or {}).get("next")),
            total if isinstance(total, int) else None,
        )

    return read


def _hooks(client: Any, body: Any, parameters: Mapping[str, Any]) -> RecordList[Hook]:
    """Read the hooks out of their groups, each of which is named by their type."""
    groups = ((type_, hook) for type_, hooks in body.items() for hook in hooks or ())
    return RecordList(Hook, [Hook({"type": type_, **hook}) for type_, hook in groups if isinstance(hook, dict)])


def _with_id(kind: type[Model]) -> _Reader:
    """Read a response that says what changed, but not of which object."""
    return lambda client, body, parameters: kind({"id": int(parameters["id"]), **(body or {})})


def _nothing(client: Any, body: Any, parameters: Mapping[str, Any]) -> None:
    return None


def _log(client: Any, content: bytes, parameters: Mapping[str, Any]) -> bytes:
    """Read a log, which may be compressed."""
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise TransportError(f"The log of {parameters['job_name']} is damaged ({error}). Request it again.") from error


def _tokens(client: Any, body: Any, parameters: Mapping[str, Any]) -> RecordList[ImportToken]:
    return RecordList(ImportToken, [ImportToken({"id": token_id}) for token_id in body])


def _receipt(client: Any, body: Any, parameters: Mapping[str, Any]) -> ImportReceipt:
    return ImportReceipt(body if isinstance(body, Mapping) else {"message": body} if body else {})


_READERS: Mapping[Endpoint, _Reader] = {
    api.LIST_SOURCE_TYPES: _list(ReportCard),
    api.GET_SOURCE_TYPE: _object(ReportCard),
    api.LIST_DESTINATION_TYPES: _list(ReportCard),
    api.GET_DESTINATION_TYPE: _object(ReportCard),
    api.LIST_SOURCES: _list(models.Source),
    api.CREATE_SOURCE: _object(models.Source),
    api.GET_SOURCE: _object(models.Source),
    api.UPDATE_SOURCE: _object(models.Source),
    api.DELETE_SOURCE: _object(models.Source),
    api.LAST_SOURCE_CHECK: _object(models.ConnectionCheck),
    api.LIST_STREAMS: _list(Stream),
    api.UPDATE_STREAMS: _nothing,
    api.GET_STREAM: _object(StreamSchema),
    api.START_JOB: _object(models.ReplicationJob),
    api.STOP_JOB: _nothing,
    api.LIST_EXTRACTIONS: _page(Extraction),
    api.LIST_LOADS: _page(Load),
    api.GET_EXTRACTION_LOG: _log,
    api.LIST_DESTINATIONS: _list(models.Destination),
    api.CREATE_DESTINATION: _object(models.Destination),
    api.UPDATE_DESTINATION: _object(models.Destination),
    api.DELETE_DESTINATION: _nothing,
    api.LAST_DESTINATION_CHECK: _object(models.ConnectionCheck),
    api.CREATE_ACCOUNT: _object(NewAccount),
    api.CREATE_EPHEMERAL_TOKEN: _object(EphemeralToken),
    api.CREATE_IMPORT_TOKEN: _object(ImportToken),
    api.LIST_IMPORT_TOKENS: _tokens,
    api.DELETE_IMPORT_TOKEN: _object(models.Source),
    api.LIST_EMAILS: _list(NotificationEmail),
    api.CREATE_EMAIL: _object(NotificationEmail),
    api.UPDATE_EMAIL: _with_id(NotificationEmail),
    api.DELETE_EMAIL: _nothing,
    api.LIST_HOOKS: _hooks,
    api.CREATE_HOOK: _object(Hook),
    api.UPDATE_HOOK: _with_id(Hook),
    api.DELETE_HOOK: _nothing,
    api.IMPORT_STATUS: _object(ImportStatus),
    api.IMPORT_BATCH: _receipt,
    api.IMPORT_PUSH: _receipt,
    api.IMPORT_VALIDATE: _receipt,
}


# -- the requests -----------------------------------------------------------------------------------------------------


def create_account(form: Mapping[str, str]) -> Request[NewAccount]:
    """Create a client account."""
    return request_to(api.CREATE_ACCOUNT, json=form)


def create_ephemeral_token() -> Request[EphemeralToken]:
    """Create a token that is valid for one hour."""
    return request_to(api.CREATE_EPHEMERAL_TOKEN)


def list_source_types() -> Request[RecordList[ReportCard]]:
    """List the report card of every source type."""
    return request_to(api.LIST_SOURCE_TYPES)


def get_source_type(source_type: str) -> Request[ReportCard]:
    """Get the report card of one source type."""
    return request_to(api.GET_SOURCE_TYPE, source_type=source_type)


def list_destination_types() -> Request[RecordList[ReportCard]]:
    """List the report card of every destination type."""
    return request_to(api.LIST_DESTINATION_TYPES)


def get_destination_type(destination_type: str) -> Request[ReportCard]:
    """Get the report card of one destination type."""
    return request_to(api.GET_DESTINATION_TYPE, destination_type=destination_type)


def list_sources() -> Request[RecordList[Source[Any]]]:
    """List every source: active, paused and deleted."""
    return request_to(api.LIST_SOURCES)


def get_source(source_id: int) -> Request[Source[Any]]:
    """Get one source."""
    return request_to(api.GET_SOURCE, source_id=source_id)


def create_source(
    source_type: str, display_name: str, properties: Mapping[str, Any], destination_id: int | None = None
) -> Request[Source[Any]]:
    """Create a source."""
    body: dict[str, Any] = {"type": source_type, "display_name": display_name, "properties": properties}
    if destination_id is not None:
        body["destination_id"] = destination_id
    return request_to(api.CREATE_SOURCE, json=body)


def update_source(source_id: int, changes: Mapping[str, Any]) -> Request[Source[Any]]:
    """Change some of a source: ``display_name``, ``properties``, ``paused_at``, ``destination_id``."""
    return request_to(api.UPDATE_SOURCE, json=changes, source_id=source_id)


def delete_source(source_id: int) -> Request[Source[Any]]:
    """Delete a source."""
    return request_to(api.DELETE_SOURCE, source_id=source_id)


def last_source_check(source_id: int) -> Request[ConnectionCheck[Any]]:
    """Get a source's last connection check."""
    return request_to(api.LAST_SOURCE_CHECK, source_id=source_id)


def last_destination_check(destination_id: int) -> Request[ConnectionCheck[Any]]:
    """Get a destination's last connection check."""
    return request_to(api.LAST_DESTINATION_CHECK, destination_id=destination_id)


def list_streams(source_id: int) -> Request[RecordList[Stream]]:
    """List a source's streams."""
    return request_to(api.LIST_STREAMS, source_id=source_id)


def get_stream(source_id: int, stream_id: int) -> Request[StreamSchema]:
    """Get a stream's schema and its fields' metadata."""
    return request_to(api.GET_STREAM, source_id=source_id, stream_id=stream_id)


def select_streams(source_id: int, selections: Iterable[Selection]) -> Request[None]:
    """Write metadata of streams and fields."""
    body = {"streams": [selection.to_dict() for selection in selections]}
    return request_to(api.UPDATE_STREAMS, json=body, source_id=source_id)


def start_job(source_id: int) -> Request[Job[Any]]:
    """Start a replication job."""
    return request_to(api.START_JOB, source_id=source_id)


def stop_job(source_id: int) -> Request[None]:
    """Stop the running replication job."""
    return request_to(api.STOP_JOB, source_id=source_id)


def list_destinations(
    *, source_id: int | None = None, destination_id: int | None = None
) -> Request[RecordList[Destination[Any]]]:
    """List every destination, that of one source, or one of them."""
    filters = {"source_id": source_id, "destination_id": destination_id}
    params = {name: str(value) for name, value in filters.items() if value is not None}
    return request_to(api.LIST_DESTINATIONS, params=params or None)


def create_destination(body: Mapping[str, Any]) -> Request[Destination[Any]]:
    """Create a destination: ``type``, ``name``, ``description``, ``properties``, ``ignore_unmapped_sources``."""
    return request_to(api.CREATE_DESTINATION, json=body)


def update_destination(destination_id: int, properties: Mapping[str, Any]) -> Request[Destination[Any]]:
    """Change some of a destination's properties."""
    return request_to(api.UPDATE_DESTINATION, json={"properties": properties}, destination_id=destination_id)


def delete_destination(destination_id: int) -> Request[None]:
    """Delete a destination."""
    return request_to(api.DELETE_DESTINATION, destination_id=destination_id)


def list_extractions(client_id: int, page: int) -> Request[Page[Extraction]]:
    """Get one page of the last completed extraction of each source."""
    return request_to(api.LIST_EXTRACTIONS, params={"page": str(page)}, client_id=client_id)


def get_extraction_log(client_id: int, job_name: str) -> Request[bytes]:
    """Download the log of an extraction."""
    return request_to(api.GET_EXTRACTION_LOG, client_id=client_id, job_name=job_name)


def list_loads(client_id: int, page: int) -> Request[Page[Load]]:
    """Get one page of the last load of each stream."""
    return request_to(api.LIST_LOADS, params={"page": str(page)}, client_id=client_id)


def list_emails() -> Request[RecordList[NotificationEmail]]:
    """List the custom e-mail addresses for notifications."""
    return request_to(api.LIST_EMAILS)


def create_email(email_address: str) -> Request[NotificationEmail]:
    """Add an e-mail address for notifications."""
    return request_to(api.CREATE_EMAIL, json={"email_address": email_address})


def update_email(email_id: int, disabled_at: str | None) -> Request[NotificationEmail]:
    """Disable an e-mail address from a time on, or with None enable it again."""
    return request_to(api.UPDATE_EMAIL, json={"disabled_at": disabled_at}, id=email_id)


def delete_email(email_id: int) -> Request[None]:
    """Delete an e-mail address."""
    return request_to(api.DELETE_EMAIL, id=email_id)


def list_hooks() -> Request[RecordList[Hook]]:
    """List the account's hooks."""
    return request_to(api.LIST_HOOKS)


def create_hook(type_: str, destination_id: int, url: str) -> Request[Hook]:
    """Create a hook."""
    return request_to(api.CREATE_HOOK, json={"type": type_, "destination_id": destination_id, "config": {"url": url}})


def update_hook(hook_id: int, *, enable: bool) -> Request[Hook]:
    """Enable or disable a hook."""
    return request_to(api.UPDATE_HOOK, json={"enable": enable}, id=hook_id)


def delete_hook(hook_id: int) -> Request[None]:
    """Delete a hook."""
    return request_to(api.DELETE_HOOK, id=hook_id)


def list_import_tokens(source_id: int) -> Request[RecordList[ImportToken]]:
    """List the ids of an Import API source's tokens."""
    return request_to(api.LIST_IMPORT_TOKENS, source_id=source_id)


def create_import_token(source_id: int) -> Request[ImportToken]:
    """Create a token for an Import API source."""
    return request_to(api.CREATE_IMPORT_TOKEN, source_id=source_id)


def delete_import_token(source_id: int, token_id: int) -> Request[Source[Any]]:
    """Revoke a token of an Import API source."""
    return request_to(api.DELETE_IMPORT_TOKEN, source_id=source_id, token_id=token_id)


def import_status() -> Request[ImportStatus]:
    """Get the status of the Import API."""
    return request_to(api.IMPORT_STATUS)


def import_batch(batch: Mapping[str, Any]) -> Request[ImportReceipt]:
    """Push records of one table. With key names, records that arrive twice are the same records."""
    return request_to(api.IMPORT_BATCH, json=batch)


def import_push(messages: Sequence[Mapping[str, Any]]) -> Request[ImportReceipt]:
    """Push records, each of which names its table."""
    return request_to(api.IMPORT_PUSH, json=messages)


def import_validate(body: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Request[ImportReceipt]:
    """Check a batch, or the messages of a push, as if they were pushed; nothing is kept."""
    return request_to(api.IMPORT_VALIDATE, json=body)


_TOKEN_NAMES = re.compile(r"(?:^|_)(?:token|secret|password)$")


@dataclass(frozen=True)
class RawRequest:
    """A request by its method and path, and the endpoint that it is for.

    Attributes
    ----------
    endpoint
        None where the API documents no such path or method.
    parameters
        The ids and names in its path.
    """

    method: str
    path: str
    params: Mapping[str, str]
    body: Any
    endpoint: Endpoint | None
    parameters: Mapping[str, str]

    def to_request(self, *, typed: bool) -> Request[Any]:
        """Create the request.

        Parameters
        ----------
        typed
            Read its response as the client's own method for the endpoint does. Otherwise it stays JSON, in which
            every token is a `Secret`.
        """
        if self.endpoint is None:
            is_safe = self.method in ("GET", "PUT", "DELETE")
            request: Request[Any] = Request(self.method, self.path, _read_json, is_repeatable=is_safe)
        else:
            parameters: dict[str, Any] = {
                name: int(value) if is_numeric_parameter(name) else value for name, value in self.parameters.items()
            }
            request = request_to(self.endpoint, json=self.body, **parameters)
        request = replace(request, path=self.path, json=self.body, params=dict(self.params) or None)
        if request.returns_file:
            read = request.read
            return replace(request, read=lambda client, content: read(client, content).decode("utf-8", "replace"))
        return request if typed else replace(request, read=_read_json)


def parse(method: str, path: str, *, body: Any = None, params: Mapping[str, Any] | None = None) -> RawRequest:
    """Read a request as the API's documentation writes it.

    Parameters
    ----------
    method
        Such as ``GET``, in upper or lower case.
    path
        Below the base URL, with its query.
    params
        More names and values of the query.

    Raises
    ------
    InvalidInputError
        When the method is invalid, or the path is not below the base URL: a token must not go to another server.
    """
    method = method.upper() if isinstance(method, str) else ""
    if not re.fullmatch(r"[A-Z]+", method):
        raise InvalidInputError("The request needs a method. Pass GET, POST, PUT or DELETE.")
    bare, _, query = _checked(path).partition("?")
    all_params = dict(parse_qsl(query, keep_blank_values=True))
    all_params |= {str(name): str(value) for name, value in (params or {}).items()}
    endpoint, parameters = endpoints.find(method, bare) or (None, {})
    return RawRequest(method, bare, all_params, body, endpoint, parameters)


def send_raw(sender: Sender, request: RawRequest, *, typed: bool) -> Steps[Any]:
    """Send it and return its response, by a client or the transport of an `ImportClient`."""
    return send(sender, request.to_request(typed=typed))


def _read_json(client: Any, body: Any) -> Any:
    return masked(body)


def refuse_other_tokens(request: RawRequest, whose: Literal["account", "import"]) -> None:
    """Refuse an endpoint that takes another token than the client's, so that none travels where it does not belong."""
    is_import = request.path.startswith("/v2/import/")
    if request.endpoint is not None and request.endpoint.auth == "none":
        return
    if is_import and whose == "account":
        raise InvalidInputError(
            f"{request.method} {request.path} was not sent: the Import API needs a source's own token. Create one with "
            "client.import_tokens.create(source_id), and use stitchnb.ImportClient(token, base_url=…)."
        )
    if not is_import and whose == "import":
        raise InvalidInputError(
            f"{request.method} {request.path} was not sent: it needs the account's token, and this client has a "
            "source's. Send it with stitchnb.Client, or with stitchnb.connect()."
        )


def masked(answer: Any, name: str = "") -> Any:
    """Copy JSON with every token in it as a `Secret`, which shows itself nowhere."""
    if isinstance(answer, Mapping):
        return {key: masked(value, str(key)) for key, value in answer.items()}
    if isinstance(answer, list):
        return [masked(value, name) for value in answer]
    if isinstance(answer, str) and not isinstance(answer, Secret) and _TOKEN_NAMES.search(name):
        return Secret(answer)
    return answer


def _checked(path: str) -> str:
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        raise InvalidInputError(
            f"{_shown(path)} is not a path of the API. Pass what comes after the server's name, such as /v4/sources."
        )
    odd = next((c for c in path if c.isspace() or not c.isprintable() or c in "#\\"), None)
    if odd is not None or {".", ".."} & set(path.partition("?")[0].split("/")):
        what = f"the character {odd!r}" if odd is not None else "a step up (..)"
        raise InvalidInputError(f"{_shown(path)} is not a path of the API: it contains {what}.")
    return path


def _shown(path: Any) -> str:
    """Write a path without its query, which may hold what is not to be seen."""
    if not isinstance(path, str):
        return type(path).__name__
    return repr(re.sub(r"//[^/@]*@", "//…@", path.partition("?")[0]))
