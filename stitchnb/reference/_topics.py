"""The topics: one Markdown file each, whose last lines name the guide and the names that belong to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

_FOOT = re.compile(r"^(Guide|Names): +(.+(?:\n .+)*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes
    ----------
    name
        What one asks for: ``forms``.
    title
        Its heading.
    summary
        Its first paragraph, in one line.
    text
        The whole text, without heading and foot, as Markdown.
    guides
        The file names of the notebooks that teach it.
    names
        The names that belong to it, as `find_name` takes them.
    """

    name: str
    title: str
    summary: str
    text: str
    guides: tuple[str, ...]
    names: tuple[str, ...]


def read_topics() -> list[Topic]:
    """Read the topics in their reading order."""
    folder = resources.files("stitchnb.reference") / "topics"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return [read_topic(file.name, file.read_text(encoding="utf-8")) for file in files]


def read_topic(file_name: str, written: str) -> Topic:
    """Read one topic, whose file is called ``03-forms.md``.

    Raises
    ------
    ValueError
        It does not begin with a heading.
    """
    heading = re.match(r"# (.+)\n", written)
    if heading is None:
        raise ValueError(f"{file_name} does not begin with '# ' and a title")
    feet = {found[1]: re.split(r",\s+", found[2]) for found in _FOOT.finditer(written)}
    text = _FOOT.sub("", written[heading.end() :]).strip()
    return Topic(
        name=file_name.removesuffix(".md").partition("-")[2].replace("-", " "),
        title=heading[1],
        summary=" ".join(text.partition("\n\n")[0].split()),
        text=text,
        guides=tuple(feet.get("Guide", ())),
        names=tuple(feet.get("Names", ())),
    )
