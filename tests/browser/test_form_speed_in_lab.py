"""How long a form takes in JupyterLab, from running its cell until its last input is there, beside bare text inputs."""

import statistics
from collections.abc import Callable

import pytest
from form_views import Form

pytestmark = pytest.mark.benchmark

CARDS = """
import ipywidgets
from ipywidgets.widgets.widget_string import TextStyle

def strings(count):
    return card(*(prop(f"property_{number}", TEXT) for number in range(count)))

def bare(count):
    layout, style = ipywidgets.Layout(width="auto"), TextStyle()
    names = [one.name for one in strings(count).properties]
    return ipywidgets.VBox([ipywidgets.Text(description=name, layout=layout, style=style) for name in names])
"""
FEW, MANY = 6, 500
ROUNDS = 5

RUN = """async ([source, count]) => {
  const content = jupyterapp.shell.currentWidget.content;
  const cell = content.widgets[content.widgets.length - 1];
  content.activeCellIndex = content.widgets.length - 1;
  await jupyterapp.commands.execute('notebook:clear-cell-output');
  cell.model.sharedModel.setSource(source);
  const inputs = () => cell.node.querySelectorAll('.jp-OutputArea-output input').length;
  while (inputs()) await new Promise(requestAnimationFrame);
  const begun = performance.now();
  jupyterapp.commands.execute('notebook:run-cell');
  while (inputs() < count) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


@pytest.mark.parametrize("count", [FEW, MANY])
def test_a_form_is_there_as_soon_as_bare_text_inputs(
    show: Callable[..., Form], count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    form = show(CARDS)
    ours, floor = [], []
    for _ in range(ROUNDS):
        for taken, source in ((ours, f"ConnectionForm(strings({count}))"), (floor, f"bare({count})")):
            taken.append(form.page.evaluate(RUN, [source, count]))
            form.settle()
    medians = statistics.median(ours), statistics.median(floor)
    ratio = medians[0] / medians[1]
    with capsys.disabled():
        print(
            f"\n  {count} fields from run to rendered: {medians[0]:.0f} ms, bare {medians[1]:.0f} ms: {ratio:.2f}",
            end="",
        )
    assert ratio <= 2
