"""A request goes to the account that is meant: of the client that is named, that is there, or that is made."""

import json
import re

import pytest
from magic_shell import BATCH, NOON, Shell

import stitchnb
from stitchnb.errors import AuthenticationError, InvalidInputError, StitchError
from stitchnb.models import ImportReceipt, ImportToken


def test_without_any_client_one_is_made_once_and_told_of(bare_shell: Shell) -> None:
    bare_shell.run("%connect GET /v4/sources")
    told = bare_shell.output()
    made = bare_shell.names["client"]
    bare_shell.run("%connect GET /v4/sources")

    assert "Connected to an embedded sandbox" in told
    assert "kept as client" in told
    assert "Connected" not in bare_shell.output()
    assert bare_shell.names["client"] is made
    made.close()


def test_a_variable_that_is_something_else_is_left_alone(bare_shell: Shell) -> None:
    bare_shell.names["client"] = other = object()

    bare_shell.run("%connect GET /v4/sources")
    bare_shell.run("%connect GET /v4/sources")

    assert bare_shell.names["client"] is other
    assert bare_shell.output().count("Connected to") == 1


def test_another_client_can_be_named(shell: Shell) -> None:
    with stitchnb.Sandbox(clock=NOON) as other:
        shell.names["mine"] = other.client()
        shell.run('%%connect POST /v4/sources --client mine\n{"type": "import_api", "display_name": "A"}')

        assert len(shell.names["mine"].sources.list()) == 1
        assert len(shell.names["client"].sources.list()) == 0


CLIENTS = [
    ("--client clint", "There is no variable clint.*There is client"),
    ("--client number", "number holds an int"),
    ("--client later", "AsyncClient"),
]


@pytest.mark.parametrize(("option", "message"), CLIENTS)
def test_a_name_that_is_no_client_is_told(shell: Shell, option: str, message: str) -> None:
    shell.names |= {"number": 1, "later": stitchnb.AsyncClient("t")}

    error = shell.error(f"%connect GET /v4/sources {option}")

    assert isinstance(error, InvalidInputError)
    assert re.search(message, str(error))


def test_rows_are_pushed_with_a_token_in_a_variable(shell: Shell, token: ImportToken) -> None:
    assert isinstance(shell.run(f"%%connect POST /v2/import/batch --token token{BATCH}"), ImportReceipt)
    raw = shell.run("%connect POST /v4/sources/{pushed.id}/tokens --raw")
    shell.names["raw"] = raw
    assert shell.run(f"%%connect POST /v2/import/batch --token raw --raw{BATCH}")["status"] == "OK"


def test_a_client_of_a_function_comes_before_the_users_own(shell: Shell, token: ImportToken) -> None:
    with stitchnb.Sandbox(clock=NOON, pace_s=0) as sandbox:
        other = sandbox.client()
        shell.names["other"] = other
        shell.run(
            "def ids_of(client):\n    %connect GET /v4/sources\n    %connect GET /v4/destinations --client client"
        )
        shell.run("ids_of(other)")

        assert [f"{one.method} {one.path}" for one in other.journal] == ["GET /v4/sources", "GET /v4/destinations"]
        assert not [one for one in shell.names["client"].journal if one.path == "/v4/destinations"]


def test_a_token_of_a_function_is_sent_with(shell: Shell, token: ImportToken) -> None:
    shell.names["rows"] = json.loads(BATCH)
    shell.run("def push(own):\n    got = %connect POST /v2/import/batch --body rows --token own\n    return got")

    assert shell.run("push(token)").status == "OK"


def test_rows_are_pushed_with_the_only_client_there_is(shell: Shell, token: ImportToken) -> None:
    assert "no variable holds its client" in str(shell.error(f"%%connect POST /v2/import/batch{BATCH}"))
    with stitchnb.ImportClient(token, base_url=shell.names["client"].base_url) as importer:
        shell.names["importer"] = importer
        assert shell.run(f"%%connect POST /v2/import/validate{BATCH}").status == "OK"
        assert len(importer.journal) == 1
        shell.names["another"] = stitchnb.ImportClient("x", base_url=importer.base_url)
        assert "several clients" in str(shell.error(f"%%connect POST /v2/import/batch{BATCH}"))
        assert shell.run(f"%%connect POST /v2/import/batch --client importer{BATCH}").status == "OK"
        error = shell.error(f"%%connect POST /v2/import/batch --client another{BATCH}")
        assert isinstance(error, AuthenticationError)


def test_the_import_apis_status_needs_no_token(shell: Shell) -> None:
    assert shell.run("%connect GET /v2/import/status").is_ok
    assert "Authorization" not in shell.names["client"].journal[-1].as_curl()


def test_unloading_closes_what_nobody_else_has(bare_shell: Shell) -> None:
    bare_shell.names["client"] = 1
    bare_shell.run("%connect GET /v4/sources --to found")
    clients = bare_shell.shell._stitchnb_magic[0]
    made = clients.there_is()
    assert made is not None
    bare_shell.shell.run_line_magic("unload_ext", "stitchnb")

    with pytest.raises(StitchError, match="closed"):
        made.sources.list()
