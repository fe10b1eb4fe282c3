"""Tokens and credentials are seen nowhere: not in outputs, not in values, not in errors."""

import os

import pytest
from magic_shell import CREATE, KEY, Shell, sent

from stitchnb.client import Source
from stitchnb.models import ImportToken


def test_tokens_in_answers_are_seen_nowhere(shell: Shell, token: ImportToken) -> None:
    secret = token.access_token.reveal()  # type: ignore[union-attr]
    account = """{"partner_id": "p", "partner_secret": "s", "first_name": "A", "last_name": "B", "company": "C",
        "email": "%s@example.com", "region": "us"}"""
    made = [
        secret,
        shell.run("%connect POST /v4/sources/{pushed.id}/tokens").access_token.reveal(),
        shell.run("%connect POST /v4/sources/{pushed.id}/tokens --raw")["access_token"].reveal(),
        shell.run("%connect POST /v3/sessions/ephemeral").ephemeral_token.reveal(),
        shell.run("%connect POST /v3/sessions/ephemeral --raw")["ephemeral_token"].reveal(),
        shell.run(f"%%connect POST /v3/accounts\n{account % 'a'}").access_token.reveal(),
        shell.run(f"%%connect POST /v3/accounts --raw\n{account % 'b'}")["access_token"].reveal(),
    ]
    shell.run("%connect POST /v4/sources/{pushed.id}/tokens --to kept")
    shell.run("token\n")
    shell.run("Out")
    told = shell.output()

    assert len(set(made)) == len(made)
    assert "answer = _ keeps it, answer.access_token.reveal() gives it" in told
    assert 'answer["ephemeral_token"].reveal()' in told
    assert "not shown: kept.access_token.reveal() gives it" in told, "with --to there is no _"
    assert not [one for one in made if one in shell.seen]
    assert "•" in shell.seen


def test_a_credential_is_seen_nowhere(shell: Shell, source: Source) -> None:
    shell.run("source")
    shell.run("%connect GET /v4/sources --raw")
    shell.run("client.journal")
    shell.error(CREATE)
    shell.error(CREATE.replace('"30"', '"thirty"').replace('"Recurly"', '"Other"'))
    shell.output()

    assert KEY not in shell.seen
    assert shell.names["client"].sandbox.token.reveal() not in shell.seen


def test_a_credential_that_is_not_set_is_asked_for_by_its_name(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECURLY_API_KEY")

    assert 'os.environ["RECURLY_API_KEY"]' in str(shell.error(CREATE))
    assert "RECURLY_API_KEY" not in os.environ
    assert sent(shell) == []
