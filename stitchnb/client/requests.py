"""Every request that the client makes, each defined once: how it is sent is the transport's business."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from stitchnb.models import (
    ConnectionCheck,
    Destination,
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
    ReplicationJob,
    ReportCard,
    Selection,
    Source,
    Stream,
    StreamSchema,
)

T = TypeVar("T")
M = TypeVar("M", bound=Model)

_EMAILS = "/notifications/public/v1/api/custom-emails"
_HOOKS = "/notifications/public/v1/api/hooks"


@dataclass(frozen=True)
class Request(Generic[T]):
    """One request and how its answer is read.

    Attributes
    ----------
    path
        Below the base URL, with its ids filled in.
    read
        Makes the answer's JSON (a file's bytes where `wants_file`) into what the caller gets.
    json
        The body, None for none.
    params
        The query.
    with_token
        It carries the token.
    account
        The account whose limit for extractions and loads it counts against; None for no limit.
    wants_file
        The answer redirects to a file, which is what is wanted.
    repeatable
        Sending it twice does what sending it once does; None goes by the method.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = None
    params: Mapping[str, str] | None = None
    with_token: bool = True
    account: str | None = None
    wants_file: bool = False
    repeatable: bool | None = None

    @property
    def is_repeatable(self) -> bool:
        """Sending it twice does what sending it once does."""
        return self.method in ("GET", "PUT", "DELETE") if self.repeatable is None else self.repeatable


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a paginated list; `total` counts the records of all pages."""

    records: tuple[M, ...]
    has_next: bool
    total: int | None = None


def _list_of(model: type[M]) -> Callable[[Any], list[M]]:
    return lambda body: [model(record) for record in body if isinstance(record, Mapping)]


def _page_of(model: type[M]) -> Callable[[Any], Page[M]]:
    def read(body: Any) -> Page[M]:
        total = body.get("total")
        return Page(
            tuple(_list_of(model)(body.get("data", ()))),
            bool((body.get("links") or {}).get("next")),
            total if isinstance(total, int) else None,
        )

    return read


def _hooks(body: Any) -> list[Hook]:
    """Read the hooks out of their groups, each of which is named by their type."""
    return [
        Hook({"type": type_, **hook}) for type_, hooks in body.items() for hook in hooks or () if isinstance(hook, dict)
    ]


def _with_id(model: type[M], id_: int) -> Callable[[Any], M]:
    """Read an answer that tells what changed, but not of what."""
    return lambda body: model({"id": id_, **(body or {})})


def _nothing(body: Any) -> None:
    return None


def _part(text: str) -> str:
    """Make a name into one part of a path, whatever is in it."""
    return quote(text, safe="")


def create_account(form: Mapping[str, str]) -> Request[NewAccount]:
    """Create a client account, which needs no token."""
    return Request("POST", "/v3/accounts", NewAccount, json=dict(form), with_token=False)


def create_ephemeral_token() -> Request[EphemeralToken]:
    """Create a token that is valid for one hour."""
    return Request("POST", "/v3/sessions/ephemeral", EphemeralToken)


def list_source_types() -> Request[list[ReportCard]]:
    """Ask for the report card of every source type."""
    return Request("GET", "/v4/source-types", _list_of(ReportCard))


def get_source_type(source_type: str) -> Request[ReportCard]:
    """Ask for the report card of one source type."""
    return Request("GET", f"/v4/source-types/{_part(source_type)}", ReportCard)


def list_destination_types() -> Request[list[ReportCard]]:
    """Ask for the report card of every destination type."""
    return Request("GET", "/v4/destination-types", _list_of(ReportCard))


def get_destination_type(destination_type: str) -> Request[ReportCard]:
    """Ask for the report card of one destination type."""
    return Request("GET", f"/v4/destination-types/{_part(destination_type)}", ReportCard)


def list_sources() -> Request[list[Source]]:
    """Ask for every source: active, paused and deleted."""
    return Request("GET", "/v4/sources", _list_of(Source))


def get_source(source_id: int) -> Request[Source]:
    """Ask for one source."""
    return Request("GET", f"/v4/sources/{source_id}", Source)


def create_source(
    source_type: str, display_name: str, properties: Mapping[str, Any], destination_id: int | None = None
) -> Request[Source]:
    """Create a source."""
    body: dict[str, Any] = {"type": source_type, "display_name": display_name, "properties": dict(properties)}
    if destination_id is not None:
        body["destination_id"] = destination_id
    return Request("POST", "/v4/sources", Source, json=body)


def update_source(source_id: int, changes: Mapping[str, Any]) -> Request[Source]:
    """Change some of a source: ``display_name``, ``properties``, ``paused_at``, ``destination_id``."""
    return Request("PUT", f"/v4/sources/{source_id}", Source, json=dict(changes))


def delete_source(source_id: int) -> Request[Source]:
    """Delete a source."""
    return Request("DELETE", f"/v4/sources/{source_id}", Source)


def last_connection_check(source_id: int) -> Request[ConnectionCheck]:
    """Ask for a source's last connection check."""
    return Request("GET", f"/v4/sources/{source_id}/last-connection-check", ConnectionCheck)


def last_destination_check(destination_id: int) -> Request[ConnectionCheck]:
    """Ask for a destination's last connection check."""
    return Request("GET", f"/v4/destinations/{destination_id}/last-connection-check", ConnectionCheck)


def list_streams(source_id: int) -> Request[list[Stream]]:
    """Ask for a source's streams."""
    return Request("GET", f"/v4/sources/{source_id}/streams", _list_of(Stream))


def get_stream(source_id: int, stream_id: int) -> Request[StreamSchema]:
    """Ask for a stream's schema and its fields' metadata."""
    return Request("GET", f"/v4/sources/{source_id}/streams/{stream_id}", StreamSchema)


def select_streams(source_id: int, selections: Iterable[Selection]) -> Request[None]:
    """Write metadata of streams and fields."""
    body = {"streams": [selection.to_dict() for selection in selections]}
    return Request("PUT", f"/v4/sources/{source_id}/streams/metadata", _nothing, json=body)


def start_job(source_id: int) -> Request[ReplicationJob]:
    """Start a replication job."""
    return Request("POST", f"/v4/sources/{source_id}/sync", ReplicationJob)


def stop_job(source_id: int) -> Request[None]:
    """Stop the replication job that is under way."""
    return Request("DELETE", f"/v4/sources/{source_id}/sync", _nothing)


def list_destinations(*, source_id: int | None = None, destination_id: int | None = None) -> Request[list[Destination]]:
    """Ask for every destination, for that of one source, or for one of them."""
    asked = {"source_id": source_id, "destination_id": destination_id}
    params = {name: str(value) for name, value in asked.items() if value is not None}
    return Request("GET", "/v4/destinations", _list_of(Destination), params=params or None)


def create_destination(body: Mapping[str, Any]) -> Request[Destination]:
    """Create a destination: ``type``, ``name``, ``description``, ``properties``, ``ignore_unmapped_sources``."""
    return Request("POST", "/v4/destinations", Destination, json=dict(body))


def update_destination(destination_id: int, properties: Mapping[str, Any]) -> Request[Destination]:
    """Change some of a destination's properties."""
    return Request("PUT", f"/v4/destinations/{destination_id}", Destination, json={"properties": dict(properties)})


def delete_destination(destination_id: int) -> Request[None]:
    """Delete a destination."""
    return Request("DELETE", f"/v4/destinations/{destination_id}", _nothing)


def list_extractions(client_id: int, page: int) -> Request[Page[Extraction]]:
    """Ask for one page of the last completed extraction of each source."""
    return Request(
        "GET",
        f"/v4/{client_id}/extractions",
        _page_of(Extraction),
        params={"page": str(page)},
        account=str(client_id),
    )


def get_extraction_log(client_id: int, job_name: str) -> Request[bytes]:
    """Ask for the log file of an extraction."""
    path = f"/v4/{client_id}/extractions/{_part(job_name)}"
    return Request("GET", path, bytes, wants_file=True, account=str(client_id))


def list_loads(client_id: int, page: int) -> Request[Page[Load]]:
    """Ask for one page of the last load of each stream."""
    return Request("GET", f"/v4/{client_id}/loads", _page_of(Load), params={"page": str(page)}, account=str(client_id))


def list_emails() -> Request[list[NotificationEmail]]:
    """Ask for the addresses that notifications also go to."""
    return Request("GET", _EMAILS, _list_of(NotificationEmail))


def create_email(email_address: str) -> Request[NotificationEmail]:
    """Let notifications go to one more address."""
    return Request("POST", _EMAILS, NotificationEmail, json={"email_address": email_address})


def update_email(email_id: int, disabled_at: str | None) -> Request[NotificationEmail]:
    """Stop notifications to an address from a time on, or with None send them again."""
    body = {"disabled_at": disabled_at}
    return Request("PUT", f"{_EMAILS}/{email_id}", _with_id(NotificationEmail, email_id), json=body)


def delete_email(email_id: int) -> Request[None]:
    """Take an address off the list."""
    return Request("DELETE", f"{_EMAILS}/{email_id}", _nothing)


def list_hooks() -> Request[list[Hook]]:
    """Ask for the account's hooks."""
    return Request("GET", _HOOKS, _hooks)


def create_hook(type_: str, destination_id: int, url: str) -> Request[Hook]:
    """Create a hook."""
    body = {"type": type_, "destination_id": destination_id, "config": {"url": url}}
    return Request("POST", _HOOKS, Hook, json=body)


def update_hook(hook_id: int, enable: bool) -> Request[Hook]:
    """Let a hook be called, or not."""
    return Request("PUT", f"{_HOOKS}/{hook_id}", _with_id(Hook, hook_id), json={"enable": enable})


def delete_hook(hook_id: int) -> Request[None]:
    """Delete a hook."""
    return Request("DELETE", f"{_HOOKS}/{hook_id}", _nothing)


def list_import_tokens(source_id: int) -> Request[list[ImportToken]]:
    """Ask for the ids of an Import API source's tokens."""
    return Request("GET", f"/v4/sources/{source_id}/tokens", lambda body: [ImportToken({"id": one}) for one in body])


def create_import_token(source_id: int) -> Request[ImportToken]:
    """Create a token for an Import API source."""
    return Request("POST", f"/v4/sources/{source_id}/tokens", ImportToken)


def delete_import_token(source_id: int, token_id: int) -> Request[Source]:
    """Revoke a token of an Import API source."""
    return Request("DELETE", f"/v4/sources/{source_id}/tokens/{token_id}", Source)


def import_status() -> Request[ImportStatus]:
    """Ask how the Import API is, which needs no token."""
    return Request("GET", "/v2/import/status", ImportStatus, with_token=False)


def import_batch(batch: Mapping[str, Any]) -> Request[ImportReceipt]:
    """Push rows of one table: with keys, rows that arrive twice are the same rows."""
    return Request("POST", "/v2/import/batch", _receipt, json=dict(batch), repeatable=bool(batch.get("key_names")))


def import_push(messages: Sequence[Mapping[str, Any]]) -> Request[ImportReceipt]:
    """Push rows, each of which names its table."""
    keyed = all(message.get("key_names") for message in messages)
    return Request("POST", "/v2/import/push", _receipt, json=list(messages), repeatable=keyed)


def import_validate(body: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Request[ImportReceipt]:
    """Have a batch, or the messages of a push, looked at as if they were pushed; nothing is kept."""
    given = dict(body) if isinstance(body, Mapping) else list(body)
    return Request("POST", "/v2/import/validate", _receipt, json=given, repeatable=True)


def _receipt(body: Any) -> ImportReceipt:
    return ImportReceipt(body if isinstance(body, Mapping) else {"message": body} if body else {})
