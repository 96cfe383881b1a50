"""Find code of the project that ansible itself would run on this machine: inventory scripts, plugins, vault scripts.

Modules are not listed: they would run on the hosts, and the recorder runs none.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from gitops_runbook.errors import ProjectCodeNotAllowed, UnreadableInput

_PLUGIN_FOLDERS = (
    "action_plugins", "become_plugins", "cache_plugins", "callback_plugins", "cliconf_plugins", "connection_plugins",
    "filter_plugins", "httpapi_plugins", "inventory_plugins", "lookup_plugins", "shell_plugins", "strategy_plugins",
    "terminal_plugins", "test_plugins", "vars_plugins",
)  # fmt: skip
"""Folders beside a playbook or in a role that ansible loads plugins from.

Source: Ansible documentation, "Adding modules and plugins locally".
"""

_HARMLESS_INVENTORY = {"constructed", "generator", "advanced_host_list", "host_list", "ini", "yaml", "auto"}
_INVENTORY_PLUGIN = re.compile(r"^plugin:\s*['\"]?([\w.]+)", re.MULTILINE)


def find_project_code(project: Path, inventory: Iterable[str], vault_password_file: Path | None) -> list[Path]:
    """List the files, sorted; relative to the project where they stand in it."""
    found = {*_plugins(project), *_configured(project)}
    for path in inventory:
        found.update(_inventory_code(project / path))
    if vault_password_file is not None and os.access(vault_password_file, os.X_OK):
        found.add(vault_password_file)
    return sorted(_relative(path, project) for path in found)


def require_allowed(project: Path, code: list[Path], *, allowed: bool) -> None:
    """Stop when there is code and nobody allowed it.

    Raises:
        ProjectCodeNotAllowed: names the files.
    """
    if code and not allowed:
        listed = "".join(f"\n  {path}" for path in code[:20]) + ("\n  …" if len(code) > 20 else "")
        raise ProjectCodeNotAllowed(
            str(project),
            f"ansible would run {len(code)} file(s) of this project on this machine:{listed}",
            "read them, then pass --allow-project-code",
        )


def _plugins(project: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(project):
        folders[:] = sorted(name for name in folders if name not in (".git", ".venv", "node_modules"))
        here = Path(folder)
        if here.parent.parent.name == "ansible_collections":  # somebody else's, installed below the project
            folders.clear()
            if (here / "plugins").is_dir():
                yield here
            continue
        in_collection = here.parent.name == "plugins" and here.name not in ("modules", "module_utils", "doc_fragments")
        if here.name in _PLUGIN_FOLDERS or in_collection:
            yield from (here / name for name in names if name.endswith(".py") and name != "__init__.py")


def _configured(project: Path) -> Iterator[Path]:
    """Code in the plugin folders and inventories that ansible.cfg names; its vault scripts are never run."""
    file = project / "ansible.cfg"
    if not file.is_file():
        return
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except (configparser.Error, UnicodeDecodeError) as error:
        message = " ".join(str(error).split())
        raise UnreadableInput(str(file), f"is no ini file: {message}", "correct it; ansible reads it too") from error
    settings = dict(parser["defaults"]) if parser.has_section("defaults") else {}
    for name, value in settings.items():
        if name.endswith("_plugins"):
            for text in value.split(":"):
                folder = (project / Path(text.strip()).expanduser()).resolve()
                if folder.is_dir():
                    yield from folder.rglob("*.py")
    for text in settings.get("inventory", "").split(","):
        if text.strip():
            yield from _inventory_code(project / Path(text.strip()).expanduser())


def _inventory_code(path: Path) -> Iterator[Path]:
    """Executable inventories, and plugin configurations that ask other systems for hosts."""
    files = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    for file in files:
        if not file.is_file() or file.name.startswith("."):
            continue
        if os.access(file, os.X_OK) and file.read_bytes()[:2] == b"#!":
            yield file
        elif file.suffix in (".yml", ".yaml"):
            plugin = _INVENTORY_PLUGIN.search(file.read_text(encoding="utf-8", errors="replace"))
            if plugin and plugin.group(1).rpartition(".")[2] not in _HARMLESS_INVENTORY:
                yield file


def _relative(path: Path, project: Path) -> Path:
    path, project = path.resolve(), project.resolve()
    return path.relative_to(project) if path.is_relative_to(project) else path
