"""The values of a form as code: Python with stitchnb, or curl.

A credential is replaced by an environment variable, such as ``RECURLY_API_KEY``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from stitchnb.client.journal import Snippet, Variable
from stitchnb.client.requests import Request
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.widgets.form.fields import FormField

_TOKEN = "STITCH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
_WIDE = 88


def variable_name(type_name: str, *parts: str | int) -> str:
    """Return the environment variable for a credential: ``RECURLY_API_KEY``."""
    words = [type_title(type_name), *map(str, parts)]
    name = "_".join(re.sub(r"[^A-Z0-9]+", "_", word.upper()).strip("_") for word in words)
    return name if re.match(r"[A-Z]", name) else f"STITCH_{name.lstrip('_')}"


def open_values(type_name: str, fields: Iterable[FormField]) -> dict[str, Any]:
    """Return what would be sent, with variables for credentials, even for missing ones."""
    values: dict[str, Any] = {}
    for field in fields:
        if field.input.is_secret:
            if field.given or field.missing:
                values[field.name] = _masked(field.value, type_name, field.name)
        elif field.value is not None:
            values[field.name] = field.value
    return values


def _masked(value: Any, *where: str | int) -> Any:
    """Replace every string of a credential, which may be a list or an object, by a variable."""
    if isinstance(value, Mapping):
        return {key: _masked(inner, *where, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, *where, number) for number, inner in enumerate(value, start=1)]
    return Variable(variable_name(str(where[0]), *where[1:]))


def as_curl(request: Request[Any], base_url: str, *, escaped: Iterable[str] = ()) -> str:
    """Return a request as a command for a POSIX shell, on several lines.

    Parameters
    ----------
    request
        With variables for credentials.
    base_url
        The base URL of the API.
    escaped
        The variables that may hold line breaks or quotes; a comment warns of them.
    """
    line = Snippet(request.method, base_url + request.path, _TOKEN, request.json).curl()
    # The body may look like an option, so only the part before it is split.
    head, option, body = line.partition(" --data-raw ")
    command = head.replace(" --header ", " \\\n  --header ") + option.replace(" ", " \\\n  ", 1) + body
    names = ", ".join(f"${name}" for name in escaped)
    return f'# {names}: write line breaks as \\n and quotes as \\", as JSON does.\n{command}' if names else command


def as_python(call: str, arguments: Mapping[str, Any], *, positional: Iterable[Any] = (), result: str) -> str:
    """Return a program that calls a method of a client.

    Parameters
    ----------
    call
        Such as ``client.sources.create``.
    arguments
        Keyword arguments.
    positional
        Positional arguments.
    result
        The variable for the result.
    """
    lines = [f"    {_python(value, 1)}," for value in positional]
    lines += [f"    {name}={_python(value, 1)}," for name, value in arguments.items()]
    program = "\n".join(["client = stitchnb.connect()", f"{result} = {call}(", *lines, ")"])
    return f"{_imports(program)}import stitchnb\n\n{program}\n"


def as_assignment(name: str, value: Any) -> str:
    """Return a program that assigns a value to a variable."""
    line = f"{name} = {_python(value, 0)}\n"
    return f"{_imports(line)}{line}"


def _imports(program: str) -> str:
    return "import os\n\n" if "os.environ[" in program else ""


def _python(value: Any, depth: int) -> str:
    if isinstance(value, Variable):
        return f'os.environ["{value.name}"]'
    if isinstance(value, Mapping):
        items = [f"{_text(str(key))}: {_python(inner, depth + 1)}" for key, inner in value.items()]
        return _over_lines("{", items, "}", depth, always=depth < 2)
    if isinstance(value, list):
        return _over_lines("[", [_python(inner, depth + 1) for inner in value], "]", depth)
    return _text(value) if isinstance(value, str) else repr(value)


def _over_lines(start: str, items: list[str], end: str, depth: int, *, always: bool = False) -> str:
    short = f"{start}{', '.join(items)}{end}"
    if not items or (not always and len(short) + 4 * depth <= _WIDE and "\n" not in short):
        return short
    inner = "    " * (depth + 1)
    return "\n".join([start, *(f"{inner}{item}," for item in items), "    " * depth + end])


def _text(text: str) -> str:
    """Return a string literal, in double quotes unless that needs more escapes."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in text else plain
