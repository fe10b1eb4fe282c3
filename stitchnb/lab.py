"""JupyterLab on the notebooks: where they are, which one to open, and on which port.

Only the standard library and `stitchnb.errors` are imported until Lab itself starts, so that every mistake that can be
told early is told at once.
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
    """What Lab is to show.

    Attributes
    ----------
    root
        Lab's root folder: what the file browser shows first.
    notebook
        The notebook to open, somewhere below `root`.
    copied
        Whether `root` holds copies of the guides that an installation made.
    """

    root: Path
    notebook: Path
    copied: bool = False

    @property
    def url_path(self) -> str:
        """The address of the opened notebook, such as ``/lab/tree/notebooks/00-start-here.ipynb``."""
        return "/lab/tree/" + quote(self.notebook.relative_to(self.root).as_posix())


def start_lab(notebook: str | None = None, *, port: int | None = None, open_browser: bool = True) -> None:
    """Start JupyterLab on a notebook and stay until it is stopped.

    Parameters
    ----------
    notebook
        A path to a notebook, or the name of one of those that come with stitchnb; None opens the first guide.
    port
        A port on 127.0.0.1; 0 takes a free one, None takes 8888 or, where that is in use, a free one.
    open_browser
        Whether a browser tab opens by itself; the address is printed in any case.

    Raises
    ------
    StitchError
        JupyterLab is not installed, the port is taken, or the notebooks cannot be copied here.
    InvalidInputError
        There is no such notebook.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise StitchError('JupyterLab is not installed here. Install it with: pip install "stitchnb[lab]"')
    port = usual_port() if port is None else claim_port(port)
    place = find_place(notebook, cwd=Path.cwd())

    # Defaults that the user's own settings overrule: Lab does not ask whether it may fetch news.
    defaults = [str(_PACKAGE / "_jupyter"), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(defaults)

    from jupyterlab.labapp import LabApp

    # Where it is installed it is one of Lab's extensions, and has Python show warnings of options that nobody gave.
    with warnings.catch_warnings(record=True), contextlib.suppress(ImportError):
        importlib.import_module("voila")
    print(welcome(place, port=port, open_browser=open_browser), flush=True)
    LabApp.launch_instance(argv=lab_arguments(place, port=port, open_browser=open_browser))


def welcome(place: Place, *, port: int, open_browser: bool) -> str:
    """Say where the notebooks are and what to do next; Jupyter itself prints the address with its token."""
    where = f"The notebooks are in {place.notebook.parent}."
    if place.copied:
        where += " These are your copies: change what you like. A guide that you delete is copied again."
    address = f"the address with a token that is printed below (http://{HOST}:{port}{place.url_path}…)"
    if open_browser:
        what = f"JupyterLab opens {place.notebook.name} in your browser. If it does not, open {address}."
    else:
        what = f"Open {address} in a browser."
    return f"{where}\n{what}\nStop JupyterLab with Ctrl-C.\n"


def lab_arguments(place: Place, *, port: int, open_browser: bool) -> list[str]:
    """Build JupyterLab's command line: this machine only, token on, nothing asked of the network."""
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
        # Containers run as root, where Jupyter would refuse; what listens is this machine's alone and asks for a token.
        arguments.append("--allow-root")
    return arguments


def usual_port(port: int = DEFAULT_PORT) -> int:
    """Give a program's usual port, Jupyter's by default, or a free one where another server has it."""
    try:
        return claim_port(port)
    except StitchError:
        return claim_port(0)


def claim_port(port: int, *, command: str = "stitchnb lab") -> int:
    """Give back `port` if it is free, or a free one for 0; `command` is what the message says to call.

    Raises
    ------
    StitchError
        The port is taken or not ours to take; a free one is named.
    """
    try:
        return _bound_port(port)
    except OSError as error:
        free = _bound_port(0)
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} on {HOST} is in use, perhaps by another {command}."
            act = f"Stop what listens there, or take another port: --port {free}"
        else:
            why = f"Port {port} on {HOST} cannot be taken: {error.strerror or error}."
            act = f"Take another port: --port {free}"
        raise StitchError(f"{why} {act}") from error


def _bound_port(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            # A port that a stopped Lab has just left is free; on Windows the same option would hide a listener.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        bound: int = probe.getsockname()[1]
        return bound


def find_place(notebook: str | None, *, cwd: Path, package: Path = _PACKAGE) -> Place:
    """Decide what Lab shows.

    A clone's own ``notebooks`` folder is served as it is, with the clone as root. Where stitchnb was installed from a
    wheel, its notebooks are copied to ``stitchnb-notebooks`` in `cwd` and that folder is the root. A path to a file
    that lies elsewhere is opened with its own folder as root.

    Raises
    ------
    InvalidInputError
        There is no such notebook; the message names those there are.
    StitchError
        The installation holds no notebooks, or they cannot be copied to `cwd`.
    """
    clone = next((folder for folder in (cwd, *cwd.parents, package.parent) if _is_clone(folder)), None)
    given = None if notebook is None else (cwd / notebook).resolve()
    if given is not None and given.is_file() and given.suffix == ".ipynb":
        root = clone.resolve() if clone is not None else given.parent
        return Place(root if given.is_relative_to(root) else given.parent, given)
    if clone is not None:
        root = clone.resolve()
        return Place(root, _shipped(notebook or FIRST_NOTEBOOK, root / "notebooks"))
    root = copy_notebooks(package / "_notebooks", cwd / COPIES).resolve()
    return Place(root, _shipped(notebook or FIRST_NOTEBOOK, root), copied=True)


def copy_notebooks(source: Path, target: Path) -> Path:
    """Copy the notebooks that `target` does not have yet; what is there stays as it is.

    Raises
    ------
    StitchError
        There is nothing to copy, or `target` cannot be written.
    """
    if not source.is_dir():
        raise StitchError(f"This installation of stitchnb holds no notebooks (none in {source}). Reinstall stitchnb.")
    try:
        for original in sorted(source.rglob("*")):
            copy = target / original.relative_to(source)
            if original.is_dir() or copy.exists():
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            # By way of a second name: a copy that was cut short is never taken for a finished one.
            partial = copy.with_name(copy.name + ".part")
            shutil.copyfile(original, partial)
            partial.replace(copy)
    except OSError as error:
        raise StitchError(
            f"The notebooks cannot be copied to {target}: {error.strerror or error}. "
            "Start again from a folder that you can write to."
        ) from error
    return target


def _is_clone(folder: Path) -> bool:
    return all(
        (folder / part).is_file() for part in ("pyproject.toml", "stitchnb/__init__.py", f"notebooks/{FIRST_NOTEBOOK}")
    )


def _shipped(name: str, folder: Path) -> Path:
    notebooks = {path.name: path for path in sorted(folder.glob("*.ipynb"))}
    wanted = Path(name).name
    for candidate in (wanted, f"{wanted}.ipynb"):
        if candidate in notebooks:
            return notebooks[candidate]
    near = near_names(wanted, notebooks) or list(notebooks)
    raise InvalidInputError(
        f"There is no notebook {name!r}, neither as a file nor among those in {folder}. "
        f"Give a path to an .ipynb file, or one of: {', '.join(near)}"
    )
