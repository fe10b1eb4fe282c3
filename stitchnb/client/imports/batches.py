"""A DataFrame cut into requests that the Import API takes, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from stitchnb.client.imports.frames import FrameColumn, FrameRecords
from stitchnb.client.journal import encoded
from stitchnb.errors import InvalidInputError, OutcomeUnknownError, PartialPushError, StitchError

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 20_000_000
"""Most bytes of one request: Stitch says 20 MB, and the smaller reading of that is the safe one."""

MOST_ROWS = 20_000
"""Most rows of one request: Stitch names no limit, and its own target sends no more."""


Sent = TypeVar("Sent", bound="SentFrame")


@dataclass(frozen=True, repr=False)
class SentFrame:
    """How a DataFrame was sent; see `PushedFrame` and `ValidFrame`."""

    table_name: str
    rows: int
    requests: int
    schema: Mapping[str, Any]
    _columns: tuple[FrameColumn, ...]
    _key_names: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Show how each column was sent.

        Returns
        -------
        DataFrame
            One row per column, in the frame's order: ``column``, ``sent_as`` (string; the type, empty where every
            value is missing), ``is_key`` (bool), ``missing`` (int64; how many values are null).
        """
        import pandas as pd

        columns = self._columns
        return pd.DataFrame(
            {
                "column": pd.Series([c.name for c in columns], dtype="string"),
                "sent_as": pd.Series([c.sent_as for c in columns], dtype="string"),
                "is_key": pd.Series([c.name in self._key_names for c in columns], dtype="bool"),
                "missing": pd.Series([c.values.count(None) for c in columns], dtype="int64"),
            }
        )

    def _repr_html_(self) -> str:
        return f"<div><strong>{self!r}</strong>{self.to_frame().to_html(index=False, border=0, justify='left')}</div>"

    def __repr__(self) -> str:
        rows = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        requests = f"{self.requests} {'request' if self.requests == 1 else 'requests'}"
        return f"{type(self).__name__}({self.table_name!r}, {rows} in {requests})"


class PushedFrame(SentFrame):
    """A DataFrame that was pushed.

    Attributes
    ----------
    table_name
        The table that its rows go to.
    rows, requests
        How many rows were sent, in how many requests.
    schema
        The JSON schema that the records were sent with.
    """


class ValidFrame(SentFrame):
    """A DataFrame that would be taken; nothing of it was kept. It has what a `PushedFrame` has."""


@dataclass(frozen=True)
class FrameBatches:
    """A frame that was looked at, as the bodies that it travels in; each is made when it is asked for.

    Attributes
    ----------
    what
        What is sent, as the beginning of a sentence.
    first_sequence
        The sequence of the first row.
    """

    what: str
    table_name: str
    found: FrameRecords
    schema: Mapping[str, Any]
    key_names: tuple[str, ...]
    first_sequence: int

    def spans(self) -> list[tuple[int, int]]:
        """Cut the rows into pieces that fit into a request each, as few as follow from halving those that do not.

        Raises
        ------
        InvalidInputError
            When one row alone is too large.
        """
        count = len(self.found)
        starts = range(0, count, MOST_ROWS)
        return [span for start in starts for span in self._halved(start, min(start + MOST_ROWS, count))]

    def body(self, start: int, stop: int) -> dict[str, Any]:
        """Make the body with the rows from one position to before another."""
        messages = [
            {"action": "upsert", "sequence": sequence, "data": record}
            for sequence, record in enumerate(self.found.records(start, stop), self.first_sequence + start)
        ]
        body: dict[str, Any] = {"table_name": self.table_name, "schema": self.schema, "messages": messages}
        return {**body, "key_names": list(self.key_names)} if self.key_names else body

    def sent(self, kind: type[Sent], requests: int) -> Sent:
        """Tell that all of it was sent."""
        return kind(self.table_name, len(self.found), requests, self.schema, self.found.columns, self.key_names)

    def _halved(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        try:
            size = len(encoded(self.body(start, stop)))
        except UnicodeEncodeError as error:
            raise InvalidInputError(
                f"{self.what} was not sent: {_without_encoding(self.found, start, stop)} holds text that is not valid "
                "Unicode. Mend it: .str.encode('utf-8', 'replace').str.decode('utf-8')."
            ) from error
        if size <= MOST_BYTES:
            yield start, stop
        elif stop - start == 1:
            raise InvalidInputError(
                f"{self.what} was not sent: row {self.found.labels[start]} alone has {size:,} bytes, and a request "
                f"{MOST_BYTES:,} at most. Shorten its longest value, or drop that column."
            )
        else:
            middle = (start + stop) // 2
            yield from self._halved(start, middle)
            yield from self._halved(middle, stop)


def _without_encoding(found: FrameRecords, start: int, stop: int) -> str:
    """Find the column and row of a text that cannot be written."""
    for column in found.columns:
        for row in range(start, stop):
            try:
                encoded([column.name, column.values[row]])
            except UnicodeEncodeError:
                return f"column {column.name!r}, row {found.labels[row]},"
    return "the name of the table"


def broken_off(error: StitchError, span: tuple[int, int], *, rows: int, has_keys: bool) -> StitchError:
    """Return the error of a request as the error of the whole frame; for the first request they are the same."""
    start, stop = span
    if start == 0:
        return error
    uncertain = stop - start if isinstance(error, OutcomeUnknownError) else 0
    return PartialPushError(accepted=start, total=rows, uncertain=uncertain, cause=error, has_keys=has_keys)
