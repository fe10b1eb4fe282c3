"""A form as Python and as a command for a shell: both do what the form would do."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from form_cards import ROWS, TEXT, card, prop, recurly
from form_page import TODAY, Account, Page, Wire, existing
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchnb.errors import InvalidInputError
from stitchnb.models import Destination
from stitchnb.widgets import ConnectionForm, DestinationForm, SourceForm

AWKWARD = """it's "quoted" $HOME `x` \\n back\\slash\nline {two} --header é %s"""
VALUES = {"api_key": "key-4711", "subdomain": AWKWARD, "quota_limit": "30"}
NAMES = {"STITCH_ACCESS_TOKEN": "token-1", "RECURLY_API_KEY": "key-4711"}


@pytest.fixture
def form() -> SourceForm:
    return SourceForm(Account(), "platform.recurly", display_name='Rec"urly', values=VALUES, today=TODAY)


def run_python(code: str, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[tuple[str, Any, Any]]:
    """Run a program with a client that only listens."""
    calls: list[tuple[str, Any, Any]] = []

    def heard(name: str) -> Any:
        return lambda *arguments, **more: calls.append((name, arguments, more))

    client = SimpleNamespace(
        sources=SimpleNamespace(create=heard("sources.create"), update=heard("sources.update")),
        destinations=SimpleNamespace(create=heard("destinations.create"), update=heard("destinations.update")),
    )
    module: Any = ModuleType("stitchnb")
    module.connect = lambda: client
    monkeypatch.setitem(sys.modules, "stitchnb", module)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    exec(compile(code, "copied.py", "exec"), {})
    return calls


def run_curl(command: str, folder: Path, **environment: str) -> list[str]:
    """Run a command with a curl that writes down what it was given."""
    fake = folder / "curl"
    fake.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        f"pathlib.Path({str(folder / 'given.json')!r}).write_text(json.dumps(sys.argv[1:]))\n"
    )
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["/bin/sh", "-c", command], check=True, env={"PATH": path, **environment})
    given: list[str] = json.loads((folder / "given.json").read_text())
    return given


def test_the_program_says_what_the_form_would_send(form: SourceForm) -> None:
    form["subdomain"].value = "acme"
    assert form.as_python() == (
        "import os\n\nimport stitchnb\n\n"
        "client = stitchnb.connect()\n"
        "source = client.sources.create(\n"
        '    "platform.recurly",\n'
        "    display_name='Rec\"urly',\n"
        "    properties={\n"
        '        "frequency_in_minutes": "60",\n'
        '        "start_date": "2024-11-23T00:00:00Z",\n'
        '        "api_key": os.environ["RECURLY_API_KEY"],\n'
        '        "subdomain": "acme",\n'
        '        "quota_limit": "30",\n'
        "    },\n"
        ")\n"
    )


def test_the_command_says_what_the_form_would_send(form: SourceForm) -> None:
    form["subdomain"].value = "it's"
    form["display_name"].value = "Recurly"
    assert form.as_curl() == (
        "curl --request POST https://api.example.com/v4/sources \\\n"
        '  --header "Authorization: Bearer $STITCH_ACCESS_TOKEN" \\\n'
        "  --header 'Content-Type: application/json' \\\n"
        '  --data-raw \'{"type":"platform.recurly","display_name":"Recurly","properties":{"frequency_in_minutes":"60",'
        '"start_date":"2024-11-23T00:00:00Z","api_key":"\'"$RECURLY_API_KEY"\'","subdomain":"it\'"\'"\'s",'
        '"quota_limit":"30"}}\''
    )


def test_the_program_does_what_the_form_would_do(form: SourceForm, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = run_python(form.as_python(), monkeypatch, **NAMES)
    assert calls == [
        (
            "sources.create",
            ("platform.recurly",),
            {"display_name": 'Rec"urly', "properties": dict(form.values)},
        )
    ]


def test_the_command_does_what_the_form_would_do(form: SourceForm, tmp_path: Path) -> None:
    given = run_curl(form.as_curl(), tmp_path, **NAMES)
    assert given[:3] == ["--request", "POST", "https://api.example.com/v4/sources"]
    assert "Authorization: Bearer token-1" in given
    body = json.loads(given[given.index("--data-raw") + 1])
    assert body == {"type": "platform.recurly", "display_name": 'Rec"urly', "properties": dict(form.values)}


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_whatever_was_typed_is_quoted_so_that_it_arrives(text: str) -> None:
    form = SourceForm(Account(), "platform.recurly", values={"subdomain": text}, today=TODAY)
    with pytest.MonkeyPatch.context() as patch:
        [(_, _, arguments)] = run_python(form.as_python(), patch, **NAMES)
    assert arguments["properties"]["subdomain"] == text
    line = subprocess.run(
        ["/bin/sh", "-c", form.as_curl().replace("curl ", "printf '%s\\0' ", 1)],
        check=True,
        capture_output=True,
        env=NAMES,
    )
    words = line.stdout.decode().split("\0")
    assert json.loads(words[words.index("--data-raw") + 1])["properties"]["subdomain"] == text


def test_a_credential_is_never_written_down_and_a_missing_one_has_its_place_already(form: SourceForm) -> None:
    assert "4711" not in form.as_python() + form.as_curl()
    form["api_key"].value = None
    assert 'os.environ["RECURLY_API_KEY"]' in form.as_python()
    assert '"$RECURLY_API_KEY"' in form.as_curl()


def test_what_is_hidden_or_blank_or_read_only_is_left_out(form: SourceForm) -> None:
    form["cron_expression"].value = "0 0 12 * * ?"
    code = form.as_python()
    assert "cron_expression" in code
    for name in ("frequency_in_minutes", "anchor_time", "image_version"):
        assert name not in code


def test_a_change_is_written_as_a_change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    form = SourceForm(Account(), source=existing(recurly()))
    form["subdomain"].value = "acme2"
    form["api_key"].value = "key-4711"
    form["display_name"].value = "Other"
    assert run_python(form.as_python(), monkeypatch, **NAMES) == [
        (
            "sources.update",
            (233312,),
            {"display_name": "Other", "properties": {"api_key": "key-4711", "subdomain": "acme2"}},
        )
    ]
    given = run_curl(form.as_curl(), tmp_path, **NAMES)
    assert given[:3] == ["--request", "PUT", "https://api.example.com/v4/sources/233312"]
    assert json.loads(given[-1]) == {
        "display_name": "Other",
        "properties": {"api_key": "key-4711", "subdomain": "acme2"},
    }


def test_a_destination_is_written_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    warehouse = card(prop("host", TEXT), prop("password", TEXT, is_credential=True, required=True), type="postgres")
    form = DestinationForm(Account(warehouse), "postgres", name="W", values={"host": "db", "password": "key-4711"})
    expected = {"host": "db", "password": "key-4711"}
    environment = {"POSTGRES_PASSWORD": "key-4711", "STITCH_ACCESS_TOKEN": "token-1"}
    assert run_python(form.as_python(), monkeypatch, **environment) == [
        ("destinations.create", ("postgres",), {"name": "W", "properties": expected})
    ]
    given = run_curl(form.as_curl(), tmp_path, **environment)
    assert json.loads(given[-1]) == {"type": "postgres", "name": "W", "properties": expected}

    there = Destination(
        {"id": 155, "type": "postgres", "properties": {"host": "db"}, "report_card": warehouse.to_dict()}
    )
    change = DestinationForm(Account(warehouse), destination=there, values={"host": "db2"})
    assert run_python(change.as_python(), monkeypatch) == [
        ("destinations.update", (155,), {"properties": {"host": "db2"}})
    ]
    assert "PUT https://api.example.com/v4/destinations/155" in change.as_curl()


def test_lists_and_objects_are_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"name": "a name that is long enough", "id": str(n)} for n in range(5)]
    secret = [{"name": "n", "id": "4711"}]
    form = ConnectionForm(
        card(prop("reports", ROWS), prop("keys", ROWS, is_credential=True), type="platform.3pl"),
        values={"reports": rows, "keys": secret},
    )
    code = form.as_python()
    assert "4711" not in code
    assert max(map(len, code.splitlines())) <= 100
    variables = {"STITCH_3PL_KEYS_1_NAME": "n", "STITCH_3PL_KEYS_1_ID": "4711"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found: dict[str, Any] = {}
    exec(compile(code, "copied.py", "exec"), found)
    assert found["properties"] == {"reports": rows, "keys": secret}


def test_a_form_that_sends_nothing_is_no_command() -> None:
    with pytest.raises(InvalidInputError, match="Use a SourceForm or DestinationForm"):
        ConnectionForm(recurly()).as_curl()
    assert ConnectionForm(recurly())._spec["copies"] == ["python"]


def test_a_key_of_several_lines_comes_with_a_warning() -> None:
    keyed = card(prop("private_key", TEXT, is_credential=True, required=True), type="x")
    command = SourceForm(Account(keyed), "x").as_curl()
    first, rest = command.split("\n", 1)
    assert first == '# $X_PRIVATE_KEY: write line breaks as \\n and quotes as \\", as JSON does.'
    assert rest.startswith("curl ")


def test_the_page_asks_for_it_and_gets_no_credential(form: SourceForm, wire: Wire) -> None:
    page = Page(form, wire)
    form["subdomain"].value = "acme"
    for language in ("python", "curl"):
        page._seen = len(wire.messages)
        form._on_message(form, {"type": "code", "view": page.view, "language": language}, [])
        message, _ = [m["data"]["content"] for m in wire.messages[page._seen :]]
        assert message["to"] == page.view
        assert message["text"] == (form.as_python() if language == "python" else form.as_curl())
    assert form._spec["copies"] == ["python", "curl"]
    assert not wire.holds("4711")
