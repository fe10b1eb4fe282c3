"""Help leads on: what a page names can be asked for, takes what is said of it, and is of use to who reads it."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from public_names import docstring_of, public_names

import stitchnb
from stitchnb._help import pages as _topics
from stitchnb._help.docs import resolve_references, see

TOPICS = _topics.read_topics()
# A call in prose, such as `SourceWizard(client, source_id=…)`, and a keyword alone, such as `source_id=`.
CALL = re.compile(r"([\w.]+)\((.*)\)")
KEYWORD = re.compile(r"(?:^|[\s(,])(\w+)=(?!=)")


def keywords_in(text: str) -> Iterator[tuple[str, str]]:
    """Give each keyword between backticks, after the name of what is called; that is empty where none is named."""
    prose = re.sub(
        r"```.*?```|^Examples\n-+\n.*?(?=\n\n\S+\n-|\Z)|^ *>>> .*$", "", text, flags=re.DOTALL | re.MULTILINE
    )
    for span in re.findall(r"`+([^`]+)`+", prose):
        call = CALL.search(span)
        if call:
            yield from ((call[1], keyword) for keyword in KEYWORD.findall(call[2]))
        elif re.fullmatch(r"\w+=…?", span):
            yield "", span.rstrip("=…")


def takes(found: Any, keyword: str) -> bool:
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):
        return False
    return keyword in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def called(name: str, callee: str) -> list[Any]:
    """Give what a call in prose may mean: the name itself, or where that is nobody's, every method of that name."""
    found = see(name, callee.removeprefix("stitchnb."))
    last = callee.rpartition(".")[2]
    return [found] if found is not None else [one for key, one in public_names().items() if key.endswith(f".{last}")]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_keyword_that_a_topic_names_is_taken_by_what_it_speaks_of(topic: _topics.Topic) -> None:
    own = [public_names()[name] for name in topic.names if name in public_names()]
    for callee, keyword in keywords_in(topic.text):
        assert any(takes(one, keyword) for one in (called("", callee) if callee else own)), f"{callee}({keyword}=)"


def test_a_keyword_that_a_docstring_names_is_taken_by_what_it_speaks_of() -> None:
    wrong = {}
    for name, found in public_names().items():
        for callee, keyword in keywords_in(docstring_of(found)):
            if not any(takes(one, keyword) for one in (called(name, callee) if callee else [found])):
                wrong[name] = f"{callee}({keyword}=)"
    assert wrong == {}


def test_what_a_docstring_says_to_see_can_be_asked_for() -> None:
    lost = {
        name: target
        for name, found in public_names().items()
        for target in re.findall(r"\b[Ss]ee `+([\w.]+)`+", docstring_of(found))
        if see(name, target) is None
    }
    assert lost == {}
    assert stitchnb.help("Streams.select").title == "Streams.select"
    assert stitchnb.help("stitchnb.sandbox.Faults").title == "sandbox.Faults"


def test_a_name_on_a_page_that_begins_with_a_class_can_be_asked_for() -> None:
    lost = {
        name: target
        for name, found in public_names().items()
        for target in re.findall(r"`((?:[A-Z]\w+)\.[a-z_]\w*)(?:\(\))?`", docstring_of(found))
        if see(name, target) is None
    }
    assert lost == {}


@pytest.mark.parametrize(
    ("short", "parameters", "error"),
    [
        ("source.select", {"stream", "fields"}, "UnknownStreamError"),
        ("job.wait", {"timeout_s", "quiet_s", "show_progress"}, "JobFailedError"),
        ("job.log", set(), "NotFoundError"),
        ("check.wait", {"timeout_s", "show_progress"}, "CheckFailedError"),
        ("AccountBrowser.pause", set(), ""),
    ],
)
def test_a_short_method_shows_what_is_said_of_the_one_it_points_to(
    short: str, parameters: set[str], error: str
) -> None:
    told = resolve_references(short, public_names()[short])
    assert {name for name, _ in told.parameters} == parameters, "and none that it does not take itself"
    assert not error or error in {name for name, _ in told.raises}


def test_what_is_returned_is_told_by_another_name_only_where_it_is_the_same() -> None:
    records = dict(resolve_references("source.extractions", public_names()["source.extractions"]).returns)["RecordList"]
    assert "one row per extraction" in records
    assert resolve_references("catalog.to_yaml", public_names()["catalog.to_yaml"]).returns == (), (
        "text, and no dictionary"
    )


def test_parameters_that_are_told_elsewhere_are_told_here_too() -> None:
    page = stitchnb.help("AsyncClient").markdown
    assert "| `region` | Where the account is: `us`" in page
    assert "| `pace_s` | Seconds that a connection check" in stitchnb.help("Sandbox").markdown
    assert "See `Client`" not in page


def test_an_object_that_one_is_given_is_not_shown_how_to_be_made() -> None:
    for name in ("source", "check", "catalog", "destination", "job"):
        page = stitchnb.help(name).markdown
        assert f"{name}(" not in page, name
        assert "Given\nby" in page or "Given by" in page, name
        assert "| `from_dict` |" not in page, name
    assert "client.sources(" not in stitchnb.help("client.sources").markdown
    assert 'stitchnb.help("Client")' in stitchnb.help("client").markdown
    assert "client(\n" not in stitchnb.help("client").markdown
    assert "Client(\n" in stitchnb.help("Client").markdown


def test_a_client_shows_its_resources_first(stitch_client: stitchnb.Client) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", stitchnb.help(stitch_client).markdown, flags=re.MULTILINE)
    assert rows[0] == "sources"
    assert {"jobs", "streams", "request", "close"} <= set(rows)
    assert not {"run", "send", "poll_s", "job_poll_s", "learn_client_id"} & set(rows)
    assert "| `emails` |" in stitchnb.help("client.notifications").markdown
    assert "| `clear` |" in stitchnb.help("client.journal").markdown, "of a property's value"


def test_no_page_lists_what_other_parts_of_stitchnb_call() -> None:
    listed = {name: stitchnb.help(name).markdown for name in public_names() if "." not in name}
    inner = {
        name: found[0] for name, page in listed.items() if (found := re.findall(r"for .{,40} to (?:call|use)\.", page))
    }
    assert inner == {}


def test_a_module_lists_its_own_names_only() -> None:
    page = stitchnb.help("frames").markdown
    assert "#### Names" in page
    assert "| `Any` |" not in page
    assert "Inside" not in page + stitchnb.help("source").markdown


def test_a_class_and_a_topic_of_one_name_differ_by_their_capital() -> None:
    assert stitchnb.help("Sandbox").title == "Sandbox"
    assert stitchnb.help("sandbox").title == "The sandbox"
