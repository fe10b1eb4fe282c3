"""The help says what the code says, on every topic and every public name."""

import doctest
import re
from importlib import resources
from pathlib import Path

import pytest

import stitchnb
from stitchnb._help import names as _names
from stitchnb._help import pages as _topics
from stitchnb._help.docs import as_markdown, read_docstring
from stitchnb.errors import UnknownTopicError

TOPICS = _topics.read_topics()
FILES = sorted(str(f.name) for f in (resources.files("stitchnb._help") / "topics").iterdir())
GUIDES = {path.name for path in (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb")}
by_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)

# Public, and explained by what they hold.
WITHOUT_A_TOPIC = {"__version__", "help", "frames", "models", "plots", "rules", "StitchError"}


def test_every_file_is_a_topic_with_a_name_of_its_own() -> None:
    assert len({topic.name for topic in TOPICS}) == len(FILES) == len(TOPICS) > 10


@by_topic
def test_a_topics_examples_run(topic: _topics.Topic) -> None:
    blocks = re.findall(r"```python\n(.*?)```", topic.text, flags=re.DOTALL)
    assert blocks, "a topic shows by example"
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {"stitchnb": stitchnb}, topic.name, None, 0)
    result = doctest.DocTestRunner().run(test, clear_globs=False)
    if "client" in test.globs:
        test.globs["client"].close()
    assert result.failed == 0


@by_topic
def test_a_topic_names_what_there_is_and_each_says_what_it_does(topic: _topics.Topic) -> None:
    assert topic.names
    assert topic.guides
    page = stitchnb.help(topic.name)
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.+) \|$", page.markdown, flags=re.MULTILINE))
    assert set(topic.names) <= set(rows)
    assert all(len(rows[name]) > 10 for name in topic.names), rows


@by_topic
def test_a_topics_guides_are_there(topic: _topics.Topic) -> None:
    assert set(topic.guides) <= GUIDES


def test_every_guide_is_named_by_a_topic() -> None:
    assert {guide for topic in TOPICS for guide in topic.guides} == GUIDES


def test_every_public_name_belongs_to_a_topic() -> None:
    named = {name.partition(".")[0] for topic in TOPICS for name in topic.names}
    assert set(stitchnb.__all__) - named - WITHOUT_A_TOPIC == set()


def test_every_part_of_a_client_belongs_to_a_topic() -> None:
    named = {name for topic in TOPICS for name in topic.names}
    parts = {f"client.{name}" for name, value in vars(stitchnb.Client("none")).items() if hasattr(value, "_client")}
    assert parts
    assert {part for part in parts if not any(name.startswith(part) for name in named)} == set()


def test_without_a_question_the_topics_are_listed() -> None:
    page = stitchnb.help()
    assert all(f"| `{topic.name}` | {topic.summary} |" in page.markdown for topic in TOPICS)


def test_a_method_is_explained_with_what_goes_in_and_out() -> None:
    page = stitchnb.help("client.sources.create").markdown
    assert "client.sources.create(type, *, display_name, properties=None" in page
    assert "| `type` | Source type, such as `platform.recurly`. |" in page
    assert "| `InvalidValuesError` | If values are missing or invalid; each is listed. Nothing was sent. |" in page
    assert "Endpoint: `POST /v4/sources`" in page


def test_a_class_lists_what_is_inside_it_and_nothing_of_ipywidgets() -> None:
    page = stitchnb.help("SourceForm").markdown
    assert "| `submit` |" in page
    assert "| `add_traits` |" not in page


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("client.notifications.emails.disable", "client.notifications.emails.disable"),
        ("sandbox.warehouse.sql", "sandbox.warehouse.sql"),
        ("sandbox.clock.advance", "sandbox.clock.advance"),
        ("stitchnb.SourceForm.submit()", "SourceForm.submit"),
        ("errors", "errors"),
        (" Forms ", "Forms"),
    ],
)
def test_names_are_found_however_they_are_written(name: str, told: str) -> None:
    assert stitchnb.help(name).title in (told, "Errors")


def test_an_object_is_explained_by_its_class(stitch_client: stitchnb.Client) -> None:
    source = stitch_client.sources.create("import_api", display_name="Mine")
    assert stitchnb.help(source).title == "source"
    assert stitchnb.help(stitch_client).title == "client", "though a sandbox's client is of a class of its own"
    assert stitchnb.help(stitch_client.sources).title == "client.sources"
    assert stitchnb.help(stitchnb.ReportCard.from_dict({})).title == "ReportCard"
    assert stitchnb.help(stitchnb.SourceForm).title == "SourceForm"
    assert stitchnb.help(stitch_client.sources.pause).title == "Sources.pause"
    assert stitchnb.help(stitchnb.errors).title == "errors"


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("form", None),
        ("formz", "forms"),
        ("client.source.create", "client.sources"),
        ("client.sources.creat", "client.sources.create"),
        ("SourceForm._page", ""),
        ("client._transport", ""),
        ("nothing at all", ""),
    ],
)
def test_what_is_not_there_is_an_error_that_offers_near_names(name: str, offered: str | None) -> None:
    if offered is None:
        assert stitchnb.help(name).title == name
        return
    with pytest.raises(UnknownTopicError) as caught:
        stitchnb.help(name)
    assert (
        (offered in caught.value.near) if offered else "stitchnb.help() lists" in str(caught.value) or caught.value.near
    )


def test_what_is_not_stitchnbs_is_left_to_python() -> None:
    with pytest.raises(UnknownTopicError, match=r"builtins\.dict"):
        stitchnb.help({})
    with pytest.raises(UnknownTopicError, match=r"builtins\.str\.join"):
        stitchnb.help("".join)


def test_a_terminal_gets_text_without_marks() -> None:
    text = repr(stitchnb.help("client.sources.create"))
    assert text.startswith("client.sources.create\n=====")
    assert "`" not in text
    assert "|" not in text.replace("    >>>", "")
    assert "  display_name: Shown to people." in text


def test_every_name_of_every_topic_has_a_page_without_marks_of_a_docstring() -> None:
    for topic in TOPICS:
        for name in topic.names:
            page = stitchnb.help(name).markdown if name not in {t.name for t in TOPICS} else ""
            assert "\n---" not in page.replace("|---|---|", ""), name
            assert "``" not in page.replace("```", ""), name
            assert "Traceback" in page or "\nSource:" not in page, name


def test_a_docstring_is_taken_apart() -> None:
    def f() -> None:
        """Do it ``now``.

        More of it::

            a = 1

        Then this.

        Parameters
        ----------
        a, b,
        c
            Three
            letters.

        Returns
        -------
        DataFrame
            One row per ``x``.

        Examples
        --------
        ::

            f()

        Source: ``GET /v4/sources``.
        """

    told = read_docstring(f)
    assert told.summary == "Do it `now`."
    assert told.text == "More of it:\n\n```\na = 1\n```\n\nThen this."
    assert told.parameters == (("a, b, c", "Three\nletters."),)
    assert told.returns == (("DataFrame", "One row per `x`."),)
    assert told.examples == "f()"
    assert told.endpoint == "`GET /v4/sources`"
    assert as_markdown("") == ""


def test_names_of_parts_are_public() -> None:
    assert "sources" in _names.parts_of(stitchnb.Client)
    assert not [name for name in _names.parts_of(stitchnb.Client) if name.startswith("_")]
