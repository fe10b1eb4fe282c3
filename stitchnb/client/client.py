"""The clients: one account of the Connect API, with and without an event loop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import httpx

from stitchnb import models
from stitchnb.client import requests
from stitchnb.client._sansio import Async, Mode, Steps, Sync, send
from stitchnb.client.addresses import Region, base_url_of
from stitchnb.client.http import AsyncTransport, Transport
from stitchnb.client.jobs.jobs import Job, Jobs
from stitchnb.client.journal import Journal
from stitchnb.client.rate_limit import LimitMode, RateLimit
from stitchnb.client.requests import Request, parse, refuse_other_tokens, send_raw
from stitchnb.client.resources.accounts import Account, ImportTokens
from stitchnb.client.resources.checks import ConnectionCheck, ConnectionChecks
from stitchnb.client.resources.destinations import Destination, Destinations
from stitchnb.client.resources.extractions import Extractions, Loads
from stitchnb.client.resources.notifications import Notifications
from stitchnb.client.resources.sources import Source, Sources
from stitchnb.client.resources.streams import Streams
from stitchnb.client.resources.types import DestinationTypes, SourceTypes
from stitchnb.errors import InvalidInputError
from stitchnb.models import Model, Secret
from stitchnb.rules.names import checked_id
from stitchnb.rules.offered import offered

T = TypeVar("T")
M = TypeVar("M", bound=Model)

# The classes of objects that have methods.
_BOUND: Mapping[type[Model], type[Model]] = {
    models.Source: Source,
    models.Destination: Destination,
    models.ConnectionCheck: ConnectionCheck,
    models.ReplicationJob: Job,
}


class BaseClient(Generic[Mode]):
    """What `Client` and `AsyncClient` have in common: everything but how they wait."""

    sandbox: Any = None

    _transport: Transport | AsyncTransport

    def _begin(self, transport: Transport | AsyncTransport, client_id: int | None) -> None:
        self._transport = transport
        self.client_id = client_id
        self.account: Account[Mode] = Account(self)
        self.source_types: SourceTypes[Mode] = SourceTypes(self)
        self.destination_types: DestinationTypes[Mode] = DestinationTypes(self)
        self.sources: Sources[Mode] = Sources(self)
        self.destinations: Destinations[Mode] = Destinations(self)
        self.streams: Streams[Mode] = Streams(self)
        self.connection_checks: ConnectionChecks[Mode] = ConnectionChecks(self)
        self.jobs: Jobs[Mode] = Jobs(self)
        self.extractions: Extractions[Mode] = Extractions(self)
        self.loads: Loads[Mode] = Loads(self)
        self.notifications: Notifications[Mode] = Notifications(self)
        self.import_tokens: ImportTokens[Mode] = ImportTokens(self)

    def run(self, steps: Steps[Any]) -> Any:
        """Run the steps of a method: at once, or when awaited; for stitchnb itself to use."""
        raise NotImplementedError("use Client or AsyncClient")

    def execute(self, request: Request[T]) -> Steps[T]:
        """Return the steps of a request, whose result is bound to this client; for stitchnb itself to use."""
        return self._transport.execute(request, self)

    def bind(self, kind: type[M], wire: Mapping[str, Any], parameters: Mapping[str, Any]) -> M:
        """Create an object of a response, with this client if it has methods; for stitchnb itself to use.

        Parameters
        ----------
        parameters
            Those of the request's path, such as the id of the source.
        """
        bound: Any = _BOUND.get(kind)
        result: M = kind(wire) if bound is None else bound.from_response(self, wire, parameters)
        return result

    def find_client_id(self, client_id: int | None = None) -> Steps[int]:
        """Return the account's id: the given one, or the one in any source or destination; for stitchnb itself to use.

        Raises
        ------
        InvalidInputError
            If the account has neither a source nor a destination.
        """
        if client_id is not None:
            return checked_id(client_id, "client id")
        # Every object that is bound tells the client the account's id.
        if self.client_id is None:
            yield from send(self, requests.list_sources())
        if self.client_id is None:
            yield from send(self, requests.list_destinations())
        if self.client_id is None:
            raise InvalidInputError(
                "The account's id is unknown, because there is no source or destination yet. Pass client_id=, the "
                "number in the address of every page of the account."
            )
        return self.client_id

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._transport.base_url

    @property
    def journal(self) -> Journal:
        """The last exchanges with the API, without any secret: ``.to_frame()``, ``[-1].as_curl()``."""
        return self._transport.journal

    @property
    def limit(self) -> RateLimit:
        """The limit for extractions and loads that it keeps: ``limit.mode`` is the `rate_limit` of a `Client`."""
        return self._transport.limit

    @property
    def poll_s(self) -> float:
        """Seconds between two looks at something that runs; for stitchnb itself to use."""
        return 0.2 if self._transport.is_loopback else 3.0

    def job_poll_s(self, requests: int) -> float:
        """Tell the seconds to the next look at a job, after one of so many requests; for stitchnb itself to use."""
        if self._transport.is_loopback and self.limit.mode == "off":
            return self.poll_s
        return self.limit.spacing_s(requests)

    def now(self) -> datetime:
        """Tell the time at which a change is made, a sandbox's own or this machine's; for stitchnb itself to use."""
        if self.sandbox is None:
            return datetime.now(UTC)
        moment: datetime = self.sandbox.clock.now()
        return moment

    def learn_client_id(self, client_id: int | None) -> None:
        """Remember the account's id, where it is not known yet; for stitchnb itself to use."""
        if self.client_id is None:
            self.client_id = client_id

    def __dir__(self) -> list[str]:
        return offered(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __reduce__(self) -> Any:
        raise TypeError(f"{_a(self)} holds an access token and cannot be pickled. Create a new one where you need it.")


class Client(BaseClient[Sync]):
    """Talks to the Connect API for one account; `connect` gives one, and finds the token by itself.

    Parameters
    ----------
    token
        The account's access token. It never shows in a repr, an error, the journal or a notebook's output.
    region
        Where the account is: ``us`` (North America, the default) or ``eu``.
    base_url
        Another address than the region's own, such as that of a sandbox.
    client_id
        The account's id; None finds it by itself where it is needed.
    timeout_s, connect_timeout_s
        Seconds to wait for data, and for a connection.
    rate_limit
        Extractions and loads may be asked for 30 times in 10 minutes. ``wait`` for a place, ``raise``
        `RateLimitReachedError` instead, or ``off``. None is ``off`` for a sandbox on this machine, else ``wait``.
    journal_size
        How many exchanges `journal` keeps.
    transport
        An httpx transport in place of the network, for tests.

    Attributes
    ----------
    sources, source_types, streams, connection_checks, jobs, extractions, loads, destinations, destination_types,
    notifications, import_tokens, account
        What the API has, one attribute each.
    journal
        The last exchanges, without any secret.
    sandbox
        The sandbox that this is a client of, None for a real account.

    Examples
    --------
    >>> with Client("not-a-token", region="eu") as client:
    ...     client
    Client(base_url='https://api.eu-central-1.stitchdata.com')
    """

    _transport: Transport

    def __init__(
        self,
        token: str,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        client_id: int | None = None,
        timeout_s: float = 60.0,
        connect_timeout_s: float = 10.0,
        rate_limit: LimitMode | None = None,
        journal_size: int = 100,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        sender = Transport(
            checked_token(token),
            base_url_of(region, base_url),
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            rate_limit=rate_limit,
            journal_size=journal_size,
            transport=transport,
        )
        self._begin(sender, client_id)

    def run(self, steps: Steps[T]) -> T:
        """Run the steps of a method; for stitchnb itself to use."""
        return self._transport.run(steps)

    def send(self, request: Request[T]) -> T:
        """Send one request and read its response; for stitchnb itself to use."""
        return self.run(self.execute(request))

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        typed: bool = False,
    ) -> Any:
        """Send a request as the API documents it; everything else is as ever: retries, the limit, the journal.

        What is sent is not looked at: the methods of `sources`, `destinations` … check it first.

        Parameters
        ----------
        method
            ``GET``, ``POST``, ``PUT`` or ``DELETE``.
        path
            Below the base URL, with its ids and its query: ``/v4/sources/45612``.
        body
            What JSON can hold; None sends no body.
        params
            Further names and values of the query.
        typed
            True gives what the client's own method for the endpoint gives, such as a list of sources; of extractions
            and loads one page, with ``records``, ``total`` and ``has_next``.

        Returns
        -------
        object
            The answer's JSON as it came, None where there is none; an extraction's log as text. A token in it is a
            `Secret`, which shows itself nowhere: ``reveal()`` gives it.

        Raises
        ------
        InvalidInputError
            When it is no path below the base URL, or one of the Import API, which takes a source's own token: see
            `ImportClient`. Nothing was sent.
        APIError
            When Stitch refuses.
        OutcomeUnknownError
            When the connection broke: list what there is before sending it again.

        Examples
        --------
        >>> with stitchnb.connect(clock="2026-03-20T16:00:00Z", quiet=True) as client:
        ...     client.request("GET", "/v4/source-types/platform.recurly")["current_step_type"]
        'form'
        """
        request = parse(method, path, body=body, params=params)
        refuse_other_tokens(request, "account")
        return self.run(send_raw(self, request, typed=typed))

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(BaseClient[Async]):
    """Talks to the Connect API for one account, without holding up the event loop.

    Everything is as in `Client`, but to be awaited: ``await client.sources.list()``.

    Parameters
    ----------
    token, region, base_url, client_id, timeout_s, connect_timeout_s, rate_limit, journal_size
        See `Client`.
    transport
        An asynchronous httpx transport in place of the network.
    """

    _transport: AsyncTransport

    def __init__(
        self,
        token: str,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        client_id: int | None = None,
        timeout_s: float = 60.0,
        connect_timeout_s: float = 10.0,
        rate_limit: LimitMode | None = None,
        journal_size: int = 100,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        sender = AsyncTransport(
            checked_token(token),
            base_url_of(region, base_url),
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            rate_limit=rate_limit,
            journal_size=journal_size,
            transport=transport,
        )
        self._begin(sender, client_id)

    async def run(self, steps: Steps[T]) -> T:
        """Run the steps of a method when awaited; for stitchnb itself to use."""
        return await self._transport.run(steps)

    async def send(self, request: Request[T]) -> T:
        """Send one request and read its response; for stitchnb itself to use."""
        return await self.run(self.execute(request))

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        typed: bool = False,
    ) -> Any:
        """Send a request as the API documents it, when awaited. See `Client.request`."""
        request = parse(method, path, body=body, params=params)
        refuse_other_tokens(request, "account")
        return await self.run(send_raw(self, request, typed=typed))

    async def close(self) -> None:
        """Close its connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def checked_token(token: str) -> Secret:
    """Refuse what cannot be a token, without showing it."""
    if not isinstance(token, str) or not token.strip():
        raise InvalidInputError("token is empty. Pass the account's access token, or use stitchnb.connect().")
    plain = token.reveal() if isinstance(token, Secret) else token
    if plain != plain.strip() or not plain.isascii() or not plain.isprintable():
        raise InvalidInputError("token has characters that an access token cannot have. Copy it again, without spaces.")
    return Secret(plain)


def _a(client: object) -> str:
    name = type(client).__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
