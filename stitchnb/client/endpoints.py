"""Every endpoint of the Connect API by its method and path: for requests that are written as the API documents them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stitchnb import models
from stitchnb.client import requests
from stitchnb.client.jobs.jobs import Job
from stitchnb.client.pages import Records
from stitchnb.client.requests import Page, Request
from stitchnb.client.resources.checks import ConnectionCheck
from stitchnb.client.resources.destinations import Destination
from stitchnb.client.resources.extractions import unpacked
from stitchnb.client.resources.sources import Source
from stitchnb.models import Model

Parts = Mapping[str, str]
Make = Callable[[Parts, Any], Request[Any]]
Bind = Callable[[Any, Parts, Any], Any]

# What is no number among the parts of paths.
_NAMES = ("source_type", "destination_type", "job_name")


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: how a request to it travels, and what its answer becomes.

    Attributes
    ----------
    method, path
        The path's parts in braces: ``/v4/sources/{source_id}``.
    summary
        What it does, in a few words.
    make
        Gives the request from the path's parts and the body.
    bind
        Makes what the answer was read as into what the client's own method for it gives.
    kind
        The kind of object that it lists; None where it lists nothing.
    query
        The names that its query may have.
    has_body
        It takes a JSON body, and needs one.
    auth
        Whose token it takes: the account's, an Import API source's, or nobody's.
    """

    method: str
    path: str
    summary: str
    make: Make
    bind: Bind = lambda client, parts, found: found
    kind: type[Model] | None = None
    query: tuple[str, ...] = ()
    has_body: bool = False
    auth: Literal["account", "import", "none"] = "account"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the path's parts that are filled in."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def parts(self, path: str) -> dict[str, str] | None:
        """Read a path's ids and names; None where it is a path of another endpoint, or an id is no number."""
        wanted, given = self.path.split("/"), path.split("/")
        if len(wanted) != len(given):
            return None
        found: dict[str, str] = {}
        for part, value in zip(wanted, given, strict=True):
            if not part.startswith("{"):
                if part != value:
                    return None
                continue
            name = part.strip("{}")
            if not may_be(name, value):
                return None
            found[name] = value
        return found


def is_number(name: str) -> bool:
    """Is this part of a path a number?"""
    return name not in _NAMES


def may_be(name: str, value: str) -> bool:
    """May this be the value of that part of a path? A number has at most 18 digits."""
    return re.fullmatch(r"[0-9]{1,18}", value) is not None if is_number(name) else bool(value)


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """Find the endpoint of a request, with the parts of its path; None where the API documents none."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method and (parts := endpoint.parts(path)) is not None:
            return endpoint, parts
    return None


def _source(client: Any, parts: Parts, found: Any) -> Any:
    return Source.bound(client, found)


def _destination(client: Any, parts: Parts, found: Any) -> Any:
    return Destination.bound(client, found)


def _sources(client: Any, parts: Parts, found: Any) -> Any:
    return Records(models.Source, [Source.bound(client, one) for one in found])


def _destinations(client: Any, parts: Parts, found: Any) -> Any:
    return Records(models.Destination, [Destination.bound(client, one) for one in found])


def _check(client: Any, parts: Parts, found: Any) -> Any:
    return ConnectionCheck.bound(client, found, **{name: int(id_) for name, id_ in parts.items()})


def _job(client: Any, parts: Parts, found: Any) -> Any:
    return Job.bound(client, int(parts["source_id"]), found)


def _log(client: Any, parts: Parts, found: Any) -> str:
    return unpacked(found, parts["job_name"]).decode("utf-8", "replace")


def _page(client: Any, parts: Parts, found: Page[Any]) -> Page[Any]:
    return found


def _listed(kind: type[Model]) -> Bind:
    return lambda client, parts, found: Records(kind, found)


def _all() -> Iterator[Endpoint]:
    yield from _of_sources()
    yield from _of_jobs()
    yield from _of_destinations()
    yield from _types()
    yield from _of_accounts()
    yield from _of_notifications()
    yield from _of_imports()


def _types() -> Iterator[Endpoint]:
    for kind, list_, get in (
        ("source", requests.list_source_types, requests.get_source_type),
        ("destination", requests.list_destination_types, requests.get_destination_type),
    ):
        path, name = f"/v4/{kind}-types", f"{kind}_type"
        yield Endpoint(
            *("GET", path, f"Every {kind} type's report card"),
            _without_parts(list_),
            bind=_listed(models.ReportCard),
            kind=models.ReportCard,
        )
        yield Endpoint("GET", f"{path}/{{{name}}}", f"One {kind} type's report card", _by_name(name, get))


def _without_parts(make: Callable[[], Request[Any]]) -> Make:
    return lambda parts, body: make()


def _by_name(name: str, make: Callable[[str], Request[Any]]) -> Make:
    return lambda parts, body: make(parts[name])


def _by_id(name: str, make: Callable[[int], Request[Any]]) -> Make:
    return lambda parts, body: make(int(parts[name]))


def _of_sources() -> Iterator[Endpoint]:
    one, id_ = "/v4/sources/{source_id}", "source_id"
    yield Endpoint(
        *("GET", "/v4/sources", "Every source: active, paused and deleted"),
        _without_parts(requests.list_sources),
        bind=_sources,
        kind=models.Source,
    )
    yield Endpoint(
        *("POST", "/v4/sources", "Create a source"),
        lambda parts, body: requests.create_source("", "", {}),
        bind=_source,
        has_body=True,
    )
    yield Endpoint("GET", one, "One source", _by_id(id_, requests.get_source), bind=_source)
    yield Endpoint(
        *("PUT", one, "Change a source"),
        _by_id(id_, lambda source_id: requests.update_source(source_id, {})),
        bind=_source,
        has_body=True,
    )
    yield Endpoint("DELETE", one, "Delete a source", _by_id(id_, requests.delete_source), bind=_source)
    yield Endpoint(
        *("GET", f"{one}/last-connection-check", "A source's last connection check"),
        _by_id(id_, requests.last_connection_check),
        bind=_check,
    )
    yield Endpoint(
        *("GET", f"{one}/streams", "A source's streams"),
        _by_id(id_, requests.list_streams),
        bind=_listed(models.Stream),
        kind=models.Stream,
    )
    yield Endpoint(
        *("PUT", f"{one}/streams/metadata", "Select and configure streams and fields"),
        _by_id(id_, lambda source_id: requests.select_streams(source_id, ())),
        has_body=True,
    )
    yield Endpoint(
        *("GET", f"{one}/streams/{{stream_id}}", "A stream's schema and metadata"),
        lambda parts, body: requests.get_stream(int(parts["source_id"]), int(parts["stream_id"])),
    )


def _of_jobs() -> Iterator[Endpoint]:
    sync, page = "/v4/sources/{source_id}/sync", ("page",)
    yield Endpoint("POST", sync, "Start a replication job", _by_id("source_id", requests.start_job), bind=_job)
    yield Endpoint("DELETE", sync, "Stop the replication job", _by_id("source_id", requests.stop_job))
    yield Endpoint(
        *("GET", "/v4/{client_id}/extractions", "The last completed extraction of each source"),
        _by_id("client_id", lambda client_id: requests.list_extractions(client_id, 1)),
        bind=_page,
        kind=models.Extraction,
        query=page,
    )
    yield Endpoint(
        *("GET", "/v4/{client_id}/loads", "The last load of each stream"),
        _by_id("client_id", lambda client_id: requests.list_loads(client_id, 1)),
        bind=_page,
        kind=models.Load,
        query=page,
    )
    yield Endpoint(
        *("GET", "/v4/{client_id}/extractions/{job_name}", "An extraction's log"),
        lambda parts, body: requests.get_extraction_log(int(parts["client_id"]), parts["job_name"]),
        bind=_log,
    )


def _of_destinations() -> Iterator[Endpoint]:
    one, id_ = "/v4/destinations/{destination_id}", "destination_id"
    yield Endpoint(
        *("GET", "/v4/destinations", "Every destination, or those of a source"),
        lambda parts, body: requests.list_destinations(),
        bind=_destinations,
        kind=models.Destination,
        query=("source_id", "destination_id"),
    )
    yield Endpoint(
        *("POST", "/v4/destinations", "Create a destination"),
        lambda parts, body: requests.create_destination({}),
        bind=_destination,
        has_body=True,
    )
    yield Endpoint(
        *("PUT", one, "Change a destination"),
        _by_id(id_, lambda destination_id: requests.update_destination(destination_id, {})),
        bind=_destination,
        has_body=True,
    )
    yield Endpoint("DELETE", one, "Delete a destination", _by_id(id_, requests.delete_destination))
    yield Endpoint(
        *("GET", f"{one}/last-connection-check", "A destination's last connection check"),
        _by_id(id_, requests.last_destination_check),
        bind=_check,
    )


def _of_accounts() -> Iterator[Endpoint]:
    yield Endpoint(
        *("POST", "/v3/accounts", "Create a client account"),
        lambda parts, body: requests.create_account({}),
        has_body=True,
        auth="none",
    )
    yield Endpoint(
        *("POST", "/v3/sessions/ephemeral", "Get a token that is valid one hour"),
        _without_parts(requests.create_ephemeral_token),
    )
    tokens, source = "/v4/sources/{source_id}/tokens", "source_id"
    yield Endpoint("POST", tokens, "Create an Import API token", _by_id(source, requests.create_import_token))
    yield Endpoint(
        *("GET", tokens, "The ids of a source's tokens"),
        _by_id(source, requests.list_import_tokens),
        bind=_listed(models.ImportToken),
        kind=models.ImportToken,
    )
    yield Endpoint(
        *("DELETE", f"{tokens}/{{token_id}}", "Revoke an Import API token"),
        lambda parts, body: requests.delete_import_token(int(parts["source_id"]), int(parts["token_id"])),
        bind=_source,
    )


def _of_notifications() -> Iterator[Endpoint]:
    base = "/notifications/public/v1/api"
    emails, hooks = f"{base}/custom-emails", f"{base}/hooks"
    yield Endpoint(
        *("GET", emails, "Every custom e-mail, disabled ones included"),
        _without_parts(requests.list_emails),
        bind=_listed(models.NotificationEmail),
        kind=models.NotificationEmail,
    )
    yield Endpoint(
        "POST", emails, "Create a custom e-mail", lambda parts, body: requests.create_email(""), has_body=True
    )
    yield Endpoint(
        *("PUT", f"{emails}/{{id}}", "Disable or enable a custom e-mail"),
        _by_id("id", lambda id_: requests.update_email(id_, None)),
        has_body=True,
    )
    yield Endpoint("DELETE", f"{emails}/{{id}}", "Delete a custom e-mail", _by_id("id", requests.delete_email))
    yield Endpoint(
        *("GET", hooks, "Every hook by its type, disabled ones included"),
        _without_parts(requests.list_hooks),
        bind=_listed(models.Hook),
        kind=models.Hook,
    )
    yield Endpoint("POST", hooks, "Create a hook", lambda parts, body: requests.create_hook("", 0, ""), has_body=True)
    yield Endpoint(
        *("PUT", f"{hooks}/{{id}}", "Disable or enable a hook"),
        _by_id("id", lambda id_: requests.update_hook(id_, enable=True)),
        has_body=True,
    )
    yield Endpoint("DELETE", f"{hooks}/{{id}}", "Delete a hook", _by_id("id", requests.delete_hook))


def _of_imports() -> Iterator[Endpoint]:
    yield Endpoint(
        *("GET", "/v2/import/status", "Whether it is up"),
        _without_parts(requests.import_status),
        auth="none",
    )
    for path, summary, make in (
        ("/v2/import/batch", "Send records of one table, with their schema", _batch),
        ("/v2/import/push", "Send records of several tables", _push),
        ("/v2/import/validate", "See whether a batch or a push would be taken", _validate),
    ):
        yield Endpoint("POST", path, summary, make, has_body=True, auth="import")


def _batch(parts: Parts, body: Any) -> Request[Any]:
    return requests.import_batch(body if isinstance(body, Mapping) else {})


def _push(parts: Parts, body: Any) -> Request[Any]:
    messages = body if isinstance(body, list) and all(isinstance(one, Mapping) for one in body) else [{}]
    return requests.import_push(messages)


def _validate(parts: Parts, body: Any) -> Request[Any]:
    return requests.import_validate(())


ENDPOINTS: tuple[Endpoint, ...] = tuple(_all())
"""Every endpoint that the Connect API documents."""
