"""The curl examples of the guide *Create a data source* run as cells, one after the other, as they are written."""

import pytest
from magic_shell import KEY, Shell, sent

import stitchnb
from stitchnb.client import Job
from stitchnb.errors import AlreadyRunningError
from stitchnb.models import ReportCard

HEADERS = '-H "Authorization: Bearer <ACCESS_TOKEN>"'
JSON_HEADERS = f'{HEADERS} \\\n     -H "Content-Type: application/json"'
API = "https://api.stitchdata.com"

REPORT_CARD = f"""%%connect
curl -X GET {API}/v4/source-types/platform.recurly \\
     {HEADERS}
"""
CREATE = f"""%%connect
curl -X POST {API}/v4/sources \\
     {JSON_HEADERS} \\
     -d '{{
         "type":"platform.recurly",
         "display_name":"Recurly",
         "properties":{{
            "start_date":"2018-01-10T00:00:00Z",
            "api_key":"[RECURLY_API_KEY]",
            "frequency_in_minutes":"60",
            "quota_limit":"30",
            "subdomain":"stitchdata"
         }}
      }}'
"""
CHECK = f"""%%connect
curl -X GET {API}/v4/sources/{{source_id}}/last-connection-check \\
     {HEADERS}
"""
STREAMS = f"""%%connect
curl -X GET {API}/v4/sources/{{source_id}}/streams {HEADERS}
"""
SELECT = f"""%%connect
curl -X PUT {API}/v4/sources/{{source_id}}/streams/metadata \\
     {JSON_HEADERS} \\
     -d "{{
       \\"streams\\": [{{
         \\"tap_stream_id\\": \\"accounts\\",
         \\"metadata\\": [
           {{\\"breadcrumb\\": [], \\"metadata\\": {{\\"selected\\": true}}}},
           {{\\"breadcrumb\\": [\\"properties\\", \\"email\\"], \\"metadata\\": {{\\"selected\\": true}}}}
         ]
       }}]
     }}"
"""
SOURCE = f"""%%connect
curl -X GET {API}/v4/sources/{{source_id}} \\
     {HEADERS}
"""
START = f"""%%connect
curl -X POST {API}/v4/sources/{{source_id}}/sync \\
     {HEADERS}
"""


def test_the_guides_examples_lead_from_a_report_card_to_a_job(shell: Shell) -> None:
    client = shell.names["client"]
    card = shell.run(REPORT_CARD)
    assert isinstance(card, ReportCard)
    assert card.details.access is True

    source = shell.run(CREATE)
    assert (source.name, source.type) == ("recurly", "platform.recurly")
    assert source.report_card.current_step_type == "discover_schema"
    # The number of the example's source is this one's.
    shell.names["source_id"] = source.id
    source.check().wait()

    assert shell.run(CHECK).succeeded
    assert shell.run(STREAMS)["stream"][0] == "accounts"
    assert shell.run(SELECT) is None
    assert shell.run(SOURCE).report_card.current_step_type == "fully_configured"

    job = shell.run(START)
    assert isinstance(job, Job)
    assert job.job_name.startswith(f"{client.client_id}.{source.id}.sync.")
    job.wait()

    assert [one for one in sent(shell) if one.startswith(("POST", "PUT"))] == [
        "POST /v4/sources",
        f"PUT /v4/sources/{source.id}/streams/metadata",
        f"POST /v4/sources/{source.id}/sync",
    ]
    assert KEY not in shell.output() + shell.seen


def test_a_cell_runs_again_as_the_journal_writes_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.run(CREATE)
    (written,) = [one for one in shell.names["client"].journal if one.method == "POST"]
    again = written.as_curl().replace('"Recurly"', '"Recurly EU"')
    assert "$RECURLY_API_KEY" in again

    assert shell.run(f"%%connect\n{again}\n").name == "recurly_eu"
    assert "There is a token" not in shell.output()


def test_a_command_on_the_line_itself_is_sent_too(shell: Shell) -> None:
    card = shell.run(f"%connect curl {API}/v4/source-types/platform.recurly -H 'Authorization: Bearer {{a:1}}'")

    assert card.type_name == "platform.recurly"


def test_of_a_command_on_the_line_ipython_changes_nothing(shell: Shell) -> None:
    # To IPython $token is the variable of that name; in a command it is the shell's.
    shell.names["token"] = "at_0123456789"

    shell.run(f'%connect curl {API}/v4/sources -H "Authorization: Bearer $token"')

    assert "There is a token" not in shell.output()


def test_a_token_in_a_cell_is_warned_of_and_not_used(shell: Shell) -> None:
    shell.run(
        STREAMS.replace("{source_id}/streams", "").replace("sources/", "sources").replace("<ACCESS_TOKEN>", "at_0123")
    )
    told = shell.output()

    assert "There is a token in this cell, and it was not used" in told
    assert "at_0123" not in told + shell.seen
    assert sent(shell) == ["GET /v4/sources"]


def test_a_header_that_is_not_sent_is_told(shell: Shell) -> None:
    shell.run(f"%%connect\ncurl {API}/v4/sources -H 'X-Trace: 1'\n")

    assert "Not sent along: X-Trace." in shell.output()


def test_a_job_that_runs_already_is_told_as_such(bare_shell: Shell) -> None:
    with stitchnb.Sandbox(pace_s=30) as sandbox:
        bare_shell.names["client"] = client = sandbox.client()
        source = client.sources.create("platform.recurly", display_name="R", properties={}, validate=False)
        bare_shell.names["source_id"] = source.id
        bare_shell.run(START)

        assert isinstance(bare_shell.error(START), AlreadyRunningError)
    assert "Wait for the running job, or stop it." in bare_shell.output()
