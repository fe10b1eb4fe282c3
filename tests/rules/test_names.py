"""A display name becomes a schema name, or it is said why it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.rules.names import derive_name, display_name_error


@pytest.mark.parametrize(
    ("display_name", "name"),
    [
        ("Recurly", "recurly"),
        ("Display!", "display"),
        ("####", ""),
        ("My Shop EU", "my_shop_eu"),
        ("Recurly-2", "recurly2"),
        ("a$b_c", "a$b_c"),
        ("Käse", "kse"),
        ("2nd", "2nd"),
        ("A" * 60, "a" * 60),
    ],
)
def test_the_name_is_made_as_stitch_makes_it(display_name: str, name: str) -> None:
    assert derive_name(display_name) == name


@pytest.mark.parametrize(
    ("display_name", "words"),
    [
        ("", "Expected a name"),
        ("   ", "Expected a name"),
        ("####", "No schema name can be made from '####'"),
        ("2nd shop", "The schema would be 2nd_shop: it must begin with a letter"),
        ("$a", "must begin with a letter or an underscore"),
        ("A" * 50, "would have 50 characters: it must have under 50"),
    ],
)
def test_a_display_name_that_gives_no_name_is_refused_in_words(display_name: str, words: str) -> None:
    assert words in (display_name_error(display_name) or "")


@pytest.mark.parametrize("display_name", ["Recurly", "_x", "A" * 49, "Display!", "Ünal 1"])
def test_a_display_name_that_gives_a_name_is_fine(display_name: str) -> None:
    assert display_name_error(display_name) is None


@given(st.text(max_size=70))
def test_every_text_is_either_refused_or_gives_a_name_that_stitch_accepts(display_name: str) -> None:
    name = derive_name(display_name)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_$")
    if display_name_error(display_name) is None:
        assert 0 < len(name) < 50
        assert name[0] not in "0123456789$"
