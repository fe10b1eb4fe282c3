"""A request that was not sent, to look at."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from stitchnb.client.snippets import Snippet
from stitchnb.magics import _json_view


@dataclass(frozen=True)
class Draft:
    """What would be sent, each secret as the name of an environment variable; nothing was sent.

    Attributes
    ----------
    method, path, server
        Where it would go; of a sandbox the server is told in words, as its port is another one each time.
    notes
        What was not looked at, and why.
    """

    method: str
    path: str
    server: str
    snippet: Snippet
    notes: tuple[str, ...] = ()

    def as_curl(self) -> str:
        """Write it as a line to paste into a shell."""
        return self.snippet.curl()

    def as_python(self) -> str:
        """Write it as a Python program that needs httpx only."""
        return self.snippet.python()

    def _head(self) -> str:
        lines = [f"{self.method} {self.path}", f"Host: {self.server}"]
        if self.snippet.token:
            lines.append(f"Authorization: Bearer ${self.snippet.token}")
        if self.snippet.body is not None or self.snippet.body_in_file:
            lines.append("Content-Type: application/json")
        return "\n".join(lines)

    def _body(self) -> str:
        if self.snippet.body_in_file:
            return "(a body over 64 KiB)"
        return "" if self.snippet.body is None else _json_view.as_text(_named(self.snippet.body))

    def __repr__(self) -> str:
        parts = ["Not sent:", self._head(), *filter(None, [self._body()]), *self.notes]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        body = self._body()
        inner = html.escape(self._head(), quote=False) + (f"\n\n{_json_view.coloured(body)}" if body else "")
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<p><strong>Not sent</strong></p>{_json_view.as_block(inner, label='The request')}{notes}"


def _named(value: Any) -> Any:
    """Write what stands for a secret by its name, as ``$NAME``."""
    if isinstance(value, dict):
        return {key: _named(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float | bool) else repr(value)
