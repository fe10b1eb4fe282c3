"""The client: one account of the Connect API."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from stitchnb.client.connection_checks import ConnectionChecks
from stitchnb.client.destinations import Destinations
from stitchnb.client.jobs import Jobs
from stitchnb.client.requests import Request
from stitchnb.client.source_types import SourceTypes
from stitchnb.client.sources import Sources
from stitchnb.client.streams import Streams
from stitchnb.client.transport import BASE_URLS, Transport, is_loopback
from stitchnb.errors import InvalidInputError
from stitchnb.models import Secret

T = TypeVar("T")


class Client:
    """Talks to the Connect API for one account.

    Parameters
    ----------
    token
        The account's access token. It never shows in a repr, an error or a notebook's output.
    base_url
        ``https://api.stitchdata.com`` (North America) by default; Europe is
        ``https://api.eu-central-1.stitchdata.com``; a sandbox has an address of its own.
    transport
        An httpx transport in place of the network, for tests.

    Attributes
    ----------
    source_types, sources, streams, connection_checks, jobs, destinations
        What the API has, one attribute each.

    sandbox
        The sandbox that this is a client of, None for a real account.

    Examples
    --------
    >>> with Client("not-a-token") as client:
    ...     client
    Client(base_url='https://api.stitchdata.com')
    """

    sandbox: Any = None

    def __init__(
        self, token: str, *, base_url: str = BASE_URLS["us"], transport: httpx.BaseTransport | None = None
    ) -> None:
        if not isinstance(token, str) or not token.strip():
            raise InvalidInputError("token is empty: give the account's access token, or use stitchnb.connect().")
        plain = token.reveal() if isinstance(token, Secret) else token
        if plain != plain.strip() or not plain.isascii() or not plain.isprintable():
            raise InvalidInputError("token has characters that no access token has: copy it again, without spaces.")
        self._transport = Transport(Secret(plain), base_url, transport=transport)
        self.source_types = SourceTypes(self)
        self.sources = Sources(self)
        self.streams = Streams(self)
        self.connection_checks = ConnectionChecks(self)
        self.jobs = Jobs(self)
        self.destinations = Destinations(self)

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._transport.base_url

    @property
    def poll_s(self) -> float:
        """Seconds between two looks at something that runs."""
        return 0.2 if is_loopback(self.base_url) else 3.0

    @property
    def job_poll_s(self) -> float:
        """Seconds between two looks at a job.

        Extractions and loads may be asked for 30 times in 10 minutes together, and one look may ask for both.
        """
        return 0.2 if is_loopback(self.base_url) else 45.0

    def send(self, request: Request[T]) -> T:
        """Send one request and read its answer."""
        return self._transport.send(request)

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __reduce__(self) -> Any:
        raise TypeError("a Client holds an access token and cannot be pickled: make a new one where it is needed")
