"""Values that lose something on most ways from PostgreSQL into a warehouse, in one table."""

from __future__ import annotations

from postgres_server import Database

# One column of a table each, with the type of its column in the warehouse, and pairs of what PostgreSQL is told and
# what arrives, as text. None arrives as null, whatever the type.
TYPES: list[tuple[str, str, str, list[tuple[str, str]]]] = [
    ("small", "smallint", "BIGINT", [("-32768", "-32768"), ("0", "0")]),
    ("int", "integer", "BIGINT", [("2147483647", "2147483647")]),
    ("big", "bigint", "BIGINT", [("-9223372036854775808", "-9223372036854775808")]),
    ("real", "real", "DOUBLE", [("0.1", "0.1"), ("'NaN'", "nan"), ("3.4e38", "3.4e+38")]),
    (
        "double",
        "float8",
        "DOUBLE",
        [("'NaN'", "nan"), ("'Infinity'", "inf"), ("'-Infinity'", "-inf"), ("'5e-324'", "5e-324"), ("0.1", "0.1")],
    ),
    ("price", "numeric(12,2)", "DECIMAL(38,2)", [("1.1", "1.10"), ("-0.01", "-0.01"), ("9999999999.99",) * 2]),
    ("wide", "numeric(38,0)", "DECIMAL(38,0)", [("9" * 38, "9" * 38)]),
    ("free", "numeric", "DECIMAL(38,12)", [("0.000000000001",) * 2, ("123456789", "123456789.000000000000")]),
    ("truth", "boolean", "BOOLEAN", [("true", "true"), ("false", "false")]),
    ("bit1", "bit", "BOOLEAN", [("B'1'", "true"), ("B'0'", "false")]),
    ("bits", "bit(3)", "VARCHAR", [("B'010'", "010")]),
    ("day", "date", "TIMESTAMP", [("'2024-02-29'", "2024-02-29 00:00:00"), ("'0001-01-01'", "0001-01-01 00:00:00")]),
    ("moment", "timestamp", "TIMESTAMP", [("'2024-01-01 24:00'", "2024-01-02 00:00:00")]),
    ("instant", "timestamptz", "TIMESTAMP", [("'2024-07-01 00:30:00.000001+05:30'", "2024-06-30 19:00:00.000001")]),
    ("clock", "time", "VARCHAR", [("'24:00'", "24:00:00"), ("'00:00:00.1'", "00:00:00.1")]),
    ("zoned", "timetz", "VARCHAR", [("'12:00+02'", "12:00:00+02")]),
    ("span", "interval", "VARCHAR", [("'1 year -3 days 04:05'", "1 year -3 days +04:05:00")]),
    ("id128", "uuid", "VARCHAR", [("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]),
    ("bytes", "bytea", "VARCHAR", [(r"'\x00ff'", r"\x00ff"), ("''", r"\x")]),
    ("json", "json", "VARCHAR", [("""'{"a": [1, "x\\n"]}'""", r"""{"a": [1, "x\n"]}"""), ("'null'", "null")]),
    ("jsonb", "jsonb", "VARCHAR", [("""'{"b":1.50, "a":"é"}'""", """{"a": "é", "b": 1.50}""")]),
    ("cash", "money", "VARCHAR", [("1234.5", "$1,234.50")]),
    ("net", "inet", "VARCHAR", [("'10.0.0.1/8'", "10.0.0.1/8")]),
    ("padded", "char(4)", "VARCHAR", [("'ab'", "ab  ")]),
    ("mood", "mood", "VARCHAR", [("'so, so'", "so, so")]),
    ("positive", "positive", "DECIMAL(38,1)", [("2.5", "2.5")]),
    (
        "text",
        "text",
        "VARCHAR",
        [
            ("''", ""),
            ("' '", " "),
            ("'NULL'", "NULL"),
            (r"'\N'", r"\N"),
            (r"'\.'", r"\."),
            ("'\"'", '"'),
            ("'a,b;\"c\"\t'", 'a,b;"c"\t'),
            (r"E'\n'", "\n"),
            (r"E'a\r\nb\n\n'", "a\r\nb\n\n"),
            ("'😀 é ﷽ \u200b'", "😀 é ﷽ \u200b"),
            ("'infinity'", "infinity"),
            ("'2024-01-01'", "2024-01-01"),
            ("repeat('long \"text\",' || chr(10), 300000)", 'long "text",\n' * 300000),
        ],
    ),
]

# Values that no column can hold: which rejects their row.
OUTSIDE = [
    ("moment", "'infinity'", "'infinity' is out of range for TIMESTAMP"),
    ("instant", "'-infinity'", "'-infinity' is out of range for TIMESTAMP"),
    ("day", "'0044-03-15 BC'", "'-0043-03-15T00:00:00Z' is out of range for TIMESTAMP"),
    ("instant", "'0044-03-15 12:00:00+00 BC'", "'-0043-03-15T12:00:00Z' is out of range for TIMESTAMP"),
    ("moment", "'0044-03-15 12:00 BC'", "'-0043-03-15T12:00:00Z' is out of range for TIMESTAMP"),
    ("moment", "'12024-01-01'", "'12024-01-01T00:00:00Z' is out of range for TIMESTAMP"),
    ("free", "'NaN'", "NaN is out of range for DECIMAL"),
    ("price", "'NaN'", "NaN is out of range for DECIMAL"),
]

CASES = [(name, given, arrives) for name, _, _, pairs in TYPES for given, arrives in [*pairs, ("NULL", None)]]


def make(database: Database) -> None:
    """Make a table with a row for each value, all other columns being null."""
    columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type, _, _ in TYPES)
    database.run("CREATE TYPE mood AS ENUM ('sad', 'so, so')")
    database.run("CREATE DOMAIN decided AS numeric(5,1); CREATE DOMAIN positive AS decided CHECK (VALUE > 0)")
    database.run(f"CREATE TABLE nasty (id int PRIMARY KEY, {columns})")
    for number, (name, given, _) in enumerate([*CASES, *OUTSIDE]):
        database.run(f'INSERT INTO nasty (id, "{name}") VALUES ({number}, {given})')
