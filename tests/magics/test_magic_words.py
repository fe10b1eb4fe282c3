"""The line behind the magic is split, filled in and understood, or told what is wrong with it."""

from types import SimpleNamespace
from typing import Any

import pytest

from stitchnb.errors import InvalidInputError
from stitchnb.magics.line import Asked, filled, read, words

SPLIT = [
    ("GET /v4/sources", ["GET", "/v4/sources"], "two words"),
    ("  GET\t/v4/sources  ", ["GET", "/v4/sources"], "spaces around"),
    ("", [], "nothing"),
    ("GET /v4/sources # all of them", ["GET", "/v4/sources"], "a comment"),
    ("GET /v4/a#b", ["GET", "/v4/a#b"], "no comment inside a word"),
    ("GET /v4/{s.iloc[0]['id']}/x", ["GET", "/v4/{s.iloc[0]['id']}/x"], "quotes inside braces"),
    ("GET /v4/{f(1, 2)}", ["GET", "/v4/{f(1, 2)}"], "spaces inside braces"),
    ("GET '/v4/a b'", ["GET", "/v4/a b"], "a quoted word"),
    ("GET /v4/{d['}']}", ["GET", "/v4/{d['}']}"], "a brace inside quotes inside braces"),
]


@pytest.mark.parametrize(("line", "expected", "why"), SPLIT, ids=[case[2] for case in SPLIT])
def test_a_line_is_split_at_its_spaces(line: str, expected: list[str], why: str) -> None:
    assert [word.text for word in words(line)] == expected


@pytest.mark.parametrize("line", ["GET /v4/{source.id", "GET '/v4", 'GET /v4/{d["a}'])
def test_what_is_never_closed_is_told(line: str) -> None:
    with pytest.raises(InvalidInputError, match="never closed"):
        words(line)


NAMESPACE: dict[str, Any] = {"source": SimpleNamespace(id=7), "ids": [1, 2], "n": 3, "source_id": 9}
FILLED = [
    ("/v4/sources/{source.id}", "/v4/sources/7", "an attribute"),
    ("/v4/sources/{ids[1]}/x/{n + 1}", "/v4/sources/2/x/4", "expressions"),
    ("/v4/sources/$n", "/v4/sources/3", "a dollar"),
    ("/v4/sources/{source_id}", "/v4/sources/9", "the documentation's own name, where there is such a variable"),
    ("/v4/sources", "/v4/sources", "nothing to fill in"),
]


@pytest.mark.parametrize(("word", "expected", "why"), FILLED, ids=[case[2] for case in FILLED])
def test_variables_are_filled_in_as_ipython_does(word: str, expected: str, why: str) -> None:
    assert filled(word, NAMESPACE) == expected


UNFILLED = [
    ("/v4/sources/{sorce.id}", "sorce", "an unknown variable"),
    ("/v4/sources/{source.ident}", "ident", "an unknown attribute"),
    ("/v4/{client_id}/loads", r"still holds \{client_id\}, as the documentation writes it", "the documentation's name"),
    ("/v4/sources/{1/0}", "ZeroDivisionError", "an expression that fails"),
]


@pytest.mark.parametrize(("word", "message", "why"), UNFILLED, ids=[case[2] for case in UNFILLED])
def test_what_cannot_be_filled_in_is_told_rather_than_sent(word: str, message: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        filled(word, NAMESPACE)


READ = [
    ("GET /v4/sources", Asked("GET", "/v4/sources"), "a method and a path"),
    ("/v4/sources", Asked(None, "/v4/sources"), "a path alone"),
    ("GET", Asked("GET"), "a method alone"),
    ("--raw GET /v4/sources", Asked("GET", "/v4/sources", raw=True), "an option first"),
    (
        "GET /v4/sources --client mine --to=x --dry-run --no-validate",
        Asked("GET", "/v4/sources", client="mine", to="x", dry_run=True, validate=False),
        "every way to write options",
    ),
    ("POST /v4/a --body b --token t", Asked("POST", "/v4/a", body="b", token="t"), "names of variables"),
    ("--dry-run curl -X GET 'x y'", Asked(curl="curl -X GET 'x y'", dry_run=True), "a curl command as it stands"),
    ("curl {a} $b 'c", Asked(curl="curl {a} $b 'c"), "and nothing of it is touched"),
]


@pytest.mark.parametrize(("line", "expected", "why"), READ, ids=[case[2] for case in READ])
def test_a_line_is_understood(line: str, expected: Asked, why: str) -> None:
    assert read(line, {}) == expected


MISREAD = [
    ("GET /v4/sources --rw", "Did you mean --raw"),
    ("GET /v4/sources -x y z", "here are 5 words"),
    ("GET /v4/sources --raw=1", "takes no value: write --raw alone"),
    ("GET /v4/sources --to", "--to takes the name of a variable"),
    ("GET /v4/sources --to 1x", "'1x' is none"),
    ("GET /v4/sources --to class", "'class' is none"),
    ("GET /v4/sources --zzz", "There are --client"),
]


@pytest.mark.parametrize(("line", "message"), MISREAD)
def test_a_line_that_cannot_be_meant_is_told(line: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read(line, {})
