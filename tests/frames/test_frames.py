"""Frames have fixed columns and dtypes, and an empty one has them too."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from stitchnb import frames, models
from stitchnb.client import RecordList
from stitchnb.models import Load, Model, Property, ReportCard, Source

KINDS = [
    models.ReportCard,
    models.Property,
    models.Source,
    models.Stream,
    models.Field,
    models.ConnectionCheck,
    models.Extraction,
    models.Load,
    models.Destination,
    models.Schedule,
    models.NotificationEmail,
    models.Hook,
    models.ImportToken,
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_frame_has_the_columns_and_dtypes_of_a_full_one(kind: type[Model]) -> None:
    empty = frames.records(kind, [])
    one = frames.records(kind, [kind.from_dict({})])

    assert (len(empty), len(one)) == (0, 1)
    assert empty.dtypes.to_dict() == one.dtypes.to_dict()


def test_a_report_card_is_a_row_per_property() -> None:
    card = ReportCard.from_dict(
        {
            "type": "platform.x",
            "steps": [
                {
                    "type": "form",
                    "properties": [
                        {
                            "name": "api_key",
                            "is_required": True,
                            "is_credential": True,
                            "json_schema": {"type": "string"},
                        },
                        {"name": "image_version", "property_type": "read_only", "provided": True},
                    ],
                },
                {"type": "oauth", "properties": [{"name": "token", "property_type": "system_provided_by_default"}]},
            ],
        }
    )

    frame = card.to_frame()

    assert frame[["step", "property", "required", "credential", "given_by", "provided"]].to_numpy().tolist() == [
        ["form", "api_key", True, True, "you", False],
        ["form", "image_version", False, False, "Stitch", True],
        ["oauth", "token", False, False, "Stitch, or you", False],
    ]
    assert list(ReportCard.from_dict({}).to_frame().columns) == list(frame.columns)


def test_times_are_utc_and_may_be_missing() -> None:
    frame = frames.records(Source, [Source.from_dict({"id": 1, "created_at": "2020-03-20T16:03:16Z"})])

    assert frame.loc[0, "created_at"] == pd.Timestamp(datetime(2020, 3, 20, 16, 3, 16, tzinfo=UTC))
    assert frame["updated_at"].isna().all()


def test_a_table_that_is_cut_short_says_so() -> None:
    frame = pd.DataFrame({"n": range(150)})

    assert "100 of 150 rows shown" in frames.html_table(frame)
    assert "rows shown" not in frames.html_table(frame.head(3))


def test_a_long_name_may_go_on_in_the_next_line_where_a_part_of_it_ends() -> None:
    frame = pd.DataFrame({"replication_method": ["platform.hp-postgres", "short_one", "a <b_longer_one> of_it"]})
    html = frames.html_table(frame)

    assert ">replication_<wbr>method<" in html
    assert ">platform.<wbr>hp-<wbr>postgres<" in html
    assert ">short_one<" in html
    assert ">a &lt;b_<wbr>longer_<wbr>one&gt; of_it<" in html
    assert list(frame.columns) == ["replication_method"]


def test_a_report_cards_table_names_what_it_leaves_out() -> None:
    properties = [{"name": "port", "is_required": True}]
    card = ReportCard({"type": "platform.x", "steps": [{"type": "form", "properties": properties}]})
    html = card._repr_html_()

    assert ">port<" in html
    assert "user_provided" not in html.replace("<wbr>", "")
    assert html.endswith("<p><code>to_frame()</code> has also step and property_type.</p></div>")
    assert {"step", "property_type"} <= set(card.to_frame().columns)


def test_an_object_shows_itself_as_a_table_and_as_text() -> None:
    source = Source.from_dict(
        {"id": 7, "name": "<b>x</b>", "report_card": {"current_step_type": "form", "current_step": 1}}
    )

    assert "&lt;b&gt;x" in source._repr_html_()
    assert "<b>x" not in source._repr_html_()
    assert str(source).splitlines()[1].split() == ["id", "7"]
    assert "step 1 of 0: form" in str(source)


def test_a_list_shows_itself_as_a_table_and_as_text() -> None:
    empty: RecordList[Load] = RecordList(Load)

    assert repr(empty) == "no Load"
    assert "last_batch_loaded_at" in empty._repr_html_().replace("<wbr>", "")
    assert "recurly" in repr(RecordList(Load, [Load.from_dict({"source_name": "recurly"})]))


def test_a_subclass_of_a_kind_has_its_columns() -> None:
    class Special(Property):
        """A property of its own."""

    assert list(frames.records(Special, []).columns) == list(frames.records(Property, []).columns)


def test_notifications_say_who_is_told_and_whether() -> None:
    emails = frames.records(
        models.NotificationEmail,
        [
            models.NotificationEmail.from_dict({"id": 1, "email_address": "a@example.com"}),
            models.NotificationEmail.from_dict({"id": 2, "disabled_at": "2020-03-20T16:03:16Z"}),
        ],
    )
    hooks = frames.records(
        models.Hook,
        [
            models.Hook.from_dict({"id": 1, "config": {"url": "https://hooks.example.com/x"}, "enabled": False}),
            models.Hook.from_dict({"id": 2, "destination_id": 5, "config": None, "disabled_at": None}),
        ],
    )

    assert emails["enabled"].tolist() == [True, False]
    assert emails["email_address"].tolist() == ["a@example.com", ""]
    assert hooks["enabled"].tolist() == [False, True]
    assert hooks["url"].fillna("").tolist() == ["https://hooks.example.com/x", ""]
    assert hooks["destination_id"].fillna(0).tolist() == [0, 5]
