"""Docstrings as the help shows them, and the attributes and methods of a class or module."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import docstring_parser
from docstring_parser import DocstringStyle

from stitchnb._help.names import example_of, find_name, parts_of, returned_by
from stitchnb.errors import UnknownTopicError
from stitchnb.models import Model

# The endpoint is the last line, after the last section.
_SOURCE = re.compile(r"^Source: (.+(?:\n.+)*)\Z", re.MULTILINE)
# Examples are taken out before parsing: the parser would change them.
_EXAMPLES = re.compile(r"^Examples\n-{3,}\n(.*?)(?=\n\n\S+\n-{3,}\n|\Z)", re.MULTILINE | re.DOTALL)

# How a docstring says that what it is of is public to the code alone.
_INNER = re.compile(r"; for .+ to (call|use)\.\Z", re.DOTALL)

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ParsedDoc:
    """The parts of a docstring. Missing parts are empty.

    Attributes
    ----------
    summary, text
        The first paragraph in one line, and the rest.
    parameters, attributes, returns, raises
        Name or type, and description.
    examples
        Python with its output.
    endpoint
        The endpoints it calls.
    """

    summary: str = ""
    text: str = ""
    parameters: Rows = ()
    attributes: Rows = ()
    returns: Rows = ()
    raises: Rows = ()
    examples: str = ""
    endpoint: str = ""

    @property
    def is_inner(self) -> bool:
        """Is it of use to other parts of stitchnb only, and nothing that an analyst would call?"""
        return bool(_INNER.search(self.summary))


def read_docstring(of: Any) -> ParsedDoc:
    """Parse the docstring of a class, function, property or module."""
    written = inspect.getdoc(of) or ""
    endpoint = _SOURCE.search(written)
    written = _SOURCE.sub("", written).rstrip()
    examples = _EXAMPLES.search(written)
    parsed = docstring_parser.parse(_EXAMPLES.sub("", written), style=DocstringStyle.NUMPYDOC)
    rows: dict[str, list[tuple[str, str]]] = {"param": [], "attribute": [], "returns": [], "raises": []}
    for part in parsed.meta:
        kind = "returns" if part.args[0] == "yields" else part.args[0]
        if kind in rows:
            name = part.args[1] if len(part.args) > 1 else getattr(part, "type_name", None) or ""
            rows[kind].append((name, as_markdown(part.description or "")))
    return ParsedDoc(
        summary=as_markdown(" ".join((parsed.short_description or "").split())),
        text=as_markdown(parsed.long_description or ""),
        parameters=_joined(rows["param"]),
        attributes=_joined(rows["attribute"]),
        returns=_joined(rows["returns"]),
        raises=_joined(rows["raises"]),
        examples=_without_literal(examples[1]) if examples else "",
        endpoint=as_markdown(" ".join(endpoint[1].split()).rstrip(".")) if endpoint else "",
    )


def _joined(rows: list[tuple[str, str]]) -> Rows:
    """Join a list of names that was split over two lines, the first without a description."""
    joined: list[tuple[str, str]] = []
    for name, description in rows:
        if joined and not joined[-1][1] and joined[-1][0].endswith(","):
            joined[-1] = (f"{joined[-1][0]} {name}", description)
        else:
            joined.append((name, description))
    return tuple(joined)


def _without_literal(examples: str) -> str:
    """Remove the mark and the indent of a literal block."""
    return inspect.cleandoc(examples.strip().removeprefix("::")).strip()


def as_markdown(text: str) -> str:
    """Convert a docstring's prose to Markdown: names in backticks, literal blocks fenced."""
    paragraphs = re.split(r"\n{2,}", text.strip())
    written, literal = [], False
    for paragraph in paragraphs:
        if literal and paragraph.startswith((" ", "\t")):
            written.append(f"```\n{inspect.cleandoc(paragraph)}\n```")
            continue
        literal = paragraph.endswith("::")
        prose = re.sub(r":?:$", "" if paragraph == "::" else ":", paragraph) if literal else paragraph
        if prose:
            written.append(re.sub(r"``(.+?)``", r"`\1`", prose, flags=re.DOTALL))
    return "\n\n".join(written)


_SEE = re.compile(r"\bSee ((?:`[\w.]+`(?:,? and |, )?)+)")
_ROW = re.compile(r"See `([\w.]+)`\.\s*(.*)", re.DOTALL)


def resolve_references(name: str, found: Any) -> ParsedDoc:
    """Parse the docstring of a name, and add what it refers to with ``See `name` ``.

    Shared parameters and errors come from there, and the result if both have the same return type.
    """
    doc = read_docstring(found)
    doc = replace(doc, parameters=tuple(_rows(name, doc.parameters)))
    for target in _seen(name, f"{doc.summary}\n{doc.text}"):
        there = read_docstring(target)
        known = {*_names(doc.parameters), *_names(doc.raises)}
        # A plain object's attributes are its parameters.
        goes_in = there.parameters or there.attributes
        taken = _parameters(found)
        doc = replace(
            doc,
            parameters=doc.parameters + tuple(row for row in goes_in if _has(row, taken - known)),
            returns=doc.returns or (there.returns if _returned(found) == _returned(target) else ()),
            raises=doc.raises + tuple(row for row in there.raises if row[0] not in known),
            endpoint=doc.endpoint or there.endpoint,
        )
    return doc


def see(name: str, target: str) -> Any | None:
    """Resolve a name in another name's docstring: a part of it, a sibling, or a full name."""
    owners = (name, name.rpartition(".")[0])
    for candidate in (*(f"{owner}.{target}" for owner in owners if owner), target):
        try:
            return find_name(candidate)[1]
        except UnknownTopicError:
            continue
    return None


def _seen(name: str, prose: str) -> Iterator[Any]:
    for named in _SEE.finditer(prose):
        for target in re.findall(r"[\w.]+(?=`)", named[1]):
            if (found := see(name, target.rstrip("."))) is not None:
                yield found


def _rows(name: str, rows: Rows) -> Iterator[tuple[str, str]]:
    """Replace a parameter's bare reference by the description it refers to."""
    for row in rows:
        left = _ROW.fullmatch(row[1])
        target = see(name, left[1]) if left else None
        there = [one for one in read_docstring(target).parameters if _has(one, _names((row,)))] if target else []
        if left and there:
            yield from ((names, f"{text} {left[2]}".strip()) for names, text in there)
        else:
            yield row


def _names(rows: Rows) -> set[str]:
    return {name for names, _ in rows for name in names.split(", ")}


def _has(row: tuple[str, str], wanted: set[str]) -> bool:
    return bool(_names((row,)) & wanted)


def _signature(found: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(found) if callable(found) else None
    except (TypeError, ValueError):
        return None


def _parameters(found: Any) -> set[str]:
    signature = _signature(found)
    return set(signature.parameters) if signature else set()


def _returned(found: Any) -> str:
    """Return the name of a call's return type, without its module and without the await wrapper."""
    if isinstance(found, property | cached_property):
        found = found.fget if isinstance(found, property) else found.func
    signature = _signature(found)
    doc = str(signature.return_annotation) if signature else ""
    return re.sub(r"^Operation\[(.*)\]$", r"\1", re.sub(r"\b\w+\.|\[Mode\]", "", doc))


def attributes_of(found: Any) -> Rows:
    """List the attributes of a class: first those in its docstring, in that order, then the others."""
    kind = kind_of(found)
    parts = dict(_parts_of_object(kind))
    named = [row for home in _homes(kind) for row in read_docstring(home).attributes]
    rows: list[tuple[str, str]] = []
    known: set[str] = set()
    for names, text in (*named, *parts.items(), *_of_model(kind), *_properties(kind)):
        each = names.split(", ")
        if known.isdisjoint(each):
            known.update(each)
            # An attribute listed with others gets its own row if it has its own description.
            rows += [(name, parts[name]) for name in each] if set(each) <= set(parts) else [(names, text)]
    return tuple(rows)


def methods_of(found: Any, *, of_an_object: bool) -> Rows:
    """List the documented functions and classes of a class or module, in alphabetical order.

    Parameters
    ----------
    of_an_object
        Leave out constructors, because the reader already has an object.
    """
    kind = kind_of(found)
    return tuple(
        (part, doc.summary)
        for part, value in _parts(kind)
        if callable(value) and not (of_an_object and inspect.ismethod(value))
        for doc in (read_docstring(value),)
        if doc.summary and not doc.is_inner
    )


def kind_of(found: Any) -> Any:
    """Return the class or module to describe: for a property the class of its value; None if it is not stitchnb's."""
    kind = returned_by(found) if isinstance(found, property | cached_property) else found
    if inspect.ismodule(kind):
        return kind
    return kind if isinstance(kind, type) and kind.__module__.startswith("stitchnb.") else None


def _homes(kind: Any) -> tuple[type, ...]:
    """List a class and its base classes in stitchnb."""
    return tuple(home for home in getattr(kind, "__mro__", ()) if home.__module__.partition(".")[0] == "stitchnb")


def _parts_of_object(kind: Any) -> Iterator[tuple[str, str]]:
    """List the resources of an object, such as those of a client."""
    for name, value in vars(example_of(kind)).items() if example_of(kind) is not None else ():
        if not name.startswith("_") and example_of(type(value)) is not None:
            yield name, read_docstring(type(value)).summary


def _properties(kind: Any) -> Iterator[tuple[str, str]]:
    for part, value in _parts(kind):
        if isinstance(value, property | cached_property):
            doc = read_docstring(value)
            if doc.summary and not doc.is_inner:
                yield part, doc.summary


def _of_model(kind: Any) -> Iterator[tuple[str, str]]:
    """List the attributes of an API object. Attributes without a description share one row."""
    if not (isinstance(kind, type) and issubclass(kind, Model)):
        return
    doc = {name: read_docstring(one).summary for name, one in kind._attrs.items()}
    if plain := [name for name, text in doc.items() if not text]:
        yield ", ".join(plain), "The value in Stitch's response."
    yield from ((name, text) for name, text in doc.items() if text)


def _parts(kind: Any) -> Iterator[tuple[str, Any]]:
    """List the parts defined in stitchnb, without a widget's traits and without imported names."""
    for part in parts_of(kind) if kind is not None else ():
        if inspect.ismodule(kind):
            value = getattr(kind, part)
            if hasattr(kind, "__all__") or getattr(value, "__module__", None) == kind.__name__:
                yield part, value
        elif any(part in vars(home) for home in _homes(kind)):
            value = inspect.getattr_static(kind, part)
            yield part, value if isinstance(value, property | cached_property) else getattr(kind, part)
