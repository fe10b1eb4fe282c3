"""Which properties count only while another one says so."""

from typing import Any

import pytest
from form_cards import HOST, TEXT, card, prop

from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.properties import conditions
from stitchnb.sandbox import catalog

TRUTH = {"type": "string", "pattern": "^(true|false)$"}
TUNNEL = {"type": "string", "pattern": "^(ssh|none)$"}

CASES: list[tuple[list[dict[str, Any]], dict[str, str]]] = [
    ([prop("ssh", TRUTH), prop("ssh_host", HOST), prop("host", HOST)], {"ssh_host": "ssh"}),
    ([prop("ssl", {"type": "boolean"}), prop("ssl_ca", TEXT), prop("sslrootcert", TEXT)], {"ssl_ca": "ssl"}),
    ([prop("ssh_host", HOST)], {}),  # nobody to govern it
    ([prop("ssh", TEXT), prop("ssh_host", HOST)], {}),  # no boolean
    ([prop("ssh", TRUTH), prop("ssh_host", HOST, required=True)], {}),  # without it, the form is never complete
    ([prop("ssh", TRUTH), prop("ssh_key", property_type="read_only")], {}),
    ([prop("ssh", TRUTH, property_type="read_only"), prop("ssh_host", HOST)], {}),
    (
        [prop("ssl", TRUTH), prop("ssl_auth", TRUTH), prop("ssl_auth_key", TEXT)],
        {"ssl_auth": "ssl", "ssl_auth_key": "ssl_auth"},  # the nearest governs
    ),
    (
        [prop("encryption_host", HOST), prop("encryption_type", TUNNEL, required=True)],
        {"encryption_host": "encryption_type"},
    ),
    ([prop("api_type", {"enum": ["REST", "BULK"]}), prop("api_key", TEXT)], {}),  # neither of them is off
]


@pytest.mark.parametrize(("properties", "governors"), CASES)
def test_names_tell_what_governs_what(properties: list[dict[str, Any]], governors: dict[str, str]) -> None:
    found = conditions(card(*properties))
    assert {name: condition.governor for name, condition in found.items()} == governors


def test_a_condition_holds_for_the_values_that_switch_it_on() -> None:
    tunnel = conditions(card(prop("encryption_host", HOST), prop("encryption_type", TUNNEL)))["encryption_host"]
    ssh = conditions(card(prop("ssh", {"type": "boolean"}), prop("ssh_host", HOST)))["ssh_host"]
    assert [tunnel.holds(value) for value in ("ssh", "none", None, "")] == [True, False, False, False]
    assert [ssh.holds(value) for value in (True, "true", False, "false", None, "yes")] == [
        *(True, True, False, False, False, False)
    ]


def test_the_databases_of_the_catalogue_hide_their_tunnels() -> None:
    found = conditions(ReportCard(catalog.source_type("platform.hp-postgres")))
    assert list(found) == ["ssh_host", "ssh_port", "ssh_user"]
    found = conditions(ReportCard(catalog.destination_type("postgres")))
    assert list(found) == ["encryption_host", "encryption_port", "encryption_username"]
