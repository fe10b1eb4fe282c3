"""Recipes make values out of a row; the numbers behind them are the same everywhere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.sandbox.catalog import source_types
from stitchnb.sandbox.catalog.streams import stream_plans
from stitchnb.sandbox.catalog.tables import CatalogError
from stitchnb.sandbox.connectors.seeded.dataset import (
    Row,
    dataset_of,
    derive_seed,
    digits,
    draw,
    parse_unix,
    to_rfc3339,
)
from stitchnb.sandbox.connectors.seeded.record_factory import RecordFactory
from stitchnb.sandbox.connectors.seeded.value_spec import FieldRef, parse_recipe, weighted

AT = 1_560_000_000
DATASET = dataset_of("platform.recurly", 0)
RECORDS = RecordFactory(DATASET)


def row_of(stream: str = "invoices", index: int = 3, at: int = AT) -> Row:
    row = DATASET.row(stream, index, at)
    assert row is not None
    return row


def value(text: str, row: Row | None = None, path: tuple[str, ...] = ("field",)) -> Any:
    row = row or row_of()
    return parse_recipe(text, FieldRef(row.plan.name, path), RECORDS).make(row)


def values(text: str) -> list[Any]:
    return [value(text, row_of(index=index)) for index in range(200)]


def test_drawing_is_splitmix64() -> None:
    # The published first outputs for the seed 0.
    assert [draw(0, number) for number in (1, 2, 3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_names_are_told_apart() -> None:
    assert len({derive_seed("a", "b"), derive_seed("ab"), derive_seed("b", "a"), derive_seed("a", "b", "")}) == 4
    assert derive_seed("a", 1) == derive_seed("a", "1")


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("none", "null", "nothing"),
        ("created", "time", "a moment"),
        ("later updated 30", "time", "a later one"),
        ("id", "string", "letters and digits"),
        ("serial 5 1", "integer", "counts"),
        ("pick a|b", "string", "a text"),
        ("number 1|2", "integer", "all are whole"),
        ("number 1|2.5", "number", "not all are whole"),
        ("nth 2 a|b", "string", "texts"),
        ("each 1|2", "integer", "numbers"),
        ("money 1 2", "number", "an amount"),
        ("chance 0.5", "boolean", "yes or no"),
        ("maybe 0.5 whole 1 2", "integer", "of what it may be"),
        ("final updated else none", "time", "null beside a kind"),
        ("final none else updated", "time", "a kind beside null"),
        ("same total", "number", "of the other field"),
        ("of account id", "string", "of the parent's field"),
        ("sum subtotal -discount", "number", "of numbers"),
    ],
)
def test_a_recipe_knows_the_kind_of_its_values(text: str, kind: str, why: str) -> None:
    assert parse_recipe(text, FieldRef("invoices", ("field",)), RECORDS).kind == kind, why


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("pick a|b*3|c", {"a", "b", "c"}),
        ("number 1|2*4", {1, 2}),
        ("whole 3 6", {3, 4, 5, 6}),
        ("decimal 0.1 0.3 1", {0.1, 0.2, 0.3}),
        ("chance 0.5", {True, False}),
        ("maybe 0.5 pick a", {"a", None}),
        ("nth 1 a|b", {"a", "b"}),
    ],
)
def test_all_choices_occur_and_no_others(text: str, allowed: set[Any]) -> None:
    assert set(values(text)) == allowed


def test_weights_shares_and_chances_are_kept_to() -> None:
    assert weighted("a|b*3") == ["a", "b", "b", "b"]
    assert 120 <= values("pick a|b*3").count("b") <= 180
    assert 5 <= values("maybe 0.1 pick a").count(None) <= 40
    assert set(values("chance 0")) == {False}
    assert set(values("chance 1")) == {True}


def test_what_changes_is_drawn_anew_at_each_change_and_what_is_null_stays_so() -> None:
    versions = [row_of("subscriptions", index, at) for index in range(40) for at in (AT, AT + 90 * 86_400)]
    pairs = list(zip(versions[::2], versions[1::2], strict=True))
    moved = [(a, b) for a, b in pairs if a.version != b.version]
    assert len(moved) > 10
    assert all(value("whole 1 1000000", a) == value("whole 1 1000000", b) for a, b in moved)
    assert all(value("changing whole 1 1000000", a) != value("changing whole 1 1000000", b) for a, b in moved)
    nulls = "changing maybe 0.5 whole 1 9"
    assert all((value(nulls, a) is None) == (value(nulls, b) is None) for a, b in moved)


def test_the_last_change_decides_between_two_recipes() -> None:
    young = row_of(at=row_of().created)
    old = row_of(at=row_of().created + 90 * 86_400)
    assert (young.is_last, old.is_last) == (False, True)
    assert [value("final pick after else pick before", row) for row in (young, old)] == ["before", "after"]
    assert [value("final pick after", row) for row in (young, old)] == [None, "after"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text no {number}", "no 1004"),
        ("text {_serial:06d}", "001004"),
        ("slug My {number} Day!", "my-1004-day-"),
        ("text {previous_invoice_id} is null", None),
        ("serial 1000 10", 1030),
        ("nth 2 a|b", "b"),
        ("owner", "invoice"),
    ],
)
def test_values_that_follow_from_the_row(text: str, expected: Any) -> None:
    assert value(text, row_of(index=3)) == expected


def test_a_parent_that_is_not_there_yet_gives_null() -> None:
    assert value("of transaction amount", row_of(at=row_of().created)) is None
    assert value("of transaction amount", row_of(at=row_of().created + 90 * 86_400)) == value("same total")


def test_a_parent_is_seen_as_it_stood_when_the_row_last_changed() -> None:
    row = row_of("subscriptions", at=row_of("subscriptions").created + 400 * 86_400)
    plan = row.parent("plan")
    assert plan is not None
    assert row.created < plan.updated <= row.updated
    assert plan is row.parent("plan")


def test_elements_of_a_list_differ_and_refer_to_their_row() -> None:
    row = row_of()
    parts = [row.element(position) for position in range(3)]
    assert len({value("id", part) for part in (row, *parts)}) == 4
    assert [value("each a|b", part) for part in parts] == ["a", "b", "a"]
    assert {value("same number", part) for part in parts} == {"1004"}
    assert len({value("serial 1 1", part, ("list", "id")) for part in parts}) == 3
    assert {part.person for part in parts} == {row.person}
    assert value("owner", parts[0], ("plan", "object")) == "plan"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pikc a|b", "invoices.field: 'pikc a|b' is not a valid recipe"),
        ("whole 3", "'whole 3' is not a valid recipe"),
        ("number 1|x", "'number 1|x' is not a valid recipe"),
        ("maybe often id", "is not a valid recipe"),
        ("changing maybe 0.5 whole x y", "'whole x y' is not a valid recipe"),
        ("of nobody id", "invoices has no parent 'nobody'. It has subscription, plan, account"),
        ("same _add_ons", "Neither invoices nor values.toml has a field '_add_ons'"),
        ("text {totla}", "Neither invoices nor values.toml has a field 'totla'"),
        ("sum number total", "invoices.number is a string, not a number"),
        ("final created else pick a", "time or string"),
        ("word nothing", "'word nothing' is not a valid recipe"),
        ("person shoe_size", "'person shoe_size' is not a valid recipe"),
    ],
)
def test_a_recipe_that_says_nothing_is_named(text: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message.replace("|", r"\|")):
        value(text)


def test_every_recipe_of_every_file_can_be_read() -> None:
    read = 0
    for source_type in source_types():
        records = RecordFactory(dataset_of(source_type, 0))
        for plan in stream_plans(source_type):
            records.maker(plan.name, plan.schema)
            for path in plan.values:
                # The adjustments also tell the line items of the invoices, which have several addresses.
                head = path.split(".")[0]
                assert head.startswith("_") or head in plan.schema["properties"] or plan.name == "adjustments", path
                read += 1
    assert read > 300


@pytest.mark.parametrize(
    ("pattern", "number", "expected"),
    [
        ("###", 7, "007"),
        ("a##b", 123, "a23b"),
        ("# #", 12, "1 2"),
        ("none", 5, "none"),
        ("", 5, ""),
    ],
)
def test_digits_stand_where_the_signs_stood(pattern: str, number: int, expected: str) -> None:
    assert digits(pattern, number) == expected


@given(st.integers(0, 4_000_000_000))
def test_moments_survive_being_written(seconds: int) -> None:
    assert parse_unix(to_rfc3339(seconds)) == seconds


def test_moments_are_written_in_utc() -> None:
    assert to_rfc3339(0) == "1970-01-01T00:00:00Z"
    assert to_rfc3339(1_584_720_379) == "2020-03-20T16:06:19Z"
    assert to_rfc3339(-1) == "1969-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-02", 86_400),
        ("yesterday", None),
        (None, None),
        ("", None),
    ],
)
def test_how_moments_are_read(text: str | None, seconds: int | None) -> None:
    assert parse_unix(text) == seconds
