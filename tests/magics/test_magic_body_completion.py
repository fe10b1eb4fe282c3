"""Tab in the JSON of a cell offers what the body takes there, and asks for little; ``|`` marks the cursor."""

import pytest
from magic_shell import Shell, sent

from stitchnb.client import Source


def offered(shell: Shell, marked: str) -> dict[str, str]:
    """What is offered at the mark."""
    return shell.completions(marked.replace("|", "", 1), marked.index("|"))


CREATE = "%%connect POST /v4/sources\n"

UPDATE = "%%connect PUT /v4/sources/7\n"
SELECT = "%%connect PUT /v4/sources/7/streams/metadata\n"
OF_UPDATE = {'"display_name": ', '"properties": ', '"paused_at": ', '"destination_id": '}

NAMES = [
    (CREATE + "{|", {'"type": ', '"display_name": ', '"properties": ', '"destination_id": '}, "all, with their quotes"),
    (CREATE + '{"dis|', {'display_name": '}, "a name that was begun"),
    (CREATE + '{"dis|"', {"display_name"}, "in quotes that closed themselves"),
    (CREATE + '{"dis|: "Shop"}', {'display_name"'}, "where the colon is there"),
    (CREATE + '{"|, "display_name": "", "type": ""}', {'properties": ', 'destination_id": '}, "but those there are"),
    (UPDATE + "{|", OF_UPDATE, "of another"),
    ('%%connect PUT /v4/sources/{id_} --dry-run\n{\n  "pau|', {'paused_at": '}, "with options, an id in braces"),
    (SELECT + '{"streams": [{|', {'"tap_stream_id": ', '"metadata": '}, "in a list"),
    ('%%connect post https://api.stitchdata.com/v4/destinations\n{"na|', {'name": '}, "of a whole address"),
    ('%%connect POST /v2/import/validate\n{"ta|', {'table_name": '}, "of a batch to look at"),
    ('%%connect POST /v2/import/validate\n[{"ta|', {'table_name": '}, "of a push to look at"),
]


@pytest.mark.parametrize(("marked", "names", "why"), NAMES, ids=[case[-1] for case in NAMES])
def test_the_names_that_a_body_takes_are_offered(shell: Shell, marked: str, names: set[str], why: str) -> None:
    assert set(offered(shell, marked)) == names
    assert sent(shell) == []


def test_it_is_told_which_names_are_required(shell: Shell) -> None:
    kinds = offered(shell, CREATE + '{"|')
    assert (kinds['type": '], kinds['properties": ']) == ("required", "optional")


def test_types_are_offered_once_asked_for(shell: Shell) -> None:
    assert offered(shell, CREATE + '{"type": "platform.recur|"') == {"platform.recurly": "source_type"}
    assert offered(shell, CREATE + '{"type": |')['"platform.recurly"'] == "source_type"
    assert "snowflake" in offered(shell, '%%connect POST /v4/destinations\n{"type": "sn|"')
    assert sent(shell) == ["GET /v4/source-types", "GET /v4/destination-types"]


def test_the_properties_of_the_type_that_stands_there_are_offered(shell: Shell) -> None:
    marked = CREATE + '{"properties": {"start_date": "", "|"}, "type": "platform.recurly"}'
    properties = offered(shell, marked)
    assert properties["api_key"] == "required"
    assert properties["frequency_in_minutes"] == "optional"
    assert "start_date" not in properties
    assert "image_version" not in properties, "nobody gives that"
    assert sent(shell) == ["GET /v4/source-types/platform.recurly"]
    assert "password" in offered(shell, '%%connect POST /v4/destinations\n{"type": "postgres", "properties": {"|"}}')


def test_without_a_type_that_there_is_no_property_is_offered(shell: Shell) -> None:
    for body in ('{"properties": {"|"}}', '{"type": "platform.nothing", "properties": {"|"}}'):
        assert not {"api_key", "subdomain"}.intersection(offered(shell, CREATE + body))
    before = sent(shell)
    offered(shell, CREATE + '{"type": "../tokens?x", "properties": {"|"}}')
    assert sent(shell) == before, "what is no type is not asked for"


def test_of_a_source_that_there_is_its_own_properties_are_offered(shell: Shell, source: Source) -> None:
    for id_ in (str(source.id), "{source.id}"):
        marked = f'%%connect PUT /v4/sources/{id_}\n{{"properties": {{"quo|"}}}}'
        assert offered(shell, marked) == {"quota_limit": "required"}


def test_ids_and_streams_of_the_account_are_offered(shell: Shell, source: Source) -> None:
    client = shell.names["client"]
    (destination,) = client.destinations.list()
    assert offered(shell, CREATE + '{"destination_id": |') == {str(destination.id): "Embedded_warehouse"}
    assert str(destination.id) not in offered(shell, CREATE + '{"destination_id": "|"'), "it is a number"
    streams = "%%connect PUT /v4/sources/{source.id}/streams/metadata\n" + '{"streams": [{"tap_stream_id": "acc|"'
    assert offered(shell, streams) == {"accounts": "stream"}


@pytest.mark.parametrize(
    ("marked", "values"),
    [
        ('%%connect PUT /notifications/public/v1/api/hooks/7\n{"enable": |', {"true", "false"}),
        ('%%connect POST /notifications/public/v1/api/hooks\n{"type": "|"', {"post_load"}),
        ('%%connect POST /v2/import/batch\n{"messages": [{"action": |', {'"upsert"'}),
    ],
)
def test_where_there_are_but_a_few_values_they_are_offered(shell: Shell, marked: str, values: set[str]) -> None:
    assert set(offered(shell, marked)) == values


def test_an_e_mail_of_the_account_is_none_for_a_new_account(shell: Shell) -> None:
    shell.names["client"].notifications.emails.create("a@example.com")
    assert not any("example" in one for one in offered(shell, '%%connect POST /v3/accounts\n{"email": "|"'))


@pytest.mark.parametrize(
    "marked",
    [
        "%%connect GET /v4/sources\n{|",
        "%%connect\ncurl -X POST /v4/sources -d '{\"|",
        '%%connect POST /v4/nothing\n{"|',
        '%%time\n%%connect POST /v4/sources\n{"|',
        CREATE + '{"type"|',
        CREATE + '{"properties": {"nested": {"|',
        CREATE + '["|',
    ],
)
def test_elsewhere_nothing_of_it_is_offered(shell: Shell, marked: str) -> None:
    kinds = set(offered(shell, marked).values())
    assert not kinds & {"required", "optional", "value", "source_type"}


def test_without_a_client_names_alone_are_offered_and_none_is_made(bare_shell: Shell) -> None:
    assert 'type": ' in offered(bare_shell, CREATE + '{"|')
    assert "platform.recurly" not in offered(bare_shell, CREATE + '{"type": "|"')
    assert "client" not in bare_shell.names
