"""Start JupyterLab: find the notebooks, the one to open, and a port.

Only the standard library and `stitchnb.errors` are imported before Lab starts, so that errors are reported at once.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import importlib.util
import os
import shutil
import socket
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from stitchnb.errors import InvalidInputError, StitchError, near_names

FIRST_NOTEBOOK = "00-start-here.ipynb"
DEFAULT_PORT = 8888
HOST = "127.0.0.1"
COPIES = "stitchnb-notebooks"

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Place:
    """What Lab shows.

    Attributes
    ----------
    root
        Lab's root folder, shown in the file browser.
    notebook
        The notebook to open, below `root`.
    copied
        Whether `root` has copies of an installation's guides.
    """

    root: Path
    notebook: Path
    copied: bool = False

    @property
    def url_path(self) -> str:
        """The address of the opened notebook, such as ``/lab/tree/notebooks/00-start-here.ipynb``."""
        return "/lab/tree/" + quote(self.notebook.relative_to(self.root).as_posix())


def start_lab(notebook: str | None = None, *, port: int | None = None, open_browser: bool = True) -> None:
    """Start JupyterLab with a notebook and run until stopped.

    Parameters
    ----------
    notebook
        A path to a notebook, or the name of a guide; None opens the first guide.
    port
        A port on 127.0.0.1. 0 uses a free port, None uses 8888 or, if that is in use, a free port.
    open_browser
        Whether to open a browser tab. The address is always printed.

    Raises
    ------
    StitchError
        JupyterLab is not installed, the port is in use, or the notebooks can't be copied.
    InvalidInputError
        There is no such notebook.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise StitchError('JupyterLab is not installed. Install it with: pip install "stitchnb[lab]"')
    port = usual_port() if port is None else claim_port(port)
    place = find_place(notebook, cwd=Path.cwd())

    # Defaults below the user's own settings: Lab does not ask to fetch news.
    defaults = [str(_PACKAGE / "_jupyter"), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(defaults)

    from jupyterlab.labapp import LabApp

    # If Voilà is installed, it is an extension of Lab and would print warnings about unused options.
    with warnings.catch_warnings(record=True), contextlib.suppress(ImportError):
        importlib.import_module("voila")
    print(welcome(place, port=port, open_browser=open_browser), flush=True)
    LabApp.launch_instance(argv=lab_arguments(place, port=port, open_browser=open_browser))


def welcome(place: Place, *, port: int, open_browser: bool) -> str:
    """Return where the notebooks are and what to do next. Jupyter prints the address with its token."""
    where = f"The notebooks are in {place.notebook.parent}."
    if place.copied:
        where += " They are your own copies. A deleted guide is copied again."
    address = f"the address with a token that is printed below (http://{HOST}:{port}{place.url_path}…)"
    if open_browser:
        what = f"JupyterLab opens {place.notebook.name} in your browser. If it does not, open {address}."
    else:
        what = f"Open {address} in a browser."
    return f"{where}\n{what}\nStop JupyterLab with Ctrl-C.\n"


def lab_arguments(place: Place, *, port: int, open_browser: bool) -> list[str]:
    """Build JupyterLab's command line: this machine only, token required, no network."""
    arguments = [
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.answer_yes=True",
        f"--ServerApp.root_dir={place.root}",
        f"--LabApp.default_url={place.url_path}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if not open_browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Jupyter refuses root, which containers use. The server listens on this machine only, with a token.
        arguments.append("--allow-root")
    return arguments


def usual_port(port: int = DEFAULT_PORT) -> int:
    """Return a program's usual port, or a free port if another server uses it."""
    try:
        return claim_port(port)
    except StitchError:
        return claim_port(0)


def claim_port(port: int, *, command: str = "stitchnb lab") -> int:
    """Return `port` if it is free, or a free port for 0. `command` is named in the error.

    Raises
    ------
    StitchError
        The port is in use or not permitted. The message suggests a free one.
    """
    try:
        return _bound_port(port)
    except OSError as error:
        free = _bound_port(0)
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} on {HOST} is in use, possibly by another {command}."
            act = f"Stop that program, or use another port: --port {free}"
        else:
            why = f"Port {port} on {HOST} can't be used: {error.strerror or error}."
            act = f"Use another port: --port {free}"
        raise StitchError(f"{why} {act}") from error


def _bound_port(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            # Allow a port that was just released. On Windows this option would hide a listener.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        bound: int = probe.getsockname()[1]
        return bound


def find_place(notebook: str | None, *, cwd: Path, package: Path = _PACKAGE) -> Place:
    """Find the folder and the notebook to show.

    A clone's own ``notebooks`` folder is served as it is, with the clone as root. If stitchnb was installed from a
    wheel, its notebooks are copied to ``stitchnb-notebooks`` in `cwd` and that folder is the root. A path to a file
    elsewhere is opened with its own folder as root.

    Raises
    ------
    InvalidInputError
        The notebook does not exist. The message lists the guides.
    StitchError
        The installation has no notebooks, or they can't be copied to `cwd`.
    """
    clone = next((folder for folder in (cwd, *cwd.parents, package.parent) if _is_clone(folder)), None)
    requested = None if notebook is None else (cwd / notebook).resolve()
    if requested is not None and requested.is_file() and requested.suffix == ".ipynb":
        root = clone.resolve() if clone is not None else requested.parent
        return Place(root if requested.is_relative_to(root) else requested.parent, requested)
    if clone is not None:
        root = clone.resolve()
        return Place(root, _shipped(notebook or FIRST_NOTEBOOK, root / "notebooks"))
    root = copy_notebooks(package / "_notebooks", cwd / COPIES).resolve()
    return Place(root, _shipped(notebook or FIRST_NOTEBOOK, root), copied=True)


def copy_notebooks(source: Path, target: Path) -> Path:
    """Copy the notebooks that `target` does not have yet. Existing files stay unchanged.

    Raises
    ------
    StitchError
        There are no notebooks, or `target` can't be written.
    """
    if not source.is_dir():
        raise StitchError(f"This installation of stitchnb has no notebooks in {source}. Reinstall stitchnb.")
    try:
        for original in sorted(source.rglob("*")):
            copy = target / original.relative_to(source)
            if original.is_dir() or copy.exists():
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            # Rename at the end, so that an interrupted copy is not taken for a complete one.
            partial = copy.with_name(copy.name + ".part")
            shutil.copyfile(original, partial)
            partial.replace(copy)
    except OSError as error:
        raise StitchError(
            f"The notebooks can't be copied to {target}: {error.strerror or error}. "
            "Run the command in a folder you can write to."
        ) from error
    return target


def _is_clone(folder: Path) -> bool:
    return all(
        (folder / part).is_file() for part in ("pyproject.toml", "stitchnb/__init__.py", f"notebooks/{FIRST_NOTEBOOK}")
    )


def _shipped(name: str, folder: Path) -> Path:
    notebooks = {path.name: path for path in sorted(folder.glob("*.ipynb"))}
    file_name = Path(name).name
    for candidate in (file_name, f"{file_name}.ipynb"):
        if candidate in notebooks:
            return notebooks[candidate]
    near = near_names(file_name, notebooks) or list(notebooks)
    raise InvalidInputError(
        f"There is no notebook {name!r}, neither as a file nor in {folder}. "
        f"Pass a path to an .ipynb file, or one of: {', '.join(near)}"
    )
