"""What names become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.sandbox.warehouses.naming import folded, is_too_long, quoted, valid_name


@pytest.mark.parametrize(
    ("source", "destination", "reason"),
    [
        ("CuStOmErId", "CuStOmErId", "mixed case is kept"),
        ("customer id", "customer id", "inner spaces are kept"),
        (" customer ", "customer", "outer spaces are not"),
        ("!customerid", "customerid", "an unsupported character goes at the start"),
        ("customer!id", "customerid", "and inside"),
        ("customer\nid;--", "customerid", "whatever SQL might make of it"),
        ("a\"b'c", "abc", "quotes go too"),
        ("customer-id.x", "customeridx", "hyphens and dots are no letters"),
        ("123customerid", "customerid", "leading digits go"),
        ("$1customerid", "customerid", "all that stands before the first letter goes"),
        ("_987X", "_987X", "a leading underscore starts a name"),
        ("1_987X", "_987X", "also after a digit"),
        ("amount$1", "amount$1", "dollar signs and digits inside stay"),
        ("größe", "größe", "letters of other alphabets are letters"),
        ("gro\u0308ße", "größe", "one spelling for one letter"),
        ("价格", "价格", "ideographs are letters"),
        ("हिन्दी", "हिन्दी", "vowel signs belong to their letters"),
        ("I❤️NY", "INY", "an emoji goes with its invisible variation selector"),
        ("\ud83d", "", "half a surrogate pair cannot be written"),
        ("123", "", "nothing is left"),
        ("", "", "nothing was there"),
    ],
)
def test_a_name_is_made_valid(source: str, destination: str, reason: str) -> None:
    assert valid_name([source]) == destination, reason


def test_nested_names_are_joined_before_they_are_cleaned() -> None:
    assert valid_name(["attributes", "2024"]) == "attributes__2024"
    assert valid_name(["1", "size"]) == "__size"


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_a_valid_name_stays_as_it_is(parts: list[str]) -> None:
    once = valid_name(parts)
    assert valid_name([once]) == once
    assert once == "" or once[0] == "_" or once[0].isalpha()


@pytest.mark.parametrize(
    ("name", "too_long"), [("a" * 63, False), ("a" * 64, True), ("é" * 31, False), ("é" * 32, True)]
)
def test_the_limit_is_63_bytes_rather_than_characters(name: str, too_long: bool) -> None:
    assert is_too_long(name) is too_long


def test_only_the_case_of_ascii_letters_is_ignored_as_in_duckdb() -> None:
    assert folded("CustomerId") == folded("customerid")
    assert folded("É") != folded("é")


def test_a_quote_inside_an_identifier_is_doubled() -> None:
    assert quoted('a"b', "c") == '"a""b"."c"'
