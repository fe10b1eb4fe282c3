"""Parses the recipes of ``values.toml`` into functions that make a value for a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Any, Protocol

from stitchnb.sandbox.catalog.tables import CatalogError, read_table
from stitchnb.sandbox.connectors.seeded.dataset import Row, derive_seed, digits, draw, to_rfc3339

_FIRST, _LAST, _ENDING, _TOWN, _STREET, _POSTAL, _PHONE = (
    derive_seed("person", part) for part in ("first", "last", "ending", "town", "street", "postal", "phone")
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


Maker = Callable[[Row], Any]
Drawer = Callable[[Row], int]

_DAY_S = 86_400
_CERTAIN = 1 << 20
_PAIRS = [a + b for a in "abcdefghijkmnpqrstuvwxyz23456789" for b in "abcdefghijkmnpqrstuvwxyz23456789"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A function that makes values, and their kind: ``string``, ``time``, ``integer``, ``number``, ``boolean``
    or ``null``.
    """

    kind: str
    make: Maker


CREATED = Recipe("time", lambda row: to_rfc3339(row.created))
UPDATED = Recipe("time", lambda row: to_rfc3339(row.updated))


class RecipeScope(Protocol):
    """What a recipe can refer to."""

    def same(self, stream: str, field: str) -> Recipe:
        """Return the recipe of another field of the same row."""

    def of_parent(self, stream: str, parent: str, field: str) -> Recipe:
        """Return the recipe of a field of a parent row."""

    def words(self, name: str) -> Sequence[str]:
        """Return one of the word lists."""


@dataclass(frozen=True, slots=True)
class FieldRef:
    """The field of a recipe, which determines the numbers that are drawn for it.

    ``changing`` draws again at each change of the row.
    """

    stream: str
    path: tuple[str, ...]
    changing: bool = False
    part: str = ""

    def drawer(self) -> Drawer:
        """Return a function that draws 64 bits for this field of a row."""
        salt = derive_seed(self.stream, *self.path, self.part)
        if self.changing:
            return lambda row: draw(row.number ^ salt, row.root.version)
        return lambda row: draw(row.number ^ salt)

    def within(self, part: str, *, changing: bool | None = None) -> FieldRef:
        """Return the reference for a recipe within this one."""
        return FieldRef(self.stream, self.path, self.changing if changing is None else changing, self.part + part)


def parse_recipe(text: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    """Parse one recipe. Raises `CatalogError` if it is not valid."""
    word, _, rest = text.partition(" ")
    try:
        if word in _WRAPPING:
            return _WRAPPING[word](rest, ref, scope)
        if word in _REFERRING:
            return _REFERRING[word](rest, ref, scope)
        return _PLAIN[word](rest, ref)
    except (KeyError, ValueError, IndexError) as error:
        if isinstance(error, CatalogError):
            raise
        raise CatalogError(f"{ref.stream}.{'.'.join(ref.path)}: {text!r} is not a valid recipe") from error


def _maybe(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    share, _, inner = rest.partition(" ")
    recipe, nulls = parse_recipe(inner, ref, scope), is_null(share, ref)
    return Recipe(recipe.kind, lambda row: None if nulls(row) else recipe.make(row))


def is_null(share: str, ref: FieldRef) -> Callable[[Row], bool]:
    """Return a function that tells for which rows ``maybe`` is null. It is the same at every change of a row."""
    nulls = _CERTAIN * float(share)
    number = ref.within("?", changing=False).drawer()
    return lambda row: number(row) >> 44 < nulls


def _changing(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    return parse_recipe(rest, ref.within("", changing=True), scope)


def _final(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    at_last, _, before = rest.partition(" else ")
    last = parse_recipe(at_last, ref, scope)
    first = parse_recipe(before or "none", ref.within("-"), scope)
    if "null" not in (first.kind, last.kind) and first.kind != last.kind:
        raise CatalogError(f"{ref.stream}.{'.'.join(ref.path)}: {last.kind} or {first.kind}, according to {rest!r}")
    kind = first.kind if last.kind == "null" else last.kind
    return Recipe(kind, lambda row: last.make(row) if row.root.is_last else first.make(row))


def _same(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    recipe = scope.same(ref.stream, rest)
    return Recipe(recipe.kind, lambda row: recipe.make(row.root))


def _of(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    parent, field = rest.split()
    recipe = scope.of_parent(ref.stream, parent, field)

    def make(row: Row) -> Any:
        of = row.parent(parent)
        return None if of is None else recipe.make(of)

    return Recipe(recipe.kind, make)


def _text(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    pieces: list[tuple[str, Maker | None, str]] = [
        (literal, scope.same(ref.stream, field).make if field else None, spec or "")
        for literal, field, spec, _ in Formatter().parse(rest)
    ]

    def make(row: Row) -> str | None:
        text = ""
        for literal, maker, spec in pieces:
            text += literal
            if maker is not None:
                value = maker(row.root)
                if value is None:
                    return None
                text += format(value, spec)
        return text

    return Recipe("string", make)


def _slug(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    text = _text(rest, ref, scope)

    def make(row: Row) -> str | None:
        value = text.make(row)
        return None if value is None else re.sub(r"[^a-z0-9:/.]+", "-", value.lower())

    return Recipe("string", make)


def _numbers(names: Sequence[str], ref: FieldRef, scope: RecipeScope) -> Iterator[Recipe]:
    for name in names:
        recipe = scope.same(ref.stream, name)
        if recipe.kind not in {"integer", "number"}:
            raise CatalogError(f"{ref.stream}.{name} is a {recipe.kind}, not a number")
        yield recipe


def _calculated(recipes: Sequence[Recipe], calculate: Callable[..., Any], kind: str | None = None) -> Recipe:
    makers = [recipe.make for recipe in recipes]
    kind = kind or ("number" if any(recipe.kind == "number" for recipe in recipes) else "integer")
    places = 2 if kind == "number" else None

    def make(row: Row) -> Any:
        values = [maker(row.root) for maker in makers]
        return None if None in values else round(calculate(*values), places)

    return Recipe(kind, make)


def _sum(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    signs = [-1 if word.startswith("-") else 1 for word in rest.split()]
    recipes = list(_numbers([word.lstrip("-") for word in rest.split()], ref, scope))
    return _calculated(recipes, lambda *values: sum(sign * value for sign, value in zip(signs, values, strict=True)))


def _times(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    return _calculated(list(_numbers(rest.split(), ref, scope)), lambda a, b: a * b)


def _part(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    return _calculated(list(_numbers(rest.split(), ref, scope)), lambda a, percent: a * percent / 100, "number")


def _percent(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    return _calculated(list(_numbers([rest], ref, scope)), lambda percent: percent / 100, "number")


def _word(rest: str, ref: FieldRef, scope: RecipeScope) -> Recipe:
    return _one_of("string", scope.words(rest), ref)


def _one_of(kind: str, choices: Sequence[Any], ref: FieldRef) -> Recipe:
    if len(choices) == 1:
        only = choices[0]
        return Recipe(kind, lambda row: only)
    number, count = ref.drawer(), len(choices)
    return Recipe(kind, lambda row: choices[number(row) % count])


def weighted(text: str) -> list[str]:
    """Parse ``a|b*3``, where b is three times as likely."""
    choices: list[str] = []
    for choice in text.split("|"):
        value, _, times = choice.partition("*")
        choices += [value] * int(times or 1)
    return choices


def _values(texts: Sequence[str]) -> tuple[str, Sequence[Any]]:
    """Return the kind and the values. Texts become numbers if all of them are numbers."""
    for kind, read in (("integer", int), ("number", float)):
        try:
            return kind, [read(text) for text in texts]
        except ValueError:
            continue
    return "string", texts


def _number(rest: str, ref: FieldRef) -> Recipe:
    kind, values = _values(weighted(rest))
    if kind == "string":
        raise ValueError(rest)
    return _one_of(kind, values, ref)


def _nth(rest: str, ref: FieldRef) -> Recipe:
    each, _, choices = rest.partition(" ")
    (kind, values), rows = _values(choices.split("|")), int(each)
    return Recipe(kind, lambda row: values[row.index // rows % len(values)])


def _each(rest: str, ref: FieldRef) -> Recipe:
    kind, values = _values(rest.split("|"))
    return Recipe(kind, lambda row: values[row.position % len(values)])


def _whole(rest: str, ref: FieldRef) -> Recipe:
    least, most = map(int, rest.split())
    number, span = ref.drawer(), most - least + 1
    return Recipe("integer", lambda row: least + number(row) % span)


def _decimal(rest: str, ref: FieldRef) -> Recipe:
    least, most, places = rest.split()
    scale = 10 ** int(places)
    lowest, highest = round(float(least) * scale), round(float(most) * scale)
    number, span = ref.drawer(), highest - lowest + 1
    return Recipe("number", lambda row: (lowest + number(row) % span) / scale)


def _chance(rest: str, ref: FieldRef) -> Recipe:
    number, yes = ref.drawer(), _CERTAIN * float(rest)
    return Recipe("boolean", lambda row: number(row) >> 44 < yes)


def _serial(rest: str, ref: FieldRef) -> Recipe:
    start, step = map(int, rest.split())
    if len(ref.path) == 1:
        return Recipe("integer", lambda row: start + row.index * step)
    return Recipe("integer", lambda row: start + (row.index * 8 + row.position) * step)


def _token(rest: str, ref: FieldRef) -> Recipe:
    length, number = int(rest), ref.drawer()

    def make(row: Row) -> str:
        seed, text = number(row), ""
        while len(text) < length:
            text += "".join([_PAIRS[seed >> shift & 1023] for shift in (0, 10, 20, 30, 40, 50)])
            seed = draw(seed, 1)
        return text[:length]

    return Recipe("string", make)


def _hex(rest: str, ref: FieldRef) -> Recipe:
    length, number = int(rest), ref.drawer()

    def make(row: Row) -> str:
        seed = number(row)
        return f"{seed:016x}{draw(seed, 1):016x}"[:length]

    return Recipe("string", make)


def _digits(rest: str, ref: FieldRef) -> Recipe:
    number = ref.drawer()
    return Recipe("string", lambda row: digits(rest, number(row)))


def _later(rest: str, ref: FieldRef) -> Recipe:
    base, days = rest.split()
    seconds = int(float(days) * _DAY_S)
    if base == "created":
        return Recipe("time", lambda row: to_rfc3339(row.created + seconds))
    return Recipe("time", lambda row: to_rfc3339(row.updated + seconds))


def _owner(rest: str, ref: FieldRef) -> Recipe:
    name = ref.path[-2] if len(ref.path) > 1 else ref.stream
    return _one_of("string", [name.removesuffix("s")], ref)


_WRAPPING: Mapping[str, Callable[[str, FieldRef, RecipeScope], Recipe]] = {
    "maybe": _maybe,
    "changing": _changing,
    "final": _final,
}
_REFERRING: Mapping[str, Callable[[str, FieldRef, RecipeScope], Recipe]] = {
    "same": _same,
    "of": _of,
    "text": _text,
    "slug": _slug,
    "sum": _sum,
    "times": _times,
    "part": _part,
    "percent": _percent,
    "word": _word,
}
_PLAIN: Mapping[str, Callable[[str, FieldRef], Recipe]] = {
    "none": lambda rest, ref: Recipe("null", lambda row: None),
    "created": lambda rest, ref: CREATED,
    "updated": lambda rest, ref: UPDATED,
    "later": _later,
    "id": lambda rest, ref: _token("12", ref),
    "token": _token,
    "hex": _hex,
    "digits": _digits,
    "serial": _serial,
    "pick": lambda rest, ref: _one_of("string", weighted(rest), ref),
    "number": _number,
    "nth": _nth,
    "each": _each,
    "whole": _whole,
    "decimal": _decimal,
    "money": lambda rest, ref: _decimal(f"{rest} 2", ref),
    "chance": _chance,
    "owner": _owner,
    "person": lambda rest, ref: Recipe("string", PERSON[rest]),
    "place": lambda rest, ref: Recipe("string", PLACE[rest]),
}
