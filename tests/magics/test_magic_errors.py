"""What cannot be right is told before it is sent; what Stitch refuses is the package's error, in a few lines."""

import pytest
from magic_shell import CREATE, KEY, Shell, sent

import stitchnb
from stitchnb.errors import (
    BadRequestError,
    InvalidInputError,
    InvalidValuesError,
    NotFoundError,
    StitchError,
    UnknownSourceTypeError,
)


def test_a_refusal_is_raised_as_itself_and_shown_in_short(shell: Shell) -> None:
    error = shell.error("%connect DELETE /v4/sources/7")

    assert isinstance(error, NotFoundError)
    assert shell.output() == (
        "NotFoundError: DELETE /v4/sources/7 was refused (400 InvalidId): source not found (7)\n"
        "There is no source 7 in this account. client.sources.list() shows all.\n"
    )


def test_a_refusal_can_be_caught(shell: Shell) -> None:
    shell.run(
        "import stitchnb\n"
        "try:\n    %connect DELETE /v4/sources/7\n"
        "except stitchnb.StitchError as error:\n    caught = error"
    )
    assert shell.names["caught"].code == "InvalidId"


def test_an_error_of_ones_own_keeps_its_frames(shell: Shell) -> None:
    shell.error("1/0")
    assert "----> 1" in shell.output()


WRONG: list[tuple[str, type[StitchError], str]] = [
    ("%connect GET /v4/sources/{nothing.id}", InvalidInputError, "nothing"),
    ("%connect GET /v4/sources/{source_id}", InvalidInputError, "as the documentation writes it"),
    ("%connect GET", InvalidInputError, "A path is missing after GET"),
    ("%connect sources", InvalidInputError, "'sources' is no method, and no path, which begins with a slash"),
    ("%connect --raw", InvalidInputError, "A path is missing"),
    ("%%connect /v4/sources\n{}", InvalidInputError, "say POST or PUT"),
    ("%connect POST /v4/sources --body nothing", InvalidInputError, "no variable nothing"),
    ("%%connect POST /v4/sources --body x\n{}", InvalidInputError, "two bodies"),
    ("%%connect POST /v4/sources\n{'type': 1}", InvalidInputError, "Line 1, column 2"),
    ("%%connect POST /v4/sources\n \n", InvalidInputError, "needs a body"),
    ("%%connect GET /v4/a\ncurl https://api.stitchdata.com/v4/a", InvalidInputError, "and the curl command"),
    ("%%connect\n{}", InvalidInputError, "A path is missing"),
    ("%connect GET /v4/sources/1234567890123456789", InvalidInputError, "takes a number for source_id, and '1234"),
    ("%connect GET /v4/sources/\uff11\uff12", InvalidInputError, "takes a number for source_id"),
    ("%connect POST /v4/sources --body endless", InvalidInputError, "nested too deeply"),
    ("%%connect POST /v4/sources\n[]", InvalidValuesError, "Expected a JSON object"),
    ('%%connect POST /v4/sources\n{"type": "x", "display_name": "A"}', UnknownSourceTypeError, "no source type 'x'"),
    ('%%connect POST /v4/sources\n{"type": "import_api", "displayname": "A"}', InvalidValuesError, "mean display_name"),
]


@pytest.mark.parametrize(("cell", "kind", "message"), WRONG)
def test_what_cannot_be_right_is_told_and_not_sent(
    shell: Shell, cell: str, kind: type[StitchError], message: str
) -> None:
    shell.names["x"] = {}
    shell.names["endless"] = endless = []
    endless.append(endless)
    error = shell.error(cell)

    assert isinstance(error, kind)
    assert message in str(error)
    assert not [one for one in sent(shell) if not one.startswith("GET /v4/source-types")]
    assert "Traceback" not in shell.output()


def test_without_a_look_everything_is_sent(shell: Shell) -> None:
    error = shell.error('%%connect POST /v4/sources --no-validate\n{"type": "platform.recurly", "other": 1}')

    assert isinstance(error, BadRequestError)
    assert "POST body may only include" in str(error)
    assert shell.run("%connect GET /_sandbox --no-validate")["client_id"] == shell.names["client"].client_id


def test_a_dry_run_sends_nothing_and_shows_no_secret(shell: Shell) -> None:
    draft = shell.run(CREATE.replace("sources\n", "sources --dry-run\n", 1))

    assert sent(shell) == []
    text, html = repr(draft), draft._repr_html_()
    for shown in (text, html):
        assert "Not sent" in shown
        assert "$RECURLY_API_KEY" in shown
        assert "$STITCH_ACCESS_TOKEN" in shown
        assert "would take requests" in shown
    assert "POST /v4/sources\nHost: a sandbox on this machine\n" in text
    assert draft.as_curl().startswith("curl --request POST")
    assert "httpx.request" in draft.as_python()
    assert KEY not in shell.seen + draft.as_curl() + draft.as_python()


def test_a_dry_run_is_looked_at_as_far_as_nothing_has_to_be_asked(shell: Shell) -> None:
    assert isinstance(shell.error('%%connect POST /v4/sources --dry-run\n{"type": 1}'), InvalidValuesError)
    assert sent(shell) == []


def test_a_dry_run_names_the_server_of_a_real_account(shell: Shell) -> None:
    shell.names["real"] = stitchnb.Client("t", region="eu")

    text = repr(shell.run("%connect GET /v4/7/loads?page=2 --client real --dry-run"))

    assert "GET /v4/7/loads?page=2\nHost: api.eu-central-1.stitchdata.com\n" in text
