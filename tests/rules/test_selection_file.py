"""Selections as YAML: names survive whatever they are, and what is broken is told with its line."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from stitchnb.errors import InvalidInputError
from stitchnb.rules.selection import yaml_file as selection_file
from stitchnb.rules.selection.yaml_file import read, to_yaml

# Words that one reader of YAML or another takes for something else than text.
ODD = (
    *("no", "No", "on", "off", "yes", "y", "n", "true", "null", "~", "", "1e3", "1_000", "0o7", "0x1f", ".inf", ".nan"),
    *("2026-03-20", "12:30:45", "=", "<<", "- a", "a: b", "a #b", "#a", "!a", "&a", "*a", "%a", "@a", "`a", "'", '"'),
    *("\t", " a", "a ", "a\nb", "\x85a", "\u2028", "\ufeff", "é", "\U0001f600", "[a]", "{a}", "a,b", "?", "? a", "---"),
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(ODD)
crumbs = st.lists(names, min_size=1, max_size=4).map(tuple)
streams = st.fixed_dictionaries(
    {},
    optional={
        "replication_method": names,
        "replication_key": names,
        "view_keys": st.lists(names, min_size=1, max_size=3),
        "fields": st.lists(names | crumbs, min_size=1, max_size=4),
    },
)
selections = st.fixed_dictionaries(
    {"stitchnb_selection": st.just(1), "streams": st.dictionaries(names, streams, max_size=3)},
    optional={"source_type": names},
)


def said(selection: selection_file.SelectionFile) -> dict[str, Any]:
    """What was read, as the selection that was written."""
    told = {
        stream.name.value: {key: choice.value for key, choice in stream.keys.items()}
        | ({"fields": [field.value for field in stream.fields]} if stream.fields else {})
        for stream in selection.streams
    }
    for stream in told.values():
        if "view_keys" in stream:
            stream["view_keys"] = list(stream["view_keys"])
    type_ = {} if selection.source_type is None else {"source_type": selection.source_type.value}
    return {"stitchnb_selection": 1, **type_, "streams": told}


@given(selections)
@example({"stitchnb_selection": 1, "streams": {word: {"fields": list(ODD)} for word in ODD}})
def test_whatever_a_name_is_it_comes_back_as_it_was(selection: dict[str, Any]) -> None:
    assert said(read(to_yaml(selection))) == selection
    assert said(read(selection)) == selection


@given(selections)
def test_other_readers_of_yaml_read_the_same(selection: dict[str, Any]) -> None:
    told = yaml.safe_load(to_yaml(selection))

    for stream in told["streams"].values():
        stream |= {"fields": [tuple(f) if isinstance(f, list) else f for f in stream.get("fields", ())]}
    assert told == {
        **selection,
        "streams": {name: {"fields": [], **stream} for name, stream in selection["streams"].items()},
    }


@given(selections)
def test_it_needs_no_libyaml(selection: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        with_it = to_yaml(selection)
        patch.delattr(yaml, "CSafeDumper")
        patch.delattr(yaml, "CBaseLoader")
        selection_file._dumper.cache_clear()
        try:
            assert said(read(to_yaml(selection))) == said(read(with_it)) == selection
        finally:
            selection_file._dumper.cache_clear()


def test_it_is_written_a_name_a_line_in_its_own_order() -> None:
    selection = {
        "stitchnb_selection": 1,
        "source_type": "platform.hp-postgres",
        "streams": {
            "orders": {"replication_method": "FULL_TABLE", "fields": ["total", "no", ("properties", "a.b")]},
            "customers": {},
        },
    }

    assert to_yaml(selection) == (
        "stitchnb_selection: 1\n"
        "source_type: platform.hp-postgres\n"
        "streams:\n"
        "  orders:\n"
        "    replication_method: FULL_TABLE\n"
        "    fields:\n"
        "    - total\n"
        "    - 'no'\n"
        "    - [properties, a.b]\n"
        "  customers: {}\n"
    )


def test_a_hand_may_write_it_in_its_own_way() -> None:
    text = """\
# Everything that the finance team asked for.
streams:
  orders: {fields: [no, on, 1e3], replication_key: ~}
  customers:
  "null":
    fields:
stitchnb_selection: "1"
"""

    assert said(read(text)) == {
        "stitchnb_selection": 1,
        "streams": {"orders": {"fields": ["no", "on", "1e3"]}, "customers": {}, "null": {}},
    }


def test_the_place_of_every_name_is_known(tmp_path: Path) -> None:
    path = tmp_path / "shop.yml"
    path.write_text(
        "\ufeffstitchnb_selection: 1\nstreams:\n  orders:\n    view_keys: [id]\n    fields:\n    - a\n", "utf-8"
    )

    (stream,) = read(path).streams

    assert [stream.name.place, stream.keys["view_keys"].place, stream.fields[0].place] == [
        f"{path}, line 3",
        f"{path}, line 4",
        f"{path}, line 6",
    ]
    assert read(str(path)) == read(path)


HEAD = "stitchnb_selection: 1\nstreams:\n"
BROKEN = [
    ("a: [\n", "line 2: this is no YAML", "no YAML"),
    ("a: \x01\n", "this is no YAML: control characters", "a character that no YAML holds"),
    ("- a\n- b\n", "is no selection: there is no 'stitchnb_selection'", "a list"),
    ("version: 3\n", "is no selection: there is no 'stitchnb_selection'", "something else"),
    ("\n\n", "is no selection", "nothing"),
    (HEAD + "---\n{}\n", "another document", "two documents"),
    (
        "stitchnb_selection: 2\nstreams: {}\n",
        "line 1: this is format 2, and this stitchnb reads format 1",
        "of tomorrow",
    ),
    ("stitchnb_selection: 1\n\n", "no 'streams' in it", "no streams"),
    (HEAD + "- orders\n", "line 3: streams has to be names", "streams as a list"),
    (HEAD + "  orders: all\n", "line 3: orders has to be names", "a stream that is a word"),
    (HEAD + "  a:\n  b:\n  a:\n", "line 5: 'a' is there twice", "a stream twice"),
    (
        HEAD + "  a:\n    feilds: [b]\n",
        "line 4: 'feilds' means nothing here. Did you mean 'fields'?",
        "a misspelled key",
    ),
    (HEAD + "  a:\n    x: [b]\n", "'x' means nothing here. There can be replication_method,", "an unknown key"),
    (HEAD + "  a: {fields: b}\n", "line 3: fields has to be a list", "fields that are a word"),
    (HEAD + "  a: {fields: [{b: c}]}\n", "line 3: a field has to be one name", "a field that is none"),
    (HEAD + "  a: {fields: [[[b]]]}\n", "a breadcrumb has to be one name", "a breadcrumb in a breadcrumb"),
    (HEAD + "  a: {replication_key: [b]}\n", "line 3: replication_key has to be one name", "a list for a name"),
    (HEAD + "  a: {view_keys: b}\n", "line 3: view_keys has to be a list", "a name for a list"),
    (HEAD + "  [a]: {}\n", "line 3: what is in streams has to be one name", "a stream that is a list"),
    (HEAD + "  a: &a {fields: *a}\n", "fields has to be a list", "something that holds itself"),
    ("[" * 50_000 + "\n", "line 1: no selection goes as deep as this", "what is too deep to be read"),
    ("- " * 50_000 + "\n", "line 1: no selection goes as deep as this", "lists in lists, without brackets"),
]


@pytest.mark.parametrize(("text", "told", "why"), BROKEN, ids=[row[2] for row in BROKEN])
def test_what_is_broken_is_told_with_its_place(text: str, told: str, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(text)

    assert told in str(caught.value), why
    assert str(caught.value).startswith("The selection")


def test_a_file_that_cannot_be_read_is_told_by_its_name(tmp_path: Path) -> None:
    picture = tmp_path / "shop.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff")

    with pytest.raises(InvalidInputError, match=r"shop\.png is no text in UTF-8"):
        read(picture)
    with pytest.raises(InvalidInputError, match=r"shop\.yml cannot be read: No such file"):
        read(tmp_path / "shop.yml")
    with pytest.raises(InvalidInputError, match="The selection: this is no YAML: cannot represent"):
        read({"stitchnb_selection": 1, "streams": {"a": {"fields": [object()]}}})
