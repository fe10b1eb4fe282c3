"""Keeps credentials out of what a tap says: its configuration is all secrets, and taps print what they please."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

from stitchnb.sandbox.catalog.cards import source_cards
from stitchnb.sandbox.engine.reachability import without

# Taps of the Singer world have properties that no report card knows.
_LOOKS_SECRET = re.compile(
    r"pass(word|phrase|wd)?$|pwd|secret|token|credential|cookie|cert|auth(orization)?$|(api|access|private)_?keys$|"
    r"(?<!primary_)(?<!replication_)(?<!partition_)(?<!sort_)key$",
    re.IGNORECASE,
)
# A shorter line of a private key, such as its last one, tells nothing by itself.
_SHORTEST_LINE = 12


class Secrets:
    """The credentials among some values, to be hidden in whatever way they are written.

    Parameters
    ----------
    values
        Form values, environment variables, configurations. Those are credentials whose name is that of a credential
        in any report card, or looks like one, with all that is inside them.
    """

    def __init__(self, values: Sequence[Mapping[str, Any]]) -> None:
        found = set(_secrets_in(values))
        texts = set(_texts(values))
        written = {form for secret in found for form in _written(secret, texts)}
        # The longest first: one may be a part of another.
        self._hidden = sorted(written, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def hide(self, text: str) -> str:
        """Take the credentials out of a text."""
        return without(self._hidden, text)


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner) if _is_secret(str(name)) else _secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets_in(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _written(secret: str, others: Iterable[str]) -> Iterator[str]:
    """Write a credential in the ways in which it may stand in a log."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    yield from (line.strip() for line in secret.splitlines() if len(line) >= _SHORTEST_LINE)
    for other in ("", *others):
        for pair in (f"{secret}:{other}", f"{other}:{secret}"):
            yield base64.b64encode(pair.encode("utf-8", "replace")).decode()


def _is_secret(name: str) -> bool:
    return name in _credential_names() or _LOOKS_SECRET.search(name) is not None


@cache
def _credential_names() -> frozenset[str]:
    steps = (step for card in source_cards().values() for step in card.get("steps", ()))
    return frozenset(prop["name"] for step in steps for prop in step["properties"] if prop["is_credential"])
