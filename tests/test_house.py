"""The house rules: which way imports point, how long pages are, what the server is told, what the documents say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "cs_metrics"
PAGES = sorted(ROOT.glob("pages/[0-9]*_*/[0-9]*_*.py"))
CORE = {
    "book",
    "lines",
    "settings",
    "problems",
    "months",
    "metric",
    "signal",
    "units",
    "facts",
    "changes",
    "tally",
    "owners",
    "assemble",
    "lately",
    "dials",
    "flags",
    "health",
    "targets",
    "metrics",
    "signals",
    "analysis",
}
EDGES = {
    "tables",
    "export",
    "one_page",
    "benchmarks",
    "glossary",
    "read",
    "connect",
    "store",
    "charts",
    "slides",
    "ics",
    "cli",
}
CORE_LIBRARIES = {"numpy", "pandas", "scipy", "cs_metrics"}
DOOR = {"assemble": {"pyarrow"}}  # where tables, as Arrow brings them, become a Book
SHARED_BY_EDGES = {"tables", "export"}


def imports_of(path: Path) -> set[str]:
    """Every module a file imports, at its top or inside."""
    tree = ast.parse(path.read_text("utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_one_way(path: Path) -> None:
    room, modules = room_of(path), imports_of(path)
    inside = {m.split(".")[1] for m in modules if m.startswith("cs_metrics.")} - {room}
    outside = {m.split(".")[0] for m in modules}
    assert "streamlit" not in outside
    assert "pages" not in outside
    if room in CORE:
        libraries = outside - set(sys.stdlib_module_names) - {"__future__"}
        assert libraries <= CORE_LIBRARIES | DOOR.get(room, set()), libraries
        assert inside & EDGES == set()
    elif room in EDGES - {"cli"} and room not in SHARED_BY_EDGES:
        assert inside & EDGES <= SHARED_BY_EDGES, inside


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_a_page_says_only_what_pages_may_say(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 100
    outside = {m.split(".")[0] for m in imports_of(path)}
    assert outside <= {"streamlit", "cs_metrics", "pages"}, outside
    assert {m for m in imports_of(path) if m.startswith("pages")} <= {"pages", "pages.ui"}
    assert (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0].endswith("?")


def test_the_frame_is_the_only_file_directly_in_pages() -> None:
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == ["frame.py"]


def test_the_package_loads_no_page_chart_or_database() -> None:
    heavy = ("streamlit", "plotly", "pptx", "sqlmodel", "sqlalchemy", "pyarrow.csv", "pydantic")
    code = f"import sys, cs_metrics; print([m for m in {heavy!r} if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout.strip()
        == "[]"
    )


def test_every_cached_function_of_a_page_is_keyed_by_who_may_see_what() -> None:
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                "cache" in ast.unparse(d) and "st." in ast.unparse(d) for d in node.decorator_list
            ):
                assert "scope" in {a.arg for a in node.args.args}, f"{path.name}: {node.name}"
                assert "session_state" not in ast.unparse(node), f"{path.name}: {node.name}"


def test_the_server_is_told_to_be_careful() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["server"] | {"port": None} == {
        "address": "127.0.0.1",
        "allowedHosts": ["localhost", "127.0.0.1"],
        "enableXsrfProtection": True,
        "enableCORS": True,
        "enableStaticServing": False,
        "enableAgentApi": False,
        "maxUploadSize": 25,
        "maxMessageSize": 50,
        "fileWatcherType": "none",
        "port": None,
    }
    assert config["client"] == {
        "showErrorDetails": "none",
        "disableDataExport": True,
        "toolbarMode": "viewer",
    }
    assert config["browser"] == {"gatherUsageStats": False}
    assert config["runner"]["postScriptGC"] is False
    for mode in ("light", "dark"):
        assert len(config["theme"][mode]["chartCategoricalColors"]) == 10


def test_names_that_say_nothing_are_not_used() -> None:
    forbidden = {"utils", "helpers", "manager", "misc", "common"}
    names = {path.stem for path in [*PACKAGE.rglob("*.py"), *(ROOT / "pages").rglob("*.py")]}
    assert not names & forbidden


def test_no_address_of_a_registry_and_no_path_of_a_machine_is_kept() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".toml", ".txt", ".yml", ".cfg", "")
            and path.is_file()
            and path.name != "test_house.py"
        ):
            text = path.read_text("utf-8", errors="ignore")
            assert "pypi.org" not in text, name
            assert "files.pythonhosted" not in text, name
            assert "/work/" not in text, name
            assert "/root/" not in text, name


def test_the_definitions_are_fresh() -> None:
    from cs_metrics.glossary import document

    assert (ROOT / "docs" / "definitions.md").read_text("utf-8") == document(), "run `make docs`"


def test_the_examples_in_the_readme_run() -> None:
    import doctest

    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_every_command_is_in_the_readme_or_its_help() -> None:
    from cs_metrics.cli import app

    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in sorted(commands) if not re.search(rf"cs-metrics {name}\s", readme)] == []
    assert all(command.callback.__doc__ for command in app.registered_commands if command.callback)


def test_every_decision_is_numbered() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_a_page_may_need_later_is_not_loaded_at_the_start() -> None:
    code = "import sys, pages.ui; print([m for m in ('sqlalchemy', 'pptx', 'stripe', 'alembic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
