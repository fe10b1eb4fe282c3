"""The harness must see what it is there to see: failures, strange hosts, themes, and what a kernel leaves behind."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_page import WIDGET_VIEW, NotebookPage, find_chromium
from lab_server import LabServer, accepts_connections, listening_ports
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

TEXT = """
import ipywidgets
name = ipywidgets.Text(description="Name")
name
"""
COUNTER = '''
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      const draw = () => { button.textContent = `count ${model.get("count")}`; };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change:count", draw);
      draw();
      el.append(button);
    }
    export default { render };
    """
    count = traitlets.Int(3).tag(sync=True)

counter = Counter()
counter
'''
FOREIGN_PICTURE = """
from IPython.display import HTML
HTML('<img src="https://pictures.example.com/a.png">')
"""
FOREIGN_CONNECTION = """
import socket
socket.create_connection(("example.com", 443))
"""
SERVER = """
import http.server, threading
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1])
"""

OpenNotebook = Callable[..., NotebookPage]


def notebook(*sources: str, tags: dict[int, list[str]] | None = None) -> NotebookNode:
    """A notebook with a title, which is cell 0, and these code cells from cell 1 on."""
    cells = [
        new_code_cell(source.strip(), metadata={"tags": (tags or {}).get(i, [])}) for i, source in enumerate(sources, 1)
    ]
    return new_notebook(cells=[new_markdown_cell("# Title"), *cells])


def test_widgets_can_be_typed_into_and_pressed_and_python_hears_of_it(open_notebook: OpenNotebook) -> None:
    page = open_notebook(notebook(TEXT, COUNTER, "..."))
    assert page.run_all().errors == []

    page.output(page.index_of("ipywidgets.Text")).get_by_label("Name").fill("Ada")
    page.output(2).get_by_role("button").click()
    page.wait_until_idle()
    expect(page.output(2).get_by_role("button")).to_have_text("count 4")

    page.page.evaluate("() => jupyterapp.commands.execute('notebook:move-cursor-down')")
    editor = page.cell(3).get_by_role("textbox")
    editor.fill("print(name.value, counter.count)")
    editor.press("Control+Enter")
    page.wait_until_idle()
    expect(page.output(3)).to_have_text("Ada 4")


def test_a_cell_that_raises_is_reported_and_so_are_those_that_then_did_not_run(open_notebook: OpenNotebook) -> None:
    run = open_notebook(notebook("1 + 1", "{}['nothing']", "2 + 2")).run_all()
    assert [(error.index, error.name) for error in run.errors] == [(2, "KeyError"), (3, "NotRun")]
    assert "nothing" in str(run.errors[0])


def test_an_announced_error_is_none_and_the_cells_after_it_are_waited_for(open_notebook: OpenNotebook) -> None:
    slow = "import time; time.sleep(0.3); 'done'"
    run = open_notebook(notebook("1 / 0", slow, "2 + 2", tags={1: ["raises-exception"]})).run_all()
    assert run.errors == []
    assert [cell["count"] for cell in run.cells] == [None, 1, 2, 3]
    assert run.cells[2]["outputs"][0]["data"]["text/plain"] == "'done'"


def test_outputs_are_cleared_in_the_copy_unless_they_are_wanted(open_notebook: OpenNotebook) -> None:
    node = notebook("1 + 1")
    node.cells[1].outputs = [{"output_type": "stream", "name": "stdout", "text": "an old output"}]
    node.cells[1].execution_count = 7
    assert open_notebook(node).cells()[1]["count"] is None
    kept = open_notebook(node, keep_outputs=True).cells()[1]
    assert (kept["count"], kept["outputs"][0]["text"]) == (7, "an old output")
    assert node.cells[1].execution_count == 7, "the notebook that was given is not the one that is opened"


def test_a_page_that_asks_another_machine_is_stopped_and_recorded(open_notebook: OpenNotebook) -> None:
    page = open_notebook(notebook(FOREIGN_PICTURE))
    with page.page.expect_event("requestfailed", lambda request: "example.com" in request.url) as failed:
        page.run_all()
    assert failed.value.url == "https://pictures.example.com/a.png"
    # Lab may draw an output, and so request its picture, more than once.
    assert set(page.foreign_requests) == {"https://pictures.example.com/a.png"}
    assert page.lab_page.troubles[0] == "https://pictures.example.com/a.png", "the test would fail for it"
    # So that nothing requests it again.
    page.lab_page.clear()
    page.lab_page.forget_records()


def test_a_kernel_that_asks_another_machine_is_stopped(open_notebook: OpenNotebook) -> None:
    run = open_notebook(notebook(FOREIGN_CONNECTION)).run_all()
    assert [error.name for error in run.errors] == ["ForeignConnectionError"]


def test_a_kernel_has_no_token_and_an_empty_home(open_notebook: OpenNotebook) -> None:
    cell = "import os; print([n for n in os.environ if n.startswith('STITCH')], os.listdir(os.path.expanduser('~')))"
    run = open_notebook(notebook(cell)).run_all()
    # The one variable that is set keeps a developer's own .env file out.
    assert re.match(r"\['STITCH_ENV_FILE'\] \[[^]]*\]$", run.cells[1]["outputs"][0]["text"].strip())


def test_the_theme_and_the_width_are_in_force_before_a_picture_is_taken(open_notebook: OpenNotebook) -> None:
    page = open_notebook(notebook("1 + 1"))
    shade = "() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color1').trim()"
    shades = []
    for theme in ("dark", "light"):
        page.set_theme(theme)
        shades.append(page.page.evaluate(shade))
    assert shades[0] != shades[1]
    page.set_width(800)
    assert page.page.evaluate("() => window.innerWidth") == 800


def test_a_picture_of_the_whole_notebook_is_as_tall_as_the_notebook(open_notebook: OpenNotebook) -> None:
    page = open_notebook(notebook("for i in range(100): print(i)", "print('the end')"))
    page.run_all()
    usual, whole = page.screenshot("harness-window"), page.screenshot("harness-whole", whole=True)
    heights = [int.from_bytes(path.read_bytes()[20:24], "big") for path in (usual, whole)]
    assert heights[0] == 900
    assert heights[1] > 1500
    assert page.page.viewport_size == {"width": 1280, "height": 900}


def test_a_widget_that_scrolls_sideways_is_named(open_notebook: OpenNotebook) -> None:
    wide = "import ipywidgets as w; w.HBox([w.Text(layout=w.Layout(min_width='2000px'))])"
    page = open_notebook(notebook(wide))
    page.run_all()
    [found] = page.sideways_overflow(WIDGET_VIEW)
    assert "widget-hbox" in found


def test_an_output_that_scrolls_sideways_is_named(open_notebook: OpenNotebook) -> None:
    wide = "from IPython.display import HTML\nHTML('<div style=\"width: 3000px\">wide</div>')"
    page = open_notebook(notebook(wide, "1 + 1"))
    page.run_all()
    assert page.sideways_overflow(WIDGET_VIEW) == []
    [found] = page.sideways_overflow()
    assert re.search(r"30\d\d px in 1\d\d\d px", found)


def test_a_shut_down_kernel_leaves_no_process_and_no_port(open_notebook: OpenNotebook, lab: LabServer) -> None:
    page = open_notebook(notebook(SERVER))
    port = int(page.run_all().cells[1]["outputs"][0]["text"])
    ports = listening_ports(lab.descendants())
    assert port in ports
    page.shut_down_kernel()
    assert lab.descendants() == []
    assert lab.kernels() == []
    assert not any(accepts_connections(port) for port in ports)


@pytest.mark.parametrize("killed", [False, True], ids=["it is asked to", "it does not listen"])
def test_a_stopped_lab_leaves_no_process_and_no_port(
    killed: bool,
    tmp_path: Path,
    isolated_environment: Callable[[Path], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with LabServer(tmp_path / "lab", isolated_environment(tmp_path / "lab")) as server:
        server.ask("POST", "/api/kernels")
        below = server.descendants()
        assert below, "a kernel was started"
        if killed:
            monkeypatch.setattr(server.process, "terminate", server.process.kill)
    assert not any(process.is_running() for process in (server.process, *below))
    assert not accepts_connections(server.port)


def test_chromium_is_the_one_that_was_named_or_none(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.touch(mode=0o755)
    assert find_chromium({"STITCHNB_CHROMIUM": str(program)}) == str(program)
    assert find_chromium({"STITCHNB_CHROMIUM": str(tmp_path / "nothing")}) is None
