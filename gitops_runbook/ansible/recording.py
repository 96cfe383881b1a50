"""Record one pass of a playbook: start the recorder inside the user's ansible and read its lines.

The recorder is a program of its own (``recorder/record.py``, GPL); it is reached by subprocess and JSON lines only.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from gitops_runbook.ansible.installation import AnsibleInstallation
from gitops_runbook.ansible.sandbox import sandbox
from gitops_runbook.errors import RecordingFailed, UnreadableInput, UsageError

RECORDER = Path(__file__).parent / "recorder" / "record.py"

FACTS = {
    "ansible_os_family": "Debian", "ansible_distribution": "Debian", "ansible_distribution_version": "12",
    "ansible_distribution_major_version": "12", "ansible_distribution_release": "bookworm", "ansible_system": "Linux",
    "ansible_architecture": "x86_64", "ansible_machine": "x86_64", "ansible_kernel": "6.1.0", "ansible_pkg_mgr": "apt",
    "ansible_service_mgr": "systemd", "ansible_processor_vcpus": 4, "ansible_memtotal_mb": 16384,
    "ansible_python_version": "3.11.2", "ansible_user_id": "root", "ansible_user_dir": "/root",
    "ansible_env": {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin"}, "ansible_selinux": {"status": "disabled"},
    "ansible_default_ipv4": {"address": "192.0.2.10", "interface": "eth0"},
    "ansible_all_ipv4_addresses": ["192.0.2.10"],
}  # fmt: skip
"""What ``setup`` answers, the names of the host and the time apart (those depend on host and pass).

Every name has the prefix, or it would override variables of the same name.
"""


@dataclass(frozen=True)
class RecordingRequest:
    """What to record: one environment of one playbook.

    Attributes:
        limit: host pattern of the environment, as for ``ansible-playbook --limit``.
        inventory: paths relative to the project or absolute; empty for what ansible.cfg says.
        extra_vars: each ``NAME=VALUE`` or ``@FILE``, as for ``ansible-playbook -e``.
    """

    installation: AnsibleInstallation
    project: Path
    playbook: str
    limit: str
    inventory: tuple[str, ...] = ()
    extra_vars: tuple[str, ...] = ()
    tags: str = ""
    skip_tags: str = ""
    vault_password_file: Path | None = None


@dataclass(frozen=True)
class Pass:
    """One way to run the recorder; comparing two passes that differ in one point shows what depends on that point.

    Of each kind of salt there are two; they end in ``1`` and ``2``, and the recorder decides by that where it must
    choose (the truth of a secret, what is drawn by lot).

    Attributes:
        vault_salt: salt of the placeholders for vaulted values; None decrypts them for real.
        live_salt: salt of the placeholders for what a cluster or a lookup would answer.
        random_salt: salt of the placeholders for generated values; the clock follows it.
        converged: the world in which everything is already there; else nothing is there yet.
        plan: also list the tasks ansible loads.
    """

    name: str
    vault_salt: str | None = "vault-1"
    live_salt: str = "live-1"
    random_salt: str = "random-1"
    converged: bool = False
    plan: bool = False


FIRST = Pass("first", plan=True)
OTHER_VAULT = Pass("other-vault", vault_salt="vault-2")
REPEATED = Pass("repeated", random_salt="random-2")
CONVERGED = Pass("converged", live_salt="live-2", converged=True)
PLAINTEXT = Pass("plaintext", vault_salt=None)

_QUIET = {
    "ANSIBLE_ALLOW_BROKEN_CONDITIONALS": "1", "ANSIBLE_ASK_PASS": "0", "ANSIBLE_ASK_VAULT_PASS": "0",
    "ANSIBLE_BECOME_ASK_PASS": "0", "ANSIBLE_CACHE_PLUGIN": "memory", "ANSIBLE_DEPRECATION_WARNINGS": "0",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "0", "ANSIBLE_ENABLE_TASK_DEBUGGER": "0", "ANSIBLE_ERROR_ON_MISSING_HANDLER": "0",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_RETRY_FILES_ENABLED": "0", "ANSIBLE_STDOUT_CALLBACK": "minimal", "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip
"""Environment variables by which ansible asks, caches, logs and writes nothing of its own."""

_NO_HOSTS = "leaves us with no hosts to target"
"""What ansible says when the limit matches nothing (ansible.cli.CLI.get_host_list)."""

Line = dict[str, Any]
"""One line of the recorder; ``type`` says which kind (see recorder/record.py)."""


@dataclass(frozen=True)
class Recording:
    """The complete lines of one pass, in the order in which ansible ran."""

    request: RecordingRequest = field(repr=False)
    taken: Pass
    lines: tuple[Line, ...] = field(repr=False)
    seconds: float = 0.0

    def of_type(self, *types: str) -> Iterator[Line]:
        """Iterate over the lines of some types, in order."""
        return (line for line in self.lines if line["type"] in types)

    def only(self, kind: str) -> Line:
        """The single line of a type; an empty one when there is none."""
        return next(self.of_type(kind), {})


def record(request: RecordingRequest, taken: Pass, progress: Callable[[Line], None] = lambda _: None) -> Recording:
    """Run one pass; no task takes effect and nothing is written outside a private folder that is removed afterwards.

    Args:
        request: what to run.
        taken: with which salts, in which world.
        progress: called with each line as it arrives.

    Raises:
        UsageError: the limit matches no host.
        UnreadableInput: ansible cannot load the playbook or the inventory, or a vault password is wrong.
        RecordingFailed: ansible ended before the recording was complete.
    """
    with sandbox(private=taken.vault_salt is None) as folder:
        reader, writer = os.pipe()
        settings = folder / "settings.json"
        settings.write_text(json.dumps(_settings(request, taken, folder, writer)))
        arguments = [str(request.installation.python), str(RECORDER), str(settings), "--"]
        log = folder / "ansible.log"
        with os.fdopen(reader, encoding="utf-8") as stream, log.open("w") as output:
            try:
                process = subprocess.Popen(
                    arguments + _playbook_arguments(request, folder), cwd=request.project, stdin=subprocess.DEVNULL,
                    stdout=output, stderr=subprocess.STDOUT, pass_fds=(writer,), start_new_session=True,
                    env=_environment(request, folder),
                )  # fmt: skip
            finally:
                os.close(writer)
            try:
                lines = tuple(_read_lines(stream, progress))
                code = process.wait()
            finally:
                _end(process)
        _require_complete(request, taken, lines, code, log)
    return Recording(request, taken, lines)


def _settings(request: RecordingRequest, taken: Pass, folder: Path, channel: int) -> dict[str, Any]:
    return {
        "project": str(request.project), "sandbox": str(folder), "channel": channel, "facts": FACTS,
        "salts": {"vault": taken.vault_salt, "live": taken.live_salt, "random": taken.random_salt},
        "world": "converged" if taken.converged else "fresh", "plan": taken.plan,
        "vault_password_given": request.vault_password_file is not None,
        "collections": [str(path) for path in _project_collections(request.project, folder)],
    }  # fmt: skip


def _project_collections(project: Path, folder: Path) -> list[Path]:
    """Where collections of the project itself are found; a project that is one is linked into a collections path."""
    roots = [project / "collections"] if (project / "collections" / "ansible_collections").is_dir() else []
    manifest = project / "galaxy.yml"
    if manifest.is_file():
        names = dict(
            line.split(":", 1) for line in manifest.read_text(encoding="utf-8").splitlines()
            if line.startswith(("namespace:", "name:"))
        )  # fmt: skip
        own = folder / "own" / "ansible_collections" / names["namespace"].strip(" \"'")
        own.mkdir(parents=True)
        (own / names["name"].strip(" \"'")).symlink_to(project)
        roots.append(folder / "own")
    return roots


def _playbook_arguments(request: RecordingRequest, folder: Path) -> list[str]:
    password = request.vault_password_file
    if password is None:  # a password of ours opens nothing, and keeps ansible from asking for one
        password = folder / "no-password"
        password.write_text(secrets.token_hex(16))
    arguments = ["--forks", "1", "--limit", request.limit, "--vault-password-file", str(password)]
    for path in request.inventory:
        arguments += ["--inventory", path]
    for variable in request.extra_vars:
        arguments += ["--extra-vars", variable]
    if request.tags:
        arguments += ["--tags", request.tags]
    if request.skip_tags:
        arguments += ["--skip-tags", request.skip_tags]
    return [*arguments, request.playbook]


def _environment(request: RecordingRequest, folder: Path) -> dict[str, str]:
    """The user's environment, less what would make ansible ask, cache, log or write outside the sandbox."""
    environment = {name: value for name, value in os.environ.items() if name not in ("ANSIBLE_VAULT_PASSWORD_FILE",)}
    configuration = request.project / "ansible.cfg"
    if configuration.is_file():
        environment.setdefault("ANSIBLE_CONFIG", str(configuration))
    scratch = folder / "ansible"
    scratch_folders = {
        "ANSIBLE_LOCAL_TEMP": "tmp", "ANSIBLE_LOG_PATH": "log", "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR": "pc",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": "cp", "ANSIBLE_GALAXY_CACHE_DIR": "galaxy",
    }  # fmt: skip
    environment.update(_QUIET, **{name: str(scratch / place) for name, place in scratch_folders.items()})
    scratch.mkdir(exist_ok=True)
    return environment


def _read_lines(stream: TextIO, progress: Callable[[Line], None]) -> Iterator[Line]:
    for text in stream:
        if not text.endswith("\n"):  # the writer was killed in the middle of a line
            return
        line: Line = json.loads(text)
        progress(line)
        yield line


def _end(process: subprocess.Popen[bytes]) -> None:
    """End ansible, whatever state it is in; its workers, in sessions of their own, end with it (see the recorder)."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _require_complete(request: RecordingRequest, taken: Pass, lines: tuple[Line, ...], code: int, log: Path) -> None:
    failure = next((line for line in lines if line["type"] == "failure"), None)
    quoted = "" if taken.vault_salt is None else _last_words(log)
    if failure is not None:
        raise _failure(request, failure["error"].strip(), quoted)
    if not lines or lines[-1]["type"] != "end":
        raise RecordingFailed(
            f"{request.playbook} (limit {request.limit})",
            f"ansible ended with code {code} before the recording was complete{quoted}",
            "convert again; if it happens again, look at the last task named here for what ends ansible itself",
        )


def _failure(request: RecordingRequest, error: str, quoted: str) -> UsageError | UnreadableInput:
    if _NO_HOSTS in error:
        inventory = ", ".join(request.inventory) or "what ansible.cfg says"
        return UsageError(
            f"limit {request.limit}", f"matches no host of the inventory ({inventory})",
            "compare with `ansible-inventory --graph`; --environment is NAME=LIMIT or NAME=LIMIT@INVENTORY",
        )  # fmt: skip
    return UnreadableInput(
        f"{request.project / request.playbook} (limit {request.limit})",
        f"ansible cannot load it: {error}{quoted if 'refused' in error else ''}",
        "make `ansible-playbook --list-tasks` work with the same arguments, then convert again",
    )


def _last_words(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
    return ":\n  " + "\n  ".join(text) if text else ""
