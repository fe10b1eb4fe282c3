"""What Stitch gives by itself, and what a person grants in a browser: said, linked to, and never a dead end."""

from types import SimpleNamespace
from typing import Any

import pytest
from form_cards import TEXT, card, prop, recurly
from form_page import TODAY, Account, Page, Wire, existing

import stitchnb
from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard, Source
from stitchnb.widgets import ConnectionForm, SourceForm
from stitchnb.widgets.form.authorization import explanation, resume_code, stitch_link

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
    with pytest.raises(InvalidInputError, match="no properties that Stitch supplies"):
        ConnectionForm(recurly()).uses_own_client = True


def authorization(form: ConnectionForm) -> dict[str, Any]:
    return next(group for group in form._spec["groups"] if "switch" in group or "notes" in group)


def test_the_form_says_what_a_person_has_to_grant_and_how() -> None:
    group = authorization(SourceForm(Account(ADS), "platform.google-ads"))
    assert group["title"] == "Authorization"
    assert group["notes"] == [
        "Google Ads requires you to sign in. Tokens are stored by Stitch, never in this notebook.",
        "After creating the source, open it in Stitch and click Authorize. Setup continues automatically.",
        "To use your own OAuth app, turn this on and paste its credentials. Anything you leave blank comes from "
        "Stitch.",
    ]
    assert group["switch"]["label"] == "Use my own OAuth app"
    assert [field["name"] for field in group["fields"]] == ["oauth_client_id", "oauth_client_secret", "refresh_token"]


def test_in_a_sandbox_it_says_what_grants_access_there() -> None:
    account: Any = Account(ADS)
    account.sandbox = SimpleNamespace(clock=SimpleNamespace(now=lambda: SimpleNamespace))
    notes = authorization(SourceForm(account, "platform.google-ads"))["notes"]
    assert "In the sandbox no sign-in is needed: you will get an Authorize button." in notes


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (2, "Open the source in Stitch and click Authorize."),
        (4, "Access is granted. To grant it again, open the source in Stitch"),
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
    assert str(form.message).endswith("Next, open the source in Stitch and click Authorize.")
    plain = SourceForm(Account(), "platform.recurly", values={"api_key": "k", "subdomain": "a", "quota_limit": 1})
    plain.submit()
    assert "grant" not in str(plain.message)


def test_a_card_without_authorization_says_nothing_of_it() -> None:
    assert not [g for g in ConnectionForm(recurly())._spec["groups"] if "notes" in g or "switch" in g]
    challenge = card(prop("sentinel_key", TEXT, **BY_STITCH))
    group = authorization(ConnectionForm(challenge))
    assert (group["title"], group["switch"]["label"], "notes" in group) == (
        "Supplied by Stitch",
        "Use my own sentinel key",
        False,
    )


def waiting(step: int = 2) -> Source:
    """A source of the card, standing at one of its steps."""
    made = existing(ADS, properties={"customer_ids": "1"}, stitch_client_id=136715).to_dict()
    made["report_card"] |= {"current_step": step, "current_step_type": ADS.steps[step - 1].type}
    return Source(made)


PAGE = "https://app.stitchdata.com/client/136715/pipeline/v2/sources/233312/summary"


@pytest.mark.parametrize(
    ("base_url", "link"),
    [
        ("https://api.stitchdata.com", PAGE),
        ("https://api.eu-central-1.stitchdata.com", PAGE.replace("app.", "app.eu-central-1.")),
        ("http://127.0.0.1:5000", ""),
        ("", ""),
    ],
)
def test_a_source_is_linked_to_in_the_app_of_its_region_and_nowhere_else(base_url: str, link: str) -> None:
    assert stitch_link(waiting(), base_url) == link


def test_before_there_is_a_source_the_link_leads_to_the_app_itself() -> None:
    assert stitch_link(None, "https://api.stitchdata.com") == "https://app.stitchdata.com"
    assert stitch_link(Source({"id": 5}), "https://api.stitchdata.com") == "https://app.stitchdata.com"


def test_the_resume_cell_is_a_whole_program_and_in_a_sandbox_keeps_its_client() -> None:
    assert resume_code(5) == "import stitchnb\n\nclient = stitchnb.connect()\nstitchnb.SourceWizard(client, source=5)"
    assert "connect" not in resume_code(5, in_sandbox=True)
    compile(resume_code(5), "cell", "exec")


@pytest.mark.parametrize("step", [1, 3, 4, 5])
def test_only_a_source_that_waits_for_it_says_how_one_goes_on(step: int) -> None:
    explained = explanation(waiting(step).report_card, source=waiting(step), in_sandbox=True)
    assert explained
    assert (explained.sandbox_code, explained.resume_code) == ("", "")


def test_a_source_that_waits_to_be_authorized_gives_its_form_a_link_and_a_resume_cell(wire: Wire) -> None:
    account: Any = Account(ADS)
    account.base_url = "https://api.stitchdata.com"
    page = Page(SourceForm(account, source=waiting()), wire)
    assert page.state["next"]["link"] == PAGE
    assert [code["text"] for code in page.state["next"]["codes"]] == [resume_code(233312)]
    assert Page(SourceForm(account, source=waiting(3)), wire).state["next"] is None
    assert Page(SourceForm(account, source=waiting(), header=False), wire).state["next"] is None


def test_in_a_sandbox_the_code_that_a_form_gives_takes_the_source_through(wire: Wire) -> None:
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        client = sandbox.client()
        form = SourceForm(client, "platform.google-sheets", values={"spreadsheet_id": "x"})
        page = Page(form, wire)
        assert page.state["next"] is None, "there is no source to go on with"
        page.press()
        assert page.state["next"]["link"] == ""
        grant, resume = [code["text"] for code in page.state["next"]["codes"]]
        assert resume == resume_code(form.source.id, in_sandbox=True)
        exec(grant, {"client": client})
        assert client.sources.get(form.source.id).report_card.current_step_type != "oauth"


def test_who_brings_a_whole_client_has_nothing_to_grant(stitch_client: stitchnb.Client) -> None:
    own = {"client_id": "c", "client_secret": "s", "refresh_token": "r", "redirect_uri": "https://example.com/done"}
    form = SourceForm(stitch_client, "platform.hubspot", values=own)
    assert form.errors == {}
    source = form.submit()
    assert source.state == "discover_schema"
    assert "grant" not in str(form.message)
