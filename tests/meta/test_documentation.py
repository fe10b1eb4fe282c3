"""The README, the pages and CONTRIBUTING are true: links lead to files, examples run, commands exist."""

import ast
import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest
import yaml

import stitchnb
import stitchnb.sandbox
from stitchnb import cli

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = sorted((ROOT / "notebooks" / "pages").glob("*.md"))
TEXTS = [README, CONTRIBUTING, *PAGES]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(page.read_text("utf-8")) if name == language]


def test_the_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150


def test_the_readme_links_every_page_and_every_guide() -> None:
    links = set(re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8")))
    pages = [*PAGES, *(ROOT / "notebooks").glob("*.ipynb"), CONTRIBUTING, ROOT / "CHANGELOG.md"]
    assert {page.relative_to(ROOT).as_posix() for page in pages} <= links


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    local = [link for link in links if not link.startswith("https://")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_paths_that_are_named_exist(page: Path) -> None:
    words = re.findall(r"`([\w.-]+/[\w./*<>-]+)`", page.read_text("utf-8"))
    paths = [word for word in words if word.split("/")[0] in {"stitchnb", "tests", "notebooks", "binder", ".ci"}]
    assert [path for path in paths if "<" not in path and not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_examples_with_a_prompt_run(page: Path) -> None:
    result = doctest.testfile(str(page), module_relative=False)
    assert result.failed == 0
    assert page != README or result.attempted >= 10


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_code_names_what_stitchnb_has(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse("" if block.startswith(">>>") else block)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stitchnb"):
                module = importlib.import_module(node.module)
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_commands_of_stitchnb_are_accepted(page: Path) -> None:
    for line in "".join(blocks(page, "shell")).splitlines():
        words = shlex.split(line, comments=True)
        if words[:3] == ["python3", "-m", "stitchnb"] and words[3] != "test":
            assert cli._parser().parse_args(words[3:]).command == words[3]


def test_the_table_of_the_readme_names_what_there_is() -> None:
    table = README.read_text("utf-8").partition("## What's in it")[2].partition("##")[0]
    names = re.findall(r"`stitchnb\.([\w.]+)", table)
    assert len(names) > 15
    for name in names:
        found: object = stitchnb
        for attribute in name.split("."):
            assert hasattr(found, attribute), name
            found = getattr(found, attribute)


def test_the_example_with_a_fixture_passes(stitch_client: stitchnb.Client) -> None:
    (block,) = [block for block in blocks(ROOT / "notebooks/pages/sandbox.md", "python") if "def test_" in block]
    namespace: dict[str, object] = {}
    exec(block, namespace)
    namespace["test_my_pipeline"](stitch_client)


def test_pre_commit_runs_what_ci_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    commands = [hook["entry"].removesuffix(" --fix") for hook in hooks]
    assert [command for command in commands if command not in gate] == []
    assert len(commands) == len(set(re.findall(r"^(uv run (?!pytest).+?)(?: --check)? \|\|", gate, re.MULTILINE)))
