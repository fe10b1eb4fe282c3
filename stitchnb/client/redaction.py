"""Taking secrets out of what is kept: each is replaced by the name of an environment variable that could hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from stitchnb.models import Destination, ReportCard, Secret, Source

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
