"""The Import API: rows that one pushes oneself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from stitchnb.client import requests
from stitchnb.client._sansio import Async, Mode, Resource, Steps, Sync, endpoint_method, send
from stitchnb.client.addresses import Region, base_url_of
from stitchnb.client.client import checked_token
from stitchnb.client.http import AsyncTransport, Transport
from stitchnb.client.imports.batches import FrameBatches, PushedFrame, ValidFrame, broken_off
from stitchnb.client.imports.frames import frame_records
from stitchnb.client.journal import Journal
from stitchnb.client.requests import parse, refuse_other_tokens, send_raw
from stitchnb.errors import InvalidInputError, StitchError
from stitchnb.models import ImportReceipt, ImportStatus, ImportToken, Secret

if TYPE_CHECKING:
    import pandas as pd

_LAST_SEQUENCE = 2**63 - 1
_VARIABLE = "STITCH_IMPORT_TOKEN"


class _ImportClientBase(Resource[Mode]):
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

    @endpoint_method
    def status(self) -> Steps[ImportStatus]:
        """Get the status of the Import API; no token is sent.

        Source: ``GET /v2/import/status``.
        """
        return (yield from send(self._client, requests.import_status()))

    @endpoint_method
    def batch(
        self,
        table_name: str,
        records: Iterable[Mapping[str, Any]],
        *,
        schema: Mapping[str, Any],
        key_names: Sequence[str] = (),
        first_sequence: int | None = None,
    ) -> Steps[ImportReceipt]:
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
        return (yield from send(self._client, requests.import_batch(body)))

    @endpoint_method
    def push_frame(
        self,
        table_name: str,
        frame: pd.DataFrame,
        *,
        key_names: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
        first_sequence: int | None = None,
    ) -> Steps[PushedFrame]:
        """Push the rows of a pandas DataFrame into one table, in as many requests as it takes.

        Every column is sent by its dtype: whole numbers, numbers, booleans, text, times, categories by their
        values; a column of Python objects by what they are, lists and objects among them. Decimals keep their digits:
        they land as numeric. Times without a zone are taken for UTC, a date for its midnight. What is missing (None,
        NaN, NaT, NA) is sent as null. The index is not sent. Everything is looked at before the first request is sent.

        Parameters
        ----------
        table_name
            The table; Stitch makes it where it is not there yet.
        frame
            At least one row. Columns have names of their own, and one type each.
        key_names
            The primary key: of rows with the same key the last one counts. Without one every row is appended.
        schema
            JSON schema of a record; None makes it of the columns. With one, a column may hold several types.
        first_sequence
            See `batch`; rows count up from it, in the order of the frame.

        Returns
        -------
        PushedFrame
            How many rows went in how many requests; ``.to_frame()`` tells how each column was sent.

        Raises
        ------
        InvalidValuesError
            When columns cannot be sent: each is named, with the call that settles it. Nothing was sent.
        InvalidInputError
            When it is no frame, has no rows, or a row is larger than Stitch takes. Nothing was sent.
        BadRequestError
            When a row does not conform to `schema`. Nothing was taken.
        PartialPushError
            When a part was taken and the rest was not: how many rows, and how to push the rest.

        Examples
        --------
        >>> import pandas as pd
        >>> client = stitchnb.connect(quiet=True)
        >>> source = client.sources.create("import_api", display_name="Ledger")
        >>> importer = stitchnb.ImportClient(client.import_tokens.create(source.id), base_url=client.base_url)
        >>> frame = pd.DataFrame({"id": [1, 2], "paid_at": pd.to_datetime(["2026-03-01", None])})
        >>> pushed = importer.push_frame("invoices", frame, key_names=["id"])
        >>> pushed
        PushedFrame('invoices', 2 rows in 1 request)
        >>> pushed.to_frame()
            column    sent_as  is_key  missing
        0       id    integer    True        0
        1  paid_at  date-time   False        1
        >>> importer.close()
        >>> client.close()

        Source: ``POST /v2/import/batch``.
        """
        batches = _batches(table_name, frame, key_names, schema, first_sequence)
        pieces = batches.spans()
        for piece in pieces:
            try:
                yield from send(self._client, requests.import_batch(batches.body(*piece)))
            except StitchError as error:
                broken = broken_off(error, piece, rows=len(batches.found), has_keys=bool(batches.key_names))
                if broken is error:
                    raise
                raise broken from error
        return batches.sent(PushedFrame, len(pieces))

    @endpoint_method
    def validate_frame(
        self,
        table_name: str,
        frame: pd.DataFrame,
        *,
        key_names: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> Steps[ValidFrame]:
        """Have a pandas DataFrame looked at as `push_frame` would push it, here and by Stitch; nothing is kept.

        Parameters
        ----------
        table_name, frame, key_names, schema
            See `push_frame`.

        Returns
        -------
        ValidFrame
            How many rows would go in how many requests; ``.to_frame()`` tells how each column would be sent.

        Raises
        ------
        InvalidValuesError, InvalidInputError
            As `push_frame` does. Nothing was sent.
        BadRequestError
            When a row does not conform to `schema`: which, and why.

        Examples
        --------
        >>> import pandas as pd
        >>> client = stitchnb.connect(quiet=True)
        >>> source = client.sources.create("import_api", display_name="Ledger")
        >>> importer = stitchnb.ImportClient(client.import_tokens.create(source.id), base_url=client.base_url)
        >>> frame = pd.DataFrame({"id": [1, 2], "raw": [b"x", b"y"]})
        >>> importer.validate_frame("invoices", frame, key_names=["id"])
        Traceback (most recent call last):
        ...
        stitchnb.errors.InvalidValuesError: The frame for 'invoices' was not sent. 1 problem to fix:
          raw: Row 0 holds bytes, which JSON cannot hold: send text, frame['raw'] = frame['raw'].str.decode('utf-8').
        >>> frame["raw"] = frame["raw"].str.decode("utf-8")
        >>> importer.validate_frame("invoices", frame, key_names=["id"])
        ValidFrame('invoices', 2 rows in 1 request)
        >>> importer.close()
        >>> client.close()

        Source: ``POST /v2/import/validate``.
        """
        batches = _batches(table_name, frame, key_names, schema, None)
        pieces = batches.spans()
        for start, stop in pieces:
            try:
                yield from send(self._client, requests.import_validate(batches.body(start, stop)))
            except StitchError as error:
                if start > 0:
                    error.add_note(f"Record 0 in it is row {batches.found.labels[start]} of the frame.")
                raise
        return batches.sent(ValidFrame, len(pieces))

    @endpoint_method
    def push(self, messages: Iterable[Mapping[str, Any]]) -> Steps[ImportReceipt]:
        """Push messages just as they are given, each of which names its table.

        Parameters
        ----------
        messages
            Each with ``client_id``, ``table_name``, ``sequence``, ``action``, ``key_names`` and ``data``.

        Source: ``POST /v2/import/push``.
        """
        given = [dict(message) for message in messages]
        _refuse_odd(given)
        return (yield from send(self._client, requests.import_push(given)))

    @endpoint_method
    def validate(self, messages: Iterable[Mapping[str, Any]]) -> Steps[ImportReceipt]:
        """Have messages looked at as `push` would; nothing is kept.

        Source: ``POST /v2/import/validate``.
        """
        given = [dict(message) for message in messages]
        _refuse_odd(given)
        return (yield from send(self._client, requests.import_validate(given)))

    @endpoint_method
    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        typed: bool = False,
    ) -> Steps[Any]:
        """Send a request to the Import API as it is documented; what is sent is not looked at. See `Client.request`.

        Raises
        ------
        InvalidInputError
            When it is no path of the Import API, which is all that a source's token is for. Nothing was sent.
        """
        request = parse(method, path, body=body, params=params)
        refuse_other_tokens(request, "import")
        return (yield from send_raw(self._client, request, typed=typed))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __reduce__(self) -> Any:
        raise TypeError(
            f"{type(self).__name__} holds a token and cannot be pickled. Create a new one where you need it."
        )


class ImportClient(_ImportClientBase[Sync]):
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


class AsyncImportClient(_ImportClientBase[Async]):
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
            raise InvalidInputError(
                f"Token {token.id} has no value: Stitch shows a token only once, when it is created."
            )
        token = token.access_token
    return checked_token(token)


def _refuse_odd(messages: Sequence[Mapping[str, Any]]) -> None:
    if not messages:
        raise InvalidInputError("There is nothing to push. Pass at least one record.")
    for number, message in enumerate(messages):
        sequence = message.get("sequence")
        if isinstance(sequence, bool) or not isinstance(sequence, int) or not 0 <= sequence <= _LAST_SEQUENCE:
            raise InvalidInputError(
                f"Record {number} was not sent: its sequence {sequence!r} is not a whole number from 0 to 2^63-1."
            )


def _batches(
    table_name: str,
    frame: pd.DataFrame,
    key_names: Sequence[str],
    schema: Mapping[str, Any] | None,
    first_sequence: int | None,
) -> FrameBatches:
    """Look at a frame before anything of it is sent."""
    if not isinstance(table_name, str) or not table_name.strip():
        raise InvalidInputError("Pass the name of the table first, then the frame: push_frame('orders', frame).")
    what = f"The frame for {table_name!r}"
    keys = tuple(_names(key_names))
    first = time.time_ns() if first_sequence is None else first_sequence
    found = frame_records(frame, what=what, key_names=keys, one_type=schema is None)
    _refuse_odd_sequences(first, len(found))
    return FrameBatches(what, table_name, found, found.schema if schema is None else dict(schema), keys, first)


def _refuse_odd_sequences(first: Any, count: int) -> None:
    for sequence in (first, first + count - 1 if isinstance(first, int) else first):
        _refuse_odd([{"sequence": sequence}])


def _names(key_names: Sequence[str]) -> Sequence[str]:
    if isinstance(key_names, str):
        raise InvalidInputError(f"key_names expects a list of names. Pass [{key_names!r}].")
    if not isinstance(key_names, Iterable):
        raise InvalidInputError(
            f"key_names expects a list of names, got {key_names!r}. Leave it out if there are no keys."
        )
    return key_names
