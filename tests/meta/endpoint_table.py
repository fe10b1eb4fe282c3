"""The table of every endpoint, made from the code: served by the sandbox, requested by the client, proved by a test.

``python tests/meta/endpoint_table.py --write`` puts it into its page; without ``--write`` it is printed.
"""

import ast
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx

import stitchnb
from stitchnb.client._sansio import Resource

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "notebooks" / "pages" / "endpoints.md"
BEGIN, END = "<!-- endpoints -->", "<!-- /endpoints -->"
CONTROL = "/_sandbox"


def normal(endpoint: str) -> str:
    """Give an endpoint without the names of its parameters: they are called this here and that there."""
    return re.sub(r"\{\w+\}", "{}", endpoint.partition("?")[0])


@cache
def served() -> dict[str, str]:
    """Ask a sandbox what it serves: method and path, and what that does."""
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
        paths = httpx.get(f"{sandbox.url}{CONTROL}/openapi.json", headers=headers).json()["paths"]
    return {
        f"{method.upper()} {path}": operation["summary"]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


@cache
def in_client() -> dict[str, list[str]]:
    """Find which public methods ask for which endpoint, as their docstrings tell."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, method in public_methods():
        told = re.search(r"^Source: (.+)$", inspect.getdoc(method) or "", re.MULTILINE)
        for endpoint in re.findall(r"``([A-Z]+ [^`]+)``", told[1] if told else ""):
            found[normal(endpoint)].append(name)
    return dict(found)


def public_methods() -> Iterator[tuple[str, Any]]:
    """Give everything that a client can be asked for, by its dotted name."""
    yield "create_account", stitchnb.create_account
    with stitchnb.Client("not-a-token", base_url="http://127.0.0.1:1") as client:
        yield from _methods_below("client", client)
    with stitchnb.ImportClient("not-a-token", base_url="http://127.0.0.1:1") as importer:
        yield from _methods_of("ImportClient", importer)


def _methods_below(name: str, holder: object) -> Iterator[tuple[str, Any]]:
    for attribute, value in vars(holder).items():
        if isinstance(value, Resource) and not attribute.startswith("_"):
            yield from _methods_of(f"{name}.{attribute}", value)
            yield from _methods_below(f"{name}.{attribute}", value)


def _methods_of(name: str, resource: object) -> Iterator[tuple[str, Any]]:
    for attribute in dir(type(resource)):
        method = getattr(type(resource), attribute)
        if not attribute.startswith("_") and callable(method):
            yield f"{name}.{attribute}", method


@cache
def held_by() -> dict[str, list[str]]:
    """Find the tests that say which endpoint they hold."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for endpoint in _marks_of(node):
                found[normal(endpoint)].append(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return dict(found)


def _marks_of(node: Any) -> list[str]:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    marks = [d for d in decorators if isinstance(d, ast.Call) and ast.unparse(d.func) == "pytest.mark.endpoint"]
    return [ast.literal_eval(mark.args[0]) for mark in marks]


def table() -> str:
    """Write the section of the page."""
    endpoints, methods, tests = served(), in_client(), held_by()
    lines = [
        "| method and path | what it does | in the client | test |",
        "|---|---|---|---|",
    ]
    for endpoint, summary in endpoints.items():
        if f" {CONTROL}" not in endpoint:
            held = [test.partition("::")[2] for test in tests.get(normal(endpoint), [])]
            cells = (f"`{endpoint}`", summary, _code(methods.get(normal(endpoint), [])), _code(held))
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Endpoints that control the sandbox:", "", "| method and path | what it does |", "|---|---|"]
    lines += [f"| `{endpoint}` | {summary} |" for endpoint, summary in endpoints.items() if f" {CONTROL}" in endpoint]
    count = sum(f" {CONTROL}" not in endpoint for endpoint in endpoints)
    return "\n".join([f"{count} endpoints, each in the client and in the sandbox, and proved by a test:", "", *lines])


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def section(page: str) -> str:
    """Cut the section out of the page."""
    return page.partition(BEGIN)[2].partition(END)[0].strip()


def written(page: str) -> str:
    """Put the section into the page."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{PAGE} has no section between {BEGIN} and {END}.")
    return f"{before}{begin}\n{table()}\n{end}{after}"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
    else:
        print(table())
