"""Tab offers methods, paths with the account's own ids, options and variables, and asks for little."""

import threading

import httpx
import pytest
from magic_shell import NOON, Shell, sent

import stitchnb
from stitchnb.client import Client, Source
from stitchnb.magics.clients import THREAD, KnownIds
from stitchnb.magics.completion import line_of

# Where no id is known, what the documentation writes in its place.
NONE = {"/v4/sources/{source_id}": "source_id"}

OFFERED = [
    ("%connect ", "GET", "methods"),
    ("%connect g", "GET", "methods, in lower case too"),
    ("%%connect P", "POST", "methods of a cell"),
    ("found = %connect GET /v4/sour", "/v4/sources", "behind an assignment"),
    ("    found = %connect GET /v4/sour", "/v4/sources", "inside a function"),
    ("%connect /v4/source-t", "/v4/source-types", "a path alone"),
    ("%connect GET /not", "/notifications/public/v1/api/hooks", "far paths"),
    ("%connect GET /v4/sources/{source.id}/st", "/v4/sources/{source.id}/streams", "behind an expression"),
    ("%connect GET /v4/7/lo", "/v4/7/loads", "behind another account's number"),
    ("%connect GET /v4/destinations?s", "/v4/destinations?source_id=", "names of the query"),
    ("%connect GET /v4/sources --dr", "--dry-run", "options"),
    ("%connect --raw GET /v4/sour", "/v4/sources", "behind an option"),
    ("%connect --to x GET /v4/sour", "/v4/sources", "behind an option with its name"),
    ("%connect GET /v4/sources --client ", "client", "clients"),
    ("%connect GET /v4/sources --client=", "client", "clients behind an equals sign"),
    ("%connect POST /v4/sources --body ", "body", "bodies"),
]


@pytest.mark.parametrize(("text", "expected", "why"), OFFERED, ids=[case[2] for case in OFFERED])
def test_it_is_offered(shell: Shell, text: str, expected: str, why: str) -> None:
    shell.names["body"] = {}

    assert expected in shell.completions(text)


def test_only_paths_that_take_the_method_are_offered(shell: Shell) -> None:
    offered = shell.completions("%connect DELETE /v4/sources/45612/")

    assert offered == {
        "/v4/sources/45612/sync": "path",
        "/v4/sources/45612/tokens/": "path",
    }


def test_the_accounts_own_ids_are_offered_with_their_names(shell: Shell, source: Source) -> None:
    path = f"/v4/sources/{source.id}"
    assert shell.completions("%connect GET /v4/sources/") == {path: "recurly"}
    assert shell.completions(f"%connect GET {path[:-3]}") == {path: "recurly"}
    streams = shell.completions(f"%connect GET {path}/streams/")
    assert set(streams.values()) == set(source.streams().to_frame()["stream"])
    assert shell.completions("%connect GET /v4/destinations?source_id=") == {
        f"/v4/destinations?source_id={source.id}": "recurly"
    }
    assert shell.completions("%connect GET /v4/source-types/platform.recur") == {
        "/v4/source-types/platform.recurly": "source_type"
    }
    assert f"/v4/{shell.names['client'].client_id}/loads" in shell.completions("%connect GET /v4/1")


def test_a_job_that_came_by_is_offered_and_not_asked_for(shell: Shell, source: Source) -> None:
    job = source.select("accounts").start_job()
    job.wait()
    path = f"/v4/{job.client_id}/extractions/"
    assert shell.completions(f"%connect GET {path}") == {f"{path}{{job_name}}": "job_name"}
    shell.run(f"%connect GET {path[:-1]}")
    before = len(sent(shell))

    assert shell.completions(f"%connect GET {path}") == {f"{path}{job.job_name}": str(source.id)}
    assert len(sent(shell)) == before


def test_notifications_ids_are_told_apart(shell: Shell) -> None:
    client = shell.names["client"]
    email = client.notifications.emails.create("a@example.com")
    base = "/notifications/public/v1/api/custom-emails/"

    assert shell.completions(f"%connect DELETE {base}") == {f"{base}{email.id}": "a@example.com"}
    hooks = shell.completions("%connect DELETE /notifications/public/v1/api/hooks/")
    assert hooks == {"/notifications/public/v1/api/hooks/{id}": "id"}


def test_a_list_is_asked_for_once_and_again_after_a_change(shell: Shell, source: Source) -> None:
    before = sent(shell).count("GET /v4/sources")
    for _ in range(5):
        shell.completions("%connect GET /v4/sources/")
    assert sent(shell).count("GET /v4/sources") == before + 1

    shell.run("%connect DELETE /v4/sources/{source.id}")

    assert shell.completions("%connect GET /v4/sources/") == NONE


def test_without_a_client_nothing_is_asked_and_none_is_made(bare_shell: Shell) -> None:
    assert "/v4/sources/" in bare_shell.completions("%connect GET /v4/sour")
    assert bare_shell.completions("%connect GET /v4/sources/") == NONE
    assert "/v4/{client_id}/loads" in bare_shell.completions("%connect GET /v4/")
    assert "client" not in bare_shell.names


def test_where_there_is_nothing_to_offer_pythons_names_are_not_offered(shell: Shell) -> None:
    assert shell.completions("%connect GET /v4/sources/99") == {"/v4/sources/99": "path"}


def test_what_is_in_braces_is_left_to_python_and_is_not_evaluated(shell: Shell) -> None:
    shell.names["sources_of_mine"] = 1

    assert "sources_of_mine" in shell.completions("%connect GET /v4/sources/{sources_of")
    assert "/v4/sources/{source.id}/streams/{stream_id}" in shell.completions(
        "%connect GET /v4/sources/{source.id}/streams/"
    )
    assert sent(shell) == []


def test_a_cells_body_is_left_alone(shell: Shell) -> None:
    assert "/v4/sources" not in shell.completions("%%connect POST /v4/sources\n%connect GET /v4/sour")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("%connect GET", " GET"),
        ("x = %connect ", " "),
        ("%connect", None),
        ("%connected GET", None),
        ("y = 10 % connect ", None),
        ("print('%connect GET ')", None),
    ],
)
def test_only_the_magics_own_lines_are_completed(text: str, line: str | None) -> None:
    assert line_of(text) == line


def test_an_answer_that_is_slow_is_not_waited_for_and_is_there_the_next_time() -> None:
    may_answer = threading.Event()

    def server(request: httpx.Request) -> httpx.Response:
        may_answer.wait()
        return httpx.Response(200, json=[{"id": 7, "display_name": "Slow one"}])

    ids = KnownIds(patience_s=0.01)
    with Client("t", transport=httpx.MockTransport(server)) as client:
        assert ids.of(client, "source_id", {}) == ()
        assert ids.of(client, "source_id", {}) == ()
        may_answer.set()
        for thread in [thread for thread in threading.enumerate() if thread.name == THREAD]:
            thread.join()
        assert ids.of(client, "source_id", {}) == (("7", "Slow one"),)
        assert len(client.journal) == 1


def test_after_a_while_it_is_asked_for_anew_and_an_error_is_no_matter() -> None:
    now = [0.0]
    statuses = [200, 401, 200]

    def server(request: httpx.Request) -> httpx.Response:
        status = statuses.pop(0)
        return httpx.Response(status, json=[{"id": status}] if status == 200 else {"message": "no"})

    ids = KnownIds(fresh_s=60, patience_s=60, clock=lambda: now[0])
    with Client("t", transport=httpx.MockTransport(server)) as client:
        assert ids.of(client, "source_id", {}) == (("200", ""),)
        now[0] = 61
        assert ids.of(client, "source_id", {}) == ()
        assert ids.of(client, "source_id", {}) == ()
        assert len(client.journal) == 2
        now[0] = 122
        assert ids.of(client, "source_id", {}) == (("200", ""),)


def test_ids_of_one_account_are_not_offered_for_another(shell: Shell, source: Source) -> None:
    with stitchnb.Sandbox(clock=NOON) as other:
        shell.names["other"] = other.client()

        assert shell.completions("%connect --client other GET /v4/sources/") == NONE
        assert shell.completions("%connect --client=other GET /v4/sources/") == NONE
        assert shell.completions("%connect GET /v4/sources/") != {}


def test_a_long_name_is_one_short_word_beside_its_id(shell: Shell) -> None:
    shell.run(
        '%%connect POST /v4/destinations --no-validate\n{"type": "postgres", "name": "The warehouse  of all rows"}'
    )

    assert "The_warehouse_of_all_ro…" in shell.completions("%connect PUT /v4/destinations/").values()
