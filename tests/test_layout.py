"""The shape of the code: who may import whom, where each library lives, that our names are ours."""

import ast
import importlib
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "records": set(),
    "notifications": {"records"},
    "tasks": {"notifications", "records"},
    "bpmn": {"tasks", "notifications", "records"},
    "workflows": {"bpmn", "tasks", "notifications", "records"},
    "api": {"bpmn", "tasks", "notifications", "records"},
}
HOMES = {
    "SpiffWorkflow": "bpmn/wall/",
    "RestrictedPython": "bpmn/sandbox/",
    "prefect": "workflows/",
    "pysnmp": "workflows/listeners/",
    "pyasn1": "workflows/listeners/",
    "fastapi": "api/",
    "starlette": "api/",
    "uvicorn": "api/",
    "httpx": "notifications/channels/",
    "smtplib": "notifications/channels/",
    "reportlab": "api/inspection_papers.py",
    "icalendar": "notifications/invitations.py",
    "argon2": "tasks/access/passwords.py",
    "alembic": "records/",
}


@cache
def imports(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_is_below_it(room):
    for path in (ROOT / room).rglob("*.py"):
        ours = {name for name in imports(path) if name in MAY_IMPORT} - {room}
        assert ours <= MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports {ours}"


@pytest.mark.parametrize("library, home", HOMES.items())
def test_a_library_stays_in_its_home(library, home):
    for room in MAY_IMPORT:
        for path in (ROOT / room).rglob("*.py"):
            if library in imports(path):
                assert path.relative_to(ROOT).as_posix().startswith(home)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_our_package_is_not_shadowed_by_an_installed_one(room):
    assert Path(importlib.import_module(room).__file__).parent == ROOT / room


def files_imported(path):
    """Those of our files that `path` needs while it is loaded; types alone do not count."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            folder = ROOT.joinpath(*node.module.split("."))
            names = [folder / name.name for name in node.names] + [folder]
            yield from (
                name.with_suffix(".py") for name in names if name.with_suffix(".py").exists()
            )


def test_no_files_import_each_other_in_a_circle():
    files = [path for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py")]
    TopologicalSorter({path: set(files_imported(path)) for path in files}).prepare()
