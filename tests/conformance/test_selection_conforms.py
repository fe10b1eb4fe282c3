"""What the client says will replicate is what the sandbox extracts, whatever is in the schema and the metadata."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stitchnb.models import FieldMetadata, StreamSchema
from stitchnb.rules.selection import rules as selection
from stitchnb.rules.selection.columns import FieldColumns, fields_of
from stitchnb.rules.selection.effect import StreamPart, effect_of
from stitchnb.sandbox.resources.streams import schema_body
from stitchnb.sandbox.store.streams import StoredStream

NAMES = st.sampled_from(["id", "items", "properties", "a.b", "city", "ä"])
YES_OR_NO = st.sampled_from([True, False, None])


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> dict[str, Any]:
    """A schema of objects in objects, and of lists of them."""
    if depth == 0 or draw(st.booleans()):
        return {"type": ["null", draw(st.sampled_from(["string", "integer", "boolean"]))]}
    inner = draw(st.dictionaries(NAMES, schemas(depth=depth - 1), max_size=3))
    made: dict[str, Any] = {"type": ["null", "object"], "properties": inner}
    shape = draw(st.sampled_from(["object", "list", "either"]))
    if shape == "list":
        return {"type": "array", "items": made}
    return made if shape == "object" else {"anyOf": [made, {"type": "null"}]}


@st.composite
def streams(draw: st.DrawFn) -> StoredStream:
    """A stream that was discovered, some of its fields told of and some of those chosen."""
    schema = {"type": "object", "properties": draw(st.dictionaries(NAMES, schemas(), max_size=4))}
    discovered: dict[tuple[str, ...], dict[str, Any]] = {(): {"table-key-properties": ["id"]}}
    chosen: dict[tuple[str, ...], dict[str, Any]] = {(): {"selected": draw(YES_OR_NO)}}
    for breadcrumb in fields_of(schema):
        if not draw(st.booleans()):
            continue
        inclusion = draw(st.sampled_from(["automatic", "available", "available", "unsupported"]))
        discovered[breadcrumb] = {"inclusion": inclusion}
        if (default := draw(YES_OR_NO)) is not None:
            discovered[breadcrumb]["selected-by-default"] = default
        if (selected := draw(YES_OR_NO)) is not None:
            chosen[breadcrumb] = {"selected": selected}
    return StoredStream(1, "s", "s", schema, discovered, chosen)


@given(st.lists(streams(), max_size=4))
def test_the_client_says_of_every_field_what_the_sandbox_extracts(stored: list[StoredStream]) -> None:
    parts = []
    for stream in stored:
        columns = FieldColumns(StreamSchema(schema_body(stream)))
        parts.append(StreamPart("s", "s", columns.stream_metadata.selected is True, columns))

    effect = effect_of(parts)

    for stream, part, start in zip(stored, parts, effect.starts.tolist(), strict=False):
        told = effect.replicated[start : start + len(part.fields)].tolist()
        fields = {b for b, lands in zip(part.fields.breadcrumbs, told, strict=True) if lands}
        assert fields == (set(fields_of(stream.as_selected().schema)) if stream.is_selected else set())


@given(streams())
def test_reckoning_with_columns_says_what_the_rule_says_of_each_field(stored: StoredStream) -> None:
    columns = FieldColumns(StreamSchema(schema_body(stored)))
    rule = selection.replicated_fields(
        {b: FieldMetadata(stored.metadata(b)) if b in stored.discovered else None for b in columns.breadcrumbs}
    )

    effect = effect_of([StreamPart("s", "s", True, columns)])

    assert effect.replicated.tolist() == list(rule.values())
