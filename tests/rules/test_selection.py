"""Which fields replicate: the API's table row by row, fields inside of fields, and the reasons in words."""

from typing import Any

import pytest

from stitchnb.models import FieldMetadata, StreamSchema
from stitchnb.models.stream import dotted_name, type_words
from stitchnb.rules.selection import rules as selection
from stitchnb.rules.selection.columns import FieldColumns, fields_of
from stitchnb.rules.selection.effect import StreamPart, effect_of

# inclusion, selected, selected-by-default, replicates, why
TABLE = [
    ("automatic", None, None, True, "a key comes by itself"),
    ("automatic", True, None, True, "selecting it adds nothing"),
    ("automatic", False, None, True, "it cannot be left out"),
    ("automatic", False, False, True, "not even where its default says so"),
    ("automatic", None, True, True, "its default adds nothing"),
    ("unsupported", None, None, False, "the source cannot deliver it"),
    ("unsupported", True, None, False, "nor when somebody selected it"),
    ("unsupported", None, True, False, "nor by default"),
    ("unsupported", True, True, False, "nor by both"),
    ("unsupported", False, False, False, "and not without either"),
    ("available", True, None, True, "it was selected"),
    ("available", True, False, True, "which is more than the default"),
    ("available", True, True, True, "and as much as it"),
    ("available", None, True, True, "selected by default"),
    ("available", False, True, True, "even where somebody deselected it"),
    ("available", False, None, False, "it was deselected"),
    ("available", False, False, False, "as is the default"),
    ("available", None, False, False, "nobody selected it"),
    ("available", None, None, False, "nobody said anything"),
    # What the API does not say, and an answer may hold all the same.
    (None, True, None, True, "without an inclusion it can be selected"),
    (None, None, None, False, "and is not until then"),
    ("sometimes", True, None, True, "an inclusion of tomorrow is one that can be selected"),
    ("available", "true", None, False, "a text is no yes"),
]


def metadata(inclusion: Any, selected: Any, default: Any) -> dict[str, Any]:
    told = {"inclusion": inclusion, "selected": selected, "selected-by-default": default}
    return {key: value for key, value in told.items() if value is not None}


@pytest.mark.parametrize(("inclusion", "selected", "default", "replicates", "why"), TABLE, ids=[r[4] for r in TABLE])
def test_a_field_replicates_by_the_apis_table(
    inclusion: Any, selected: Any, default: Any, replicates: bool, why: str
) -> None:
    assert selection.is_replicated(FieldMetadata(metadata(inclusion, selected, default))) is replicates, why


def columns(fields: dict[str, dict[str, Any] | None], schema: dict[str, Any] | None = None) -> FieldColumns:
    """Make columns of fields by their names, None for one that the source says nothing of."""
    schema = schema or {"properties": {name: {"type": "string"} for name in fields}}
    entries = [{"breadcrumb": crumb(name), "metadata": m} for name, m in fields.items() if m is not None]
    return FieldColumns(StreamSchema({"schema": schema, "metadata": entries}))


def crumb(name: str) -> list[str]:
    return [part for word in name.split(".") for part in ("properties", word)]


def test_whole_columns_follow_the_same_table() -> None:
    fields = {f"f{n}": metadata(*row[:3]) for n, row in enumerate(TABLE)}

    effect = effect_of([StreamPart("s", "s", True, columns(fields))])

    assert effect.replicated.tolist() == [row[3] for row in TABLE]


# the field around (None: there is none), the field inside (None: nothing is said of it), what lands of both, why
YES, NO = {"inclusion": "available", "selected": True}, {"inclusion": "available", "selected": False}
KEY, BAD = {"inclusion": "automatic"}, {"inclusion": "unsupported"}
INSIDE = [
    (YES, None, (True, True), "nothing was said of it: it comes with what is around"),
    (NO, None, (False, False), "and stays away with it"),
    (KEY, None, (True, True), "an automatic one brings it too"),
    (BAD, None, (False, False), "an unsupported one does not"),
    (YES, YES, (True, True), "both selected"),
    (YES, NO, (True, False), "with metadata of its own it can be left out"),
    (NO, YES, (False, False), "there is nothing inside of what is not there"),
    (NO, KEY, (False, False), "not even what is automatic"),
    (YES, BAD, (True, False), "what cannot be delivered cannot be delivered inside either"),
    (None, YES, (False, False), "at the top nothing said means no"),
]


@pytest.mark.parametrize(("around", "inside", "lands", "why"), INSIDE, ids=[row[3] for row in INSIDE])
def test_a_field_inside_another_lands_only_with_it(
    around: Any, inside: Any, lands: tuple[bool, bool], why: str
) -> None:
    known = {
        ("properties", "a"): None if around is None else FieldMetadata(around),
        ("properties", "a", "properties", "b"): None if inside is None else FieldMetadata(inside),
    }
    schema = {"properties": {"a": {"properties": {"b": {}}}}}

    effect = effect_of([StreamPart("s", "s", True, columns({"a": around, "a.b": inside}, schema))])

    assert tuple(selection.replicated_fields(known).values()) == lands, why
    assert tuple(effect.replicated.tolist()) == lands, why


def test_the_reasons_are_told_in_words() -> None:
    fields: dict[str, dict[str, Any] | None] = {
        "id": KEY,
        "seen": {"inclusion": "automatic"},
        "blob": {"inclusion": "unsupported", "unsupported-description": "too large for the Bulk API."},
        "odd": BAD,
        "email": YES,
        "state": {"inclusion": "available", "selected-by-default": True},
        "notes": NO,
        "address": YES,
        "address.city": None,
        "home": NO,
        "home.city": YES,
    }
    nested = {"properties": {"city": {}}}
    names = [name for name in fields if "." not in name]
    schema = {"properties": {name: nested if name in ("address", "home") else {} for name in names}}
    made = columns(fields, schema)
    roles = {made.names.index("id"): ("primary key", "replication key")}

    selected = effect_of([StreamPart("s", "s", True, made, roles=roles)])
    unselected = effect_of([StreamPart("s", "s", False, made, roles=roles)])

    told = [selected.reason_texts[n] for n in selected.reasons]
    assert dict(zip(made.names, told, strict=True)) == {
        "id": "automatic: primary key, replication key",
        "seen": "automatic",
        "blob": "unsupported: too large for the Bulk API.",
        "odd": "unsupported",
        "email": "selected",
        "state": "selected by default",
        "notes": "not selected",
        "address": "selected",
        "address.city": "comes with address",
        "home": "not selected",
        "home.city": "inside home, which does not replicate",
    }
    assert not unselected.replicated.any()
    assert [unselected.reason_texts[n] for n in unselected.reasons] == [f"stream not selected ({why})" for why in told]
    assert [selection.reason_of_field(unselected.reason_texts[n]) for n in unselected.reasons] == list(told)
    assert [selection.reason_of_field(why) for why in told] == list(told)


def test_what_was_chosen_since_counts_before_what_is_saved() -> None:
    made = columns({"a": NO, "b": YES})

    effect = effect_of([StreamPart("s", "s", True, made, {0: 1, 1: 0})])

    assert effect.replicated.tolist() == [True, False]
    assert list(made.selected) == [0, 1], "the saved columns stay as they are"


def test_streams_are_reckoned_with_side_by_side() -> None:
    nested = {"properties": {"a": {"properties": {"b": {}}}}}
    first, second = columns({"a": NO, "a.b": None}, nested), columns({"a": YES, "a.b": None}, nested)

    effect = effect_of(
        [
            StreamPart("1", "1", True, first),
            StreamPart("2", "2", True, FieldColumns()),
            StreamPart("3", "3", True, second),
        ]
    )

    assert effect.starts.tolist() == [0, 2, 2, 4]
    assert effect.replicated.tolist() == [False, False, True, True]
    assert effect.reason_texts[effect.reasons[3]] == "comes with a"


def test_no_stream_at_all_is_no_field() -> None:
    assert effect_of([]).replicated.tolist() == []


def test_every_field_of_a_schema_is_found_one_around_before_those_inside() -> None:
    schema = {
        "properties": {
            "lines": {"items": {"properties": {"sku": {}, "items": {"type": "string"}}}},
            "address": {"anyOf": [{"properties": {"city": {}}}, {"type": "null"}]},
            "pair": {"items": [{"properties": {"left": {}}}, {"properties": {"right": {}}}]},
            "odd": True,
        }
    }
    tags, gone = ("properties", "lines", "items"), ("properties", "gone", "properties", "deep")

    found = list(fields_of(schema, [(), gone, gone[:2], tags]))

    assert [dotted_name(b) for b in found] == [
        *("lines", "lines[]", "lines.sku", "lines.items", "address", "address.city", "pair", "pair.left"),
        *("pair.right", "odd", "gone", "gone.deep"),
    ]


def test_a_schema_of_any_depth_is_walked() -> None:
    schema: dict[str, Any] = {}
    for _ in range(3000):
        schema = {"properties": {"a": schema}}

    assert len(fields_of(schema)) == 3000


@pytest.mark.parametrize(
    ("breadcrumb", "name"),
    [
        (["properties", "id"], "id"),
        (["properties", "properties"], "properties"),
        (["properties", "items"], "items"),
        (["properties", "items", "items", "properties", "items"], "items.items"),
        (["properties", "tags", "items"], "tags[]"),
        ([], ""),
    ],
)
def test_a_breadcrumb_is_written_as_a_name(breadcrumb: list[str], name: str) -> None:
    assert dotted_name(breadcrumb) == name


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": ["null", "string"]}, ("string",)),
        ({"type": ["null", "string"], "format": "date-time"}, ("date-time",)),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": ["string", "null"]}]}, ("date-time", "string")),
        ({"type": 5}, ()),
        ({}, ()),
    ],
)
def test_types_are_told_in_words(schema: dict[str, Any], words: tuple[str, ...]) -> None:
    assert type_words(schema) == words


def test_what_the_api_adds_tomorrow_is_kept() -> None:
    made = columns({"a": {"inclusion": "sometimes"}, "b": YES})

    assert [made.inclusion_of(0), made.inclusion_of(1)] == ["sometimes", "available"]


@pytest.mark.parametrize(
    "wire",
    [
        {},
        {"schema": "{", "metadata": None},
        {"schema": {"properties": ["a"]}, "metadata": [5, {"breadcrumb": "a"}, {"breadcrumb": [], "metadata": 5}]},
        {"metadata": [{"breadcrumb": ["properties", "a"], "metadata": {"fieldExclusions": 5, "sql-datatype": 5}}]},
    ],
)
def test_an_answer_of_an_odd_shape_is_read_as_far_as_it_goes(wire: dict[str, Any]) -> None:
    made = FieldColumns(StreamSchema(wire))

    assert effect_of([StreamPart("s", "s", True, made)]).replicated.tolist() == [False] * len(made)
