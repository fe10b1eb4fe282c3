"""CSV files of a folder as streams: what their fields are, what their rows are, and what is refused."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pipeline_messages as messages
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_taps import NOW, kept, records, selected

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox.connectors.csv_files import CsvFiles
from stitchnb.sandbox.pipeline import ConnectorError, Context, DiscoveredStream

ORDERS = "id,note,at\n1,first,2026-01-01T00:00:00Z\n3,third,2026-01-03T00:00:00Z\n2,second,2026-01-02T00:00:00Z\n"


def folder_of(tmp_path: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        (tmp_path / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path


def only(connector: CsvFiles) -> DiscoveredStream:
    (found,) = connector.discover({})
    return found


def rows(connector: CsvFiles, **how: Any) -> list[Any]:
    state = how.pop("state", {})
    properties = how.pop("properties", {})
    return records(connector.extract(properties, [selected(only(connector), **how)], state, NOW))


def test_every_csv_file_is_a_stream_with_the_header_s_fields(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, orders=ORDERS, countries="code,name\nES,Spain\n")
    (tmp_path / "notes.txt").write_text("no table")
    (tmp_path / "older.csv").mkdir()
    countries, orders = CsvFiles(folder, keys={"orders": ["id"]}).discover({})

    assert (orders.tap_stream_id, orders.stream_name) == ("orders", "orders")
    assert orders.metadata == {
        (): {"table-key-properties": ["id"]},
        ("properties", "id"): {"inclusion": "automatic"},
        ("properties", "note"): {"inclusion": "available"},
        ("properties", "at"): {"inclusion": "available"},
    }
    assert list(countries.schema["properties"]) == ["code", "name"]
    assert countries.metadata[()] == {"table-key-properties": []}


@pytest.mark.parametrize(
    ("values", "kind", "why"),
    [
        (["1", "-20", "0"], "integer", ""),
        (["9223372036854775807"], "integer", "the greatest bigint"),
        (["9223372036854775808"], "number", "one more is none"),
        (["007"], "string", "zeros in front are lost in a number"),
        (["+1"], "string", "so is a plus"),
        (["1,000"], "string", "a thousand, or one with three decimals"),
        ([" 1"], "string", "a space"),
        (["-0"], "number", "no integer has this sign"),
        (["1.5", "2"], "number", "some of them are integers"),
        (["1e5", "-2.5E-3"], "number", "with an exponent"),
        ([".5"], "string", "not as others write it"),
        (["1e999"], "string", "more than a number holds"),
        (["nan"], "string", "may be a name"),
        (["true", "FALSE", "True"], "boolean", ""),
        (["yes"], "string", "may be an answer"),
        (["0", "true"], "string", "two kinds"),
        (["2026-01-01T00:00:00Z", "2026-01-01 10:00:00.25+02:00"], "date-time", ""),
        (["2026-01-01T00:00:00"], "date-time", "without a zone it is UTC"),
        (["2026-01-01"], "string", "a day is no moment"),
        (["2026-02-30T00:00:00Z"], "string", "nor is one that does not exist"),
        (["2026-01-01T00:00:00.1234567Z"], "string", "a column holds six digits of a second"),
        (["1", ""], "integer", "nothing is null"),
        (["1", '""'], "string", "an empty text is none"),
        (["", ""], "string", "nothing at all"),
        ([], "string", "no rows"),
    ],
)
def test_a_field_is_what_all_of_its_values_are(tmp_path: Path, values: list[str], kind: str, why: str) -> None:
    quoted = [f'"{value}"' if "," in value else value for value in values]
    text = "other,value\n" + "".join(f"x,{value}\n" for value in quoted)
    schema = only(CsvFiles(folder_of(tmp_path, t=text))).schema["properties"]["value"]
    found = schema.get("format", schema["type"][1])
    assert (found, schema["type"][0]) == (kind, "null"), why


def test_values_are_of_their_field_s_type(tmp_path: Path) -> None:
    text = 'i,n,b,t,s\n1,12345678901234.56789,TRUE,2026-01-01T00:00:00Z,"a ""b"",\nc"\n'
    text += ',,,,\n2,0,false,2026-01-01T00:00:00,""\n'
    assert rows(CsvFiles(folder_of(tmp_path, t=text))) == [
        {"i": 1, "n": Decimal("12345678901234.56789"), "b": True, "t": "2026-01-01T00:00:00Z", "s": 'a "b",\nc'},
        {"i": None, "n": None, "b": None, "t": None, "s": None},
        {"i": 2, "n": 0, "b": False, "t": "2026-01-01T00:00:00", "s": ""},
    ]


def test_only_the_selected_fields_come(tmp_path: Path) -> None:
    found = rows(CsvFiles(folder_of(tmp_path, orders=ORDERS)), fields=["note", "id"])
    assert found[0] == {"note": "first", "id": 1}


@pytest.mark.parametrize(
    "text",
    ["id,é\r\n1,ü\r\n", "\ufeffid,é\n1,ü\n", "id,é\n1,ü", "id,é\n\n1,ü\n"],
    ids=["crlf", "bom", "no end", "blank"],
)
def test_the_usual_ways_of_writing_a_file_are_read(tmp_path: Path, text: str) -> None:
    assert rows(CsvFiles(folder_of(tmp_path, t=text))) == [{"id": 1, "é": "ü"}]


def test_another_delimiter(tmp_path: Path) -> None:
    assert rows(CsvFiles(folder_of(tmp_path, t="a;b\n1,5;x\n"), delimiter=";")) == [{"a": "1,5", "b": "x"}]


def test_names_with_letters_that_mean_something_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "year=2026 [a]*'"
    folder.mkdir()
    folder_of(folder, **{"x*": 'A,a,"it\'s ""b"""\n1,2,3\n', "xy": "A,a,b\n4,5,6\n"})
    connector = CsvFiles(folder)
    found = connector.discover({})[0]
    assert found.stream_name == "x*"
    assert records(connector.extract({}, [selected(found)], {}, NOW)) == [{"A": 1, "a": 2, 'it\'s "b"': 3}]


table_texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6)


@settings(max_examples=25)
@given(st.lists(st.none() | table_texts, max_size=8))
def test_what_a_writer_wrote_is_what_comes(tmp_path_factory: pytest.TempPathFactory, written: list[str | None]) -> None:
    lines = ["0,plain text", *(f"{n}," + ("" if text is None else quoted(text)) for n, text in enumerate(written, 1))]
    file = "n,s\r\n" + "\r\n".join(lines)
    assert [row[1] for row in csv.reader(io.StringIO(file, newline=""))][2:] == [text or "" for text in written]
    found = rows(CsvFiles(folder_of(tmp_path_factory.mktemp("csv"), t=file)))
    assert [row["s"] for row in found] == ["plain text", *written]


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def test_an_empty_file_empties_its_table(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, t="a,b\n"))
    (batch,) = connector.extract({}, [selected(only(connector))], {}, NOW)
    assert len(batch.records) == 0


@pytest.mark.parametrize(("key", "column"), [("id", "integer"), ("at", "date-time")])
def test_an_incremental_stream_goes_on_from_its_bookmark(tmp_path: Path, key: str, column: str) -> None:
    connector = CsvFiles(folder_of(tmp_path, orders=ORDERS))
    stream = selected(only(connector), method="INCREMENTAL", replication_key=key)
    batches = list(connector.extract({}, [stream], {}, NOW))
    assert [record["id"] for record in records(batches)] == [1, 2, 3], "in the order of the key"

    folder_of(tmp_path, orders=ORDERS + "4,fourth,2026-01-04T00:00:00Z\n,no key,\n")
    again = records(connector.extract({}, [stream], kept(batches), NOW))
    assert [record["id"] for record in again] == [3, 4], "from the bookmark on, and none without a key"


def test_rows_without_a_key_come_with_the_first_run(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, t="id,name\n2,b\n,none\n"))
    assert [row["name"] for row in rows(connector, method="INCREMENTAL", replication_key="id")] == ["none", "b"]


def test_moments_are_compared_and_not_their_texts(tmp_path: Path) -> None:
    text = "name,at\nlate,2026-01-01 00:00:00-05:00\nearly,2026-01-01T02:00:00\n"
    connector = CsvFiles(folder_of(tmp_path, t=text))
    how = {"method": "INCREMENTAL", "replication_key": "at"}
    assert [row["name"] for row in rows(connector, **how)] == ["early", "late"]
    assert [row["name"] for row in rows(connector, properties={"start_date": "2026-01-01T03:00:00Z"}, **how)] == [
        "late"
    ]


def test_a_key_need_not_be_selected(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, orders=ORDERS))
    stream = selected(only(connector), ["note"], method="INCREMENTAL", replication_key="id")
    (batch,) = connector.extract({}, [stream], {}, NOW)
    assert (batch.records[0], batch.bookmark) == ({"note": "first"}, {"id": "3"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n1\n", "t.csv: line 3 has 1 value, but the header has 2."),
        ("a,b\n1,2\n1,2,3\n", "t.csv: line 3 has 3 values, but the header has 2."),
        ('a,b\n1,2\n1,"2\n', "t.csv: line 3 has a quote that is not closed."),
        ("a,b\n1,2\n1,ü\n".encode("latin-1"), "t.csv: line 3 is not UTF-8. Save the file as UTF-8."),
        ("ä,b\n1,2\n".encode("latin-1"), "t.csv is not UTF-8. Save it as UTF-8."),
        ("a,b\n1," + "x" * 3_000_000 + "\n", "t.csv: line 2 is longer than 2 MB."),
        ("", "t.csv is empty. Its first line must have the column names."),
        ("a,,c\n1,2,3\n", "Column 2 of t.csv has no name. Add one to the header."),
        ("a,b,a\n1,2,3\n", "t.csv has two columns named 'a'. Rename one in the header."),
    ],
)
def test_what_is_no_table_is_refused_with_the_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        CsvFiles(folder_of(tmp_path, t=text)).discover({})
    assert str(caught.value) == message


def test_a_row_that_went_wrong_after_the_check_fails_the_extraction(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, t="a,b\n1,2\n"))
    stream = selected(only(connector))
    folder_of(tmp_path, t="a,b\n1,2\n3\n")
    with pytest.raises(ConnectorError, match=messages.CSV_LINE_TOO_SHORT):
        list(connector.extract({}, [stream], {}, NOW))


def test_a_value_of_another_type_than_discovered_comes_as_text(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, t="a,b,c\n1,1.5,true\n"))
    stream = selected(only(connector))
    folder_of(tmp_path, t="a,b,c\n01,1_5,yes\n")
    assert records(connector.extract({}, [stream], {}, NOW)) == [{"a": "01", "b": "1_5", "c": "yes"}]


def test_a_column_that_was_dropped_is_left_out(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, t="a,b\n1,2\n"))
    stream = selected(only(connector))
    folder_of(tmp_path, t="new,b\n1,2\n")
    assert records(connector.extract({}, [stream], {}, NOW)) == [{"b": 2}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,note\nfour,x\n", "replication key 'id' of orders.csv must be integer, but a row has 'four'"),
        ("number,note\n4,x\n", "no longer has its replication key 'id'"),
    ],
)
def test_a_replication_key_that_is_none_any_more_is_told(tmp_path: Path, text: str, message: str) -> None:
    connector = CsvFiles(folder_of(tmp_path, orders=ORDERS))
    stream = selected(only(connector), method="INCREMENTAL", replication_key="id")
    folder_of(tmp_path, orders=text)
    with pytest.raises(ConnectorError, match=message):
        list(connector.extract({}, [stream], {}, NOW))


def test_files_have_no_log(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="cannot be replicated as LOG_BASED"):
        rows(CsvFiles(folder_of(tmp_path, orders=ORDERS)), method="LOG_BASED")


def test_a_file_that_is_gone_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, orders=ORDERS))
    stream = selected(only(connector))
    (tmp_path / "orders.csv").rename(tmp_path / "orders_old.csv")
    with pytest.raises(ConnectorError, match=r"orders\.csv is no longer in .*\. It has orders_old"):
        list(connector.extract({}, [stream], {}, NOW))


def test_a_folder_without_files_fails_the_check(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="There are no CSV files in"):
        CsvFiles(tmp_path).check({})
    with pytest.raises(ConnectorError, match=r"nowhere cannot be read: No such file or directory"):
        CsvFiles(tmp_path / "nowhere").check({})


def test_two_files_of_one_name_fail_the_check(tmp_path: Path) -> None:
    folder_of(tmp_path, a="x\n1\n")
    (tmp_path / "a.CSV").write_text("x\n1\n")
    with pytest.raises(ConnectorError, match=r"a\.\w+ and a\.\w+ in .* would be the same stream"):
        CsvFiles(tmp_path).check({})


def test_a_key_must_be_there(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, orders=ORDERS)
    with pytest.raises(ConnectorError, match=r"orders\.csv has no column 'number', but keys says"):
        CsvFiles(folder, keys={"orders": ["id", "number"]}).check({})
    with pytest.raises(ConnectorError, match=r"There is no order\.csv"):
        CsvFiles(folder, keys={"order": ["id"]}).check({})


def test_a_delimiter_is_one_character() -> None:
    with pytest.raises(InvalidInputError, match="delimiter must be one character"):
        CsvFiles(".", delimiter="||")


def test_a_stop_breaks_off_the_reading(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, t="a\n" + "1\n" * 100_000))
    context = Context()
    stream = selected(only(connector))
    batches = connector.extract({}, [stream], {}, NOW, context)
    next(batches)
    context.stop.set()
    with pytest.raises(ConnectorError, match=r"(?i)interrupt"):
        list(batches)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    connector = CsvFiles(folder_of(tmp_path, big="id,text\n1,x\n"))
    stream = selected(only(connector))

    def peak(count: int) -> int:
        with (tmp_path / "big.csv").open("w") as file:
            file.write("id,text\n")
            file.writelines(f"{number},{'x' * 1_500}\n" for number in range(count))
        most = total = 0
        for batch in connector.extract({}, [stream], {}, NOW):
            total += len(batch.records)
            most = max(most, psutil.Process().memory_info().rss)
        assert total == count
        return most

    few = peak(20_000)
    assert peak(120_000) - few < 50_000_000, "150 MB of text more"
