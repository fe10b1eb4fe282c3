"""Patterns of report cards are read back as what their authors meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.rules.schema import patterns


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^1$|^30$|^60$", ("1", "30", "60")),  # each choice anchored for itself
        ("^(true|false)$", ("true", "false")),  # anchored around a group
        ("^(true|false)", ("true", "false")),  # the end left open by mistake
        ("^(AQUA|REST)$", ("AQUA", "REST")),  # order and case are the author's
        ("^1|2$", ("1", "2")),  # the anchors bind tighter than the author thought
        ("^(?:a|b)$", ("a", "b")),  # a group that captures nothing
        ("^((a|b)|c)$", ("a", "b", "c")),  # groups in groups
        (r"^us\-east\.1$", ("us-east.1",)),  # escaped signs are themselves
        ("^https?$", ("http", "https")),  # an optional letter
        ("^(a|b)?$", ("a", "b")),  # a blank is never a value
        ("^[ABC]$", ("A", "B", "C")),  # a set of letters
        ("^a{2}b{0,1}$", ("aa", "aab")),  # counts
        ("^(ssh|none)$", ("ssh", "none")),
        ("^(a|a|b)$", ("a", "b")),  # each once
    ],
)
def test_a_list_of_literals_is_read_as_choices(pattern: str, expected: tuple[str, ...]) -> None:
    assert patterns.choices(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "^https",  # one prefix
        "^(sk|rk)_",  # prefixes, which end in a sign
        "a|b",  # found anywhere: text that holds a or b
        r"^\d+$",  # digits without end
        r"^(\d|[1-9]\d|100)$",  # a set of numbers
        "^stitch-challenge-file-.*$",  # free text behind a prefix
        "^[^a]$",  # everything but
        "^[A-Z]{2}$",  # too many to choose from
        "(?i)^(true|false)$",  # flags
        r"^\w$",
        r"^(a)\1$",
        "^a(?=b)$",
        "^$",
        "",
        "(",
        "^a{1",
        "^[a-",
        "^[]$",
        "^a{2,}$",
        "^a{1}{2}$",
        "^a|b^$",
        "(" * 50 + "a" + ")" * 50,
        "^\x02$",
    ],
)
def test_what_is_no_list_of_literals_offers_no_choices(pattern: str) -> None:
    assert patterns.choices(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^(\d|[1-9]\d|100)$", tuple(range(101))),
        ("^([1-9]|[12][0-9]|30|60|90)$", (*range(1, 31), 60, 90)),
        (r"^[0-5]$", (0, 1, 2, 3, 4, 5)),
        (r"^\d+$", None),  # no end
        ("^(30|60)$", None),  # literals, to choose from
        (r"^0\d$", None),  # not numbers but digits: 07
        (r"^(\d|10)", None),  # goes on: 10abc matches
        (r"^\d{4}$", None),  # too many to name
    ],
)
def test_a_spelt_out_set_of_numbers_is_read(pattern: str, expected: tuple[int, ...] | None) -> None:
    assert patterns.whole_numbers(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (r"^\d+$", "30"),
        (r"^\d+", "30"),  # open at its end: 30x matches too
        ("^[0-9]+$", "30"),
        (r"^-?\d+$", "30"),
        (r"^\d{5}$", "12345"),  # a certain count
        (r"\d+", None),  # found anywhere
        (r"^[0-9a-f]+$", None),  # letters too
        (r"^\d+(\.\d+)?$", None),  # decimals too
        ("^[a-z]+$", None),
        ("(", None),
    ],
)
def test_a_pattern_of_digits_is_told_by_what_it_takes(pattern: str, example: str | None) -> None:
    assert patterns.number_like(pattern) == example
    assert patterns.is_digits(pattern) is (example is not None)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^\d{4}-\d{2}-\d{2}T00:00:00Z$", True),
        (r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T00:00:00Z$", True),
        (r"^\d{4}-\d{2}-\d{2}T\d{2}:00:00Z$", False),  # any full hour
        (r"^\d{4}-\d{2}-\d{2}$", False),
        ("^.*$", False),
        ("(", False),
    ],
)
def test_a_date_at_midnight_is_recognised(pattern: str, expected: bool) -> None:
    assert patterns.is_midnight(pattern) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^\d+$", "5", True),
        (r"^\d+$", "5\n", False),  # Python's $ would let it pass
        (r"^\d+$", "٣", False),  # digits are 0 to 9
        (r"^\d+", "30 or more", True),  # patterns search
        ("b", "abc", True),
        ("[$]", "$", True),  # no anchor in a set
        (r"\$", "$", True),  # nor behind a backslash
        ("(?<y>a)b(?<=b)", "ab", True),  # a named group, and what only looks like one
        (r"^\p{L}$", "x", True),
        (r"^\p{L}$", "1", False),
        (r"\Aab\Z", "ab", True),  # anchors of other languages
        (r"^ab\z", "ab\n", False),
        ("(", "anything", True),  # not a pattern, so nothing is checked
        ("^[]a]$", "a]", False),  # an empty set takes nothing
        ("^[^]$", "\n", True),  # its opposite takes everything
    ],
)
def test_matching_is_that_of_json_schema(pattern: str, text: str, expected: bool) -> None:
    assert patterns.matches(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["[[a]", "[--a]", "[+--]", "[a&&b]", "[a||b]", "[a~~b]"])
def test_signs_in_a_set_stand_for_themselves(pattern: str) -> None:
    assert patterns.matches(pattern, pattern[-2]) is True


@given(st.text(max_size=30))
def test_any_text_may_stand_where_a_pattern_should(pattern: str) -> None:
    for read in (patterns.choices, patterns.whole_numbers, patterns.is_digits, patterns.is_midnight):
        read(pattern)
    assert patterns.matches(pattern, "a") in (True, False)


@given(st.text("ab01()[]|^$?{}-\\d,+*:.", max_size=20))
def test_what_is_offered_is_accepted(pattern: str) -> None:
    for value in (*(patterns.choices(pattern) or ()), *map(str, patterns.whole_numbers(pattern) or ())):
        assert patterns.matches(pattern, value)


@given(st.lists(st.text("aé.0+$(", min_size=1, max_size=5), min_size=1, max_size=6, unique=True))
def test_any_list_of_literals_comes_back_in_its_order(values: list[str]) -> None:
    pattern = "^(" + "|".join(map(re.escape, values)) + ")$"
    assert patterns.choices(pattern) == tuple(values)


@given(st.text("ab1[]()|^$.*+?\\-&~", max_size=12), st.text("ab1[]-", max_size=6))
def test_matching_agrees_with_python_where_the_two_mean_the_same(pattern: str, text: str) -> None:
    if re.search(r"[\[\\]|\(\?|[*+?]\+|[$^][*+?]", pattern):
        return
    try:
        expected = re.search(pattern, text, re.ASCII) is not None
    except re.error:
        expected = True
    assert patterns.matches(pattern, text) is expected
