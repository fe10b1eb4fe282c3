"""Every endpoint: how it is called, what is sent, and a documented answer."""

from collections.abc import Callable
from typing import Any

from stitchnb.models import Selection

SOURCE = {"id": 45612, "name": "recurly", "stitch_client_id": 116078, "report_card": {"current_step_type": "form"}}
DESTINATION = {"id": 12345, "type": "postgres", "name": "Warehouse", "stitch_client_id": 116078}
CARD = {"type": "platform.recurly", "steps": [], "details": {"access": True}}
CHECK = {"name": "116078.45612.check.8a", "mode": "check", "status": "succeeded", "error": False}
EMAIL = {"id": 9, "email_address": "someone@example.com", "disabled_at": None}
HOOK = {"id": 3, "destination_id": 12345, "config": {"url": "https://hooks.example.com/load"}}
EXTRACTION = {"job_name": "116078.45612.sync.8a", "source_id": 45612, "tap_exit_status": 0}
LOAD = {"source_name": "recurly", "stream_name": "accounts", "error_state": None}
PERSON = {"first_name": "A", "last_name": "B", "company": "C", "email": "a@example.com", "region": "us"}
HOOKS, EMAILS = "/notifications/public/v1/api/hooks", "/notifications/public/v1/api/custom-emails"
SELECTION = Selection.of("accounts", {(): {"selected": True}, ("properties", "email"): {"selected": True}})


def page(*records: Any) -> dict[str, Any]:
    return {"data": list(records), "page": 1, "total": len(records), "links": {}}


Case = tuple[str, Callable[[Any], Any], str, Any, Any, Callable[[Any], Any], Any]

CASES: list[Case] = [
    # name, call, method and path, body sent, answer, what of the result, is
    (
        "create an account",
        lambda c: c.account.create(partner_id="p", partner_secret="s", **PERSON),
        "POST /v3/accounts",
        {"partner_id": "p", "partner_secret": "s", **PERSON},
        {"access_token": "at_x", "stitch_account_id": 136715},
        lambda a: (a.stitch_account_id, a.access_token.reveal()),
        (136715, "at_x"),
    ),
    (
        "ephemeral token",
        lambda c: c.account.create_ephemeral_token(),
        "POST /v3/sessions/ephemeral",
        None,
        {"ephemeral_token": "e"},
        lambda e: e.ephemeral_token.reveal(),
        "e",
    ),
    ("source types", lambda c: c.source_types.list(), "GET /v4/source-types", None, [CARD], len, 1),
    (
        "one source type",
        lambda c: c.source_types.get("platform.recurly"),
        "GET /v4/source-types/platform.recurly",
        None,
        CARD,
        lambda card: card.details.access,
        True,
    ),
    ("destination types", lambda c: c.destination_types.list(), "GET /v4/destination-types", None, [CARD], len, 1),
    (
        "one destination type",
        lambda c: c.destination_types.get("postgres"),
        "GET /v4/destination-types/postgres",
        None,
        {"type": "postgres"},
        lambda card: card.type_name,
        "postgres",
    ),
    ("sources", lambda c: c.sources.list(), "GET /v4/sources", None, [SOURCE], lambda s: s[0].id, 45612),
    ("one source", lambda c: c.sources.get(45612), "GET /v4/sources/45612", None, SOURCE, lambda s: s.name, "recurly"),
    (
        "create a source",
        lambda c: c.sources.create("platform.x", display_name="X", destination_id=12345, validate=False),
        "POST /v4/sources",
        {"type": "platform.x", "display_name": "X", "properties": {}, "destination_id": 12345},
        SOURCE,
        lambda s: s.id,
        45612,
    ),
    (
        "rename a source",
        lambda c: c.sources.update(45612, display_name="Y", destination_id=12345),
        "PUT /v4/sources/45612",
        {"display_name": "Y", "destination_id": 12345},
        SOURCE,
        lambda s: s.id,
        45612,
    ),
    (
        "resume a source",
        lambda c: c.sources.resume(45612),
        "PUT /v4/sources/45612",
        {"paused_at": None},
        SOURCE,
        lambda s: s.state,
        "form",
    ),
    (
        "delete a source",
        lambda c: c.sources.delete(45612),
        "DELETE /v4/sources/45612",
        None,
        {**SOURCE, "deleted_at": "2020-03-20T16:06:19Z"},
        lambda s: s.state,
        "deleted",
    ),
    (
        "a source's check",
        lambda c: c.connection_checks.last(45612),
        "GET /v4/sources/45612/last-connection-check",
        None,
        CHECK,
        lambda x: x.succeeded,
        True,
    ),
    (
        "a destination's check",
        lambda c: c.connection_checks.wait(destination_id=12345),
        "GET /v4/destinations/12345/last-connection-check",
        None,
        CHECK,
        lambda x: x.succeeded,
        True,
    ),
    (
        "streams",
        lambda c: c.streams.list(45612),
        "GET /v4/sources/45612/streams",
        None,
        [{"stream_id": 1, "stream_name": "accounts"}],
        lambda s: s[0].stream_name,
        "accounts",
    ),
    (
        "write metadata",
        lambda c: c.streams.update(45612, [SELECTION]),
        "PUT /v4/sources/45612/streams/metadata",
        {
            "streams": [
                {
                    "tap_stream_id": "accounts",
                    "metadata": [
                        {"breadcrumb": [], "metadata": {"selected": True}},
                        {"breadcrumb": ["properties", "email"], "metadata": {"selected": True}},
                    ],
                }
            ]
        },
        {"status": 200},
        lambda nothing: nothing,
        None,
    ),
    (
        "start a job",
        lambda c: c.jobs.start(45612),
        "POST /v4/sources/45612/sync",
        None,
        {"job_name": "116078.45612.sync.8a"},
        lambda job: (job.client_id, job.source_id),
        (116078, 45612),
    ),
    ("stop it", lambda c: c.jobs.stop(45612), "DELETE /v4/sources/45612/sync", None, {"status": 200}, bool, False),
    ("destinations", lambda c: c.destinations.list(), "GET /v4/destinations", None, [DESTINATION], len, 1),
    (
        "destinations of a source",
        lambda c: c.destinations.list(source_id=45612),
        "GET /v4/destinations?source_id=45612",
        None,
        [DESTINATION],
        len,
        1,
    ),
    (
        "one destination",
        lambda c: c.destinations.get(12345),
        "GET /v4/destinations?destination_id=12345",
        None,
        [DESTINATION],
        lambda d: d.name,
        "Warehouse",
    ),
    (
        "create a destination",
        lambda c: c.destinations.create(
            "postgres", name="W", properties={"host": "h"}, ignore_unmapped_sources=True, validate=False
        ),
        "POST /v4/destinations",
        {"type": "postgres", "name": "W", "properties": {"host": "h"}, "ignore_unmapped_sources": True},
        DESTINATION,
        lambda d: d.id,
        12345,
    ),
    (
        "delete a destination, which answers with nothing",
        lambda c: c.destinations.delete(12345),
        "DELETE /v4/destinations/12345",
        None,
        None,
        bool,
        False,
    ),
    (
        "extractions",
        lambda c: c.extractions.list(116078),
        "GET /v4/116078/extractions?page=1",
        None,
        page(EXTRACTION),
        lambda x: x[0].succeeded,
        True,
    ),
    (
        "loads",
        lambda c: c.loads.list(116078),
        "GET /v4/116078/loads?page=1",
        None,
        page(LOAD),
        lambda x: x[0].stream_name,
        "accounts",
    ),
    ("emails", lambda c: c.notifications.emails.list(), f"GET {EMAILS}", None, [EMAIL], lambda e: e[0].enabled, True),
    (
        "create an email",
        lambda c: c.notifications.emails.create("someone@example.com"),
        f"POST {EMAILS}",
        {"email_address": "someone@example.com"},
        EMAIL,
        lambda e: e.id,
        9,
    ),
    (
        "enable an email",
        lambda c: c.notifications.emails.enable(9),
        f"PUT {EMAILS}/9",
        {"disabled_at": None},
        {"disabled_at": None},
        lambda e: (e.id, e.enabled),
        (9, True),
    ),
    ("delete an email", lambda c: c.notifications.emails.delete(9), f"DELETE {EMAILS}/9", None, [1], bool, False),
    (
        "hooks",
        lambda c: c.notifications.hooks.list(),
        f"GET {HOOKS}",
        None,
        {"post_load": [HOOK]},
        lambda h: (h[0].type, h[0].url, h[0].enabled),
        ("post_load", "https://hooks.example.com/load", True),
    ),
    (
        "create a hook",
        lambda c: c.notifications.hooks.create("https://hooks.example.com/load", destination_id=12345),
        f"POST {HOOKS}",
        {"type": "post_load", "destination_id": 12345, "config": {"url": "https://hooks.example.com/load"}},
        HOOK,
        lambda h: h.id,
        3,
    ),
    (
        "disable a hook",
        lambda c: c.notifications.hooks.disable(3),
        f"PUT {HOOKS}/3",
        {"enable": False},
        {**HOOK, "disabled_at": "2020-03-20T16:06:19Z"},
        lambda h: h.enabled,
        False,
    ),
    (
        "enable a hook, which says nothing of it",
        lambda c: c.notifications.hooks.enable(3),
        f"PUT {HOOKS}/3",
        {"enable": True},
        None,
        lambda h: (h.id, h.enabled),
        (3, True),
    ),
    ("delete a hook", lambda c: c.notifications.hooks.delete(3), f"DELETE {HOOKS}/3", None, None, bool, False),
    (
        "create an import token",
        lambda c: c.import_tokens.create(45612),
        "POST /v4/sources/45612/tokens",
        None,
        {"id": 828792559, "access_token": "t"},
        lambda t: (t.id, t.access_token.reveal()),
        (828792559, "t"),
    ),
    (
        "import tokens",
        lambda c: c.import_tokens.list(45612),
        "GET /v4/sources/45612/tokens",
        None,
        [815713587],
        lambda t: [one.id for one in t],
        [815713587],
    ),
    (
        "revoke an import token",
        lambda c: c.import_tokens.delete(45612, 815713587),
        "DELETE /v4/sources/45612/tokens/815713587",
        None,
        SOURCE,
        lambda s: s.id,
        45612,
    ),
]

ROW = {"action": "upsert", "sequence": 7, "data": {"id": 1}}
PUSHED = {"client_id": 116078, "table_name": "people", "key_names": ["id"], **ROW}
SCHEMA = {"properties": {"id": {"type": "integer"}}}

IMPORT_CASES: list[Case] = [
    ("status", lambda c: c.status(), "GET /v2/import/status", None, {"status": "OK"}, lambda s: s.is_ok, True),
    (
        "batch",
        lambda c: c.batch("people", [{"id": 1}], schema=SCHEMA, key_names=["id"], first_sequence=7),
        "POST /v2/import/batch",
        {"table_name": "people", "schema": SCHEMA, "messages": [ROW], "key_names": ["id"]},
        {"status": "OK", "message": "Batch accepted!"},
        lambda r: r.message,
        "Batch accepted!",
    ),
    ("push", lambda c: c.push([PUSHED]), "POST /v2/import/push", [PUSHED], {"status": "OK"}, lambda r: r.status, "OK"),
    (
        "validate",
        lambda c: c.validate([PUSHED]),
        "POST /v2/import/validate",
        [PUSHED],
        {"status": "OK"},
        lambda r: r.status,
        "OK",
    ),
]
