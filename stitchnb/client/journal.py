"""What a client asked and what it was answered, without any secret."""

from __future__ import annotations

import json
import re
import shlex
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

import httpx

from stitchnb.models import Destination, ReportCard, Secret, Source

if TYPE_CHECKING:
    import pandas as pd

_SECRET_NAME = re.compile(
    r"passw|passphrase|passcode|secret|token|credential|bearer|signature|cookie|private|certificate"
    r"|(?:api|access|auth|account|client|consumer|developer|encryption|license|service|user|app)_?key|^(?:key|auth|pwd|pin)$"
    r"|_(?:pwd|pin|auth)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN |^Bearer |^Basic |^eyJ[\w-]{8,}\.|^at_|^(?:sk|pk|rk)_(?:live|test)_|^gh[pousr]_|^xox[abprs]-"
    r"|^AKIA[0-9A-Z]{12}|^glpat-|^shp(?:at|ca|pa|ss)_|^AIza[\w-]{20}"
)
# A path such as that of a chat's hook is a secret in itself.
_SECRET_PATH = re.compile(r"/(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{16,}")
# What every type has and what is never a secret, for types whose report card was not seen.
_HARMLESS = frozenset({"start_date", "frequency_in_minutes", "anchor_time", "cron_expression"})


@dataclass(frozen=True)
class Variable:
    """Stands where a secret stood: the environment variable that one would put it into."""

    name: str

    def __repr__(self) -> str:
        return f"${self.name}"


class Redactor:
    """Knows which values are secrets, from the report cards that came by and from how names and values look."""

    def __init__(self) -> None:
        self._by_type: dict[tuple[str, str], ReportCard] = {}
        self._by_id: dict[tuple[str, str], ReportCard] = {}

    def learn(self, path: str, found: Any) -> None:
        """Remember the report cards in what an answer was read as."""
        kind = "destinations" if "/destination" in path else "sources"
        for one in found if isinstance(found, list | tuple) else (found,):
            if isinstance(one, ReportCard):
                self._by_type[kind, one.type_name] = one
            elif isinstance(one, Source | Destination) and one.report_card.steps:
                self._by_id[kind, str(one.id)] = one.report_card
                self._by_type.setdefault((kind, one.type), one.report_card)

    def redacted(self, path: str, body: Any) -> Any:
        """Copy a request's body with a `Variable` in place of every secret."""
        written = re.fullmatch(r"/v4/(sources|destinations)(?:/(\w+))?", path)
        names = _Names()
        if written is None or not isinstance(body, Mapping) or not isinstance(body.get("properties"), Mapping):
            return _walk(body, "HOOK" if path.endswith("/hooks") else "STITCH", names)
        kind, id_ = written.groups()
        type_ = str(body.get("type") or "")
        card = self._by_id.get((kind, id_)) if id_ else self._by_type.get((kind, type_))
        prefix = _variable((card.type_name if card else type_).rpartition(".")[2] or kind.removesuffix("s"))
        properties = {name: _property(name, value, card, prefix, names) for name, value in body["properties"].items()}
        rest = {name: _walk(value, prefix, names, name) for name, value in body.items()}
        return {**rest, "properties": properties}


@dataclass
class _Names:
    """Gives different values different variables, and the same value the same one."""

    taken: dict[str, Any] = field(default_factory=dict)

    def variable(self, prefix: str, name: str, value: Any) -> Variable:
        wanted = _variable(f"{prefix}_{name}" if name else f"{prefix}_SECRET")
        number = 1
        while self.taken.setdefault(found := wanted if number == 1 else f"{wanted}_{number}", value) != value:
            number += 1
        return Variable(found)


def _property(name: str, value: Any, card: ReportCard | None, prefix: str, names: _Names) -> Any:
    known = next((p for p in card.properties if p.name == name), None) if card else None
    secret = known.is_credential if known else name not in _HARMLESS
    return names.variable(prefix, name, value) if secret and value is not None else _walk(value, prefix, names, name)


def _walk(value: Any, prefix: str, names: _Names, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _walk(inner, prefix, names, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(inner, prefix, names, name) for inner in value]
    if isinstance(value, Secret) or (isinstance(value, str) and value and _looks_secret(name, value)):
        return names.variable(prefix, name, value)
    return value


def _looks_secret(name: str, value: str) -> bool:
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value)) or _holds_secret(value)


def _holds_secret(value: str) -> bool:
    """Is it an address with a password, a query, or a path that only the initiated know?"""
    if "://" not in value:
        return False
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        return "@" in value
    return bool(url.userinfo or url.query or _SECRET_PATH.search(url.path))


def _variable(text: str) -> str:
    name = re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_") or "SECRET"
    return f"STITCH_{name}" if name[0].isdigit() else name


# The name of the file that a body too large to be kept is read from.
BODY_FILE = "body.json"


@dataclass(frozen=True)
class Snippet:
    """One request, without its secrets.

    Attributes
    ----------
    token
        The environment variable that holds the token; None where none is sent.
    body
        The JSON body with a `Variable` for each secret; None for none.
    body_in_file
        The body was too large to be kept: it is read from `BODY_FILE`.
    follows
        The answer is a redirect to follow.
    """

    method: str
    url: str
    token: str | None
    body: Any
    body_in_file: bool = False
    follows: bool = False

    def curl(self) -> str:
        """Write it as one line for a POSIX shell."""
        words = ["curl", "--request", self.method, shlex.quote(self.url)]
        if self.follows:
            words.append("--location")
        if self.token:
            words += ["--header", f'"Authorization: Bearer ${self.token}"']
        if self.body_in_file:
            words += ["--header", "'Content-Type: application/json'", "--data-binary", f"@{BODY_FILE}"]
        elif self.body is not None:
            words += ["--header", "'Content-Type: application/json'", "--data-raw", _shell_word(self.body)]
        return " ".join(words)

    def python(self) -> str:
        """Write it as a Python program that needs httpx only."""
        lines = [f"    {self.method!r},", f"    {self.url!r},"]
        if self.token:
            lines.append(f"    headers={{'Authorization': 'Bearer ' + os.environ[{self.token!r}]}},")
        if self.body_in_file:
            lines.append(f"    json=json.loads(pathlib.Path({BODY_FILE!r}).read_text('utf-8')),")
        elif self.body is not None:
            lines.append(f"    json={_python(self.body)},")
        if self.follows:
            lines.append("    follow_redirects=True,")
        lines.append("    timeout=60,")
        call = "\n".join(["response = httpx.request(", *lines, ")"])
        used = [name for name in ("json", "os", "pathlib") if f"{name}." in call]
        imports = "".join(f"import {name}\n" for name in used) + ("\n" if used else "")
        return f"{imports}import httpx\n\n{call}\nprint(response.status_code, response.text)"


def _shell_word(body: Any) -> str:
    """Quote JSON for a shell, single-quoted but for the variables.

    What a variable holds goes into a JSON string as it stands, so a value with quotes or line breaks in it has to be
    escaped as JSON there.
    """
    parts = (
        f"'\"${part.name}\"'" if isinstance(part, Variable) else part.replace("'", "'\"'\"'") for part in _json(body)
    )
    return "'" + "".join(parts) + "'"


def _json(value: Any) -> Iterator[str | Variable]:
    """Write JSON piece by piece, each variable a piece of its own between quotes."""
    if isinstance(value, Variable):
        yield from ('"', value, '"')
    elif isinstance(value, Mapping):
        yield "{"
        for number, (key, inner) in enumerate(value.items()):
            yield f"{',' if number else ''}{json.dumps(str(key), ensure_ascii=False)}:"
            yield from _json(inner)
        yield "}"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield "["
        for number, inner in enumerate(value):
            yield "," if number else ""
            yield from _json(inner)
        yield "]"
    else:
        yield json.dumps(value, ensure_ascii=False)


def _python(value: Any) -> str:
    if isinstance(value, Variable):
        return f"os.environ[{value.name!r}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{str(key)!r}: {_python(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_python, value)) + "]"
    return repr(value)


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
