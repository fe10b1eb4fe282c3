"""Bodies that are right but for one or two places, so that whatever is wrong with them is found deep inside."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
# Whatever JSON can spell; half a surrogate pair is no character, but can be spelled.
ANYTHING = st.one_of(
    SCALARS,
    st.sampled_from(["", " ", "a\x00b", "a\ud800b", "9" * 30, "0", "true", [], {}, 0, -1, 1.5, 2**63, 10**40, -0.0]),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=5,
    ),
)
TIMES = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")


def places(body: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to everything in a body, the body itself included."""
    yield above
    parts = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in parts:
        yield from places(value, (*above, key))


@st.composite
def nearly(draw: Any, bodies: Sequence[Any]) -> Any:
    """Take a body and spoil up to two places in it: something else there, nothing there, or something odd beside."""
    body = copy.deepcopy(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from(list(places(body))))
        if not place:
            return draw(ANYTHING)
        holder = body
        for key in place[:-1]:
            holder = holder[key]
        change = draw(st.sampled_from(["replace", "replace", "drop", "add"]))
        if change == "replace":
            holder[place[-1]] = draw(ANYTHING | TIMES)
        elif change == "drop":
            del holder[place[-1]]
        elif isinstance(holder, dict):
            holder[draw(st.text(max_size=8))] = draw(ANYTHING)
        else:
            holder.append(draw(ANYTHING))
    return body


def bodies(known: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give bodies that are right, by endpoint, for a sandbox with these ids in it."""
    recurly = {
        "start_date": "2025-09-01T00:00:00Z",
        "api_key": "a-key",
        "quota_limit": "30",
        "subdomain": "acme",
        "anchor_time": "2026-03-20T13:00:00Z",
        "frequency_in_minutes": "60",
    }
    cron = {**recurly, "cron_expression": "0 0 12 ? * MON-FRI *"}
    destination = known["destination_id"]
    entries = [
        {
            "breadcrumb": [],
            "metadata": {"selected": True, "replication-method": "INCREMENTAL", "replication-key": "id"},
        },
        {"breadcrumb": ["properties", "email"], "metadata": {"selected": True}},
        {"breadcrumb": [], "metadata": {"selected": True, "view-key-properties": ["id"]}},
    ]
    postgres = {"host": "db.example.com", "port": "5432", "database": "d", "username": "u", "password": "p"}
    hook = {"type": "post_load", "destination_id": destination, "config": {"url": "https://hooks.example.com/x"}}
    message = {"action": "upsert", "sequence": 1, "data": {"id": 1, "tags": ["a"], "at": {"x": 1.5}, "name": "A"}}
    columns = {
        "id": {"type": "integer"},
        "name": {"type": ["string", "null"], "format": "email"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        "at": {"properties": {"x": {"type": "number", "minimum": 1}}, "required": ["x"]},
    }
    batch = {"table_name": "people", "schema": {"properties": columns}, "messages": [message], "key_names": ["id"]}
    push = {"client_id": known["client_id"], "table_name": "people", "key_names": ["id"], **message}
    person = {"first_name": "A", "last_name": "B", "company": "C", "email": "a@example.com", "region": "us"}
    base = "/notifications/public/v1/api"
    return {
        "POST /v4/sources": [
            {"type": "platform.recurly", "display_name": "A", "properties": recurly, "destination_id": destination},
            {"type": "platform.recurly", "display_name": "B", "properties": cron},
            {"type": "platform.google-analytics", "display_name": "C", "properties": {}},
            {"type": "import_api", "display_name": "D"},
        ],
        "PUT /v4/sources/{source_id}": [
            {"display_name": "E", "properties": recurly, "paused_at": None, "destination_id": destination},
            {"properties": cron},
            {"paused_at": "2026-03-20T12:00:00Z"},
        ],
        "PUT /v4/sources/{source_id}/streams/metadata": [
            {"streams": [{"tap_stream_id": "accounts", "metadata": entries}]},
            {"streams": [{"tap_stream_id": "plans", "metadata": entries[:1]}]},
        ],
        "POST /v4/destinations": [
            {"type": "postgres", "name": "W", "description": "D", "properties": postgres},
            {"type": "s3", "properties": {}, "ignore_unmapped_sources": True},
        ],
        "PUT /v4/destinations/{destination_id}": [{"properties": postgres}],
        f"POST {base}/hooks": [hook],
        f"PUT {base}/hooks/{{id}}": [{"enable": True}],
        f"POST {base}/custom-emails": [{"email_address": "a@example.com"}],
        f"PUT {base}/custom-emails/{{id}}": [{"disabled_at": None}, {"disabled_at": "2026-03-20T12:00:00Z"}],
        "POST /v2/import/batch": [batch, {**batch, "table_name": "log", "key_names": []}],
        "POST /v2/import/push": [[push], [push, {**push, "table_name": "log"}]],
        "POST /v2/import/validate": [[push], batch],
        "POST /v3/accounts": [{"partner_id": "p", "partner_secret": "s", **person}],
    }
