"""JupyterLab in one page of a real browser, and the notebook that is open in it."""

import asyncio
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import nbformat
import psutil
from lab_server import LabServer, wait_until_gone
from nbformat.v4 import new_notebook
from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Error, Locator, Page, Request, WebSocket

Theme = Literal["light", "dark"]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

_SCRIPT = Path(__file__).with_name("lab_page.js")
_LOCAL_HOSTS = ("127.0.0.1", "localhost")
_FOREIGN_URL = re.compile(r"^(?:https?|wss?)://(?!(?:127\.0\.0\.1|localhost)(?:[:/?#]|$))")
_THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_WIDTH, _HEIGHT = 1280, 900
# What takes long is not wrong: other work may share the machine.
_PATIENCE_MS = 180_000
_TALLEST = 16_000

_LAST_CELL_SHOWN = """() => {
  const last = [...document.querySelectorAll('.jp-Notebook .jp-Cell')].at(-1);
  const {left, bottom} = last.getBoundingClientRect();
  return last.contains(document.elementFromPoint(left + 40, bottom - 8));
}"""


_EMPTY = new_notebook()
_LABS_OWN_ERRORS = ("Could not restore the debugger state",)
# What is run in a kernel that is shared, before and after each test.
_STATE = """import sys
sys.path.insert(0, {folder!r})
import kernel_state
kernel_state.{call}"""


def find_chromium(environment: Mapping[str, str]) -> str | None:
    """Find a Chromium: the one that STITCHNB_CHROMIUM names, else the first on the PATH."""
    named = environment.get("STITCHNB_CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def processes_of_pages() -> list[psutil.Process]:
    """List what tests with a page started and that still runs: what starts a browser, a browser itself, a kernel."""
    return [process for process in psutil.Process().children(recursive=True) if _is_of_a_page(process)]


def _is_of_a_page(process: psutil.Process) -> bool:
    try:
        return any(word in " ".join(process.cmdline()[:4]) for word in ("chrom", "playwright", "ipykernel"))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


class PausedBrowser:
    """A browser that is at work only within ``with paused.at_work() as browser``.

    While Playwright's synchronous API is at work, its event loop is the thread's running one, and nobody else could
    call `asyncio.run`. In between, the loop rests, and the thread has none.

    Attributes
    ----------
    lab_page
        The page that tests share, once there is one.
    """

    def __init__(self, browser: Browser) -> None:
        self.lab_page: LabPage | None = None
        self._browser = browser
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)

    @contextmanager
    def at_work(self) -> Iterator[Browser]:
        """Wake the browser for a while."""
        asyncio._set_running_loop(self._loop)
        try:
            yield self._browser
        finally:
            asyncio._set_running_loop(None)


@dataclass(frozen=True)
class CellError:
    """A code cell that failed without the tag ``raises-exception``, or that was never run."""

    index: int
    name: str
    message: str
    source: str

    def __str__(self) -> str:
        return f"cell {self.index}: {self.name}: {self.message}\n{self.source}"


@dataclass(frozen=True)
class Run:
    """What a notebook looked like once its kernel was idle again.

    Attributes
    ----------
    cells
        One dict a cell: index, type, source, tags, count, outputs (as in the notebook format).
    errors
        Empty when every code cell ran and none failed unannounced.
    """

    cells: list[dict[str, Any]]
    errors: list[CellError] = field(default_factory=list)

    @classmethod
    def of(cls, cells: list[dict[str, Any]]) -> Self:
        """Judge cells as the page tells them."""
        return cls(cells, list(_errors(cells)))


def _errors(cells: list[dict[str, Any]]) -> Iterator[CellError]:
    for cell in cells:
        if cell["type"] != "code" or not cell["source"].strip():
            continue
        failed = [output for output in cell["outputs"] if output["output_type"] == "error"]
        if failed and "raises-exception" not in cell["tags"]:
            yield CellError(cell["index"], failed[0]["ename"], failed[0]["evalue"], cell["source"])
        elif cell["count"] is None:
            yield CellError(cell["index"], "NotRun", "the cell was not run", cell["source"])


class LabPage:
    """JupyterLab in one page of a browser, loaded once for many tests, which open their notebooks in it in turn.

    The notebooks share one kernel. Between two tests `clear` puts kernel, page and Lab back to where they began, and
    reports what a test left behind. A kernel that a test restarted or shut down is not used again.

    Attributes
    ----------
    page
        Playwright's page.
    theme
        The theme that is in force.
    foreign_requests
        Addresses on other machines that the page requested since `forget_records`; none of them was reached.
    console_errors, page_errors
        What the console showed as errors since `forget_records`, and the exceptions that nobody caught.
    expects_errors
        Errors in the console are no trouble, because a test has taken the kernel away.
    """

    def __init__(self, lab: LabServer, browser: Browser, *, artifacts: Path) -> None:
        self.lab = lab
        self.artifacts = artifacts
        self.foreign_requests: list[str] = []
        self.console_errors: list[str] = []
        self.page_errors: list[str] = []
        self.expects_errors = False
        self._kernel: str | None = None
        self._file: Path | None = None
        self._notebook: NotebookPage | None = None
        self._time_zone: CDPSession | None = None
        self.theme: Theme | None = None
        self._context = browser.new_context(
            viewport={"width": _WIDTH, "height": _HEIGHT}, service_workers="block", reduced_motion="reduce"
        )
        try:
            self._load()
        except BaseException:
            self._context.close()
            raise

    def _load(self) -> None:
        self._context.set_default_timeout(_PATIENCE_MS)
        self._context.route(_FOREIGN_URL, lambda route: route.abort("addressunreachable"))
        self._context.add_init_script(path=_SCRIPT)
        self.page: Page = self._context.new_page()
        self.page.on("request", self._see_request)
        self.page.on("websocket", self._see_websocket)
        self.page.on("console", self._see_console)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        workspace = f"test-{secrets.token_hex(6)}"
        self.page.goto(f"{self.lab.url}/lab/workspaces/{workspace}?reset&token={self.lab.token}")
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.do("restored")

    def open(
        self,
        notebook: Path | nbformat.NotebookNode,
        *,
        keep_outputs: bool = False,
        own_kernel: bool = False,
        width: int = _WIDTH,
    ) -> "NotebookPage":
        """Open a copy of a notebook in a cleared page, instead of the one that was open before.

        Parameters
        ----------
        keep_outputs
            Open it with the outputs that it was saved with.
        own_kernel
            Have Lab start a kernel for it, as it does for a user, rather than use the one that is shared.
        """
        if self._notebook:
            left = self.clear()
            assert not left, f"goes on in the kernel of the notebook before: {left}"
        name, node = _prepared(notebook, keep_outputs=keep_outputs)
        folder = self.lab.root / f"test-{secrets.token_hex(6)}"
        folder.mkdir()
        self.set_theme("light")
        self.resize(width)
        self.page.mouse.move(0, 0)
        if own_kernel:
            self._close_file()
        if self._file:
            self.do("fill", node)
        else:
            self._file = folder / name
            nbformat.write(node, self._file)
            path = self._file.relative_to(self.lab.root).as_posix()
            kernel = None if own_kernel else self._shared_kernel()
            self.do("open", {"path": path, "kernel": kernel, "timeout": _PATIENCE_MS})
        if not own_kernel:
            self._execute_state(f"begin({str(folder)!r})")
        self.do("clearMessages")
        self._notebook = NotebookPage(self, self._file, folder, has_own_kernel=own_kernel)
        return self._notebook

    def _shared_kernel(self) -> str:
        if self._kernel not in [kernel["id"] for kernel in self.lab.kernels()]:
            self._kernel = self.lab.ask("POST", "/api/kernels")["id"]
        return str(self._kernel)

    @property
    def is_usable(self) -> bool:
        """Is the page there, and no notebook that could not be closed?"""
        return self._notebook is None and not self.page.is_closed()

    def clear(self) -> list[str]:
        """Empty the notebook, and clear the kernel and the page; name what goes on in the kernel even then."""
        left: list[str] = []
        if self._notebook:
            is_done_with = self._notebook.has_own_kernel or self._notebook.has_lost_its_kernel
            # Lab and widgets that are left without a kernel say so in the console.
            self.expects_errors |= is_done_with
            if not is_done_with:
                try:
                    left = json.loads(self._execute_state("clear()"))
                    self.do("fill", _EMPTY)
                except Error as error:
                    left = [f"a kernel that cannot be cleared: {error}"]
            if is_done_with or left:
                self._close_file()
            self._notebook = None
        self._context.clear_permissions()
        if self._time_zone:
            self._time_zone.detach()
            self._time_zone = None
        return left

    @property
    def troubles(self) -> list[str]:
        """The requests to other machines and the errors that were recorded, without those that a test may expect."""
        errors = [one for one in self.console_errors if not (self.expects_errors or one.startswith(_LABS_OWN_ERRORS))]
        return [*self.foreign_requests, *self.page_errors, *errors]

    def _close_file(self) -> None:
        """Close the notebook's file, and end all kernels."""
        if self._file:
            self.do("close")
            self._file = None
        self.lab.shut_down_kernels()
        self._kernel = None

    def forget_records(self) -> None:
        """Begin the lists of requests and errors anew."""
        self.expects_errors = False
        for record in (self.foreign_requests, self.console_errors, self.page_errors):
            record.clear()

    def set_theme(self, theme: Theme) -> None:
        """Switch Lab's theme and wait until it is in force."""
        if theme == self.theme:
            return
        self.do("setTheme", _THEMES[theme])
        light = "true" if theme == "light" else "false"
        self.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)
        self.theme = theme

    def set_time_zone(self, name: str) -> None:
        """Let the page be somewhere else, until it is cleared."""
        self._time_zone = self._context.new_cdp_session(self.page)
        self._time_zone.send("Emulation.setTimezoneOverride", {"timezoneId": name})

    def close(self) -> None:
        """Close the page and end its kernel."""
        self._context.close()
        self.lab.shut_down_kernels()

    def resize(self, width: int, height: int = _HEIGHT) -> None:
        """Resize the window, and wait until it was drawn at that size."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.do("nextFrames")

    def do(self, what: str, argument: object = None) -> Any:
        """Call a function of ``lab_page.js``."""
        return self.page.evaluate(f"argument => stitchnbTest.{what}(argument)", argument)

    def _execute_state(self, call: str) -> str:
        code = _STATE.format(folder=str(_SCRIPT.parent), call=call)
        printed: str = self.do("execute", {"code": code, "timeout": _PATIENCE_MS})
        return printed

    def _see_request(self, request: Request) -> None:
        self._see_address(request.url)

    def _see_websocket(self, websocket: WebSocket) -> None:
        self._see_address(websocket.url)

    def _see_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in _LOCAL_HOSTS:
            self.foreign_requests.append(url)

    def _see_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)


@dataclass(frozen=True)
class Messages:
    """The messages between the page and kernels, as they went over its connections, in their order."""

    sent: list[str]
    received: list[str]


class NotebookPage:
    """The notebook that is open in a `LabPage`.

    Attributes
    ----------
    page
        Playwright's page, for whatever is not offered here.
    file
        The file on disk, which is where Lab saves.
    folder
        An empty folder, in which a shared kernel works.
    foreign_requests, console_errors, page_errors
        Those of the `LabPage`.
    """

    def __init__(self, lab_page: LabPage, file: Path, folder: Path, *, has_own_kernel: bool) -> None:
        self.lab = lab_page.lab
        self.lab_page = lab_page
        self.page = lab_page.page
        self.file = file
        self.folder = folder
        self.has_own_kernel = has_own_kernel
        self.has_lost_its_kernel = False
        self.foreign_requests = lab_page.foreign_requests
        self.console_errors = lab_page.console_errors
        self.page_errors = lab_page.page_errors
        self.set_theme = lab_page.set_theme
        self.set_time_zone = lab_page.set_time_zone
        self._do = lab_page.do
        self._resize = lab_page.resize

    def run_all(self, *, timeout_s: float = 180) -> Run:
        """Run every cell, wait until the kernel is idle and every widget is drawn, and tell what came of it."""
        self._do("runAll", {"timeout": timeout_s * 1000})
        self.wait_for_widgets()
        return Run.of(self.cells())

    def cells(self) -> list[dict[str, Any]]:
        """List the cells as they are now; the keys are those of `Run.cells`."""
        return self._do("cells")

    def index_of(self, text: str) -> int:
        """Find the first code cell whose source holds `text`; raise LookupError when there is none."""
        for cell in self.cells():
            if cell["type"] == "code" and text in cell["source"]:
                return cell["index"]
        raise LookupError(f"no code cell holds {text!r}")

    def cell(self, index: int) -> Locator:
        """Scroll to a cell, counted from 0 over all cells, and give its locator."""
        self._do("scrollTo", index)
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def output(self, index: int) -> Locator:
        """Scroll to a cell and give the locator of its output area."""
        return self.cell(index).locator(".jp-OutputArea").first

    def wait_until_idle(self) -> None:
        """Wait until the kernel has done what clicks and keys made it do."""
        self._do("settled", {"timeout": _PATIENCE_MS})

    def wait_for_widgets(self) -> None:
        """Wait until no output says any more that it is loading a widget."""
        self.page.wait_for_function("() => stitchnbTest.widgetsDrawn()")

    def set_width(self, width: int) -> None:
        """Resize the window, in CSS pixels; its height stays."""
        self._resize(width, _HEIGHT)

    def sideways_overflow(self, mime_type: str | None = None) -> list[str]:
        """Name the elements in outputs, or in those of one type, that one has to scroll sideways to see whole."""
        return self._do("sidewaysOverflow", mime_type)

    @contextmanager
    def whole_in_view(self) -> Iterator[None]:
        """Have a window so tall that the whole notebook is in it, for what only looks at what is in view."""
        self._grow()
        self.page.wait_for_function(_LAST_CELL_SHOWN)
        yield
        self.set_width(self.page.viewport_size["width"])

    def screenshot(self, name: str, *, whole: bool = False, of: Locator | None = None) -> Path:
        """Write ``test-artifacts/browser/<name>.png`` and give its path.

        Parameters
        ----------
        whole
            The whole notebook instead of what the window shows: while the picture is taken, the window is as tall as
            that needs (16,000 pixels at most).
        of
            Only this element.
        """
        self.lab_page.artifacts.mkdir(parents=True, exist_ok=True)
        target = self.lab_page.artifacts / f"{name}.png"
        if whole:
            self._grow()
        (of or self.page).screenshot(path=target, animations="disabled")
        if whole:
            self.set_width(self.page.viewport_size["width"])
        return target

    def execute(self, code: str) -> str:
        """Run code in the kernel without a cell, which leaves the focus where it is; give what it printed."""
        printed: str = self._do("execute", {"code": code, "timeout": _PATIENCE_MS})
        return printed

    def release(self, name: str) -> None:
        """Let go on what is held by ``gates.wait_for(name)``."""
        (self.folder / name).touch()

    def looks(self) -> Iterator[tuple[Theme, int]]:
        """Show the page in both themes, each at 1280 and at 800 pixels; at the end it is as it was shown last.

        It begins with the theme that is in force, so that a theme is switched as seldom as possible.
        """
        for theme in ("dark", "light") if self.lab_page.theme == "dark" else ("light", "dark"):
            self.set_theme(theme)
            for width in (1280, 800):
                self.set_width(width)
                yield theme, width

    def messages(self) -> Messages:
        """The messages since the notebook was opened, or since `clear_messages`."""
        return Messages(**self._do("messages"))

    def wait_for_message(self, text: str) -> None:
        """Wait until a message with this text was received and its effect is drawn."""
        self.page.wait_for_function("text => stitchnbTest.messages().received.some(m => m.includes(text))", arg=text)
        self._do("nextFrames")

    def clear_messages(self) -> None:
        """Begin the lists of messages anew."""
        self._do("clearMessages")

    def shut_down_kernel(self) -> None:
        """Shut the kernel down by Lab's own means, and wait until its processes are gone."""
        self.has_lost_its_kernel = True
        processes = self.lab.descendants()
        self._do("shutDown")
        wait_until_gone(processes)

    def restart_kernel(self) -> None:
        """Start the kernel anew, as a user does who has lost the thread; outputs stay as they are."""
        self.has_lost_its_kernel = True
        self._do("restart")
        self.wait_until_idle()

    def _grow(self) -> None:
        self._do("scrollTo", 0)
        height = _HEIGHT
        # Cells below the window have no size until they are shown, so that one step seldom suffices.
        for _ in range(8):
            needed = max(_HEIGHT, min(self._do("heightOfAll"), _TALLEST))
            if needed == height:
                break
            height = needed
            self._resize(self.page.viewport_size["width"], height)


def _prepared(notebook: Path | nbformat.NotebookNode, *, keep_outputs: bool) -> tuple[str, nbformat.NotebookNode]:
    """Give the file's name and a copy of a notebook."""
    if isinstance(notebook, Path):
        name, node = notebook.name, nbformat.read(notebook, as_version=4)
    else:
        name, node = "generated.ipynb", nbformat.from_dict(json.loads(json.dumps(notebook)))
    # Without a kernel's name Lab asks for one in a dialog.
    node.metadata.setdefault("kernelspec", {"name": "python3", "display_name": "Python 3", "language": "python"})
    if not keep_outputs:
        for cell in node.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
    return name, node
