"""A token is looked for in one order of places; connect() says where it was, never what it is."""

import getpass
import sys
import types
from pathlib import Path

import pytest

import stitchnb
from stitchnb.client.credentials import find_token
from stitchnb.errors import CredentialsError, InvalidInputError

TOKEN = "a-very-secret-token"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one's own, with the working directory deep within."""
    folder = tmp_path / "project" / "notebooks" / "deep"
    folder.mkdir(parents=True)
    (tmp_path / "project" / ".git").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.delenv("STITCH_ENV_FILE")
    return tmp_path / "project"


def write(folder: Path, text: str = f"STITCH_ACCESS_TOKEN={TOKEN}\n") -> Path:
    path = folder / ".env"
    path.write_text(text)
    return path


def told(capsys: pytest.CaptureFixture[str], **options: str) -> str:
    stitchnb.connect(**options).close()  # type: ignore[arg-type]
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert TOKEN not in line
    return line


def keyring(monkeypatch: pytest.MonkeyPatch, get_password: object) -> type[Exception]:
    """Play the package keyring, which is not always there."""

    class KeyringError(Exception):
        """No keyring that can be opened."""

    module, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    module.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    module.get_password = get_password  # type: ignore[attr-defined]
    errors.KeyringError = KeyringError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return KeyringError


def test_the_argument_comes_first(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project)
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", "another")

    assert "with the token from the argument token:" in told(capsys, token=TOKEN)


def test_the_environment_comes_before_a_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project)
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", TOKEN)

    assert "from the environment variable STITCH_ACCESS_TOKEN:" in told(capsys)


@pytest.mark.parametrize("where", [".", "notebooks", "notebooks/deep"])
def test_a_file_is_found_from_here_up_to_the_repositorys_root(
    project: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(project / where)

    assert f"with the token from {path}:" in told(capsys)


def test_the_nearest_file_with_a_token_counts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project)
    path = write(project / "notebooks")
    write(project / "notebooks" / "deep", "OTHER=1\n")

    assert str(path) in told(capsys)


def test_a_file_above_the_repository_is_not_read(project: Path) -> None:
    write(project.parent)

    assert find_token(None).token is None


def test_outside_home_and_repository_only_this_folder_is_read(project: Path) -> None:
    (project / ".git").rmdir()
    write(project)

    assert find_token(None).token is None
    write(project / "notebooks" / "deep")
    assert find_token(None).token == TOKEN


def test_the_home_directory_is_the_last_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".git").rmdir()
    monkeypatch.setattr(Path, "home", lambda: project / "notebooks")
    write(project)
    assert find_token(None).token is None
    path = write(project / "notebooks")
    assert find_token(None).place == str(path)


def test_another_file_can_be_named_and_none_too(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(project)
    (tmp_path / "other.env").write_text("STITCH_ACCESS_TOKEN=other\n")
    monkeypatch.setenv("STITCH_ENV_FILE", str(tmp_path / "other.env"))
    assert find_token(None).token == "other"
    monkeypatch.setenv("STITCH_ENV_FILE", "")
    assert find_token(None).token is None


def test_an_address_beside_the_token_counts_and_any_other_does_not(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, f"STITCH_ACCESS_TOKEN={TOKEN}\nSTITCH_BASE_URL=https://other.example.com\n")
    assert "https://other.example.com" in told(capsys)
    assert "https://api.eu-central-1.stitchdata.com" in told(capsys, region="eu")

    monkeypatch.setenv("STITCH_ACCESS_TOKEN", TOKEN)
    assert "https://api.stitchdata.com" in told(capsys), "a file must not send a token from elsewhere to its address"


def test_a_keyring_comes_last(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, str]] = []
    keyring(monkeypatch, lambda *names: asked.append(names) or TOKEN)

    assert "from the system's keyring" in told(capsys)
    assert asked == [("stitchnb", "STITCH_ACCESS_TOKEN")]
    write(project, "STITCH_ACCESS_TOKEN=nearer\n")
    assert find_token(None).token == "nearer"


def test_a_keyring_that_cannot_be_opened_or_holds_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring(monkeypatch, lambda *names: None)
    assert "nothing in it" in find_token(None).attempts[-1]

    def locked(*names: str) -> str:
        raise kind

    kind = keyring(monkeypatch, locked)
    assert "cannot be opened (KeyringError)" in find_token(None).attempts[-1]


def test_a_missing_token_says_every_place_that_was_looked_at(project: Path) -> None:
    path = write(project, "OTHER=1\n")

    with pytest.raises(CredentialsError) as caught:
        stitchnb.connect(region="eu")

    message = str(caught.value)
    assert "https://api.eu-central-1.stitchdata.com" in message
    for place in (
        "the argument token: not passed",
        "the environment variable STITCH_ACCESS_TOKEN: not set",
        f"{path}: no STITCH_ACCESS_TOKEN in it",
        "the system's keyring (service 'stitchnb', name 'STITCH_ACCESS_TOKEN'): the package keyring is not installed",
        "a prompt: not possible",
    ):
        assert place in message


def test_where_there_is_no_file_it_says_where_it_looked(project: Path) -> None:
    looked = "\n".join(find_token(None).attempts)

    assert f"{project / 'notebooks' / 'deep' / '.env'} and above, up to {project}: no such file" in looked


def test_without_any_token_it_is_a_sandbox_and_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: pytest.fail("asked for a token"))

    assert "embedded sandbox" in told(capsys)


def test_an_interactive_session_is_asked_for_the_token_of_a_real_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts: list[str] = []
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(getpass, "getpass", lambda prompt: prompts.append(prompt) or f" {TOKEN}\n")

    assert "with the token from the prompt" in told(capsys, region="us")
    assert prompts == ["Access token for https://api.stitchdata.com: "]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (EOFError(), "takes no input"),
        (NotImplementedError("raw_input was called, but this frontend does not support it"), "takes no input"),
        ("", "the prompt: empty"),
    ],
)
def test_a_prompt_that_gives_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, answer: str | Exception, message: str
) -> None:
    def asked(prompt: str) -> str:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(getpass, "getpass", asked)

    with pytest.raises(CredentialsError, match=message):
        stitchnb.connect(base_url="https://api.stitchdata.com")


def test_an_empty_argument_is_an_error_even_where_a_file_has_a_token(project: Path) -> None:
    write(project)

    with pytest.raises(CredentialsError, match="the argument token: empty"):
        stitchnb.connect("")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"region": "asia"}, "no region 'asia'"),
        ({"region": "eu", "base_url": "https://api.stitchdata.com"}, "Pass one of the two"),
        ({"base_url": "https://user:pass@api.stitchdata.com"}, "user name or password"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        stitchnb.connect(TOKEN, **options)  # type: ignore[arg-type]
    assert "pass@" not in str(caught.value)


ENV = [
    ("A=b", "b", "plain"),
    ("export A=b", "b", "as a shell takes it"),
    ("A = b ", "b", "with spaces"),
    ("A='b # c'", "b # c", "single quotes keep a #"),
    ('A="b"  # why', "b", "double quotes and a comment"),
    ("A=b # why", "b", "a comment"),
    ("A=b#c", "b#c", "no comment without a space"),
    ("A=", "", "nothing"),
    ("A=$B", "$B", "nothing is expanded"),
    ("\ufeffA=b\r", "b", "written on Windows"),
    ("A=a\nA=b", "b", "the last one counts"),
    ("#A=b", None, "a comment only"),
    ("A", None, "no assignment"),
    ("A='b", None, "a quote that does not end"),
]


@pytest.mark.parametrize(("text", "value", "why"), ENV, ids=[case[2] for case in ENV])
def test_a_file_is_read(project: Path, text: str, value: str | None, why: str) -> None:
    (project / ".env").write_text(text.replace("A", "STITCH_ACCESS_TOKEN"), "utf-8")

    token = find_token(None).token

    assert (token.reveal() if token is not None else None) == (value or None)


def test_a_file_that_cannot_be_read_is_told(project: Path) -> None:
    (project / ".env").write_bytes(b"\xff\xfe\x00")

    assert "cannot be read (UnicodeDecodeError)" in "\n".join(find_token(None).attempts)
