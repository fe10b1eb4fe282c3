"""How ``python3 -m stitchnb`` works in a clone where nothing is installed yet.

It finds uv, or installs it in an environment in the user's cache folder, lets uv install the project's environment,
and runs the command there. It uses only the standard library, and only syntax that Python 3.6 can read: an interpreter
that is too old prints a message, not a SyntaxError.
"""

import errno
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# As in `requires-python`.
OLDEST, NEWEST = (3, 11), (3, 13)
# The first release that knows all that pyproject.toml uses.
OLDEST_UV = (0, 5)

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_WINDOWS = os.name == "nt"
_VENV_ENTRIES = {
    *(".gitignore", ".lock", "CACHEDIR.TAG", "bin", "include", "lib", "lib64", "share"),
    *("Include", "Lib", "Scripts"),
}


class BootstrapError(Exception):
    """The command cannot run; the message says why and what to do."""


def bootstrap(arguments: "list[str]") -> int:
    """Install what is missing and run ``stitchnb`` with these arguments.

    Returns
    -------
    int
        The exit status: 2 if the command could not be started, 130 if Ctrl-C came before that. On POSIX the command
        replaces this process, so that signals and the exit status are the command's own.
    """
    try:
        check_python(arguments)
        clone = find_clone()
        if clone is None:
            raise BootstrapError(
                f"The installation in {os.path.dirname(_PACKAGE)} is incomplete. "
                f"Missing: {', '.join(missing_packages())}. "
                f"Install it again: {sys.executable} -m pip install --force-reinstall stitchnb"
            )
        uv = provide_uv()
        environment = install_environment(uv, clone)
        # Not by way of `uv run`, which passes some signals on twice: a second Ctrl-C stops JupyterLab at once.
        return replace_process([_program(environment, "stitchnb"), *arguments], _activated(environment, uv))
    except BootstrapError as error:
        _say(f"stitchnb: {error}")
        return 2
    except KeyboardInterrupt:
        _say("stitchnb: Stopped. Run the command again to continue the installation.")
        return 130


def find_clone() -> "str | None":
    """Return the clone of the repository that this package is in, None for an installed package."""
    folder = os.path.dirname(_PACKAGE)
    return folder if os.path.isfile(os.path.join(folder, "pyproject.toml")) else None


def missing_packages() -> "list[str]":
    """List the packages that stitchnb needs and this interpreter does not have, stitchnb itself included."""
    if sys.version_info < OLDEST:
        return ["stitchnb"]
    from importlib import metadata

    def is_missing(name: str) -> bool:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            return True
        return False

    if is_missing("stitchnb"):
        return ["stitchnb"]
    # A requirement with a marker belongs to an extra.
    needed = [requirement for requirement in metadata.requires("stitchnb") or [] if ";" not in requirement]
    return [name for name in (re.split(r"[^\w.-]", requirement)[0] for requirement in needed) if is_missing(name)]


def check_python(arguments: "list[str]") -> None:
    """Refuse an interpreter that is too old. One that is too new can still install uv, which finds another.

    Raises
    ------
    BootstrapError
        It is too old; a supported one on this machine is named.
    """
    if sys.version_info >= OLDEST:
        return
    command = " ".join(["-m", "stitchnb", *arguments])
    supported = _supported_python()
    if supported is not None:
        advice = f"Run: {supported} {command}"
    elif _uv_on_path() is not None:
        advice = " ".join(["Run: uv run stitchnb", *arguments])
    else:
        advice = f"Install one of these, then run it by its name: python{_dotted(NEWEST)} {command}"
    raise BootstrapError(
        f"{sys.executable} is Python {_dotted(sys.version_info[:3])}, which is too old. "
        f"stitchnb runs on {_supported_versions()}. {advice}"
    )


def _supported_python() -> "str | None":
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = f"python3.{minor}"
        path = shutil.which(name)
        # A name on the PATH may be a version manager's placeholder that runs nothing.
        if path is not None and _output([path, "--version"]) is not None:
            return name
    return None


def _supported_versions() -> str:
    *others, last = [f"3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
    return f"Python {', '.join(others)} or {last}"


def _dotted(version: "tuple[int, ...]") -> str:
    return ".".join(str(number) for number in version)


def provide_uv() -> str:
    """Return the path of uv: the one on the PATH if it is recent enough, else the one in the cache folder."""
    return _uv_on_path() or install_uv(os.path.join(cache_folder(), "uv"))


def _uv_on_path() -> "str | None":
    path = shutil.which("uv")
    return path if path is not None and is_uv(path) else None


def is_uv(path: str) -> bool:
    """Whether this is a program that starts, is uv, and is recent enough."""
    match = re.match(r"uv (\d+)\.(\d+)", _output([path, "--version"]) or "")
    return match is not None and (int(match.group(1)), int(match.group(2))) >= OLDEST_UV


def cache_folder() -> str:
    """Return the folder for what stitchnb installs for itself, in ``XDG_CACHE_HOME`` or the system's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            raise BootstrapError(
                "There is no folder to install uv in: this user has no home folder. "
                "Set HOME or XDG_CACHE_HOME to a folder that you can write to, and run the command again."
            )
        base = os.environ.get("LOCALAPPDATA", home) if _WINDOWS else os.path.join(home, ".cache")
    return os.path.join(base, "stitchnb")


def install_uv(folder: str) -> str:
    """Install uv in an environment of its own and return its path.

    What an interrupted run left there is replaced. A second run waits for the first and uses its uv.

    Raises
    ------
    BootstrapError
        The folder cannot be written, Python cannot create environments, or pip cannot install uv.
    """
    uv = _program(folder, "uv")
    if is_uv(uv):
        return uv
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with _lock(folder + ".lock", "a"):
            if not is_uv(uv):
                _create_uv_environment(folder)
    except OSError as error:
        raise BootstrapError(
            f"uv cannot be installed in {folder}: {error.strerror or error}. "
            "Set XDG_CACHE_HOME to a folder that you can write to, and run the command again."
        ) from error
    return uv


def _create_uv_environment(folder: str) -> None:
    has_ensurepip, has_pip = (importlib.util.find_spec(name) is not None for name in ("ensurepip", "pip"))
    if importlib.util.find_spec("venv") is None or not (has_ensurepip or has_pip):
        raise BootstrapError(_no_venv_message())
    if os.path.lexists(folder):
        _say(f"Removing an incomplete installation of uv in {folder}")
        shutil.rmtree(folder)
    _say(f"Installing uv in {folder} (only the first time)")
    python = _program(folder, "python")
    if has_ensurepip:
        create = [sys.executable, "-I", "-m", "venv", folder]
        pip = [python, "-I", "-m", "pip"]
    else:
        create = [sys.executable, "-I", "-m", "venv", "--without-pip", folder]
        pip = [sys.executable, "-I", "-m", "pip", "--python", python]
    if _run(create) != 0:
        raise BootstrapError(
            f"{sys.executable} could not create an environment in {folder}, for the reason printed above. "
            "Fix it, and run the command again."
        )
    if _run([*pip, "install", "--disable-pip-version-check", f"uv>={_dotted(OLDEST_UV)}"]) != 0:
        raise BootstrapError(f"pip could not install uv in {folder}, {_ABOVE}")
    if not is_uv(_program(folder, "uv")):
        raise BootstrapError(
            f"uv was installed in {folder} but does not start. "
            "Install it another way (https://docs.astral.sh/uv/), and run the command again."
        )


_ABOVE = (
    "for the reason printed above. If the package index could not be reached, check the network connection and the "
    "proxy (HTTPS_PROXY). Then run the command again."
)


def _no_venv_message() -> str:
    if shutil.which("apt-get") is not None:
        advice = f"As root, run: apt-get install python{_dotted(sys.version_info[:2])}-venv"
    else:
        advice = "Install them with the system's package manager, or install uv (https://docs.astral.sh/uv/)"
    return (
        f"uv is not installed, and {sys.executable} cannot create an environment for it: its modules venv and "
        f"ensurepip are missing. {advice}"
    )


def install_environment(uv: str, clone: str) -> str:
    """Let uv install the project's environment, and return its folder; nothing is printed if it is complete.

    Raises
    ------
    BootstrapError
        The clone cannot be written, or uv could not install everything.
    """
    environment = os.path.join(clone, os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")
    python = _program(environment, "python")
    if not os.path.exists(python) and not os.access(clone, os.W_OK):
        raise BootstrapError(
            f"The environment cannot be installed in {environment}: {clone} cannot be written. "
            "Clone the repository into a folder that you can write to, and run the command there."
        )
    # One run at a time repairs and installs; uv itself protects only the second.
    with _lock(os.path.join(clone, "pyproject.toml"), "r"):
        try:
            repair_environment(environment)
        except OSError as error:
            raise BootstrapError(
                f"The environment in {environment} is incomplete and cannot be repaired: {error.strerror or error}. "
                "Delete this folder, and run the command again."
            ) from error
        is_new = not os.path.exists(python)
        if is_new:
            _say(f"Installing the environment in {environment} (the first time this takes a minute or two)")
        # Like any `uv run`, this installs what is missing, removes nothing, and prints nothing if all is there.
        status = _run([uv, "run", "--project", clone, *_python_option(is_new), "python", "-c", ""])
    if status != 0:
        message = f"uv could not install the environment in {environment}, {_ABOVE}"
        if is_new and sys.version_info[:2] > NEWEST:
            message += f" If no suitable Python was found, install {_supported_versions()} first."
        raise BootstrapError(message)
    return environment


def _python_option(is_new: bool) -> "list[str]":
    """Have uv use this interpreter for a new environment, and keep that of an existing one."""
    if not is_new or os.environ.get("UV_PYTHON"):
        return []
    if sys.version_info[:2] <= NEWEST:
        return ["--python", sys.executable]
    _say(
        f"{sys.executable} is Python {_dotted(sys.version_info[:2])}, which is too new. "
        f"stitchnb runs on {_supported_versions()}: uv looks for one on this machine, or downloads it."
    )
    return []


def repair_environment(environment: str) -> None:
    """Remove what an interrupted installation left and uv would take for complete."""
    if not os.path.isdir(environment):
        return
    if not os.path.exists(os.path.join(environment, "pyvenv.cfg")):
        if not os.path.exists(_program(environment, "python")) and set(os.listdir(environment)) <= _VENV_ENTRIES:
            _say(f"Removing an incomplete environment in {environment}")
            shutil.rmtree(environment)
        return
    incomplete = _incomplete_packages(environment)
    if not incomplete:
        return
    # uv holds this lock while it installs: a package that is being installed is incomplete too.
    with _lock(os.path.join(environment, ".lock"), "a"):
        for folder in _incomplete_packages(environment):
            _say(f"Repairing {os.path.basename(folder)[: -len('.dist-info')]}, which is installed incompletely")
            shutil.rmtree(folder)


def _incomplete_packages(environment: str) -> "list[str]":
    """List the metadata folders of packages without a record: it is the last file of a package to be written."""
    lib = os.path.join(environment, "Lib" if _WINDOWS else "lib")
    versions = [""] if _WINDOWS else sorted(os.listdir(lib)) if os.path.isdir(lib) else []
    found = []
    for packages in (os.path.join(lib, version, "site-packages") for version in versions):
        for name in sorted(os.listdir(packages)) if os.path.isdir(packages) else []:
            folder = os.path.join(packages, name)
            if name.endswith(".dist-info") and not os.path.exists(os.path.join(folder, "RECORD")):
                found.append(folder)
    return found


def replace_process(command: "list[str]", environment: "dict[str, str]") -> int:
    """Run a command instead of this process. On Windows, where that is impossible, return its exit status."""
    sys.stdout.flush()
    sys.stderr.flush()
    if not _WINDOWS:
        os.execve(command[0], command, environment)
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The console sends Ctrl-C to the command too, which decides when to end.
            continue


def _activated(environment: str, uv: str) -> "dict[str, str]":
    """Set the variables that `uv run` sets for a command."""
    programs = os.path.dirname(_program(environment, "python"))
    path = os.pathsep.join(filter(None, [programs, os.environ.get("PATH")]))
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": environment, "UV": uv}


def _program(environment: str, name: str) -> str:
    """Return the path of a program in an environment."""
    return os.path.join(environment, "Scripts", name + ".exe") if _WINDOWS else os.path.join(environment, "bin", name)


def _run(command: "list[str]") -> int:
    """Run a command with its output on stderr: stdout belongs to the command that the user runs."""
    sys.stderr.flush()
    # uv warns about an activated environment that is not the project's.
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return subprocess.call(command, env=environment, stdin=subprocess.DEVNULL, stdout=2)


def _output(command: "list[str]") -> "str | None":
    """Return what a command prints, None if it cannot be run or fails."""
    try:
        output = subprocess.check_output(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return output.decode("utf-8", "replace")


@contextmanager
def _lock(path: str, mode: str) -> "Iterator[None]":
    """Let one process at a time install something; where files cannot be locked, let all of them."""
    with open(path, mode) as file:
        if not _try_lock(file.fileno()):
            _say(f"Waiting for another installation to finish ({path} is locked)")
            while not _try_lock(file.fileno()):
                time.sleep(0.2)
        # Closing the file unlocks it.
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            # Far beyond the end of the file, which others can then still read.
            os.lseek(descriptor, 1 << 30, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
    return True


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main() -> int:
    """Print the path of uv, for scripts: ``python3 -m stitchnb._bootstrap``."""
    try:
        check_python([])
        print(provide_uv())
    except BootstrapError as error:
        _say(f"stitchnb: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
