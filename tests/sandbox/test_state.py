"""The state: one file, whole at any time, readable by its owner alone, brought forward from older versions."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from cryptography.fernet import Fernet

from stitchnb.errors import StateFileError
from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.store import database as state
from stitchnb.sandbox.store.credentials import CredentialStore
from stitchnb.sandbox.store.database import State


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A state file as today's version writes it, with something in it."""
    path = tmp_path / "acme.sandbox"
    with closing(State(path)) as made:
        made.set_seed(7)
    return path


def become_newer(monkeypatch: pytest.MonkeyPatch, *migrations: str) -> int:
    """Let this program be of a later version, with what leads to it."""
    first = state._VERSION
    monkeypatch.setattr(state, "_MIGRATIONS", dict(enumerate(migrations, first)))
    monkeypatch.setattr(state, "_VERSION", first + len(migrations))
    return first + len(migrations)


COLOURS = """
-- A comment; with a semicolon.
CREATE TABLE colours (name TEXT PRIMARY KEY, of TEXT NOT NULL DEFAULT 'a;b') STRICT;
CREATE TRIGGER colours_are_noted AFTER INSERT ON colours BEGIN
  UPDATE account SET value = new.name WHERE key = 'colour';
END;
"""
FIRST_COLOUR = """
INSERT INTO account (key, value) VALUES ('colour', 'none');
INSERT INTO colours (name) VALUES ('red');
"""


def test_a_state_of_an_older_version_is_brought_forward_step_by_step(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = become_newer(monkeypatch, COLOURS, FIRST_COLOUR)

    for _ in range(2):
        with closing(State(older)) as opened:
            assert opened.set_seed(None) == 7, "what was in it is still there"
            assert opened.get_meta("colour") == "red"
            with opened.read() as db:
                assert [tuple(row) for row in db.execute("SELECT * FROM colours")] == [("red", "a;b")]

    assert version_of(older) == newest


def test_a_migration_that_fails_leaves_the_state_as_it_was(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version_of(older)
    become_newer(monkeypatch, COLOURS, "INSERT INTO no_such_table VALUES (1);")

    with pytest.raises(StateFileError, match="no_such_table"):
        State(older)

    assert version_of(older) == before
    monkeypatch.undo()
    with closing(State(older)) as opened, opened.read() as db:
        assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'colours'").fetchone()[0] == 0


def test_there_is_a_way_from_every_version_that_was_ever_written() -> None:
    assert sorted(state._MIGRATIONS) == list(range(1, state._VERSION))


def test_a_new_state_is_of_the_newest_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    become_newer(monkeypatch, COLOURS)

    with closing(State(tmp_path / "new")) as opened, opened.read() as db:
        # The schema is always the newest; no migration is run on it.
        assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'colours'").fetchone()[0] == 0
    assert version_of(tmp_path / "new") == state._VERSION


def test_a_file_that_is_in_use_is_not_held_by_who_was_refused(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    opened: list[sqlite3.Connection] = []

    def remembering(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    with closing(State(older)):
        monkeypatch.setattr(sqlite3, "connect", remembering)
        with pytest.raises(StateFileError, match="Close the sandbox that is using it"):
            State(older)

    (refused,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        refused.execute("SELECT 1")


def note_and_raise(opened: State) -> None:
    with opened.transaction():
        opened.set_meta("one", "1")
        raise ValueError("half-way")


def write_what_the_commit_refuses(opened: State) -> None:
    with opened.transaction() as db:
        db.execute("PRAGMA defer_foreign_keys = ON")
        db.execute(
            "INSERT INTO streams (stream_id, source_id, tap_stream_id, stream_name, position, schema, metadata) "
            "VALUES (1, 404, 't', 't', 0, '{}', '[]')"
        )


def test_a_change_that_raises_leaves_nothing(tmp_path: Path) -> None:
    with closing(State(tmp_path / "a")) as opened:
        with pytest.raises(ValueError, match="half-way"):
            note_and_raise(opened)
        assert opened.get_meta("one") is None

        opened.set_meta("two", "2")
        assert opened.get_meta("two") == "2", "and the next one is not held up by it"


def test_a_commit_that_fails_takes_everything_back(tmp_path: Path) -> None:
    with closing(State(tmp_path / "a")) as opened:
        with pytest.raises(sqlite3.IntegrityError):
            write_what_the_commit_refuses(opened)
        opened.set_meta("after", "1")

    with closing(State(tmp_path / "a")) as again, again.read() as db:
        assert again.get_meta("after") == "1"
        assert db.execute("SELECT count(*) FROM streams").fetchone()[0] == 0


def test_only_the_owner_may_read_what_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, pace_s=0):
        while_open = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}

    assert while_open["acme.sandbox"] == while_open["acme.sandbox.key"] == 0o600
    assert while_open["acme.sandbox.duckdb"] == 0o600
    assert while_open.get("acme.sandbox-wal", 0o600) == 0o600


@pytest.mark.parametrize(("place", "why"), [("no/such/folder/a", "No such file"), ("file/a", "Not a directory")])
def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StateFileError, match=rf"{why}.*folder that exists"):
        Sandbox(tmp_path / place)


def test_half_a_key_is_never_taken_for_one(tmp_path: Path) -> None:
    """A kill while the key was written leaves a part, which the next start does without."""
    (tmp_path / "acme.sandbox.key.part").write_bytes(b"half")

    encrypted = CredentialStore(tmp_path / "acme.sandbox").encrypt("secret")

    assert CredentialStore(tmp_path / "acme.sandbox").decrypt(encrypted) == "secret"
    assert not (tmp_path / "acme.sandbox.key.part").exists()


def test_half_a_warehouse_is_never_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "acme.sandbox.duckdb.part").write_bytes(b"half")

    with Sandbox(tmp_path / "acme.sandbox", pace_s=0) as sandbox:
        assert sandbox.warehouse.tables().empty

    assert not (tmp_path / "acme.sandbox.duckdb.part").exists()


@pytest.mark.parametrize(
    ("key", "why"),
    [(None, "it is gone"), (b"torn", "it is no key"), (Fernet.generate_key(), "it is another's")],
    ids=("gone", "torn", "another's"),
)
def test_a_state_whose_key_is_lost_is_not_opened(tmp_path: Path, key: bytes | None, why: str) -> None:
    path, key_path = tmp_path / "acme.sandbox", tmp_path / "acme.sandbox.key"
    with Sandbox(path, pace_s=0) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
        httpx.post(f"{sandbox.url}/v4/sources", json=recurly.CREATE, headers=headers)
    good = key_path.read_bytes()
    key_path.unlink()
    if key is not None:
        key_path.write_bytes(key)

    with pytest.raises(StateFileError, match="Restore that file"):
        Sandbox(path)

    assert (key_path.read_bytes() if key_path.exists() else None) == key, why
    key_path.write_bytes(good)
    with Sandbox(path, pace_s=0):
        pass
