"""One notebook in one page of a real browser."""

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
from lab_server import LabServer, wait_until_gone
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, WebSocket

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
_HEIGHT = 900
_TALLEST = 16_000

_LAST_CELL_SHOWN = """() => {
  const last = [...document.querySelectorAll('.jp-Notebook .jp-Cell')].at(-1);
  const {left, bottom} = last.getBoundingClientRect();
  return last.contains(document.elementFromPoint(left + 40, bottom - 8));
}"""


def find_chromium(environment: Mapping[str, str]) -> str | None:
    """Find a Chromium: the one that STITCHNB_CHROMIUM names, else the first on the PATH."""
    named = environment.get("STITCHNB_CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


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


class NotebookPage:
    """A copy of a notebook, open in a page, in a workspace and a browser context of its own.

    Attributes
    ----------
    page
        Playwright's page, for whatever is not offered here.
    file
        The copy on disk, which is where Lab saves.
    foreign_requests
        Addresses on other machines that the page asked for; none of them was reached.
    console_errors, page_errors
        What the console showed as errors, and the exceptions that nobody caught.
    """

    def __init__(
        self,
        lab: LabServer,
        browser: Browser,
        notebook: Path | nbformat.NotebookNode,
        *,
        artifacts: Path,
        keep_outputs: bool = False,
        width: int = 1280,
    ) -> None:
        self.lab = lab
        self.foreign_requests: list[str] = []
        self.console_errors: list[str] = []
        self.page_errors: list[str] = []
        self._artifacts = artifacts
        workspace = f"test-{secrets.token_hex(6)}"
        self.file = _copy(notebook, lab.root / workspace, keep_outputs=keep_outputs)
        self._context = browser.new_context(
            viewport={"width": width, "height": _HEIGHT}, service_workers="block", reduced_motion="reduce"
        )
        try:
            self._open(workspace)
        except BaseException:
            self._context.close()
            raise

    def _open(self, workspace: str) -> None:
        self._context.route(_FOREIGN_URL, lambda route: route.abort("addressunreachable"))
        self._context.add_init_script(path=_SCRIPT)
        self.page: Page = self._context.new_page()
        self.page.on("request", self._see_request)
        self.page.on("websocket", self._see_websocket)
        self.page.on("console", self._see_console)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        self.page.goto(f"{self.lab.url}/lab/workspaces/{workspace}?reset&token={self.lab.token}")
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self._do("open", {"path": self.file.relative_to(self.lab.root).as_posix(), "timeout": 60_000})

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

    def wait_until_idle(self, *, timeout_s: float = 60) -> None:
        """Wait until the kernel has done what clicks and keys made it do."""
        self._do("settled", {"timeout": timeout_s * 1000})

    def wait_for_widgets(self, *, timeout_s: float = 30) -> None:
        """Wait until no output says any more that it is loading a widget."""
        self.page.wait_for_function("() => stitchnbTest.widgetsDrawn()", timeout=timeout_s * 1000)

    def set_theme(self, theme: Theme) -> None:
        """Switch Lab's theme and wait until it is in force."""
        self._do("setTheme", _THEMES[theme])
        light = "true" if theme == "light" else "false"
        self.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)

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
        self._artifacts.mkdir(parents=True, exist_ok=True)
        target = self._artifacts / f"{name}.png"
        if whole:
            self._grow()
        (of or self.page).screenshot(path=target, animations="disabled")
        if whole:
            self.set_width(self.page.viewport_size["width"])
        return target

    def shut_down_kernel(self) -> None:
        """Shut the kernel down by Lab's own means, and wait until its processes are gone."""
        processes = self.lab.descendants()
        self._do("shutDown")
        wait_until_gone(processes)

    def restart_kernel(self) -> None:
        """Start the kernel anew, as a user does who has lost the thread; outputs stay as they are."""
        self._do("restart")
        self.wait_until_idle()

    def close(self) -> None:
        """Close the page; its kernel lives on, as it does when a user closes a tab."""
        self._context.close()

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

    def _resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})
        self._do("nextFrames")

    def _do(self, what: str, argument: object = None) -> Any:
        return self.page.evaluate(f"argument => stitchnbTest.{what}(argument)", argument)

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


def _copy(notebook: Path | nbformat.NotebookNode, folder: Path, *, keep_outputs: bool) -> Path:
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
    folder.mkdir(parents=True)
    nbformat.write(node, folder / name)
    return folder / name
