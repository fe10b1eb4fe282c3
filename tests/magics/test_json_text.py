"""JSON that somebody types is read, or told where it is wrong without showing what it says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.errors import InvalidInputError
from stitchnb.magics.json_cursor import from_environment, hidden, read
from stitchnb.models import Secret

WRONG = [
    ("{'a': 1}", 1, 2, "double quotes", "single quotes"),
    ('{"a": 1\n "b": 2}', 2, 2, "comma or a closing bracket is missing", "no comma"),
    ('{"a": True}', 1, 7, "lower case", "Python's truth"),
    ('{"a": 1 // no\n}', 1, 9, "no comments", "a comment"),
    ('{\n  "id": 1, /* Source ID */\n "b": 2}', 2, 12, "no comments", "the documentation's comment"),
    ('{"properties": {...}}', 1, 17, "leaves something out", "the documentation's dots"),
    ("{\u201ca\u201d: 1}", 1, 2, "typographic", "quotes from a word processor"),
    ('{"a": "b\nc"}', 1, 9, "close its quotes there", "a text over two lines"),
    ('{"a": 1} {"b": 2}', 1, 10, "one value alone", "two values"),
    ("   \n", 1, 1, "The cell is empty", "nothing at all"),
    ('{"a": {"b": 1}\n', 1, 15, "ends too early", "a bracket that is never closed"),
]


@pytest.mark.parametrize(("text", "line", "column", "hint", "why"), WRONG, ids=[case[4] for case in WRONG])
def test_the_place_is_told_and_what_is_mostly_meant(text: str, line: int, column: int, hint: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=hint) as caught:
        read(text)
    assert f"Line {line}, column {column}:" in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", ['{"a": 1,}', '{"a": [1, 2,\n]}'])
def test_a_comma_too_many_is_told(text: str) -> None:
    # Where it is told to be differs between versions of Python.
    with pytest.raises(InvalidInputError, match="comma before it is one too many"):
        read(text)


def test_the_line_is_shown_with_a_mark_below_the_place() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read('{\n  "display_name" "x"\n}')
    _, line, mark, _ = [*str(caught.value).split("\n"), ""][:4]
    assert line == '    2 |   "••••••••••••" "•"'
    assert mark.index("^") == line.index('"•"')


SECRETS = [
    "{\"api_key\": 'S3CRET-VALUE'}",
    '{"api_key": S3CRET-VALUE}',
    '{"api_key": "S3CRET-VALUE}',
    '{"uri": "https://S3CRET:VALUE@x", "b": }',
    "{'uri': 'S3CRET:VALUE', b}",
    '{"a" "S3CRET": "VALUE"}',
    '{"keys": ["S3CRET", VALUE]}',
    '{"key": "S3CRET", "VALUE"}',
    "{api_key: S3CRET}",
    '{"api_key": "S3CRET\nVALUE"}',
    '{"x": "S3CRET\\"VALUE", }',
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_is_wrong_is_shown_without_its_values(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(text)
    assert "S3CRET" not in str(caught.value)
    assert "VALUE" not in str(caught.value)


@given(st.text(max_size=60))
def test_hiding_keeps_the_length_so_that_the_mark_fits(line: str) -> None:
    line = line.replace("\n", "")
    assert len(hidden(line)) == len(line)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters='"\\'), min_size=4, max_size=30))
def test_no_quoted_value_is_shown(secret: str) -> None:
    secret = f"Q{secret}Q"
    for line in (f'"api_key": "{secret}",', f'{{"api_key": "{secret}"', f'"a": ["{secret}", "{secret}"]'):
        assert secret not in hidden(line)


def test_a_name_that_stands_twice_is_told() -> None:
    with pytest.raises(InvalidInputError, match="names 'a' twice"):
        read('{"x": {"a": 1, "b": 2, "a": 3}}')


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_json_has_no_way_to_write_is_refused(word: str) -> None:
    with pytest.raises(InvalidInputError, match="no JSON"):
        read(f'{{"a": {word}}}')


def test_json_without_an_end_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        read("[" * 100_000)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_what_is_right_is_read(value: object) -> None:
    assert read(json.dumps(value, indent=1)) == value


def test_a_name_in_brackets_is_a_variable_of_the_environment() -> None:
    body = {"properties": {"api_key": "[MY_KEY]", "list": ["[MY_KEY]", "x"]}, "n": 1}

    found = from_environment(body, {"MY_KEY": "s3cret"})

    assert found == {"properties": {"api_key": "s3cret", "list": ["s3cret", "x"]}, "n": 1}
    assert isinstance(found["properties"]["api_key"], Secret)
    assert "s3cret" not in repr(found)


def test_one_that_is_not_set_is_told_by_its_name_and_place() -> None:
    with pytest.raises(InvalidInputError, match=r'api_key: \[MY_KEY\](.|\n)*os\.environ\["MY_KEY"\]'):
        from_environment({"api_key": "[MY_KEY]"}, {})
    assert from_environment({"api_key": "[MY_KEY]"}, {}, strict=False) == {"api_key": "[MY_KEY]"}


@pytest.mark.parametrize("value", ["[a]", "[]", "[1]", "x [MY_KEY]", "[my_key]", "MY_KEY", "[AB]"])
def test_other_texts_with_brackets_stay(value: str) -> None:
    assert from_environment([value], {"MY_KEY": "x", "AB": "y"}) == [value]
