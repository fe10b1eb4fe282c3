"""Help pages: Markdown for a notebook, plain text for a terminal."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

from stitchnb._help.docs import ParsedDoc, attributes_of, methods_of, read_docstring, resolve_references
from stitchnb._help.names import find_name

_FOOT = re.compile(r"^(Guide|Names): +(.+(?:\n .+)*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes
    ----------
    name
        The name to ask for: ``forms``.
    title
        The heading.
    summary
        The first paragraph, in one line.
    text
        The text without heading and footer, as Markdown.
    guides
        The file names of its guides.
    names
        The names that belong to it, as `find_name` accepts them.
    """

    name: str
    title: str
    summary: str
    text: str
    guides: tuple[str, ...]
    names: tuple[str, ...]


def read_topics() -> list[Topic]:
    """Read the topics in their reading order."""
    folder = resources.files("stitchnb._help") / "topics"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return [read_topic(file.name, file.read_text(encoding="utf-8")) for file in files]


def read_topic(file_name: str, content: str) -> Topic:
    """Read one topic from the text of a file such as ``03-forms.md``.

    Raises
    ------
    ValueError
        The text has no heading.
    """
    heading = re.match(r"# (.+)\n", content)
    if heading is None:
        raise ValueError(f"{file_name} does not begin with '# ' and a title")
    feet = {found[1]: re.split(r",\s+", found[2]) for found in _FOOT.finditer(content)}
    text = _FOOT.sub("", content[heading.end() :]).strip()
    return Topic(
        name=file_name.removesuffix(".md").partition("-")[2].replace("-", " "),
        title=heading[1],
        summary=" ".join(text.partition("\n\n")[0].split()),
        text=text,
        guides=tuple(feet.get("Guide", ())),
        names=tuple(feet.get("Names", ())),
    )


_WIDTH = 100


class Page:
    """A page of help.

    Attributes
    ----------
    title
        The heading.
    markdown
        The page as Markdown.
    """

    def __init__(self, title: str, parts: Iterable[str]) -> None:
        self.title = title
        # Third level, below a notebook's own headings.
        self.markdown = "\n\n".join(filter(None, [f"### {title}", *parts])) + "\n"

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return as_text(self.markdown)


def contents(topics: Iterable[Topic]) -> Page:
    """List the topics."""
    rows = [(f"`{topic.name}`", topic.summary) for topic in topics]
    ask = (
        '`stitchnb.help("forms")` explains a topic of this list; '
        '`stitchnb.help("client.sources.create")` explains a class, a method or a function.'
    )
    return Page("stitchnb", [ask, _table(("topic", "what it is about"), rows)])


def page_of_topic(topic: Topic) -> Page:
    """Return a topic's page: its text, its names with one line each, and its guides."""
    names = [(f"`{name}`", read_docstring(find_name(name)[1]).summary) for name in topic.names]
    guides = [f"- `stitchnb lab {guide.removesuffix('.ipynb')}`" for guide in topic.guides]
    parts = [
        topic.text,
        *(["#### Names", _table(("name", "what it does"), names)] if names else []),
        *(["#### Guides", "\n".join(guides)] if guides else []),
    ]
    return Page(topic.title, parts)


def page_of_name(name: str, found: Any) -> Page:
    """Return a name's page: signature, parameters, result, errors, attributes and methods."""
    return Page(name, _parts(name, found, resolve_references(name, found)))


def _parts(name: str, found: Any, doc: ParsedDoc) -> Iterator[str]:
    # `client` is an object, `Client` its class.
    is_object = isinstance(found, type) and name.rpartition(".")[2][:1].islower()
    has_constructor = not isinstance(found, type) or bool(doc.parameters)
    if has_constructor and not is_object and (signature := _signature(found)):
        yield f"```python\n{_wrapped(name + signature)}\n```"
    yield doc.summary
    yield doc.text
    if is_object and has_constructor:
        yield f'`stitchnb.help("{found.__name__}")` explains how to create one.'
    calling = not is_object
    for title, rows, head in (
        ("Parameters", doc.parameters if calling else (), "parameter"),
        ("Attributes", attributes_of(found), "attribute"),
        ("Returns", doc.returns, "type"),
        ("Raises", doc.raises if calling else (), "error"),
    ):
        if rows:
            yield f"#### {title}"
            yield _table((head, "meaning"), [(_code(row), text) for row, text in rows])
    if doc.endpoint:
        yield f"Endpoint: {doc.endpoint}"
    if methods := methods_of(found, of_an_object=is_object):
        yield "#### Names" if inspect.ismodule(found) else "#### Methods"
        yield _table(("name", "what it does"), [(f"`{part}`", text) for part, text in methods])
    if doc.examples:
        yield f"#### Examples\n\n```python\n{doc.examples}\n```"


def _code(name: str) -> str:
    return ", ".join(f"`{part}`" for part in name.split(", ") if part)


def _signature(found: Any) -> str:
    """Format the signature of a function or class, without annotations."""
    if inspect.ismodule(found) or isinstance(found, property | cached_property) or not callable(found):
        return ""
    if isinstance(found, type) and issubclass(found, Exception):
        return ""
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return ""
    parameters = [p.replace(annotation=p.empty) for p in signature.parameters.values() if p.name != "self"]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def _wrapped(call: str) -> str:
    if len(call) <= _WIDTH:
        return call
    head, _, rest = call.partition("(")
    return (
        f"{head}(\n{textwrap.fill(rest.removesuffix(')'), _WIDTH, initial_indent='    ', subsequent_indent='    ')}\n)"
    )


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    written = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    written += [f"| {_cell(name)} | {_cell(text)} |" for name, text in rows]
    return "\n".join(written)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def as_text(markdown: str) -> str:
    """Convert a page to plain text: no markup, tables as lists."""
    lines: list[str] = []
    fenced = False
    # A list needs no table header.
    for line in re.sub(r"^\|.*\|\n\|---\|---\|\n", "", markdown, flags=re.MULTILINE).splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            lines.append(f"    {line}")
        elif line.startswith("|"):
            lines += _row_as_text(line)
        elif line.startswith("#"):
            title = line.lstrip("# ")
            lines += [title, ("=" if line.startswith("### ") else "-") * len(title)]
        else:
            lines.append(line.replace("`", ""))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _row_as_text(line: str) -> list[str]:
    name, text = (part.replace(r"\|", "|").replace("`", "").strip() for part in re.split(r"(?<!\\)\|", line)[1:3])
    return textwrap.wrap(f"{name}: {text}", _WIDTH, initial_indent="  ", subsequent_indent="      ")
