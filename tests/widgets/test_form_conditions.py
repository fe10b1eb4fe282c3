"""Fields that count only while another field says so."""

from form_cards import DIGITS, HOST, TEXT, card, prop
from form_page import Page, Wire, existing

from stitchnb.widgets import ConnectionForm

TRUTH = {"type": "string", "pattern": "^(true|false)$"}
DATABASE = card(
    prop("host", HOST, required=True),
    prop("ssh", TRUTH),
    prop("ssh_host", HOST),
    prop("ssh_port", DIGITS),
    prop("ssl", TRUTH),
    prop("ssl_auth", TRUTH),
    prop("ssl_auth_key", TEXT, is_credential=True),
)


def hidden(form: ConnectionForm) -> list[str]:
    return [field.name for field in form if field.hidden]


def test_what_a_switched_off_property_governs_is_hidden(wire: Wire) -> None:
    form = ConnectionForm(DATABASE, values={"host": "db"})
    page = Page(form, wire)
    assert hidden(form) == ["ssh_host", "ssh_port", "ssl_auth", "ssl_auth_key"]
    page.type("ssh", "true")
    assert [name for name, state in page.fields.items() if state["hidden"]] == ["ssl_auth", "ssl_auth_key"]
    page.type("ssl", "true")
    assert page.fields["ssl_auth_key"]["hidden"], "its own governor is still off"
    page.type("ssl_auth", "true")
    assert not page.fields["ssl_auth_key"]["hidden"]
    page.type("ssl", "false")
    assert page.fields["ssl_auth_key"]["hidden"], "what governs its governor is off"


def test_a_keystroke_tells_of_what_it_governs_and_of_nothing_else(wire: Wire) -> None:
    page = Page(ConnectionForm(DATABASE), wire)
    answers = page.type("ssh", "true")
    assert len(answers) == 1
    assert list(answers[0]["fields"]) == ["ssh", "ssh_host", "ssh_port"]
    assert list(page.type("ssh_host", "b")[0]["fields"]) == ["ssh_host"]


def test_what_is_hidden_is_neither_wrong_nor_sent(wire: Wire) -> None:
    form = ConnectionForm(DATABASE, values={"host": "db", "ssh": "true", "ssh_host": "a b", "ssh_port": "22"})
    page = Page(form, wire)
    assert list(form.errors) == ["ssh_host"]
    page.type("ssh", "false")
    assert form.errors == {}
    assert form.submit() == {"host": "db", "ssh": "false"}
    assert form.unsent == {"ssh_host": "Only while ssh is true.", "ssh_port": "Only while ssh is true."}
    assert (
        repr(form)
        == "ConnectionForm('platform.example', 1 of 1 required field filled in, not sent: ssh_host, ssh_port)"
    )
    assert repr(form["ssh_port"]) == "PropertyField('ssh_port', value='22', hidden)"
    page.type("ssh", "true")
    assert form["ssh_host"].value == "a b", "what was typed is kept"
    assert list(form.errors) == ["ssh_host"]


def test_the_table_leaves_out_what_is_hidden() -> None:
    assert "ssh_host" not in ConnectionForm(DATABASE)._repr_mimebundle_()[0]["text/html"]
    assert "ssh_host" in ConnectionForm(DATABASE, values={"ssh": True})._repr_mimebundle_()[0]["text/html"]


def test_a_governed_field_stands_behind_its_governor() -> None:
    form = ConnectionForm(card(prop("a", TEXT), prop("ssh_host", HOST), prop("ssh", TRUTH), prop("z", TEXT)))
    described = form._spec["groups"][0]["fields"]
    assert [(f["name"], f.get("under")) for f in described] == [
        *(("a", None), ("ssh", None), ("ssh_host", "ssh"), ("z", None))
    ]


def test_an_update_shows_what_the_connection_has_switched_on() -> None:
    form = ConnectionForm(connection=existing(DATABASE, properties={"host": "db", "ssh": "true", "ssh_host": "b"}))
    assert not form["ssh_host"].hidden
    form["ssh"].value = False
    assert form.changes == {"ssh": "false"}
