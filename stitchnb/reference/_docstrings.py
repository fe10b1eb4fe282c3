"""What a docstring says, part by part, as Markdown."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import docstring_parser
from docstring_parser import DocstringStyle

# The endpoint, which is written last of all, after whatever section came before it.
_SOURCE = re.compile(r"^Source: (.+(?:\n.+)*)\Z", re.MULTILINE)
# Examples are Python, which a parser of docstrings has no use for.
_EXAMPLES = re.compile(r"^Examples\n-{3,}\n(.*?)(?=\n\n\S+\n-{3,}\n|\Z)", re.MULTILINE | re.DOTALL)

# How a docstring says that what it is of is public to the code alone.
_INNER = re.compile(r"; for .+ to (call|use)\.\Z", re.DOTALL)

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A docstring's parts; what is not there is empty.

    Attributes
    ----------
    summary, text
        Its first paragraph in one line, and the others.
    parameters, attributes, returns, raises
        Name or type, and what is said of it.
    examples
        Python with its answers.
    endpoint
        The endpoints it asks.
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


def read_docstring(of: Any) -> Told:
    """Take the docstring of a class, function, property or module apart."""
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
    return Told(
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
    """Put a list of names back together that went over two lines, of which the first has no description."""
    joined: list[tuple[str, str]] = []
    for name, description in rows:
        if joined and not joined[-1][1] and joined[-1][0].endswith(","):
            joined[-1] = (f"{joined[-1][0]} {name}", description)
        else:
            joined.append((name, description))
    return tuple(joined)


def _without_literal(examples: str) -> str:
    """Take the mark and the indent of a literal block away."""
    return inspect.cleandoc(examples.strip().removeprefix("::")).strip()


def as_markdown(text: str) -> str:
    """Write prose of a docstring as Markdown: names between backticks, literal blocks fenced."""
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
