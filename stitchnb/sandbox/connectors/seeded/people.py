"""Names, firms and places of the made-up people behind the rows; nobody real is among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from stitchnb.sandbox.catalog.tables import read_table
from stitchnb.sandbox.connectors.seeded.dataset import Row
from stitchnb.sandbox.connectors.seeded.rng import digits, draw, seed_of

_FIRST, _LAST, _ENDING, _TOWN, _STREET, _POSTAL, _PHONE = (
    seed_of("person", part) for part in ("first", "last", "ending", "town", "street", "postal", "phone")
)
_HOUSES = 180


@cache
def _words(name: str) -> Sequence[str]:
    words: list[str] = read_table("values.toml")["words"][name]
    return words


@cache
def _towns() -> Sequence[Sequence[str]]:
    rows: list[list[str]] = read_table("values.toml")["places"]["rows"]
    return rows


def _pick(words: Sequence[Any], row: Row, salt: int) -> Any:
    return words[draw(row.person.number ^ salt) % len(words)]


def _first_name(row: Row) -> str:
    return str(_pick(_words("first_name"), row, _FIRST))


def _last_name(row: Row) -> str:
    return str(_pick(_words("last_name"), row, _LAST))


def _name(row: Row) -> str:
    return f"{_first_name(row)} {_last_name(row)}"


def _email(row: Row) -> str:
    return f"{_first_name(row)}.{_last_name(row)}{row.person.index + 1}@example.com".lower()


def _username(row: Row) -> str:
    return f"{_first_name(row)[0]}{_last_name(row)}{row.person.index + 1}".lower()


def _company(row: Row) -> str:
    return f"{_last_name(row)} {_pick(_words('ending'), row, _ENDING)}"


def _town(row: Row, column: int) -> str:
    return str(_pick(_towns(), row, _TOWN)[column])


def _postal_code(row: Row) -> str:
    return digits(_town(row, 4), draw(row.person.number ^ _POSTAL))


def _phone(row: Row) -> str:
    return digits(_town(row, 5), draw(row.person.number ^ _PHONE))


def _street(row: Row) -> str:
    number = draw(row.person.number ^ _STREET)
    return f"{number % _HOUSES + 1} {_words('street')[(number >> 32) % len(_words('street'))]}"


PERSON: Mapping[str, Callable[[Row], str]] = {
    "first_name": _first_name,
    "last_name": _last_name,
    "name": _name,
    "email": _email,
    "username": _username,
    "company": _company,
}
PLACE: Mapping[str, Callable[[Row], str]] = {
    "city": lambda row: _town(row, 0),
    "region": lambda row: _town(row, 1),
    "country": lambda row: _town(row, 2),
    "currency": lambda row: _town(row, 3),
    "postal_code": _postal_code,
    "phone": _phone,
    "street": _street,
}
