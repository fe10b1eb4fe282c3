"""Pictures: what is drawn of what is known, the words and the table that go with it, and how it fits into a page."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from connection_properties import recurly_properties

import stitchnb
from stitchnb import plots
from stitchnb.errors import InvalidInputError

RECURLY = recurly_properties()
START = pd.Timestamp("2026-03-20T14:00:00Z")


def hours(count: float) -> pd.Timestamp:
    return START + pd.Timedelta(hours=count)


RUNS = pd.DataFrame(
    {
        "source": ["shop", "ads", "shop", "shop"],
        "start_time": [hours(0), hours(1), hours(6), hours(12)],
        "completion_time": [hours(0.5), hours(1.01), hours(6.2), pd.NaT],
        "status": ["succeeded", "stopped", "failed", "running"],
        "failure": [None, "tap: Terminated", "tap: the tap <fell> over", None],
    }
)
ROWS = pd.DataFrame(
    {
        "source": ["shop"] * 5,
        "start_time": [hours(0), hours(0), hours(6), hours(12), hours(12)],
        "stream": ["orders", "items", "orders", "orders", "items"],
        "rows": [1200, 5, 33, 70, 2],
        "rows_rejected": [0, 0, 40, 0, 9],
    }
)
SOURCES = pd.DataFrame(
    {
        "name": ["shop", "ads", "old", "gone"],
        "display_name": ["Shop", "Ads", "Old <b>shop</b>", "Gone"],
        "state": ["fully_configured", "fully_configured", "paused", "deleted"],
        "next_fire_time": [hours(3), hours(1), pd.NaT, pd.NaT],
    }
)
PICTURES = {
    "runs": lambda: plots.runs(RUNS),
    "rows": lambda: plots.rows_over_runs(ROWS),
    "fires": lambda: plots.next_fire_times(SOURCES),
}


@pytest.fixture(params=PICTURES)
def picture(request: pytest.FixtureRequest) -> plots.Figure:
    return PICTURES[request.param]()


def texts(picture: plots.Figure) -> list[str]:
    """Every text that is drawn."""
    root = ElementTree.fromstring(picture.to_svg())
    return [" ".join("".join(e.itertext()).split()) for e in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture
def sandbox() -> Iterator[stitchnb.Sandbox]:
    with stitchnb.Sandbox(pace_s=0, clock="2026-03-20T14:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: stitchnb.Sandbox) -> stitchnb.Client:
    """An account whose source ran twice and failed once."""
    client = sandbox.client()
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    source.check().wait()
    source.select("accounts").select("plans")
    source.start_job().wait()
    with sandbox.faults.fail_extractions("the tap fell over"):
        source.start_job()
        sandbox.wait_idle()
    sandbox.clock.advance(minutes=70)
    return client


def test_runs_are_drawn_with_their_outcomes_and_told_in_words() -> None:
    picture = plots.runs(RUNS)
    assert picture.alt == (
        "Timeline of 4 runs of 2 sources, from 2026-03-20 14:00 UTC to 2026-03-21 02:00 UTC: 1 succeeded, 1 stopped, "
        "1 failed, 1 running. The longest, of shop, took 30 min. Failed: shop at 2026-03-20 20:00 UTC."
    )
    drawn = texts(picture)
    assert {"shop", "ads", "succeeded (1)", "failed (1)", "stopped (1)", "running (1)", "UTC"} <= set(drawn)
    assert "median 21 min" in drawn


def test_outcomes_differ_in_shape_and_not_in_colour_alone() -> None:
    (axes,) = plots.runs(RUNS).figure.axes
    shapes = {str(line.get_label()): line.get_marker() for line in axes.get_lines()}
    assert len(shapes) == len(set(shapes.values())) == 4


def test_the_runs_of_a_sandbox_are_all_there(client: stitchnb.Client) -> None:
    picture = plots.runs(client.jobs.history())
    assert picture.to_frame()["status"].tolist() == ["succeeded", "failed", "succeeded"]
    assert picture.to_frame()["duration_s"].dropna().gt(0).all()
    assert "1 failed" in picture.alt


def test_of_a_real_account_the_last_extractions_are_drawn(client: stitchnb.Client) -> None:
    for known in (client.extractions.list(), client.extractions.to_frame()):
        assert plots.runs(known).alt.startswith("Timeline of 1 run of 1 source, at 2026-03-20 15:")


def test_rows_stand_in_a_panel_for_each_stream_the_fullest_first() -> None:
    picture = plots.rows_over_runs(ROWS)
    assert [axes.get_ylabel() for axes in picture.figure.axes] == ["orders", "items"]
    assert picture.alt == (
        "Rows of 2 streams over 3 runs, from 2026-03-20 14:00 UTC to 2026-03-21 02:00 UTC. "
        "In all: orders 1,303, items 7. 49 rejected."
    )
    assert {"1,200", "33 + 40 rejected", "none", "2 + 9 rejected"} <= set(texts(picture))


def test_the_rows_of_a_sandbox_are_those_that_landed(client: stitchnb.Client) -> None:
    picture = plots.rows_over_runs(client.jobs.history())
    rows = picture.to_frame()
    landed = client.sandbox.warehouse.table("recurly.accounts")
    # Each later run brings the last row of the one before once more.
    assert len(landed) <= rows.loc[rows["stream"] == "accounts", "rows"].sum() <= len(landed) + 2
    assert "2 runs" in picture.alt


def test_streams_of_several_sources_are_named_with_their_source() -> None:
    frame = pd.concat([ROWS, ROWS.assign(source="ads")], ignore_index=True)
    panels = [axes.get_ylabel() for axes in plots.rows_over_runs(frame).figure.axes]
    assert sorted(panels) == ["ads.items", "ads.orders", "shop.items", "shop.orders"]


def test_sources_are_drawn_in_the_order_in_which_they_are_due() -> None:
    picture = plots.next_fire_times(SOURCES)
    assert picture.to_frame()["source"].tolist() == ["Ads", "Shop", "Old <b>shop</b>"]
    assert picture.alt == (
        "2 sources with a next fire time: Ads at 2026-03-20 15:00 UTC first, Shop at 2026-03-20 17:00 UTC last. "
        "Without one: Old <b>shop</b> (paused)."
    )
    assert {"Ads", "Shop", "Mar 20, 15:00", "Mar 20, 17:00"} <= set(texts(picture))


def test_a_day_is_written_alike_in_every_picture() -> None:
    over_midnight = RUNS.assign(start_time=RUNS["start_time"] + pd.Timedelta(hours=4))
    drawn = texts(plots.runs(over_midnight))
    assert {"20:00", "Mar 21", "2026-03-21"} <= set(drawn)


def test_the_sources_of_an_account_are_drawn_from_their_list(client: stitchnb.Client) -> None:
    assert plots.next_fire_times(client.sources.list()).alt.startswith("1 source with a next fire time: Recurly at ")


@pytest.mark.parametrize(
    ("draw", "empty", "words"),
    [
        (plots.runs, RUNS.iloc[:0], "No job has run yet."),
        (plots.rows_over_runs, ROWS.iloc[:0], "No rows are known: of a real account nobody tells them."),
        (plots.next_fire_times, SOURCES.iloc[:0], "No source is due."),
        (plots.next_fire_times, SOURCES.iloc[2:3], "No source is due. Without one: Old <b>shop</b> (paused)."),
    ],
)
def test_where_there_is_nothing_to_draw_the_picture_says_so(draw: Any, empty: pd.DataFrame, words: str) -> None:
    picture = draw(empty)
    assert picture.alt == words
    assert any(words.startswith(text) for text in texts(picture) if text)


@pytest.mark.parametrize("draw", [plots.runs, plots.rows_over_runs, plots.next_fire_times])
def test_what_cannot_be_drawn_is_refused_in_words(draw: Any) -> None:
    with pytest.raises(InvalidInputError, match="nothing to draw in a int"):
        draw(7)
    with pytest.raises(InvalidInputError, match=r"has no column .*; it has a\.$"):
        draw(pd.DataFrame({"a": [1]}))


def test_many_are_drawn_in_part_and_the_words_say_so() -> None:
    many = pd.DataFrame(
        {
            "source": [f"s{n}" for n in range(40)],
            "start_time": hours(0),
            "completion_time": hours(1),
            "status": "succeeded",
            "failure": None,
        }
    )
    assert plots.runs(many).alt.endswith("10 more sources are in the table alone.")
    wide = pd.DataFrame({"source": "s", "start_time": hours(0), "stream": [f"t{n}" for n in range(20)], "rows": 1})
    assert "8 more streams are in the table alone." in plots.rows_over_runs(wide).alt
    long = pd.DataFrame({"source": "s", "start_time": [hours(n) for n in range(90)], "stream": "t", "rows": 1})
    assert "The last 60 runs are drawn." in plots.rows_over_runs(long).alt


def test_a_picture_says_itself_and_brings_its_data(picture: plots.Figure) -> None:
    root = ElementTree.fromstring(picture.to_svg())
    assert (root.get("role"), root.get("aria-label")) == ("img", picture.alt)
    html = picture._repr_html_()
    assert "<details><summary" in html
    assert html.count("<tr>") == len(picture.to_frame()) + 1
    assert repr(picture) == f"Figure({picture.alt!r})"


def test_no_markup_of_an_account_gets_into_the_page() -> None:
    for html in (plots.runs(RUNS)._repr_html_(), plots.next_fire_times(SOURCES)._repr_html_()):
        assert "<fell>" not in html
        assert "<b>shop</b>" not in html


def test_every_colour_is_the_themes(picture: plots.Figure) -> None:
    svg = picture.to_svg()
    drawn = re.sub(r"--sn-picture-\w+:[^;]*;", "", svg)
    assert re.findall(r"#[0-9a-f]{6}\b", drawn) == []
    used = set(re.findall(r"var\((--sn-picture-\w+)\)", drawn))
    assert used
    assert used <= set(re.findall(r"(--sn-picture-\w+):", svg))


def test_it_has_no_ground_of_its_own_and_no_font_but_the_pages(picture: plots.Figure) -> None:
    root = ElementTree.fromstring(picture.to_svg())
    styles = [element.get("style", "") for element in root.iter()]
    assert "DejaVu" not in "".join(styles)
    assert [style for style in styles if "font-family" in style] == [root.get("style")]


def test_pictures_do_not_disturb_each_other_in_a_page() -> None:
    ids = [set(re.findall(r'\bid="([^"]+)"', make().to_svg())) for make in PICTURES.values()]
    assert ids[0] & ids[1] == ids[1] & ids[2] == ids[0] & ids[2] == set()
    for make in PICTURES.values():
        svg = make().to_svg()
        assert "<style" not in svg
        own = set(re.findall(r'\bid="([^"]+)"', svg))
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg)) <= own


def test_nothing_of_a_picture_leads_to_another_machine(picture: plots.Figure) -> None:
    addresses = re.findall(r"https?://[^\"' )]+", picture._repr_html_())
    # Names of namespaces, which nobody asks for.
    assert set(addresses) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_same_data_gives_the_same_picture() -> None:
    for make in PICTURES.values():
        assert make()._repr_html_() == make()._repr_html_()


def test_a_picture_is_written_to_a_file(picture: plots.Figure, tmp_path: Path) -> None:
    for name in ("a.png", "a.svg", "a.pdf"):
        assert picture.save(tmp_path / name).stat().st_size > 1_000
    with pytest.raises(InvalidInputError, match=r"'a\.xyz' is no name of a picture"):
        picture.save(tmp_path / "a.xyz")


def test_without_matplotlib_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'stitchnb\[plots\]'"):
        plots.runs(RUNS)


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    before = dict(mpl.rcParams)
    plots.runs(RUNS)._repr_html_()
    assert dict(mpl.rcParams) == before


def test_no_window_system_is_chosen_and_nothing_is_loaded_before_a_picture_is_drawn() -> None:
    code = """
import sys
import pandas as pd
from stitchnb import plots
print("matplotlib" in sys.modules)
start = pd.Timestamp("2026-03-20T14:00:00Z")
rows = pd.DataFrame({"source": ["s"], "start_time": [start], "stream": ["t"], "rows": [1]})
plots.rows_over_runs(rows)._repr_html_()
print("matplotlib.pyplot" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("first", "said"),
    [("from stitchnb.plots.figure import new_figure; new_figure(2)", False), ("import matplotlib.figure", True)],
    ids=["ours", "matplotlib's own"],
)
def test_the_first_picture_on_a_machine_brings_no_talk_of_fonts(first: str, said: bool, tmp_path: Path) -> None:
    timer = "type('T', (), {'start': lambda _: f(), 'cancel': lambda _: 0})()"
    slow = f"import threading; threading.Timer = lambda s, f: {timer}"
    done = subprocess.run(
        [sys.executable, "-c", f"{slow}\n{first}"],
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("font cache" in done.stderr) is said
