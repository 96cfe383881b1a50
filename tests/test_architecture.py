"""The picture in the README's Architecture section, kept: who may import whom, and how large things may get."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "gitops_runbook"
FILES = sorted(PACKAGE.rglob("*.py"))

LEVELS = {
    "errors": 0, "model": 0, "documents": 0,
    "toolchain": 1, "clients": 1,
    "workspace": 2, "ansible": 2, "gitops": 2, "audit": 2,
    "runbooks": 3,
    "notebook": 4, "execution": 4, "lab": 4,
    "cli": 5,
}  # fmt: skip
SIDEWAYS = {
    "model": {"errors"},
    "documents": {"errors", "model"},
    "clients": {"toolchain"},
    "ansible": {"workspace"}, "gitops": {"workspace"}, "audit": {"workspace"},
}  # fmt: skip
"""Which rooms of the same level a room may import."""

HOMES = {
    "kubernetes": {"clients"}, "git": {"clients"}, "httpx": {"clients"},
    "yaml": {"documents"},
    "papermill": {"execution"}, "nbclient": {"execution"}, "nbconvert": {"execution"},
    "nbformat": {"execution", "notebook"},
    "IPython": {"notebook"}, "ipywidgets": {"notebook"},
    "typer": {"cli"}, "rich": {"cli"},
}  # fmt: skip
"""The rooms in which a third-party package may be imported; pydantic may be everywhere."""

RECORDER = PACKAGE / "ansible" / "recorder"
"""Runs inside the user's Ansible as one file under a licence of its own: nothing of ours, and nothing Ansible lacks."""
WHAT_ANSIBLE_BRINGS = {"ansible", "jinja2", "yaml"}

MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400


def test_the_package_is_where_this_test_looks() -> None:
    assert PACKAGE / "errors.py" in FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_a_file_keeps_to_the_picture(file: Path) -> None:
    assert list(violations(file, ast.parse(file.read_text()))) == []


@pytest.mark.parametrize(
    ("place", "code", "complaint"),
    [
        ("model/x.py", '"""."""\nfrom gitops_runbook.clients import command', "model may not import clients"),
        ("model/x.py", '"""."""\nfrom gitops_runbook import cli', "model may not import cli"),
        ("toolchain/x.py", '"""."""\nimport gitops_runbook.clients.command', "toolchain may not import clients"),
        ("gitops/x.py", '"""."""\nfrom gitops_runbook.ansible.replay import y', "gitops may not import ansible"),
        ("gitops/x.py", '"""."""\nfrom ..ansible import replay', "gitops may not import ansible"),
        ("gitops/x.py", '"""."""\nif True:\n    import yaml', "gitops may not import yaml"),
        ("runbooks/x.py", '"""."""\ndef f():\n    from rich.table import Table', "runbooks may not import rich"),
        ("ansible/recorder/x.py", '"""."""\nimport gitops_runbook', "the recorder may not import gitops_runbook"),
        ("ansible/recorder/x.py", '"""."""\nimport kubernetes', "the recorder may not import kubernetes"),
        ("model/x.py", "x = 1", "no module docstring"),
        ("model/x.py", '"""."""\ndef f():\n' + "    x = 1\n" * 60, "f has 61 lines"),
        ("model/x.py", '"""."""\n' + "x = 1\n" * 400, "401 lines"),
        ("attic/x.py", '"""."""', "attic is no room"),
    ],
)  # fmt: skip
def test_the_check_sees_a_violation(place: str, code: str, complaint: str) -> None:
    assert list(violations(PACKAGE / place, ast.parse(code))) == [complaint]


def test_what_the_picture_allows_is_no_violation() -> None:
    code = '"""."""\nfrom gitops_runbook.workspace import x\nfrom gitops_runbook.clients.git import y\nimport pydantic'

    assert list(violations(PACKAGE / "gitops" / "x.py", ast.parse(code))) == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = sorted({*HOMES, "pydantic", "matplotlib", "pyrage", "jupyterlab"})
    probe = f"import sys, gitops_runbook; print([name for name in {heavy} if name in sys.modules])"

    loaded = subprocess.check_output([sys.executable, "-c", probe], cwd=PACKAGE.parent, text=True)

    assert loaded.strip() == "[]"


def violations(file: Path, tree: ast.Module) -> Iterator[str]:
    if ast.get_docstring(tree) is None:
        yield "no module docstring"
    yield from _too_large(file, tree)
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room not in LEVELS and room != "__init__":
        yield f"{room} is no room"
    for module in _imported(file, tree):
        if file.is_relative_to(RECORDER):
            yield from _wrong_for_the_recorder(module)
        elif complaint := _wrong_for(room, module):
            yield complaint


def _too_large(file: Path, tree: ast.Module) -> Iterator[str]:
    lines = len(ast.unparse(tree).splitlines()) if not file.exists() else len(file.read_text().splitlines())
    if lines > MOST_LINES_OF_A_FILE and not file.is_relative_to(RECORDER):
        yield f"{lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_LINES_OF_A_FUNCTION:
                yield f"{node.name} has {length} lines"


def _imported(file: Path, tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Every imported module as a path; ``from package import name`` counts as ``package.name``."""
    package = ("gitops_runbook", *file.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            origin = (*start, *(node.module or "").split(".")) if node.module else start
            yield from ((*origin, alias.name) for alias in node.names)


def _wrong_for_the_recorder(module: tuple[str, ...]) -> Iterator[str]:
    if module[0] not in sys.stdlib_module_names and module[0] not in WHAT_ANSIBLE_BRINGS:
        yield f"the recorder may not import {module[0]}"


def _wrong_for(room: str, module: tuple[str, ...]) -> str:
    if module[0] != "gitops_runbook":
        homes = HOMES.get(module[0])
        return "" if homes is None or room in homes else f"{room} may not import {module[0]}"
    other = module[1] if len(module) > 1 else "__init__"
    if other == room or other not in LEVELS:  # names of the package itself, e.g. __version__
        return ""
    allowed = LEVELS[other] < LEVELS.get(room, -1) or other in SIDEWAYS.get(room, ())
    return "" if allowed else f"{room} may not import {other}"
