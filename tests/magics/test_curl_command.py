"""A curl command is split as a shell splits it and read as curl reads it; nothing is run."""

import contextlib
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stitchnb.client.journal import Journal
from stitchnb.errors import InvalidInputError
from stitchnb.magics.curl import Curl, is_curl, read, split

URL = "https://api.stitchdata.com/v4/sources"
PLAIN = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=20)
# What a shell splits and quotes, without what it would run or look up; a line only ends to go on.
SHELL = st.lists(st.sampled_from([*"ab1 \t'\"\\:-#=", "\\\n"]), max_size=25).map("".join)


def split_words(command: str, **environment: str) -> list[str]:
    return [word.text(environment) for word in split(command)]


@given(st.lists(PLAIN, max_size=6))
def test_whatever_is_quoted_for_a_shell_comes_back(given_words: list[str]) -> None:
    assert split_words(shlex.join(given_words)) == given_words


@given(SHELL)
def test_it_splits_as_a_shell_does_and_fails_where_a_shell_does(command: str) -> None:
    # At the very end shells differ; and spaces behind a last backslash are refused, as nobody means them.
    command = command.rstrip("\\ \t\n")
    # An even number of backslashes before it makes it the end of a command, and so does a comment.
    assume(not ("#" in command and "\n" in command))
    assume(not re.search(r"(?<!\\)(?:\\\\)+\n", command))
    shell = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\0' first {command}"], capture_output=True, text=True, check=False
    )
    if shell.returncode:
        with pytest.raises(InvalidInputError):
            split(command)
    else:
        assert ["first", *split_words(command)] == shell.stdout.split("\0")[:-1]


@given(st.text(max_size=60))
def test_nothing_that_is_pasted_makes_it_fall_over(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        assert read(f"curl {text}", {}).target


WORDS = [
    ("a \\\n b", ["a", "b"], "a line that goes on"),
    ("a \\\r\n b", ["a", "b"], "a line that goes on, from Windows"),
    ("a'b'\"c\"d", ["abcd"], "quotes inside a word"),
    ("'' \"\"", ["", ""], "empty words"),
    (r'"a\"b\\c\d"', [r'a"b\c\d'], "escapes inside double quotes"),
    (r"$'it\'s\n\u00e9\x41\101'", ["it's\n\u00e9AA"], "a browser's own quotes"),
    ("$KEY ${KEY} \"x$KEY\" '$KEY' \\$KEY", ["v", "v", "xv", "$KEY", "$KEY"], "variables, where a shell looks them up"),
    ("a # the rest", ["a"], "a comment"),
    ("a#b", ["a#b"], "no comment inside a word"),
    ("cost$ 5", ["cost$", "5"], "a dollar that is none"),
]


@pytest.mark.parametrize(("command", "expected", "why"), WORDS, ids=[case[2] for case in WORDS])
def test_it_is_split_as_a_shell_splits(command: str, expected: list[str], why: str) -> None:
    assert split_words(command, KEY="v") == expected


NOT_ONE = ["curl x | jq .", "curl x; ls", "curl x && ls", "curl x > f", "curl $(cat t)", 'curl "$(cat t)"', "curl `t`"]


@pytest.mark.parametrize("command", NOT_ONE)
def test_more_than_one_command_is_refused(command: str) -> None:
    with pytest.raises(InvalidInputError, match="one curl command alone"):
        read(command, {})


COMMANDS = [
    (f"curl {URL}", Curl("GET", URL), "an address alone"),
    (f"curl -X DELETE {URL}/1", Curl("DELETE", f"{URL}/1"), "a method"),
    (f"curl -XPUT {URL}/1 -d '{{}}'", Curl("PUT", f"{URL}/1", "{}"), "a method without a space"),
    (f"curl --request=POST --url {URL}", Curl("POST", URL), "long options with an equals sign"),
    (f"curl {URL} -d '{{\"a\": 1}}'", Curl("POST", URL, '{"a": 1}'), "data make it a POST"),
    (f"curl {URL} --json '[]'", Curl("POST", URL, "[]"), "--json"),
    (f"curl {URL} --data-raw '@x'", Curl("POST", URL, "@x"), "raw data, which name no file"),
    (f"curl -sSL -X GET {URL}", Curl("GET", URL), "short options together"),
    (f"curl -sXPOST {URL}", Curl("POST", URL), "short options together, the last with a value"),
    (f"curl -G {URL} -d page=2 -d a=b", Curl("GET", f"{URL}?page=2&a=b"), "data in the query"),
    (f"$ curl {URL}", Curl("GET", URL), "with a prompt before it"),
    (f"! curl {URL}", Curl("GET", URL), "as IPython runs a command"),
    (f"# list them\ncurl {URL}", Curl("GET", URL), "with a comment above it"),
    (f"curl {URL} -H 'X-Trace: 1' -H 'Accept: */*'", Curl("GET", URL, left_out=["X-Trace"]), "another header"),
    (f"curl {URL} -o out.json --max-time 5 -k", Curl("GET", URL), "what is the client's business"),
]


@pytest.mark.parametrize(("command", "expected", "why"), COMMANDS, ids=[case[2] for case in COMMANDS])
def test_a_command_is_read(command: str, expected: Curl, why: str) -> None:
    assert is_curl(command)
    assert read(command, {}) == expected


MISREAD = [
    ("curl -X GET", "no address"),
    (f"curl {URL} {URL}", "two addresses"),
    (f"curl {URL} -d a -d b", "several bodies"),
    (f"curl {URL} -F file=@x", "-F of curl is not understood"),
    (f"curl {URL} --upload-file x", "--upload-file of curl is not understood"),
    (f"curl {URL} -X", "ends with -X"),
    (f"curl {URL} -d '{{", "' that is never closed"),
    (f'curl {URL} -d "{{', '" that is never closed'),
    (f"curl {URL} -d $UNSET_KEY", r"os\.environ\[\"UNSET_KEY\"\]"),
    (f"curl {URL} -H 'Content-Type: text/csv'", "application/json alone"),
    (f"curl {URL} -d @not-there.json", "not-there.json"),
    (f"curl -X GET \\ \n {URL}", "take the space away"),
]


@pytest.mark.parametrize(("command", "message"), MISREAD)
def test_a_command_that_cannot_be_meant_is_told(command: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read(command, {})


@pytest.mark.parametrize(
    "header",
    [
        *("Bearer <ACCESS_TOKEN>", "Bearer [ACCESS_TOKEN]", "Bearer $STITCH_ACCESS_TOKEN", "Bearer ${TOKEN}"),
        *("Bearer YOUR_ACCESS_TOKEN", "Bearer your-token", "Bearer {{access_token}}", "Bearer ...", "Bearer xxxxxxxx"),
    ],
)
def test_an_examples_placeholder_is_no_token(header: str) -> None:
    # Neither is the variable looked up: the client has a token of its own.
    assert not read(f'curl {URL} -H "Authorization: {header}"', {}).holds_token


@pytest.mark.parametrize(
    "option",
    [
        *("-H 'Authorization: Bearer at_0123456789'", "-H'Authorization: bearer 0123abcd4567'"),
        *("--header 'authorization: 0123abcd4567'", "-u me:0123abcd", "--oauth2-bearer 0123abcd"),
    ],
)
def test_a_real_token_is_noticed_and_kept_nowhere(option: str) -> None:
    curl = read(f"curl {URL} {option}", {})

    assert curl.holds_token
    assert "0123" not in repr(curl)


def test_data_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"a": "é"}', "utf-8")

    assert read(f"curl {URL} --data-binary @{tmp_path / 'body.json'}", {}).body == '{"a": "é"}'


class Everything(dict[str, str]):
    """An environment in which every variable is set."""

    def get(self, name: str, default: object = None) -> str:  # type: ignore[override]
        return "s3cret"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["name", "note", "list"]), JSON, min_size=1, max_size=3))
def test_what_the_journal_writes_as_curl_is_read_back(body: dict[str, object]) -> None:
    journal = Journal(base_url="https://api.stitchdata.com", token_variable="STITCH_ACCESS_TOKEN")
    snippet = journal.snippet("POST", "/v4/x", json_body={**body, "api_token": "s3cret"})

    curl = read(snippet.curl(), Everything())

    assert (curl.method, curl.target) == ("POST", "https://api.stitchdata.com/v4/x")
    assert json.loads(curl.body or "")["api_token"] == "s3cret"
    # A name or a value that looks like a secret of its own is a variable, too.
    if "$" not in repr(snippet.body).replace("$STITCH_API_TOKEN", ""):
        assert json.loads(curl.body or "") == {**body, "api_token": "s3cret"}


def test_empty_data_is_a_post_without_a_body() -> None:
    assert read(f"curl {URL}/7/sync -d ''", {}) == Curl("POST", f"{URL}/7/sync")
    assert read(f"curl -G {URL} -d ''", {}).method == "GET"


@pytest.mark.parametrize("text", ['{"a": 1}', "", "curly", "# curl\n{}", "GET /v4"])
def test_json_is_no_command(text: str) -> None:
    assert not is_curl(text)
