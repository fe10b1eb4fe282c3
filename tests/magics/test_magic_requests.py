"""Lines and cells send what they say to the account, and give what the client gives."""

import httpx
import pandas as pd
from magic_shell import KEY, SELECT, Shell, sent

import stitchnb
from stitchnb.client import Job, Source
from stitchnb.models import ReportCard


def test_a_list_is_the_clients_own_frame(shell: Shell, source: Source) -> None:
    frame = shell.run("%connect GET /v4/sources")

    pd.testing.assert_frame_equal(frame, shell.names["client"].sources.to_frame())


def test_a_list_can_be_kept_in_a_variable(shell: Shell) -> None:
    shell.run("sources = %connect GET /v4/sources")

    assert list(shell.names["sources"].columns) == list(shell.names["client"].sources.to_frame().columns)


def test_a_path_alone_is_asked_for(shell: Shell) -> None:
    assert len(shell.run("%connect /v4/source-types")) == len(shell.names["client"].source_types.list())


def test_one_object_is_as_the_client_gives_it(shell: Shell, source: Source) -> None:
    found = shell.run("%connect GET /v4/sources/{source.id}")

    assert isinstance(found, Source)
    assert found.refresh() == found
    card = shell.run("%connect GET /v4/source-types/platform.recurly")
    assert isinstance(card, ReportCard)


def test_a_stream_comes_as_its_fields(shell: Shell, source: Source) -> None:
    streams = shell.run("streams = %connect GET /v4/sources/{source.id}/streams\nstreams")
    fields = shell.run("%connect GET /v4/sources/{source.id}/streams/{streams.stream_id[0]}")

    assert streams["stream"][0] == "accounts"
    pd.testing.assert_frame_equal(fields, source.fields("accounts").to_frame())


def test_the_guide_runs_from_a_source_to_its_rows(shell: Shell, source: Source) -> None:
    assert shell.run(SELECT) is None
    assert f"PUT /v4/sources/{source.id}/streams/metadata: done." in shell.output()
    job = shell.run("job = %connect POST /v4/sources/{source.id}/sync\njob")
    assert isinstance(job, Job)
    job.wait()
    extractions = shell.run("%connect GET /v4/{client.client_id}/extractions")
    assert extractions["job_name"].tolist() == [job.job_name]
    loads = shell.run("%connect GET /v4/{client.client_id}/loads?page=1")
    assert loads["stream"].tolist() == ["accounts"]
    log = shell.run("%connect GET /v4/{client.client_id}/extractions/{job.job_name}")
    assert "accounts" in log
    formats, _ = shell.shell.display_formatter.format(log)
    assert formats["text/plain"] == log.rstrip("\n")
    assert shell.run("%connect DELETE /v4/sources/{source.id}").state == "deleted"


def test_a_variable_of_a_function_is_filled_in(shell: Shell, source: Source) -> None:
    shell.names["id_"] = -1
    shell.run("def name_of(id_):\n    found = %connect GET /v4/sources/{id_}\n    return found.name")

    assert shell.run(f"name_of({source.id})") == "recurly"


def test_a_body_in_a_variable_is_sent(shell: Shell) -> None:
    shell.names["b"] = {"type": "import_api", "display_name": "Pushed $x {y}"}

    assert shell.run("%connect POST /v4/sources --body b").display_name == "Pushed $x {y}"


def test_nothing_in_a_cells_json_is_filled_in(shell: Shell) -> None:
    shell.names["y"] = "no"

    made = shell.run('%%connect POST /v4/sources\n{"type": "import_api", "display_name": "Pushed $y {y}"}')

    assert made.display_name == "Pushed $y {y}"


def test_raw_gives_the_json_as_it_came(shell: Shell, source: Source) -> None:
    found = shell.run("%connect GET /v4/sources/{source.id} --raw")

    assert isinstance(found, dict)
    assert found == shell.names["client"].request("GET", f"/v4/sources/{source.id}")
    text = shell.shell.display_formatter.format(found)[0]
    assert text["text/plain"].startswith('{\n  "')
    assert '"recurly"</span>' in text["text/html"]
    assert isinstance(shell.run("%connect GET /v4/sources --raw"), list)


def test_to_keeps_the_answer_and_shows_its_size_alone(shell: Shell) -> None:
    assert shell.run("%connect GET /v4/sources --to found") is None
    assert shell.output() == "found: a DataFrame, 0 rows of 8 columns\n"
    assert len(shell.names["found"]) == 0


def test_a_page_says_what_else_there_is(shell: Shell) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        body = {"data": [{"source_name": "a"}], "page": 1, "total": 237, "links": {"next": "/v4/7/loads?page=2"}}
        return httpx.Response(200, json=body)

    shell.names["real"] = stitchnb.Client("t", transport=httpx.MockTransport(server))
    shell.run("%connect GET /v4/7/loads --client real")

    assert shell.output().startswith("Page 1: 1 of 237 records. More: GET /v4/7/loads?page=2\n")


def test_a_page_that_is_no_number_is_left_to_stitch(shell: Shell) -> None:
    shell.names["real"] = stitchnb.Client(
        "t", transport=httpx.MockTransport(lambda request: httpx.Response(200, json={"data": [], "page": 1}))
    )

    assert len(shell.run("%connect GET /v4/7/loads?page=x --client real --no-validate")) == 0
    assert len(shell.run("%connect GET /v4/7/loads?page= --client real --no-validate")) == 0


def test_every_request_is_in_the_clients_journal(shell: Shell, source: Source) -> None:
    assert "POST /v4/sources" in sent(shell)
    assert KEY not in shell.names["client"].journal[1].as_curl()
