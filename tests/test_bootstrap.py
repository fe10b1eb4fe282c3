"""``python3 -m stitchnb`` where nothing is installed: what it installs, what it then runs, and what stops it."""

import ast
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from stitchnb import __version__, _bootstrap
from stitchnb._bootstrap import BootstrapError

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# What an interpreter reads before it can say that it is too old.
READ_FIRST = ("__init__.py", "__main__.py", "_bootstrap.py")
OLD_PYTHONS = sorted(
    path
    for minor in range(6, 11)
    for path in (
        *Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob(f"versions/3.{minor}.*/bin/python"),
        *(Path(folder) / f"python3.{minor}" for folder in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")),
    )
    if path.exists()
)

FAKE_UV = """#!/bin/sh
if [ "$1" = --version ]; then echo "uv 0.9.1 (a test)"; exit; fi
echo "uv:$*" >&2
echo "uv says this on stdout"
{body}
"""
# Like uv, it makes an environment with the project's command.
INSTALL = """mkdir -p "$3/.venv/bin" && : > "$3/.venv/bin/python"
cat > "$3/.venv/bin/stitchnb" <<'END'
#!/bin/sh
echo "pid:$$ first:$1 second:$2 cwd:$PWD venv:$VIRTUAL_ENV"
exit 7
END
chmod +x "$3/.venv/bin/stitchnb"
"""


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def write_uv(folder: Path, body: str = INSTALL) -> Path:
    return write_program(folder / "uv", FAKE_UV.format(body=body))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user is told."""
    said: list[str] = []
    monkeypatch.setattr(_bootstrap, "_say", said.append)
    return said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where uv is to be installed; the path has a blank."""
    return tmp_path / "a cache" / "stitchnb" / "uv"


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that are run; venv and pip do what they do with as few files as possible."""
    commands: list[list[str]] = []

    def run(command: list[str]) -> int:
        commands.append(command)
        if "venv" in command:
            Path(command[-1], "bin").mkdir(parents=True)
        elif "install" in command:
            python = command[command.index("--python") + 1] if "--python" in command else command[0]
            write_uv(Path(python).parent)
        return 0

    monkeypatch.setattr(_bootstrap, "_run", run)
    return commands


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the package's topmost modules; its path has a blank."""
    clone = tmp_path / "a clone"
    (clone / "stitchnb").mkdir(parents=True)
    for module in (ROOT / "stitchnb").glob("*.py"):
        shutil.copy(module, clone / "stitchnb")
    (clone / "pyproject.toml").touch()
    return clone


def start(
    *arguments: str, cwd: Path, path: Path, python: tuple[str | Path, ...] = (sys.executable, "-S")
) -> subprocess.Popen[str]:
    """Run ``python -S -m stitchnb``: without site-packages nothing is installed."""
    return subprocess.Popen(
        [*python, "-m", "stitchnb", *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin", "VIRTUAL_ENV": "/elsewhere"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own, to which a terminal would send Ctrl-C.
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize("name", READ_FIRST)
def test_an_old_python_can_read_what_it_reads_first(name: str) -> None:
    tree = ast.parse((ROOT / "stitchnb" / name).read_text("utf-8"), feature_version=(3, 6))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    annotations = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            annotations += [node.returns, *(argument.annotation for argument in node.args.args)]
        elif isinstance(node, ast.AnnAssign):
            annotations.append(node.annotation)
    # Evaluated when the module is imported, where `list[str]` and `str | None` do not exist yet.
    assert all(isinstance(annotation, ast.Name | ast.Constant) for annotation in annotations if annotation is not None)


@pytest.mark.parametrize("python", OLD_PYTHONS, ids=lambda path: re.search(r"3\.\d+", str(path))[0])
def test_an_old_python_prints_which_ones_will_do(python: Path, clone: Path, tmp_path: Path) -> None:
    with start("lab", cwd=clone, path=tmp_path, python=(python,)) as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (2, "")
    assert re.fullmatch(r"stitchnb: [^\n]*too old[^\n]*Python 3\.11, 3\.12 or 3\.13[^\n]*\n", errors)


def test_the_supported_versions_are_the_projects() -> None:
    oldest, newest = _bootstrap.OLDEST, _bootstrap.NEWEST
    assert PROJECT["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"


@pytest.mark.parametrize(
    ("programs", "advice"),
    [
        pytest.param({}, "run it by its name: python3.13 -m stitchnb lab --port 1", id="none"),
        pytest.param({"python3.12": "exit 0"}, "Run: python3.12 -m stitchnb lab --port 1", id="a supported Python"),
        pytest.param({"uv": 'echo "uv 0.9.1"'}, "Run: uv run stitchnb lab --port 1", id="uv"),
        pytest.param(
            {"python3.13": "exit 127", "python3.11": "exit 0"}, "Run: python3.11 -m stitchnb lab --port 1", id="a shim"
        ),
    ],
)
def test_the_advice_about_an_old_python_is_what_works_here(
    programs: dict[str, str], advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, body in programs.items():
        write_program(tmp_path / name, f"#!/bin/sh\n{body}\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(BootstrapError, match=rf"Python 3\.10\.4, which is too old\..*{re.escape(advice)}$"):
        _bootstrap.check_python(["lab", "--port", "1"])
    assert _bootstrap.missing_packages() == ["stitchnb"]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("uv 0.5.0", True),
        ("uv 0.13.9 (x86_64-unknown-linux-gnu)", True),
        ("uv 1.0.0", True),
        ("uv 0.4.30", False),
        ("something else 3.0", False),
        ("", False),
    ],
)
def test_only_a_recent_uv_is_used(printed: str, expected: bool, tmp_path: Path) -> None:
    assert _bootstrap.is_uv(str(write_program(tmp_path / "uv", f"#!/bin/sh\necho '{printed}'\n"))) is expected


def test_what_does_not_start_is_no_uv(tmp_path: Path) -> None:
    assert not _bootstrap.is_uv(str(tmp_path / "uv"))
    assert not _bootstrap.is_uv(str(write_program(tmp_path / "uv", "#!/bin/sh\necho uv 0.9.1\nexit 127\n")))
    # What is left of a download that was cut short.
    assert not _bootstrap.is_uv(str(write_program(tmp_path / "uv", "\x7fELF")))


def test_a_uv_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]) -> None:
    uv = write_uv(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert _bootstrap.provide_uv() == str(uv)
    assert commands == []


def test_without_uv_it_is_installed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]], said: list[str]
) -> None:
    # The fake uv needs a shell; a real one would be found there.
    monkeypatch.setattr(_bootstrap, "_uv_on_path", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a cache"))
    folder = tmp_path / "a cache" / "stitchnb" / "uv"
    assert _bootstrap.provide_uv() == str(folder / "bin" / "uv")
    assert commands == [
        [sys.executable, "-I", "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-I", "-m", "pip", "install", "--disable-pip-version-check", "uv>=0.5"],
    ]
    assert said == [f"Installing uv in {folder} (only the first time)"]
    assert _bootstrap.provide_uv() == str(folder / "bin" / "uv")
    assert len(commands) == 2


def test_what_an_interrupted_run_left_of_uv_is_replaced(
    folder: Path, commands: list[list[str]], said: list[str]
) -> None:
    write_program(folder / "bin" / "uv", "half of it")
    (folder / "pyvenv.cfg").touch()
    uv = _bootstrap.install_uv(str(folder))
    assert _bootstrap.is_uv(uv)
    assert not (folder / "pyvenv.cfg").exists()
    assert any(str(folder) in text for text in said if text.startswith("Removing an incomplete"))


@pytest.mark.parametrize(
    ("installer", "advice"),
    [
        ("apt-get", f"As root, run: apt-get install python3.{sys.version_info.minor}-venv"),
        (None, "Install them with the system's package manager"),
    ],
)
def test_a_python_without_venv_names_what_to_install(
    installer: str | None, advice: str, folder: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]
) -> None:
    monkeypatch.setattr(_bootstrap.importlib.util, "find_spec", lambda name: "found" if name == "venv" else None)
    monkeypatch.setattr(_bootstrap.shutil, "which", lambda name: name if name == installer else None)
    with pytest.raises(BootstrapError, match=re.escape(advice)):
        _bootstrap.install_uv(str(folder))
    assert commands == []


def test_pip_stands_in_for_a_missing_ensurepip(
    folder: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]], said: list[str]
) -> None:
    monkeypatch.setattr(_bootstrap.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else "found")
    assert _bootstrap.is_uv(_bootstrap.install_uv(str(folder)))
    create, install = commands
    assert create == [sys.executable, "-I", "-m", "venv", "--without-pip", str(folder)]
    assert install[:6] == [sys.executable, "-I", "-m", "pip", "--python", str(folder / "bin" / "python")]


@pytest.mark.parametrize(
    ("failing", "message"),
    [
        ("venv", "could not create an environment in .*uv, for the reason printed above"),
        ("pip", r"pip could not install uv in .*uv, for the reason printed above\. .*network.*HTTPS_PROXY"),
    ],
)
def test_a_failing_step_is_named(
    failing: str, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr(_bootstrap, "_run", lambda command: int(failing in command))
    with pytest.raises(BootstrapError, match=message):
        _bootstrap.install_uv(str(folder))


def test_an_installed_uv_that_does_not_start_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr(_bootstrap, "_run", lambda command: 0)
    with pytest.raises(BootstrapError, match="does not start"):
        _bootstrap.install_uv(str(folder))


def test_a_cache_folder_that_cannot_be_written_is_named(folder: Path, commands: list[list[str]]) -> None:
    folder.parent.parent.write_text("a file where the folder should be")
    with pytest.raises(BootstrapError, match=rf"{re.escape(str(folder))}: Not a directory\. Set XDG_CACHE_HOME"):
        _bootstrap.install_uv(str(folder))


def test_of_two_runs_at_once_one_installs_and_the_other_waits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    ran: list[str] = []

    def say(message: str) -> None:
        if message.startswith("Waiting for another installation"):
            waiting.set()

    def run(command: list[str]) -> int:
        ran.append("venv" if "venv" in command else "pip")
        assert waiting.wait(timeout=120), "the second run does not wait"
        write_uv(folder / "bin")
        return 0

    monkeypatch.setattr(_bootstrap, "_say", say)
    monkeypatch.setattr(_bootstrap, "_run", run)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(_bootstrap.install_uv(str(folder)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    assert found == [str(folder / "bin" / "uv")] * 2
    assert ran == ["venv", "pip"]


def test_without_a_lock_on_this_file_system_it_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def flock(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert _bootstrap._try_lock(0)


def test_the_cache_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert _bootstrap.cache_folder() == str(tmp_path / ".cache" / "stitchnb")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert _bootstrap.cache_folder() == "/somewhere/stitchnb"
    monkeypatch.delenv("XDG_CACHE_HOME")
    # The system knows where the home of this user is.
    monkeypatch.delenv("HOME")
    assert os.path.isabs(_bootstrap.cache_folder())


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bootstrap.os.path, "expanduser", lambda path: path)
    with pytest.raises(BootstrapError, match="Set HOME or XDG_CACHE_HOME"):
        _bootstrap.cache_folder()


def test_on_windows_paths_are_those_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bootstrap, "_WINDOWS", True)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert _bootstrap.cache_folder() == str(tmp_path / "stitchnb")
    assert _bootstrap._program(str(tmp_path), "uv") == str(tmp_path / "Scripts" / "uv.exe")
    (tmp_path / "Lib" / "site-packages" / "pandas-3.0.dist-info").mkdir(parents=True)
    assert [Path(path).name for path in _bootstrap._incomplete_packages(str(tmp_path))] == ["pandas-3.0.dist-info"]


def test_on_windows_the_command_itself_decides_what_ctrl_c_does(monkeypatch: pytest.MonkeyPatch) -> None:
    class Command:
        def __init__(self, command: list[str], env: dict[str, str]) -> None:
            self.endings = [KeyboardInterrupt(), 7]

        def wait(self) -> int:
            ending = self.endings.pop(0)
            if isinstance(ending, BaseException):
                raise ending
            return ending

    monkeypatch.setattr(_bootstrap, "_WINDOWS", True)
    monkeypatch.setattr(_bootstrap.subprocess, "Popen", Command)
    assert _bootstrap.replace_process(["stitchnb"], {}) == 7


def write_package(environment: Path, name: str, *files: str) -> Path:
    metadata = environment / "lib" / "python3.11" / "site-packages" / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    for file in files:
        (metadata / file).touch()
    return metadata


def test_packages_that_are_installed_incompletely_are_installed_again(tmp_path: Path, said: list[str]) -> None:
    environment = tmp_path / ".venv"
    complete = write_package(environment, "httpx", "METADATA", "RECORD")
    incomplete = write_package(environment, "pandas", "METADATA")
    (environment / "pyvenv.cfg").touch()
    _bootstrap.repair_environment(str(environment))
    assert complete.is_dir()
    assert not incomplete.exists()
    assert said == ["Repairing pandas-1.0, which is installed incompletely"]


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        pytest.param((".gitignore", "bin/activate"), False, id="the beginning of an environment"),
        pytest.param((".gitignore", "bin/python"), True, id="with a Python"),
        pytest.param((".gitignore", "notes.txt"), True, id="with something of the user's"),
    ],
)
def test_only_the_beginning_of_an_environment_is_removed(
    files: tuple[str, ...], kept: bool, tmp_path: Path, said: list[str]
) -> None:
    environment = tmp_path / ".venv"
    for name in files:
        (environment / name).parent.mkdir(parents=True, exist_ok=True)
        (environment / name).touch()
    _bootstrap.repair_environment(str(environment))
    assert environment.exists() is kept
    assert bool(said) is not kept


def test_a_clone_that_cannot_be_written_is_named(
    clone: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]
) -> None:
    monkeypatch.setattr(_bootstrap.os, "access", lambda path, mode: False)
    with pytest.raises(BootstrapError, match=rf"{re.escape(str(clone))} cannot be written\. Clone the repository"):
        _bootstrap.install_environment("uv", str(clone))
    write_program(clone / ".venv" / "bin" / "python", "")
    assert _bootstrap.install_environment("uv", str(clone)) == str(clone / ".venv")
    assert len(commands) == 1


def test_a_new_environment_is_made_with_this_python_and_an_existing_one_keeps_its_own(
    clone: Path, commands: list[list[str]], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_PYTHON", raising=False)
    monkeypatch.delenv("UV_PROJECT_ENVIRONMENT", raising=False)
    nothing = ["python", "-c", ""]
    run = ["uv", "run", "--project", str(clone)]
    _bootstrap.install_environment("uv", str(clone))
    assert commands == [[*run, "--python", sys.executable, *nothing]]
    assert len(said) == 1
    write_program(clone / ".venv" / "bin" / "python", "")
    _bootstrap.install_environment("uv", str(clone))
    assert commands[1:] == [[*run, *nothing]]
    assert len(said) == 1, "where all is there nothing is printed"
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", "another")
    monkeypatch.setenv("UV_PYTHON", "3.12")
    assert _bootstrap.install_environment("uv", str(clone)) == str(clone / "another")
    assert commands[2:] == [[*run, *nothing]]


@pytest.mark.parametrize("version", [(3, 13), (3, 14)])
def test_what_uv_could_not_install_is_explained(
    version: tuple[int, int], clone: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    is_new = version > _bootstrap.NEWEST
    commands: list[list[str]] = []
    monkeypatch.delenv("UV_PYTHON", raising=False)
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    monkeypatch.setattr(_bootstrap, "_run", lambda command: commands.append(command) or 2)
    with pytest.raises(
        BootstrapError, match=r"could not install .*\.venv.* reason printed above.*HTTPS_PROXY"
    ) as raised:
        _bootstrap.install_environment("uv", str(clone))
    assert ("install Python 3.11, 3.12 or 3.13" in str(raised.value)) is is_new
    assert any("Python 3.14, which is too new" in text for text in said) is is_new
    assert ("--python" in commands[0]) is not is_new


def test_an_environment_without_a_package_that_is_needed_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    assert _bootstrap.missing_packages() == []
    needed = ["pandas>=3.0", "not-there[extra]>=1", 'jupyterlab-not-there>=4; extra == "lab"']
    monkeypatch.setattr(metadata, "requires", lambda name: needed)
    assert _bootstrap.missing_packages() == ["not-there"]


def test_the_command_runs_in_the_new_environment_in_place_of_this_process(clone: Path, tmp_path: Path) -> None:
    uv = write_uv(tmp_path / "bin")
    with start("lab", "a guide", cwd=clone, path=uv.parent) as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 7, errors
    assert output == f"pid:{process.pid} first:lab second:a guide cwd:{clone} venv:{clone}/.venv\n"
    assert f"uv:run --project {clone} --python {sys.executable} python -c \n" in errors
    assert "uv says this on stdout" in errors


def test_ctrl_c_during_the_installation_is_one_line(clone: Path, tmp_path: Path) -> None:
    uv = write_uv(tmp_path / "bin", "kill -INT 0")
    with start("lab", cwd=clone, path=uv.parent) as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (130, "")
    assert errors.endswith("\nstitchnb: Stopped. Run the command again to continue the installation.\n")
    assert "Traceback" not in errors


def test_a_failure_is_one_message_and_status_2(clone: Path, tmp_path: Path) -> None:
    uv = write_uv(tmp_path / "bin", "echo no such index >&2\nexit 3")
    with start("lab", cwd=clone, path=uv.parent) as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (2, "")
    assert re.search(r"^no such index\nstitchnb: uv could not install the environment [^\n]+\n\Z", errors, re.MULTILINE)


def test_an_incomplete_installation_is_named(clone: Path, tmp_path: Path) -> None:
    (clone / "pyproject.toml").unlink()
    with start("lab", cwd=clone, path=tmp_path) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert re.fullmatch(
        r"stitchnb: The installation in [^\n]*a clone is incomplete\. [^\n]*pip install [^\n]*\n", errors
    )


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--version",)])
def test_what_the_commands_are_is_shown_without_installing_anything(
    arguments: tuple[str, ...], clone: Path, tmp_path: Path
) -> None:
    uv = write_uv(tmp_path / "bin", "exit 1")
    with start(*arguments, cwd=clone, path=uv.parent) as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert __version__ in output if arguments == ("--version",) else " lab " in output


def test_where_all_is_installed_it_is_the_command_stitchnb(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("stitchnb")
    for arguments, status in ((["--version"], 0), (["lab", "no such guide"], 2)):
        ways = [
            subprocess.run([*way, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
            for way in ([command], [sys.executable, "-m", "stitchnb"])
        ]
        assert [way.returncode for way in ways] == [status] * 2
        assert ways[0].stdout == ways[1].stdout
        assert ways[0].stderr == ways[1].stderr


def test_a_script_gets_the_path_of_uv(tmp_path: Path) -> None:
    uv = write_uv(tmp_path / "bin")
    environment = {**os.environ, "PATH": f"{uv.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"}
    command = [sys.executable, "-m", "stitchnb._bootstrap"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{uv}\n"), done.stderr


def test_the_gate_runs_the_readmes_test_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```shell\n(.*?)```", readme, re.DOTALL)
    commands = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    assert "python3 -m stitchnb lab" in commands
    (command,) = [command for command in commands if re.search(r"stitchnb test\b", command)]
    assert re.search(rf"^{re.escape(command)}\b", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
