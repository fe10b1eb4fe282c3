"""What a client asked and what it was answered, without any secret."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from stitchnb.client.redaction import Redactor
from stitchnb.client.snippets import Snippet

if TYPE_CHECKING:
    import pandas as pd

# A body larger than this is not kept: rows that are pushed by the megabyte would fill the memory.
_LARGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class Exchange:
    """One request as it travelled, and how it was answered.

    Attributes
    ----------
    method, path
        The path with its query, below the base URL.
    status
        The answer's HTTP status; None where none came.
    started_at
        When it was sent: aware, UTC.
    duration_s
        Seconds until the answer was there.
    size
        Bytes of the answer's body.
    error
        Why there was no answer, such as ``ReadTimeout``; None where one came.
    """

    method: str
    path: str
    status: int | None
    started_at: datetime
    duration_s: float
    size: int
    error: str | None
    snippet: Snippet

    def as_curl(self) -> str:
        """Write the request as a line to paste into a shell.

        Every secret is the name of an environment variable, such as ``$STITCH_ACCESS_TOKEN`` or ``$RECURLY_API_KEY``,
        to be set there first; what it holds goes into the JSON as it stands. A body over 64 KiB is not kept: the line
        reads it from ``body.json``.
        """
        return self.snippet.curl()

    def as_python(self) -> str:
        """Write the request as a Python program that needs httpx only; secrets are read from ``os.environ``."""
        return self.snippet.python()

    def __repr__(self) -> str:
        answer = self.status if self.status is not None else self.error
        return f"Exchange({self.method} {self.path}: {answer}, {self.duration_s:.3f} s, {self.size} bytes)"


class Journal:
    """The last exchanges of a client, oldest first.

    Parameters
    ----------
    size
        How many are kept; 0 keeps none.
    token_variable
        The environment variable that stands for the client's token.
    """

    def __init__(self, size: int = 100, *, base_url: str, token_variable: str) -> None:
        self._kept: deque[Exchange] = deque(maxlen=size)
        self._base_url = base_url
        self._token_variable = token_variable
        self._redactor = Redactor()

    def learn(self, path: str, found: Any) -> None:
        """Learn from an answer which properties are credentials; for stitchnb itself to use."""
        self._redactor.learn(path, found)

    def record(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        json_body: Any = None,
        body_size: int = 0,
        with_token: bool = True,
        follows: bool = False,
        started_at: datetime,
        duration_s: float,
        status: int | None = None,
        size: int = 0,
        error: str | None = None,
    ) -> None:
        """Keep one exchange; the oldest one goes when there are too many; for stitchnb itself to use."""
        if not self._kept.maxlen:
            return
        snippet = self.snippet(
            method,
            path,
            query=query,
            json_body=json_body,
            body_size=body_size,
            with_token=with_token,
            follows=follows,
        )
        whole_path = f"{path}?{query}" if query else path
        self._kept.append(Exchange(method, whole_path, status, started_at, duration_s, size, error, snippet))

    def snippet(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        json_body: Any = None,
        body_size: int = 0,
        with_token: bool = True,
        follows: bool = False,
    ) -> Snippet:
        """Write a request down without its secrets, sent or not, and keep nothing; for stitchnb itself to use.

        Parameters
        ----------
        body_size
            Bytes of the body; of one over 64 KiB only the place is kept.
        follows
            The answer is a redirect to follow.
        """
        too_large = body_size > _LARGEST_BODY
        return Snippet(
            method,
            self._base_url + (f"{path}?{query}" if query else path),
            self._token_variable if with_token else None,
            None if too_large else self._redactor.redacted(path, json_body),
            body_in_file=too_large,
            follows=follows,
        )

    def clear(self) -> None:
        """Forget them all."""
        self._kept.clear()

    def to_frame(self) -> pd.DataFrame:
        """Show the exchanges as a DataFrame.

        Returns
        -------
        DataFrame
            One row per exchange, oldest first, with a fresh index. Columns: ``method``, ``path`` (string), ``status``
            (Int64, missing where no answer came), ``started_at`` (datetime64, UTC), ``duration_s`` (float64),
            ``size`` (int64, bytes), ``error`` (string, missing where an answer came). None gives the same columns and
            no row.
        """
        import pandas as pd

        kept = list(self._kept)
        columns = {
            "method": "string",
            "path": "string",
            "status": "Int64",
            "started_at": "datetime64[us, UTC]",
            "duration_s": "float64",
            "size": "int64",
            "error": "string",
        }
        return pd.DataFrame(
            {name: pd.Series([getattr(e, name) for e in kept], dtype=dtype) for name, dtype in columns.items()},
            index=pd.RangeIndex(len(kept)),
        )

    @overload
    def __getitem__(self, index: int) -> Exchange: ...
    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...
    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        return list(self._kept)[index]

    def __iter__(self) -> Iterator[Exchange]:
        return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        count = len(self)
        return f"Journal({count} {'exchange' if count == 1 else 'exchanges'})"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False, border=0, na_rep="", justify="left")


def encoded(body: Any) -> bytes:
    """Encode a JSON body once, so that its size is known.

    Raises
    ------
    ValueError
        For NaN and infinity, which JSON has no way to write.
    """
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
