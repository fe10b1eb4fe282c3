"""Imports only ever point to a room above, and `import stitchnb` stays light.

The table is the one of the design; whoever adds a room or bends a rule says so here, by name and with a reason.
"""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import stitchnb

PACKAGE = Path(stitchnb.__file__).resolve().parent

ALLOWED: dict[str, set[str]] = {
    # How an error shows itself in IPython.
    "_tracebacks": set(),
    "_deprecated": set(),
    "errors": {"_tracebacks"},
    "models": {"errors"},
    # The table of the Connect API.
    "api": set(),
    "rules": {"models", "errors"},
    "client": {"api", "models", "errors", "rules"},
    "frames": {"models", "errors", "rules"},
    "plots": {"models", "errors", "frames"},
    "widgets": {"models", "errors", "rules", "client", "frames"},
    # Its own routes and rules: it must not share the client's mistakes. A test compares its routes with the table.
    "sandbox": {"api", "models", "errors", "rules"},
    "embedded": {"models", "errors", "rules", "client", "sandbox"},
    "magics": {"api", "_tracebacks", "models", "errors", "rules", "client", "frames", "embedded"},
    "lab": {"errors"},
    "_bootstrap": set(),
    # The account as a page: every room has a part in it.
    "_app": {"models", "errors", "rules", "client", "frames", "widgets", "sandbox", "embedded", "lab"},
    # It explains whatever is public.
    "_help": {"models", "errors", "rules", "client", "frames", "plots", "widgets", "sandbox", "embedded"},
    "cli": {
        "models",
        "errors",
        "rules",
        "client",
        "frames",
        "widgets",
        "sandbox",
        "embedded",
        "lab",
        "_app",
        "_bootstrap",
    },
    "__main__": {"_bootstrap", "cli"},
    # Of pytest itself it may be sure: only pytest loads it.
    "pytest_plugin": {"embedded"},
    # Names everything, and imports each only when it is first asked for (see below).
    "__init__": {
        "models",
        "errors",
        "rules",
        "client",
        "frames",
        "plots",
        "widgets",
        "sandbox",
        "embedded",
        "magics",
        "_help",
    },
}

# Every room may keep old names for one release.
EVERYWHERE = {"_deprecated"}

# (module, room): why, allowed inside a function only.
EXCEPTIONS = {
    ("models/base.py", "frames"): "an object shows itself as a table: presentation is asked for from below",
    ("client/pages.py", "frames"): "a list of objects does the same",
    ("client/catalog/view.py", "frames"): "and a catalog, whose fields are columns from the start",
    ("client/catalog/apply.py", "frames"): "and what was applied of it",
    ("client/catalog/stream.py", "frames"): "and one of its streams",
    ("_help/names.py", "__init__"): "help finds a name where a user finds it",
    ("client/jobs/jobs.py", "widgets"): "in a notebook a job that is watched shows itself as a monitor",
}

LIGHT = (
    *("pandas", "numpy", "ipywidgets", "anywidget", "duckdb", "starlette", "uvicorn", "IPython", "ipykernel"),
    *("jupyter_client", "jupyter_core", "jupyter_server", "jupyterlab", "tornado", "httpx", "jsonschema_rs", "yaml"),
    *("matplotlib", "psycopg"),
)


@dataclass(frozen=True)
class Import:
    """One import of a room of stitchnb's."""

    room: str
    line: int
    in_function: bool


def room_of(module: str) -> str:
    """The room of a module's path below the package, such as ``client/sources.py``."""
    return module.partition("/")[0].removesuffix(".py")


def imports_of(source: str, module: str) -> Iterator[Import]:
    """Find what a module imports of stitchnb, wherever in it and however spelled."""
    package = ["stitchnb", *module.split("/")[:-1]]
    for node, in_function in walk(ast.parse(source)):
        for name in named(node, package):
            if name.split(".")[0] == "stitchnb" and name != "stitchnb.__version__":
                yield Import([*name.split("."), "__init__"][1], node.lineno, in_function)


def walk(node: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    yield node, in_function
    inner = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from walk(child, inner)


def named(node: ast.AST, package: list[str]) -> list[str]:
    """The full names that a node imports; of ``from a import b`` it is ``a.b``, as `b` may be a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else []
        origin = ".".join([*above, *filter(None, [node.module])])
        return [f"{origin}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function in ("import_module", "__import__") and isinstance(node.args[0].value, str):
            return [node.args[0].value]
    return []


def faults_of(source: str, module: str) -> list[str]:
    """Tell the imports that point elsewhere than to a room above."""
    room = room_of(module)
    return [
        f"{module}:{found.line} imports {found.room}"
        for found in imports_of(source, module)
        if found.room != room
        and found.room not in ALLOWED[room] | EVERYWHERE
        and not (found.in_function and (module, found.room) in EXCEPTIONS)
    ]


APP, BASE = "sandbox/app.py", "models/base.py"
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


def test_every_module_lives_in_a_room_of_the_table() -> None:
    assert {room_of(module) for module in MODULES} - set(ALLOWED) == set()


def test_the_table_itself_only_points_up() -> None:
    seen: set[str] = set()
    waiting = dict(ALLOWED)
    while waiting:
        free = {room for room, above in waiting.items() if above <= seen}
        assert free, f"these rooms import each other in a circle: {sorted(waiting)}"
        seen |= free
        waiting = {room: above for room, above in waiting.items() if room not in free}


def test_imports_point_to_a_room_above() -> None:
    assert [fault for module, path in MODULES.items() for fault in faults_of(path.read_text("utf-8"), module)] == []


@pytest.mark.parametrize(("module", "room"), EXCEPTIONS)
def test_every_exception_is_still_needed(module: str, room: str) -> None:
    found = imports_of(MODULES[module].read_text("utf-8"), module)
    assert room in {one.room for one in found}, f"{module} no longer imports {room}: take it off the list"


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        pytest.param(APP, "import stitchnb.client", ["client"], id="import"),
        pytest.param(APP, "from stitchnb.client.transport import x", ["client"], id="from a module"),
        pytest.param(APP, "from stitchnb import frames as f", ["frames"], id="a room by its name"),
        pytest.param(APP, "from ..widgets import x", ["widgets"], id="relative"),
        pytest.param("sandbox/jobs/job.py", "from ... import client", ["client"], id="relative, from deep below"),
        pytest.param(APP, "def f():\n import stitchnb.client", ["client"], id="in a function"),
        pytest.param(APP, "if TYPE_CHECKING:\n from stitchnb.client import C", ["client"], id="for types"),
        pytest.param(APP, "importlib.import_module('stitchnb.cli')", ["cli"], id="by text"),
        pytest.param(APP, "import stitchnb", ["__init__"], id="all of it"),
        pytest.param(BASE, "from stitchnb.frames import f", ["frames"], id="an exception, at module level"),
        pytest.param(BASE, "def f():\n from stitchnb.frames import f", [], id="an exception"),
        pytest.param("models/job.py", "def f():\n from stitchnb.frames import f", ["frames"], id="not its exception"),
        pytest.param(APP, "from .state import State\nfrom stitchnb.rules import x", [], id="as it should be"),
        pytest.param("client/transport.py", "from stitchnb import __version__\nimport httpx", [], id="the version"),
    ],
)
def test_an_import_that_points_elsewhere_is_seen(module: str, source: str, found: list[str]) -> None:
    assert [fault.rpartition(" ")[2] for fault in faults_of(source, module)] == found


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_importing_stitchnb_imports_nothing_heavy() -> None:
    code = "import sys, stitchnb; print(sorted({m.split('.')[0] for m in sys.modules} & set(sys.argv[1:])))"
    assert python(code, *LIGHT) == "[]"


def test_importing_stitchnb_loads_none_of_its_own_rooms() -> None:
    assert python("import sys, stitchnb; print([m for m in sys.modules if m.startswith('stitchnb')])") == "['stitchnb']"


def test_the_public_names_are_sorted_and_each_is_there() -> None:
    assert stitchnb.__all__ == sorted(set(stitchnb.__all__))
    assert set(stitchnb.__all__) <= set(dir(stitchnb))


def test_each_public_name_can_be_had_first_of_all() -> None:
    # One interpreter, in which stitchnb is imported anew for each name: a circle among its modules would show.
    code = """
import sys
for name in sys.argv[1:]:
    for module in [module for module in sys.modules if module.partition(".")[0] == "stitchnb"]:
        del sys.modules[module]
    import stitchnb
    assert [module for module in sys.modules if module.startswith("stitchnb")] == ["stitchnb"]
    try:
        missing = getattr(stitchnb, name) is None
    except (ImportError, AttributeError) as error:
        missing = error
    if missing:
        print(name, missing)
"""
    assert python(code, *stitchnb.__all__) == ""


def test_every_name_that_a_module_offers_is_there_once() -> None:
    faults = []
    for module in MODULES:
        if module.endswith("__main__.py"):
            continue
        dotted = ".".join(["stitchnb", *module.removesuffix(".py").split("/")]).removesuffix(".__init__")
        offered = getattr(importlib.import_module(dotted), "__all__", [])
        twice = {name for name in offered if offered.count(name) > 1}
        missing = {name for name in offered if not hasattr(sys.modules[dotted], name)}
        faults += [f"{dotted}.{name}" for name in sorted(twice | missing)]
    assert faults == []


def test_the_bindings_of_a_sandbox_are_there_without_importing_it_first() -> None:
    code = "import stitchnb; print(stitchnb.sandbox.connectors.CsvFiles, stitchnb.sandbox.warehouses.Postgres)"
    assert python(code).count("class") == 2


STATE_SQL = re.compile(r"\.execute(many)?\(\s*f?[\"']")


def test_the_sql_of_the_state_is_in_the_store_alone() -> None:
    # Warehouses and connectors run SQL on databases of their own.
    elsewhere = ("sandbox/store/", "sandbox/warehouses/", "sandbox/connectors/")
    sandbox = {name: path for name, path in MODULES.items() if name.startswith("sandbox/")}
    found = {name for name, path in sandbox.items() if STATE_SQL.search(path.read_text("utf-8"))}
    assert any(name.startswith("sandbox/store/") for name in found), "the pattern finds SQL"
    assert [name for name in sorted(found) if not name.startswith(elsewhere)] == []
