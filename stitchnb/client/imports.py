"""The Import API: rows that one pushes oneself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from stitchnb.client import requests
from stitchnb.client.addresses import Region, base_url_of
from stitchnb.client.client import checked_token
from stitchnb.client.journal import Journal
from stitchnb.client.operations import Async, Mode, Operation, Resource, Sync, ask, operation
from stitchnb.client.transport import AsyncTransport, Transport
from stitchnb.errors import InvalidInputError
from stitchnb.models import ImportReceipt, ImportStatus, ImportToken, Secret

_LAST_SEQUENCE = 2**63 - 1
_VARIABLE = "STITCH_IMPORT_TOKEN"


class Pushing(Resource[Mode]):
    """What an `ImportClient` and an `AsyncImportClient` can do."""

    # The transport itself: rows are pushed for one source, so there is no account to speak of.
    _client: Any
    _transport: Transport | AsyncTransport

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._transport.base_url

    @property
    def journal(self) -> Journal:
        """The last exchanges with the API, without the token: ``.to_frame()``, ``[-1].as_curl()``."""
        return self._transport.journal

    @operation
    def status(self) -> Operation[ImportStatus]:
        """Ask how the Import API is; no token is sent.

        Source: ``GET /v2/import/status``.
        """
        return (yield from ask(requests.import_status()))

    @operation
    def batch(
        self,
        table_name: str,
        records: Iterable[Mapping[str, Any]],
        *,
        schema: Mapping[str, Any],
        key_names: Sequence[str] = (),
        first_sequence: int | None = None,
    ) -> Operation[ImportReceipt]:
        """Push records of one table, at most 20 MB at once.

        Parameters
        ----------
        records
            One mapping from field to value each; all must conform to `schema`.
        schema
            JSON schema of a record.
        key_names
            The primary key; without one every record is appended.
        first_sequence
            The first record's place in the order of all versions of a record, the later ones counting up from it: of
            two records with the same key the higher one wins. None takes the nanoseconds since 1970.

        Raises
        ------
        InvalidInputError
            When there is nothing to push, or a sequence is none. Nothing was sent.
        BadRequestError
            When a record does not conform to the schema: which, and why. None of them was taken.
        OutcomeUnknownError
            When the connection broke and the table has no key: pushing again may double the records.

        Source: ``POST /v2/import/batch``.
        """
        first = time.time_ns() if first_sequence is None else first_sequence
        messages = [
            {"action": "upsert", "sequence": first + number, "data": dict(record)}
            for number, record in enumerate(records)
        ]
        _refuse_odd(messages)
        body: dict[str, Any] = {"table_name": table_name, "schema": dict(schema), "messages": messages}
        if key_names:
            body["key_names"] = list(_names(key_names))
        return (yield from ask(requests.import_batch(body)))

    @operation
    def push(self, messages: Iterable[Mapping[str, Any]]) -> Operation[ImportReceipt]:
        """Push messages just as they are given, each of which names its table.

        Parameters
        ----------
        messages
            Each with ``client_id``, ``table_name``, ``sequence``, ``action``, ``key_names`` and ``data``.

        Source: ``POST /v2/import/push``.
        """
        given = [dict(message) for message in messages]
        _refuse_odd(given)
        return (yield from ask(requests.import_push(given)))

    @operation
    def validate(self, messages: Iterable[Mapping[str, Any]]) -> Operation[ImportReceipt]:
        """Have messages looked at as `push` would; nothing is kept.

        Source: ``POST /v2/import/validate``.
        """
        given = [dict(message) for message in messages]
        _refuse_odd(given)
        return (yield from ask(requests.import_validate(given)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} holds a token and cannot be pickled: make a new one where it is needed")


class ImportClient(Pushing[Sync]):
    """Pushes rows into one Import API source.

    Parameters
    ----------
    token
        The source's own token, as `client.import_tokens.create` gives it: not the account's.
    region, base_url, timeout_s, journal_size, transport
        See `Client`.

    Examples
    --------
    >>> with ImportClient("not-a-token") as importer:
    ...     importer
    ImportClient(base_url='https://api.stitchdata.com')
    """

    def __init__(
        self,
        token: str | ImportToken,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        timeout_s: float = 60.0,
        journal_size: int = 100,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._transport: Transport = Transport(
            _own_token(token),
            base_url_of(region, base_url),
            timeout_s=timeout_s,
            journal_size=journal_size,
            token_variable=_VARIABLE,
            transport=transport,
        )
        self._client = self._transport

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncImportClient(Pushing[Async]):
    """Pushes rows into one Import API source; everything is to be awaited. See `ImportClient`."""

    def __init__(
        self,
        token: str | ImportToken,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        timeout_s: float = 60.0,
        journal_size: int = 100,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._transport: AsyncTransport = AsyncTransport(
            _own_token(token),
            base_url_of(region, base_url),
            timeout_s=timeout_s,
            journal_size=journal_size,
            token_variable=_VARIABLE,
            transport=transport,
        )
        self._client = self._transport

    async def close(self) -> None:
        """Close its connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _own_token(token: str | ImportToken) -> Secret:
    if isinstance(token, ImportToken):
        if token.access_token is None:
            raise InvalidInputError(f"Token {token.id} is only listed: Stitch tells a token once, when it is made.")
        token = token.access_token
    return checked_token(token)


def _refuse_odd(messages: Sequence[Mapping[str, Any]]) -> None:
    if not messages:
        raise InvalidInputError("There is nothing to push: give at least one record.")
    for number, message in enumerate(messages):
        sequence = message.get("sequence")
        if isinstance(sequence, bool) or not isinstance(sequence, int) or not 0 <= sequence <= _LAST_SEQUENCE:
            raise InvalidInputError(
                f"Record {number} was not sent: its sequence {sequence!r} is no whole number from 0 to 2^63-1."
            )


def _names(key_names: Sequence[str]) -> Sequence[str]:
    if isinstance(key_names, str):
        raise InvalidInputError(f"key_names takes a list of names: give [{key_names!r}].")
    return key_names
