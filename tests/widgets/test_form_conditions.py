"""Fields that count only while something else says so, and what a person grants in a browser."""

from types import SimpleNamespace
from typing import Any

import pytest
from form_cards import DIGITS, HOST, TEXT, card, prop, recurly
from form_page import TODAY, Account, Page, Wire, existing

from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard
from stitchnb.widgets import ConnectionForm, SourceForm

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
BY_STITCH = {"property_type": "system_provided_by_default", "is_credential": True}


def with_oauth(*form: dict[str, Any], oauth: list[dict[str, Any]], current: int = 1) -> ReportCard:
    """A card with an authorization step."""
    steps = [{"type": "form", "properties": list(form)}, {"type": "oauth", "properties": oauth}]
    steps += [{"type": step, "properties": []} for step in ("discover_schema", "field_selection", "fully_configured")]
    return ReportCard(
        {
            "type": "platform.google-ads",
            "steps": steps,
            "current_step": current,
            "current_step_type": steps[current - 1]["type"],
            "details": {"access": True},
        }
    )


ADS = with_oauth(
    prop("site", TEXT, required=True),
    oauth=[
        prop("customer_ids", TEXT, required=True),
        prop("oauth_client_id", TEXT, required=True, **{**BY_STITCH, "is_credential": False}),
        prop("oauth_client_secret", TEXT, required=True, **BY_STITCH),
        prop("refresh_token", TEXT, required=True, **BY_STITCH),
    ],
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
    assert repr(form) == "ConnectionForm('platform.example', 1 of 1 required given, not sent: ssh_host, ssh_port)"
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


def test_what_stitch_gives_is_off_until_one_brings_ones_own(wire: Wire) -> None:
    form = SourceForm(Account(ADS), "platform.google-ads", values={"site": "x", "customer_ids": "1"}, today=TODAY)
    page = Page(form, wire)
    assert hidden(form) == ["oauth_client_id", "oauth_client_secret", "refresh_token"]
    assert form.errors == {}
    page.type("refresh_token", "r-4711")
    assert "refresh_token" not in form.values
    assert form.unsent == {"refresh_token": "Only with uses_own_client on."}
    page.say("own", on=True)
    assert page.state["own"]
    assert hidden(form) == []
    assert form.errors == {}, "what is left blank Stitch gives"
    assert form.values["refresh_token"] == "r-4711"
    page.say("own", on=False)
    assert "refresh_token" not in form.values


def test_code_brings_its_own_by_giving_it_or_by_the_switch() -> None:
    form = ConnectionForm(ADS, values={"refresh_token": "r"})
    assert form.uses_own_client
    assert form.values["refresh_token"] == "r"
    form.uses_own_client = False
    assert form.values == {}
    with pytest.raises(InvalidInputError, match="nothing to switch"):
        ConnectionForm(recurly()).uses_own_client = True


def authorization(form: ConnectionForm) -> dict[str, Any]:
    return next(group for group in form._spec["groups"] if "switch" in group or "notes" in group)


def test_the_form_says_what_a_person_has_to_grant_and_how() -> None:
    group = authorization(SourceForm(Account(ADS), "platform.google-ads"))
    assert group["title"] == "Authorization"
    assert group["notes"] == [
        "Google Ads asks a person to grant access in a browser. What it grants goes to Stitch, and never comes here.",
        "Create the source, then open it in Stitch and authorize it: until then it waits at this step, and afterwards "
        "goes on by itself.",
        "With an OAuth client of your own, switch it on and paste what you have of it; what you leave blank is granted "
        "in Stitch.",
    ]
    assert group["switch"]["label"] == "Use my own OAuth client"
    assert [field["name"] for field in group["fields"]] == ["oauth_client_id", "oauth_client_secret", "refresh_token"]


def test_in_a_sandbox_it_says_what_grants_access_there() -> None:
    account: Any = Account(ADS)
    account.sandbox = SimpleNamespace(clock=SimpleNamespace(now=lambda: SimpleNamespace))
    notes = authorization(SourceForm(account, "platform.google-ads"))["notes"]
    assert "In this sandbox, client.sandbox.authorize(source.id) grants it." in notes


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (2, "Open the source in Stitch and authorize it: until then it waits"),
        (4, "That was done for this source. To grant it anew, open the source in Stitch"),
    ],
)
def test_an_update_says_whether_access_was_granted(current: int, words: str) -> None:
    source = existing(ADS, properties={"customer_ids": "1"}).to_dict()
    source["report_card"] |= {"current_step": current, "current_step_type": ADS.steps[current - 1].type}
    form = SourceForm(Account(ADS), source=existing(ADS, report_card=source["report_card"], properties={}))
    assert any(note.startswith(words) for note in authorization(form)["notes"])


def test_after_creation_the_next_step_is_said() -> None:
    form = SourceForm(Account(ADS), "platform.google-ads", values={"site": "x", "customer_ids": "1"})
    form.submit()
    assert str(form.notice).endswith("Next, somebody has to grant access: open the source in Stitch and authorize it.")
    plain = SourceForm(Account(), "platform.recurly", values={"api_key": "k", "subdomain": "a", "quota_limit": 1})
    plain.submit()
    assert "grant" not in str(plain.notice)


def test_a_card_without_authorization_says_nothing_of_it() -> None:
    assert not [g for g in ConnectionForm(recurly())._spec["groups"] if "notes" in g or "switch" in g]
    challenge = card(prop("sentinel_key", TEXT, **BY_STITCH))
    group = authorization(ConnectionForm(challenge))
    assert (group["title"], group["switch"]["label"], "notes" in group) == ("Given by Stitch", "Bring my own", False)
