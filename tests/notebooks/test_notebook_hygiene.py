"""Every guide is fit to be read, and its outputs are really compared.

A rule is a function from a notebook to its faults, in words. Each is shown here to see the fault it is there for.
"""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
MOST_LINES = 8

# What must not be in a notebook that others read, with the reason.
UNWANTED = {
    "an absolute path": re.compile(
        r"(?<![\w.:/-])/(?:root|home|tmp|Users|var|opt|mnt|srv)/|\b[A-Za-z]:\\{1,2}\w|\bFile [~/]"
    ),
    "this very folder": re.compile(re.escape(str(ROOT)) + r"\b"),
    "the address of a server of one run": re.compile(r"(?:127\.0\.0\.1|localhost):\d+"),
    "a token": re.compile(r"Bearer\s+[\w-]{8,}|\bat_\w{8,}|\bsandbox-[\w-]{16,}|[?&]token=\w+"),
    "a memory address": re.compile(r"\b0x[0-9a-f]{6,}"),
}
# Both ways in which nbval can be told to look away.
LOOKED_AWAY = re.compile(r"nbval[-_](?:skip|ignore[-_]output)", re.IGNORECASE)

# [text](target), the images among them, and <https://…>.
LINK = re.compile(r"\[([^\]\[]*)\]\(([^)\s]+)[^)]*\)|<(https?://[^>]+)>")
KNOWN_HOSTS = {"www.stitchdata.com", "recurly.com", "github.com", "mybinder.org", "jupyter.org", "pandas.pydata.org"}
MIN_ALT_WORDS = 3

Rule = Callable[[NotebookNode], Iterator[str]]


def code_cells(notebook: NotebookNode) -> list[tuple[int, NotebookNode]]:
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def output_texts(output: NotebookNode) -> Iterator[str]:
    """Every text that an output holds: a traceback, a stream, and each of its representations."""
    yield from ("".join(output.get(key, "")) for key in ("text", "evalue"))
    yield re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.get("traceback", [])))
    for data in output.get("data", {}).values():
        yield data if isinstance(data, str) else str(data)


def without_code_blocks(prose: str) -> str:
    """Leave out the fenced blocks of Markdown, in which nothing is a heading."""
    return re.sub(r"^(```|~~~).*?^\1", "", prose, flags=re.MULTILINE | re.DOTALL)


def without_code(prose: str) -> str:
    """Leave out all that Markdown shows as it is, in which nothing is a link."""
    return re.sub(r"`[^`\n]*`", "", without_code_blocks(prose))


def anchors(notebook: NotebookNode) -> set[str]:
    """Give the anchors of a notebook's headings, as JupyterLab makes them: spaces become hyphens, the rest stays."""
    prose = "\n".join(without_code_blocks(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    return {title.strip().replace(" ", "-") for title in re.findall(r"^#{1,6} +(.+)$", prose, flags=re.MULTILINE)}


def fault_of_link(notebook: NotebookNode, target: str) -> str | None:
    """Say what is wrong with where a link leads; None when nothing is."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        if parts.scheme != "https":
            return "not https"
        return (
            None if parts.hostname in KNOWN_HOSTS else "a host that readers were never sent to: add it to KNOWN_HOSTS"
        )
    path = ROOT / "notebooks" / unquote(parts.path)
    if parts.path and not path.is_file():
        return "there is no such file"
    if not parts.fragment:
        return None
    there = nbformat.read(path, as_version=4) if parts.path else notebook
    return None if unquote(parts.fragment) in anchors(there) else "there is no such heading"


def cells_were_run_in_order_from_a_fresh_kernel(notebook: NotebookNode) -> Iterator[str]:
    # nbval compares nothing in a cell without a count.
    for expected, (i, cell) in enumerate(code_cells(notebook), start=1):
        if cell.execution_count != expected:
            yield f"cell {i}: its count is {cell.execution_count}, not {expected}"
        for output in cell.outputs:
            if output.get("execution_count", expected) != expected:
                yield f"cell {i}: an output's count is {output.execution_count}, not {expected}"


def there_is_something_to_compare(notebook: NotebookNode) -> Iterator[str]:
    views = "application/vnd.jupyter.widget-view+json"
    outputs = [output for _, cell in code_cells(notebook) for output in cell.outputs]
    if not outputs:
        yield "no cell has an output: nbval has nothing to compare"
    elif all(views in output.get("data", {}) for output in outputs):
        yield "all outputs are widget views: show a resulting state as a frame or text, too"


def nbval_is_not_told_to_look_away(notebook: NotebookNode) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        for place in (cell.source, *tags(cell)):
            if found := LOOKED_AWAY.search(place):
                yield f"cell {i}: {found[0]}"


def no_widget_state_is_kept(notebook: NotebookNode) -> Iterator[str]:
    if "widgets" in notebook.metadata:
        yield "metadata.widgets holds the state of widgets, passwords included: save without it"


def no_time_of_day_is_kept(notebook: NotebookNode) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        if "execution" in cell.metadata:
            yield f"cell {i}: metadata.execution tells when it was run: run it with tests/notebooks/rerun.py"


def links_lead_somewhere(notebook: NotebookNode) -> Iterator[str]:
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        for text, inline, bare in LINK.findall(without_code(cell.source)):
            target = inline or bare
            fault = fault_of_link(notebook, target)
            if fault:
                yield f"cell {i}: the link {text!r} to {target}: {fault}"


def images_have_words(notebook: NotebookNode) -> Iterator[str]:
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        for image in re.findall(r"!\[([^]]*)\]\(|<img\b([^>]*)>", cell.source):
            words = image[0] or "".join(re.findall(r"""\balt=["']([^"']*)""", image[1]))
            if len(words.split()) < MIN_ALT_WORDS:
                yield f"cell {i}: an image whose alternative text says nothing: {words!r}"


def errors_are_announced(notebook: NotebookNode) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        announced = "raises-exception" in tags(cell)
        if failed and not announced:
            yield f"cell {i}: an error, but no tag raises-exception"
        if announced and not failed:
            yield f"cell {i}: the tag raises-exception, but no error"


def nothing_of_one_machine_or_one_run(notebook: NotebookNode) -> Iterator[str]:
    for i, cell in enumerate(notebook.cells):
        texts = [cell.source, *(text for output in cell.get("outputs", []) for text in output_texts(output))]
        for what, pattern in UNWANTED.items():
            if found := next(filter(None, map(pattern.search, texts)), None):
                yield f"cell {i}: {what}: {found[0]!r}"


def it_begins_with_its_title_and_headings_go_down_one_by_one(notebook: NotebookNode) -> Iterator[str]:
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "the first cell is not a markdown cell that begins with '# <title>'"
    level = 0
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        for marks, title in re.findall(r"^(#{1,6}) +(.+)$", without_code_blocks(cell.source), flags=re.MULTILINE):
            if len(marks) == 1 and level:
                yield f"cell {i}: a second title: {title!r}"
            if len(marks) > level + 1:
                yield f"cell {i}: {title!r} has level {len(marks)} below level {level}"
            level = len(marks)


def prose_comes_before_every_code_cell(notebook: NotebookNode) -> Iterator[str]:
    for i, _ in code_cells(notebook):
        before = notebook.cells[i - 1] if i else None
        if before is None or before.cell_type != "markdown" or not before.source.strip():
            yield f"cell {i}: no prose before it"


def code_cells_are_short_and_not_empty(notebook: NotebookNode) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        lines = len(cell.source.splitlines())
        if not cell.source.strip():
            yield f"cell {i}: an empty code cell"
        if lines > MOST_LINES:
            yield f"cell {i}: {lines} lines, more than {MOST_LINES}: longer code belongs into the package"


def cells_have_ids_and_the_kernel_a_name(notebook: NotebookNode) -> Iterator[str]:
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        yield f"format {notebook.nbformat}.{notebook.nbformat_minor}: cells have ids from 4.5 on"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "metadata.kernelspec does not name python3: JupyterLab would ask for a kernel"


RULES: tuple[Rule, ...] = (
    cells_were_run_in_order_from_a_fresh_kernel,
    there_is_something_to_compare,
    nbval_is_not_told_to_look_away,
    no_widget_state_is_kept,
    no_time_of_day_is_kept,
    links_lead_somewhere,
    images_have_words,
    errors_are_announced,
    nothing_of_one_machine_or_one_run,
    it_begins_with_its_title_and_headings_go_down_one_by_one,
    prose_comes_before_every_code_cell,
    code_cells_are_short_and_not_empty,
    cells_have_ids_and_the_kernel_a_name,
)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS, "notebooks/ holds no .ipynb file"


def test_notebooks_are_numbered_in_reading_order() -> None:
    numbers = [re.match(r"(\d\d)-[a-z0-9-]+\.ipynb$", path.name) for path in NOTEBOOKS]
    assert all(numbers), f"names are like 01-create-a-data-source.ipynb: {[p.name for p in NOTEBOOKS]}"
    assert [int(number[1]) for number in numbers] == list(range(len(NOTEBOOKS)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_guide_keeps_the_rule(path: Path, rule: Rule) -> None:
    assert list(rule(nbformat.read(path, as_version=nbformat.NO_CONVERT))) == []


def test_this_very_run_takes_the_guides_along(request: pytest.FixtureRequest) -> None:
    options = request.config.option
    is_part = request.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or options.keyword
    if is_part or "browser" in options.markexpr:
        pytest.skip("only a part of the tests was asked for")
    name = "test_a_guide_outputs_what_it_shows_looks_right_in_both_themes_and_leaves_nothing"
    ran = {item.callspec.params["notebook"] for item in request.session.items if item.originalname == name}
    assert ran == set(NOTEBOOKS)


def good() -> NotebookNode:
    """A small notebook in which every rule is kept."""
    frame = new_output("execute_result", {"text/plain": "   id\n0   1"}, execution_count=1)
    error = new_output("error", ename="KeyError", evalue="'a'", traceback=["KeyError: 'a'"])
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Title\n\n[What](#Next-step) it is about.\n\n```\n# no heading\n```"),
            new_code_cell("frame", execution_count=1, outputs=[frame]),
            new_markdown_cell("## Step\n\n### Detail\n\n## Next step\n\nWhat now goes wrong: and/or/home/work."),
            new_code_cell("{}['a']", execution_count=2, outputs=[error], metadata={"tags": ["raises-exception"]}),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.validate(notebook)
    return notebook


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_notebook_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(good())) == []


Change = Callable[[NotebookNode], object]


def edited(change: Change) -> NotebookNode:
    notebook = copy.deepcopy(good())
    change(notebook)
    return notebook


def printing(text: str) -> Change:
    return lambda n: n.cells[1].outputs.append(new_output("stream", text=text))


def cell(index: int, **values: object) -> Change:
    return lambda n: n.cells[index].update(values)


def output(index: int, **values: object) -> Change:
    return lambda n: n.cells[index].outputs[0].update(values)


def all_outputs(*outputs: NotebookNode) -> Change:
    return lambda n: [cell.update(outputs=list(outputs)) for _, cell in code_cells(n)]


IN_ORDER = cells_were_run_in_order_from_a_fresh_kernel
COMPARED = there_is_something_to_compare
ANYWHERE = nothing_of_one_machine_or_one_run
HEADINGS = it_begins_with_its_title_and_headings_go_down_one_by_one
VIEW = new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})

FAULTS = [
    # (what is wrong, how to make it so, the rule that sees it)
    ("cleared", cell(1, execution_count=None, outputs=[]), IN_ORDER),
    ("run twice", cell(3, execution_count=5), IN_ORDER),
    ("an old output", output(1, execution_count=9), IN_ORDER),
    ("no outputs", all_outputs(), COMPARED),
    ("views only", all_outputs(VIEW), COMPARED),
    ("skipped by tag", cell(1, metadata={"tags": ["nbval-skip"]}), nbval_is_not_told_to_look_away),
    ("ignored by comment", cell(1, source="# NBVAL_IGNORE_OUTPUT\nframe"), nbval_is_not_told_to_look_away),
    ("timings", cell(1, metadata={"execution": {}}), no_time_of_day_is_kept),
    ("a link to nothing", cell(0, source="# Title\n\n[next](99-nothing.ipynb)"), links_lead_somewhere),
    ("a link to no heading", cell(0, source="# Title\n\n[next](#Nowhere)"), links_lead_somewhere),
    ("a link to a stranger", cell(0, source="# Title\n\n<https://example.com>"), links_lead_somewhere),
    ("a link in the clear", cell(0, source="# Title\n\n[a](http://recurly.com)"), links_lead_somewhere),
    ("an image without words", cell(0, source="# Title\n\n![](a.png)"), images_have_words),
    ("an image of HTML", cell(0, source='# Title\n\n<img src="a.png" alt="map">'), images_have_words),
    ("widget state", lambda n: n.metadata.update(widgets={}), no_widget_state_is_kept),
    ("an unannounced error", cell(3, metadata={}), errors_are_announced),
    ("an announced error that is none", cell(3, outputs=[]), errors_are_announced),
    ("a path in an output", printing("saved to /tmp/a.db"), ANYWHERE),
    ("a path in a traceback", output(3, traceback=["\x1b[1mFile \x1b[0m~/a.py:3, in f()"]), ANYWHERE),
    ("a path in the source", cell(1, source="open('/home/ada/x')"), ANYWHERE),
    ("a path of Windows", printing(r"C:\Users\ada"), ANYWHERE),
    ("this folder", printing(f"from {ROOT}"), ANYWHERE),
    ("an address", printing("sandbox at http://127.0.0.1:43211"), ANYWHERE),
    ("a header", printing("Authorization: Bearer abcdefgh12"), ANYWHERE),
    ("a sandbox's token", printing("sandbox-Zm9vYmFyYmF6cXV4Zm9v"), ANYWHERE),
    ("a default repr", printing("<object at 0x7f3c2a4d1e50>"), ANYWHERE),
    ("in HTML", output(1, data={"text/html": "<b>/root/x</b>"}), ANYWHERE),
    ("no title", lambda n: n.cells.pop(0), HEADINGS),
    ("two titles", cell(2, source="# Another"), HEADINGS),
    ("a level left out", cell(2, source="### Deep"), HEADINGS),
    ("two code cells in a row", lambda n: n.cells.pop(2), prose_comes_before_every_code_cell),
    ("a long cell", cell(1, source="a = 1\n" * 9), code_cells_are_short_and_not_empty),
    ("an empty cell", cell(1, source=" "), code_cells_are_short_and_not_empty),
    ("no kernel", lambda n: n.metadata.pop("kernelspec"), cells_have_ids_and_the_kernel_a_name),
    ("an old format", lambda n: n.update(nbformat_minor=4), cells_have_ids_and_the_kernel_a_name),
]


@pytest.mark.parametrize(("change", "rule"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_the_rule_sees_the_fault(change: Change, rule: Rule) -> None:
    assert list(rule(edited(change))) != []


def test_every_rule_was_seen_to_fail() -> None:
    assert {rule for *_, rule in FAULTS} == set(RULES)
