"""Where the cursor stands in JSON that is still being written; ``|`` marks it."""

import pytest

from stitchnb.magics.json_cursor import IN_LIST, JsonPlace, place_of


def at(marked: str) -> JsonPlace | None:
    return place_of(marked.replace("|", ""), marked.index("|"))


NAMES = [
    ("{|", (), "", set(), "the beginning of an object"),
    ('{"|', (), "", set(), "a name that was begun"),
    ('{"ty|', (), "ty", set(), "in a name"),
    ('{"ty|"', (), "ty", set(), "in a name whose quote closed itself"),
    ("{ty|", (), "ty", set(), "a name without quotes"),
    ('{\n  "ty|\n  "display_name": "Shop"\n}', (), "ty", {"display_name"}, "before other names"),
    ('{"type": "a", |', (), "", {"type"}, "behind a comma"),
    ('{"type": "a", "|}', (), "", {"type"}, "behind a comma, in quotes"),
    ('{"properties": {|', ("properties",), "", set(), "in an object"),
    ('{"type": "a, {b", "properties": {"x": "\\"}", "|"}}', ("properties",), "", {"x"}, "signs in texts are none"),
    ('{"streams": [{"|', ("streams", IN_LIST), "", set(), "in an object in a list"),
    (
        '{"streams": [{"a": 1}, {"metadata": [{"b": []}, {|}]}]}',
        ("streams", IN_LIST, "metadata", IN_LIST),
        "",
        set(),
        "far",
    ),
    ('[{"|"}]', (IN_LIST,), "", set(), "in a list at the top"),
    ('{"a": [1, 2], "b": {"c": {}}, |', (), "", {"a", "b"}, "behind what was closed"),
]


@pytest.mark.parametrize(("marked", "path", "word", "taken", "why"), NAMES, ids=[case[-1] for case in NAMES])
def test_a_name_is_written(marked: str, path: tuple[str, ...], word: str, taken: set[str], why: str) -> None:
    place = at(marked)
    assert place is not None
    assert (place.path, place.name, place.word, place.taken) == (path, None, word, taken)


VALUES = [
    ('{"type": |', "type", "", False, "behind the colon"),
    ('{"type": "|', "type", "", True, "in quotes"),
    ('{"type": "platform.re|"}', "type", "platform.re", True, "in a text"),
    ('{"destination_id": 4|}', "destination_id", "4", False, "in a number"),
    ('{"enable": t|', "enable", "t", False, "in a word"),
]


@pytest.mark.parametrize(("marked", "name", "word", "is_quoted", "why"), VALUES, ids=[case[-1] for case in VALUES])
def test_a_value_is_written(marked: str, name: str, word: str, is_quoted: bool, why: str) -> None:
    place = at(marked)
    assert place is not None
    assert (place.name, place.word, place.is_quoted) == (name, word, is_quoted)


@pytest.mark.parametrize(
    "marked",
    [
        "|",
        '{"type"|',
        '{"type" |',
        '{"type": "a"|',
        '{"type": "a" |',
        '{"type": "a"}|',
        "curl -X |",
        '{}, {"|',
        '"|',
        "}{|",
    ],
)
def test_where_only_a_sign_can_follow_and_outside_of_json_there_is_no_place(marked: str) -> None:
    assert at(marked) is None


@pytest.mark.parametrize(
    ("marked", "is_closed", "is_followed"),
    [
        ('{"ty|', False, False),
        ('{"ty|"', True, False),
        ('{"ty|pe": 1}', True, True),
        ('{"a": "b|", "c": 1}', True, False),
        ("{ty|: 1}", False, True),
        ('{"ty|\n"display_name": "Shop"', False, False),
    ],
)
def test_it_is_told_what_is_there_already_behind_it(marked: str, is_closed: bool, is_followed: bool) -> None:
    place = at(marked)
    assert place is not None
    assert (place.is_closed, place.is_followed) == (is_closed, is_followed)


def test_the_texts_at_the_top_are_told_wherever_they_stand() -> None:
    place = at('{"properties": {"|"}, "type": "platform.shopify", "more": {"type": "other"}, "id": 7}')
    assert place is not None
    assert place.texts == {"type": "platform.shopify"}
