"""Values for forms under test: those that fit a schema, those that do not, cards of any kind, and the catalogue's."""

import json
from typing import Any

from form_cards import DIGITS, HOST, MIDNIGHT, MINUTES, ROWS, TEXT, card, prop
from hypothesis import strategies as st

from stitchnb.models import ReportCard
from stitchnb.rules.schema.inputs import STRUCTURED
from stitchnb.sandbox import catalog
from stitchnb.widgets import ConnectionForm

# Schema, values that fit, values that do not.
SCHEMAS: list[tuple[Any, list[Any], list[Any]]] = [
    (None, ["x"], []),
    (TEXT, ["x", " y "], [["x"]]),
    (MINUTES, ["60"], ["61", "x"]),
    ({"type": "string", "pattern": "^(true|false)$"}, ["true", True], ["yes"]),
    ({"type": "boolean"}, ["true", False], ["yes"]),
    (MIDNIGHT, ["2024-02-29T00:00:00Z"], ["2023-02-29T00:00:00Z", "soon"]),
    (DIGITS, ["5432", 5432], ["x"]),
    (HOST, ["db.example.com"], ["a b", "999.1.1.1"]),
    ({"type": "string", "format": "date-time"}, ["2024-01-31T13:00:00Z"], ["2024-01-31"]),
    ({"type": "string", "format": "uri"}, ["https://example.com"], ["example"]),
    ({"type": "string", "format": "email"}, ["ann@example.com"], ["@"]),
    ({"type": "integer", "minimum": 3}, ["5", 7], ["2", "x"]),
    ({"type": "number"}, ["1.5"], ["x"]),
    ({"enum": ["a", 1, [2]]}, ["a", [2]], ["b", [3]]),
    ({"oneOf": [{"const": "a"}, {"const": "b"}]}, ["a"], ["c"]),
    ({"type": "array", "items": TEXT}, [["a", "b"]], [[1], "a"]),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [[1, 2]], [["x"], [1]]),
    (ROWS, [[{"name": "n", "id": "1"}]], [[{"name": "n"}], {}, "[]"]),
    (
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": ROWS}, "required": ["a"]},
        [{"a": 1}, {"a": 1, "b": [{"name": "n", "id": "1"}]}],
        [{"b": []}, {"a": "x"}],
    ),
    ({"anyOf": [{"type": "object"}, {"type": "string", "format": "email"}]}, [{"x": 1}, "ann@example.com"], ["x"]),
    ({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, ["x", ["x"]], [[1]]),
    ({"type": "null"}, [], ["x", 5]),
    ({"type": ["string", "null"]}, ["x"], [[1]]),
    ({"not": TEXT}, [[1]], []),
]

NAMES = [
    *("a", "b", "api_key", "host", "ssh", "ssh_host", "ssl", "ssl_type", "encryption_type", "encryption_host"),
    *("start_date", "anchor_time", "cron_expression", "frequency_in_minutes", "private_key", "name", "client_id"),
]
TYPES = [
    *("user_provided", "user_provided", "user_provided_advanced", "user_provided_immutable"),
    *("system_provided_by_default", "read_only", "unheard_of"),
]

generated = st.lists(
    st.builds(
        lambda name, schema, required, credential, kind: prop(
            name, schema[0], required=required, is_credential=credential, property_type=kind
        ),
        st.sampled_from(NAMES),
        st.sampled_from(SCHEMAS),
        st.booleans(),
        st.booleans(),
        st.sampled_from(TYPES),
    ),
    max_size=8,
    unique_by=lambda one: one["name"],
).flatmap(
    lambda properties: st.builds(
        card,
        *map(st.just, properties),
        later=st.lists(st.sampled_from(["oauth", "profile", "discover_schema", "new"]), max_size=3),
        default_start_date=st.sampled_from([None, "-1 year", 5]),
        default_scheduling_interval=st.sampled_from([None, 60, "x"]),
    )
)
anything = st.sampled_from([value for _, fit, misfit in SCHEMAS for value in (*fit, *misfit)])


def values_of(schema: Any, which: int) -> list[Any]:
    found = next(entry for entry in SCHEMAS if entry[0] == schema)
    values: list[Any] = found[which]
    return values


CATALOGUE_SOURCES = [ReportCard(card) for card in catalog.source_types().values()]
CATALOGUE_DESTINATIONS = [ReportCard(card) for card in catalog.destination_types().values()]


def fitting(form: ConnectionForm, name: str) -> Any:
    """A value that a field takes, from what the form itself says."""
    wanted = form[name].input
    example = wanted.example or {"sentinel_key": "stitch-challenge-file-1"}.get(name, "x")
    return json.loads(example) if wanted.kind in STRUCTURED else example
