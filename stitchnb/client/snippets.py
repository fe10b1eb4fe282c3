"""Writing a request down so that it can be sent again from elsewhere: by curl, or by Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stitchnb.client.redaction import Variable

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
