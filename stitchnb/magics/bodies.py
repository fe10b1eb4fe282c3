"""The bodies that the API documents: which names they have, and what each takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stitchnb.client.addresses import is_loopback
from stitchnb.errors import near_names
from stitchnb.magics.json_cursor import IN_LIST
from stitchnb.models import parse_time

Judge = Callable[[Any], str | None]

_LAST_SEQUENCE = 2**63 - 1


@dataclass(frozen=True)
class Body:
    """The names of a JSON object, and who judges the value of each.

    Attributes
    ----------
    at_least_one
        A body without any of its names changes nothing.
    """

    required: Mapping[str, Judge] = field(default_factory=dict)
    optional: Mapping[str, Judge] = field(default_factory=dict)
    at_least_one: bool = False

    @property
    def judges(self) -> Mapping[str, Judge]:
        """Its names, the required ones first, each with who judges its value."""
        return {**self.required, **self.optional}

    def few(self, name: str) -> tuple[str, ...]:
        """List what the value of a name may be, as JSON; empty where it may be much."""
        judge = self.judges.get(name)
        return _FEW.get(judge, ()) if judge is not None else ()

    def errors(self, body: Any) -> dict[str, str]:
        """Say in words what is wrong, by name; empty where nothing is."""
        if not isinstance(body, Mapping):
            return {"body": f"Expected a JSON object, {{…}}, with {', '.join(self.judges)}."}
        known = self.judges
        found = {name: "Required, and not there." for name in self.required if name not in body}
        for name, value in body.items():
            told = known[name](value) if name in known else _unknown(str(name), known)
            if told is not None:
                found[str(name)] = told
        if self.at_least_one and not body:
            found["body"] = f"There is nothing to change: give {' or '.join(known)}."
        return found


def _unknown(name: str, known: Iterable[str]) -> str:
    near = near_names(name, known)
    return f"There is no such name here. {f'Did you mean {near[0]}?' if near else 'It takes ' + ', '.join(known) + '.'}"


def text(value: Any) -> str | None:
    """Judge a text that must not be empty."""
    return None if isinstance(value, str) and value.strip() else "Expected a text."


def text_or_null(value: Any) -> str | None:
    """Judge a text that may be left out."""
    return None if value is None or isinstance(value, str) else "Expected a text."


def flag(value: Any) -> str | None:
    """Judge a truth."""
    return None if isinstance(value, bool) else "Expected true or false, without quotes."


def number(value: Any) -> str | None:
    """Judge an id."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return None
    quoted = isinstance(value, str) and value.isdecimal()
    return "Expected a number without quotes." if quoted else "Expected an id, which is a number such as 45612."


def time_or_null(value: Any) -> str | None:
    """Judge a time, or null for none."""
    if value is None or (isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) and parse_time(value)):
        return None
    return "Expected a time such as 2020-03-20T16:06:19Z, or null."


def given(value: Any) -> str | None:
    """Judge properties, of which the report card says more."""
    return None if isinstance(value, Mapping) else 'Expected an object of properties, such as {"quota_limit": "30"}.'


def _email(value: Any) -> str | None:
    return (
        None if isinstance(value, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) else "Expected an e-mail."
    )


def _hook_type(value: Any) -> str | None:
    return None if value == "post_load" else 'Expected "post_load", the only type there is.'


def _hook_config(value: Any) -> str | None:
    url = value.get("url") if isinstance(value, Mapping) and set(value) == {"url"} else None
    if isinstance(url, str) and (url.startswith("https://") or (url.startswith("http://") and is_loopback(url))):
        return None
    return 'Expected {"url": "https://…"}, the whole address.'


def _region(value: Any) -> str | None:
    return None if value in ("us", "eu") else 'Expected "us" or "eu".'


def _mapping(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else "Expected an object, {…}."


def _names(value: Any) -> str | None:
    good = isinstance(value, list | tuple) and all(isinstance(one, str) and one for one in value)
    return None if good else 'Expected a list of names, such as ["id"].'


def _upsert(value: Any) -> str | None:
    return None if value == "upsert" else 'Expected "upsert", the only action there is.'


def _sequence(value: Any) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LAST_SEQUENCE
    return None if good else "Expected a whole number from 0 to 2^63-1."


@dataclass(frozen=True)
class _Many:
    """Judges a list of objects."""

    of: Body

    def __call__(self, value: Any) -> str | None:
        if not isinstance(value, list | tuple) or not value:
            return "Expected a list with at least one in it, [{…}]."
        for position, one in enumerate(value):
            found = self.of.errors(one)
            if found:
                name, told = next(iter(found.items()))
                return f"[{position}].{name}: {told}"
        return None


_METADATA = Body({"breadcrumb": lambda value: _breadcrumb(value), "metadata": _mapping})
_STREAM = Body({"tap_stream_id": text, "metadata": _Many(_METADATA)})
_ROW: dict[str, Judge] = {"action": _upsert, "sequence": _sequence, "data": _mapping}
_BATCH = Body({"table_name": text, "schema": _mapping, "messages": _Many(Body(_ROW))}, {"key_names": _names})
_PUSH = _Many(Body({"client_id": number, "table_name": text, "key_names": _names, **_ROW}))


def _breadcrumb(value: Any) -> str | None:
    good = isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)
    return None if good else 'Expected a list, [] for the stream itself or ["properties", "email"] for a field.'


_NOTIFICATIONS = "/notifications/public/v1/api"
_BODIES: Mapping[tuple[str, str], Body] = {
    ("POST", "/v4/sources"): Body(
        {"type": text, "display_name": text}, {"properties": given, "destination_id": number}
    ),
    ("PUT", "/v4/sources/{source_id}"): Body(
        optional={"display_name": text, "properties": given, "paused_at": time_or_null, "destination_id": number},
        at_least_one=True,
    ),
    ("PUT", "/v4/sources/{source_id}/streams/metadata"): Body({"streams": _Many(_STREAM)}),
    ("POST", "/v4/destinations"): Body(
        {"type": text},
        {"name": text_or_null, "description": text_or_null, "properties": given, "ignore_unmapped_sources": flag},
    ),
    ("PUT", "/v4/destinations/{destination_id}"): Body({"properties": given}),
    ("POST", f"{_NOTIFICATIONS}/custom-emails"): Body({"email_address": _email}),
    ("PUT", f"{_NOTIFICATIONS}/custom-emails/{{id}}"): Body({"disabled_at": time_or_null}),
    ("POST", f"{_NOTIFICATIONS}/hooks"): Body({"type": _hook_type, "destination_id": number, "config": _hook_config}),
    ("PUT", f"{_NOTIFICATIONS}/hooks/{{id}}"): Body({"enable": flag}),
    ("POST", "/v3/accounts"): Body(
        {
            **dict.fromkeys(("partner_id", "partner_secret", "first_name", "last_name", "company"), text),
            "email": _email,
            "region": _region,
        }
    ),
    ("POST", "/v2/import/batch"): _BATCH,
}


# What a value may be where there are but a few, as it is written in JSON.
_FEW: Mapping[Judge, tuple[str, ...]] = {
    flag: ("true", "false"),
    _hook_type: ('"post_load"',),
    _region: ('"us"', '"eu"'),
    _upsert: ('"upsert"',),
}


def body_at(method: str, path: str, steps: Sequence[str]) -> Body | None:
    """Give what stands at a place in a body; None where its documentation does not say.

    Parameters
    ----------
    path
        The endpoint's, with its parts in braces.
    steps
        The names that lead there, `IN_LIST` where one leads through a list.
    """
    found: Body | Judge | None = _BODIES.get((method, path))
    if path == "/v2/import/push" or (path == "/v2/import/validate" and steps[:1] == (IN_LIST,)):
        found = _PUSH
    elif path == "/v2/import/validate":
        found = _BATCH
    for step in steps:
        if step == IN_LIST:
            found = found.of if isinstance(found, _Many) else None
        else:
            found = found.judges.get(step) if isinstance(found, Body) else None
    return found if isinstance(found, Body) else None


def body_errors(method: str, path: str, body: Any) -> dict[str, str]:
    """Say what is wrong with a body, by name, as far as its endpoint's documentation tells.

    Parameters
    ----------
    path
        The endpoint's, with its parts in braces.
    """
    if (method, path) in _BODIES:
        return _BODIES[method, path].errors(body)
    if path == "/v2/import/push" or (path == "/v2/import/validate" and isinstance(body, list)):
        told = _PUSH(body)
        return {} if told is None else {"body": told}
    return _BATCH.errors(body) if path == "/v2/import/validate" else {}
