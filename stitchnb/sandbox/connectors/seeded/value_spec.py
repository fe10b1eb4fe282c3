"""Reads the recipes of ``values.toml`` into functions that make a value of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, Protocol

from stitchnb.sandbox.catalog.tables import CatalogError
from stitchnb.sandbox.connectors.seeded.dataset import Row
from stitchnb.sandbox.connectors.seeded.people import PERSON, PLACE
from stitchnb.sandbox.connectors.seeded.rng import digits, draw, seed_of
from stitchnb.sandbox.connectors.seeded.timeline import text_of

Maker = Callable[[Row], Any]
Drawer = Callable[[Row], int]

_DAY_S = 86_400
_CERTAIN = 1 << 20
_PAIRS = [a + b for a in "abcdefghijkmnpqrstuvwxyz23456789" for b in "abcdefghijkmnpqrstuvwxyz23456789"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A maker and the kind of what it makes: ``string``, ``time``, ``integer``, ``number``, ``boolean`` or ``null``."""

    kind: str
    make: Maker


CREATED = Recipe("time", lambda row: text_of(row.created))
UPDATED = Recipe("time", lambda row: text_of(row.updated))


class Surroundings(Protocol):
    """What a recipe may refer to."""

    def same(self, stream: str, field: str) -> Recipe:
        """Recipe of another field of the same row."""

    def of_parent(self, stream: str, parent: str, field: str) -> Recipe:
        """Recipe of a field of a parent row."""

    def words(self, name: str) -> Sequence[str]:
        """One of the lists of words."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recipe stands: it decides what is drawn for it.

    ``changing`` draws anew at each change of the row.
    """

    stream: str
    path: tuple[str, ...]
    changing: bool = False
    part: str = ""

    def drawer(self) -> Drawer:
        """Give a function that draws 64 bits of a row for this place."""
        salt = seed_of(self.stream, *self.path, self.part)
        if self.changing:
            return lambda row: draw(row.number ^ salt, row.root.version)
        return lambda row: draw(row.number ^ salt)

    def within(self, part: str, *, changing: bool | None = None) -> Place:
        """Give the place of a recipe within this one."""
        return Place(self.stream, self.path, self.changing if changing is None else changing, self.part + part)


def read_recipe(text: str, place: Place, around: Surroundings) -> Recipe:
    """Read one recipe; raises `CatalogError` for words that say nothing."""
    word, _, rest = text.partition(" ")
    try:
        if word in _AROUND:
            return _AROUND[word](rest, place, around)
        if word in _REFERRING:
            return _REFERRING[word](rest, place, around)
        return _PLAIN[word](rest, place)
    except (KeyError, ValueError, IndexError) as error:
        if isinstance(error, CatalogError):
            raise
        raise CatalogError(f"{place.stream}.{'.'.join(place.path)}: cannot read the recipe {text!r}") from error


def _maybe(rest: str, place: Place, around: Surroundings) -> Recipe:
    share, _, inner = rest.partition(" ")
    recipe, nulls = read_recipe(inner, place, around), is_null(share, place)
    return Recipe(recipe.kind, lambda row: None if nulls(row) else recipe.make(row))


def is_null(share: str, place: Place) -> Callable[[Row], bool]:
    """Tell for which rows ``maybe`` gives null; they are the same at every change of a row."""
    nulls = _CERTAIN * float(share)
    number = place.within("?", changing=False).drawer()
    return lambda row: number(row) >> 44 < nulls


def _changing(rest: str, place: Place, around: Surroundings) -> Recipe:
    return read_recipe(rest, place.within("", changing=True), around)


def _final(rest: str, place: Place, around: Surroundings) -> Recipe:
    at_last, _, before = rest.partition(" else ")
    last = read_recipe(at_last, place, around)
    first = read_recipe(before or "none", place.within("-"), around)
    if "null" not in (first.kind, last.kind) and first.kind != last.kind:
        raise CatalogError(f"{place.stream}.{'.'.join(place.path)}: {last.kind} or {first.kind}, according to {rest!r}")
    kind = first.kind if last.kind == "null" else last.kind
    return Recipe(kind, lambda row: last.make(row) if row.root.is_last else first.make(row))


def _same(rest: str, place: Place, around: Surroundings) -> Recipe:
    recipe = around.same(place.stream, rest)
    return Recipe(recipe.kind, lambda row: recipe.make(row.root))


def _of(rest: str, place: Place, around: Surroundings) -> Recipe:
    parent, field = rest.split()
    recipe = around.of_parent(place.stream, parent, field)

    def make(row: Row) -> Any:
        of = row.parent(parent)
        return None if of is None else recipe.make(of)

    return Recipe(recipe.kind, make)


def _text(rest: str, place: Place, around: Surroundings) -> Recipe:
    pieces: list[tuple[str, Maker | None, str]] = [
        (literal, around.same(place.stream, field).make if field else None, spec or "")
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


def _slug(rest: str, place: Place, around: Surroundings) -> Recipe:
    text = _text(rest, place, around)

    def make(row: Row) -> str | None:
        value = text.make(row)
        return None if value is None else re.sub(r"[^a-z0-9:/.]+", "-", value.lower())

    return Recipe("string", make)


def _numbers(names: Sequence[str], place: Place, around: Surroundings) -> Iterator[Recipe]:
    for name in names:
        recipe = around.same(place.stream, name)
        if recipe.kind not in {"integer", "number"}:
            raise CatalogError(f"{place.stream}.{name} is a {recipe.kind}, not a number")
        yield recipe


def _calculated(recipes: Sequence[Recipe], calculate: Callable[..., Any], kind: str | None = None) -> Recipe:
    makers = [recipe.make for recipe in recipes]
    kind = kind or ("number" if any(recipe.kind == "number" for recipe in recipes) else "integer")
    places = 2 if kind == "number" else None

    def make(row: Row) -> Any:
        values = [maker(row.root) for maker in makers]
        return None if None in values else round(calculate(*values), places)

    return Recipe(kind, make)


def _sum(rest: str, place: Place, around: Surroundings) -> Recipe:
    signs = [-1 if word.startswith("-") else 1 for word in rest.split()]
    recipes = list(_numbers([word.lstrip("-") for word in rest.split()], place, around))
    return _calculated(recipes, lambda *values: sum(sign * value for sign, value in zip(signs, values, strict=True)))


def _times(rest: str, place: Place, around: Surroundings) -> Recipe:
    return _calculated(list(_numbers(rest.split(), place, around)), lambda a, b: a * b)


def _part(rest: str, place: Place, around: Surroundings) -> Recipe:
    return _calculated(list(_numbers(rest.split(), place, around)), lambda a, percent: a * percent / 100, "number")


def _percent(rest: str, place: Place, around: Surroundings) -> Recipe:
    return _calculated(list(_numbers([rest], place, around)), lambda percent: percent / 100, "number")


def _word(rest: str, place: Place, around: Surroundings) -> Recipe:
    return _one_of("string", around.words(rest), place)


def _one_of(kind: str, choices: Sequence[Any], place: Place) -> Recipe:
    if len(choices) == 1:
        only = choices[0]
        return Recipe(kind, lambda row: only)
    number, count = place.drawer(), len(choices)
    return Recipe(kind, lambda row: choices[number(row) % count])


def weighted(text: str) -> list[str]:
    """Read ``a|b*3``: b stands there thrice."""
    choices: list[str] = []
    for choice in text.split("|"):
        value, _, times = choice.partition("*")
        choices += [value] * int(times or 1)
    return choices


def _values(texts: Sequence[str]) -> tuple[str, Sequence[Any]]:
    """Read texts as numbers where they all are: the kind and the values."""
    for kind, read in (("integer", int), ("number", float)):
        try:
            return kind, [read(text) for text in texts]
        except ValueError:
            continue
    return "string", texts


def _number(rest: str, place: Place) -> Recipe:
    kind, values = _values(weighted(rest))
    if kind == "string":
        raise ValueError(rest)
    return _one_of(kind, values, place)


def _nth(rest: str, place: Place) -> Recipe:
    each, _, choices = rest.partition(" ")
    (kind, values), rows = _values(choices.split("|")), int(each)
    return Recipe(kind, lambda row: values[row.index // rows % len(values)])


def _each(rest: str, place: Place) -> Recipe:
    kind, values = _values(rest.split("|"))
    return Recipe(kind, lambda row: values[row.position % len(values)])


def _whole(rest: str, place: Place) -> Recipe:
    least, most = map(int, rest.split())
    number, span = place.drawer(), most - least + 1
    return Recipe("integer", lambda row: least + number(row) % span)


def _decimal(rest: str, place: Place) -> Recipe:
    least, most, places = rest.split()
    scale = 10 ** int(places)
    lowest, highest = round(float(least) * scale), round(float(most) * scale)
    number, span = place.drawer(), highest - lowest + 1
    return Recipe("number", lambda row: (lowest + number(row) % span) / scale)


def _chance(rest: str, place: Place) -> Recipe:
    number, yes = place.drawer(), _CERTAIN * float(rest)
    return Recipe("boolean", lambda row: number(row) >> 44 < yes)


def _serial(rest: str, place: Place) -> Recipe:
    start, step = map(int, rest.split())
    if len(place.path) == 1:
        return Recipe("integer", lambda row: start + row.index * step)
    return Recipe("integer", lambda row: start + (row.index * 8 + row.position) * step)


def _token(rest: str, place: Place) -> Recipe:
    length, number = int(rest), place.drawer()

    def make(row: Row) -> str:
        seed, text = number(row), ""
        while len(text) < length:
            text += "".join([_PAIRS[seed >> shift & 1023] for shift in (0, 10, 20, 30, 40, 50)])
            seed = draw(seed, 1)
        return text[:length]

    return Recipe("string", make)


def _hex(rest: str, place: Place) -> Recipe:
    length, number = int(rest), place.drawer()

    def make(row: Row) -> str:
        seed = number(row)
        return f"{seed:016x}{draw(seed, 1):016x}"[:length]

    return Recipe("string", make)


def _digits(rest: str, place: Place) -> Recipe:
    number = place.drawer()
    return Recipe("string", lambda row: digits(rest, number(row)))


def _later(rest: str, place: Place) -> Recipe:
    base, days = rest.split()
    seconds = int(float(days) * _DAY_S)
    if base == "created":
        return Recipe("time", lambda row: text_of(row.created + seconds))
    return Recipe("time", lambda row: text_of(row.updated + seconds))


def _owner(rest: str, place: Place) -> Recipe:
    name = place.path[-2] if len(place.path) > 1 else place.stream
    return _one_of("string", [name.removesuffix("s")], place)


_AROUND: Mapping[str, Callable[[str, Place, Surroundings], Recipe]] = {
    "maybe": _maybe,
    "changing": _changing,
    "final": _final,
}
_REFERRING: Mapping[str, Callable[[str, Place, Surroundings], Recipe]] = {
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
_PLAIN: Mapping[str, Callable[[str, Place], Recipe]] = {
    "none": lambda rest, place: Recipe("null", lambda row: None),
    "created": lambda rest, place: CREATED,
    "updated": lambda rest, place: UPDATED,
    "later": _later,
    "id": lambda rest, place: _token("12", place),
    "token": _token,
    "hex": _hex,
    "digits": _digits,
    "serial": _serial,
    "pick": lambda rest, place: _one_of("string", weighted(rest), place),
    "number": _number,
    "nth": _nth,
    "each": _each,
    "whole": _whole,
    "decimal": _decimal,
    "money": lambda rest, place: _decimal(f"{rest} 2", place),
    "chance": _chance,
    "owner": _owner,
    "person": lambda rest, place: Recipe("string", PERSON[rest]),
    "place": lambda rest, place: Recipe("string", PLACE[rest]),
}
