"""From a recorded task to what it does: the one place that knows the modules of kubernetes.core and the commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gitops_runbook.ansible.actions import Action, Apply, Delete, Imperative, Problem, Read, Repository
from gitops_runbook.ansible.helm_commands import helm_actions, helm_task_actions, is_true
from gitops_runbook.ansible.kubectl_commands import Generate, flatten, incomplete, kubectl_actions, with_namespace
from gitops_runbook.ansible.recording import Line
from gitops_runbook.ansible.shell_words import NotPlain, PlainCommand, split_command, split_script
from gitops_runbook.documents.json_values import Json
from gitops_runbook.model.references import CLUSTER_SCOPED_KINDS, ObjectReference, is_built_in

COMMANDS = ("ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.raw")
_PROGRAM = re.compile(r"(?:^|[\s;|&(/\"'`=])(kubectl|helm|oc)(?=[\s\"']|$)", re.MULTILINE)
_CALL = re.compile(
    r"(?:^|[\s;|&(/\"'`=])(kubectl|oc|helm)\s+((?:-\S+(?:[ =](?!-)\S+)?\s+)*)([a-z][\w-]*)", re.MULTILINE
)
_LOOKING = {
    "get", "describe", "logs", "version", "config", "cluster-info", "auth", "api-resources", "explain", "top", "diff",
    "wait", "rollout", "list", "ls", "status", "history", "show", "search", "template", "lint", "events", "exec",
    "port-forward", "test", "pull", "env", "repo", "dependency",
}  # fmt: skip


def is_cluster_task(line: Line) -> bool:
    """Whether a recorded task is one of kubernetes.core, or a command that names kubectl or helm."""
    if line["action"].startswith("kubernetes.core."):
        return True
    return line["action"] in COMMANDS and _PROGRAM.search(command_text(line)) is not None


def command_text(line: Line) -> str:
    """The text a command task would run; ``argv`` is quoted into one line."""
    arguments = line["arguments"]
    if arguments.get("argv"):
        return " ".join(str(word) for word in arguments["argv"])
    return str(arguments.get("_raw_params") or arguments.get("cmd") or "")


def actions_of(line: Line, generate: Generate) -> list[Action]:
    """Convert one recorded task; tasks that are none of the cluster's give an empty list."""
    if not is_cluster_task(line):
        return []
    if line.get("problem"):
        return [_problem(line["problem"])]
    if line["action"] in COMMANDS:
        return _command(line, generate)
    module = line["action"].rpartition(".")[2]
    return _MODULES.get(module, _other)(line)


def _problem(text: str) -> Problem:
    if "is not downloaded" in text:
        return Problem("manifest-remote", text.partition(": ")[2])
    if "encrypted as a whole" in text:
        return Problem("vault-locked", f"{text.partition(': ')[2]}: pass --vault-password-file")
    if "not known here" in text or "Could not find or access" in text:
        return Problem("manifest-unknown", text.partition(": ")[2].splitlines()[0])
    return Problem("task-unresolved", text)


# --- commands ---


def _command(line: Line, generate: Generate) -> list[Action]:
    arguments, text = line["arguments"], command_text(line)
    shell = line["action"] != "ansible.builtin.command"
    try:
        if arguments.get("argv"):
            commands = [PlainCommand(tuple(str(word) for word in arguments["argv"]))]
        else:
            commands = split_script(text) if shell else split_command(text)
    except NotPlain as error:
        verbs = {match.group(3) for match in _CALL.finditer(text)}
        if verbs and verbs <= _LOOKING:
            return [Read()]
        return [Problem("command-complex", f"the script is not guessed: {error}")]
    actions: list[Action] = []
    for command in commands:
        actions += _plain_command(_with_stdin(command, arguments), line, generate)
    return actions


def _with_stdin(command: PlainCommand, arguments: dict[str, Any]) -> PlainCommand:
    stdin = arguments.get("stdin")
    if stdin is None or command.stdin is not None:
        return command
    newline = "\n" if arguments.get("stdin_add_newline", True) is not False else ""
    return PlainCommand(command.words, str(stdin) + newline)


def _plain_command(command: PlainCommand, line: Line, generate: Generate) -> list[Action]:
    words = list(command.words)
    while words and (re.fullmatch(r"[A-Za-z_]\w*=.*", words[0]) or words[0] in ("sudo", "env", "exec", "k3s")):
        words.pop(0)
    program = words[0].rpartition("/")[2] if words else ""
    command = PlainCommand(tuple(words), command.stdin)
    files = line.get("files") or {}
    if program in ("kubectl", "oc"):
        return kubectl_actions(command, files, generate)
    if program == "helm":
        return helm_actions(command, files)
    if program in ("echo", "sleep", "true", "cd", "export", "mkdir", "rm", "which", "test"):
        return [Read()]
    return [Problem("command-complex", f"{program or 'an empty command'} calls kubectl or helm in a way of its own")]


# --- kubernetes.core ---


def _k8s(line: Line) -> list[Action]:
    arguments = line["arguments"]
    state = str(arguments.get("state") or "present")
    if arguments.get("append_hash"):
        return [Problem("command-unsupported", "append_hash names the object after its content")]
    actions: list[Action] = []
    documents = line.get("documents") or []
    for document in documents if documents == [{}] else flatten(documents):  # without a definition, parameters are all
        manifest = _merged(document, arguments)
        problem = incomplete(manifest) or _without_namespace(manifest)
        if problem is not None and state == "absent":
            actions.append(Imperative(f"deletes every {arguments.get('kind') or 'object'} that matches"))
        elif problem is not None:
            actions.append(problem)
        else:
            actions.append(_k8s_action(with_namespace(manifest, ""), arguments, state))
    return actions


def _without_namespace(manifest: Mapping[str, Any]) -> Problem | None:
    """Unlike kubectl, kubernetes.core knows no default namespace: the real task fails."""
    kind, metadata = str(manifest["kind"]), manifest["metadata"]
    if metadata.get("namespace") or kind in CLUSTER_SCOPED_KINDS or not is_built_in(str(manifest["apiVersion"])):
        return None
    return Problem("object-incomplete", f"{kind} {metadata['name']} has no namespace, and kubernetes.core assumes none")


def _k8s_action(manifest: dict[str, Any], arguments: dict[str, Any], state: str) -> Action:
    if state == "absent":
        return Delete(ObjectReference.of(manifest))
    how = "apply" if is_true(arguments.get("apply")) or arguments.get("server_side_apply") else "merge"
    how = "replace" if is_true(arguments.get("force")) else how
    types = arguments.get("merge_type") or ["strategic-merge"]
    strategic = "strategic-merge" in ([types] if isinstance(types, str) else types)[:1]
    return Apply(manifest, "patch" if state == "patched" else how, is_true(arguments.get("wait")), strategic)


def _merged(document: Json, arguments: dict[str, Any]) -> Json:
    """Parameters of the task fill only what the definition lacks (kubernetes.core, create_definitions)."""
    if not isinstance(document, dict):
        return document
    manifest = {**document, "metadata": dict(document.get("metadata") or {})}
    version = next((arguments[name] for name in ("api_version", "api", "version") if arguments.get(name)), "v1")
    if not manifest.get("kind") and arguments.get("kind"):
        manifest = {"kind": arguments["kind"], **{key: value for key, value in manifest.items() if key != "kind"}}
    if not manifest.get("apiVersion"):
        manifest = {"apiVersion": version, **{key: value for key, value in manifest.items() if key != "apiVersion"}}
    for name in ("name", "namespace"):
        if arguments.get(name) and not manifest["metadata"].get(name):
            manifest["metadata"][name] = str(arguments[name])
    if arguments.get("generate_name") and not manifest["metadata"].get("name"):
        manifest["metadata"]["generateName"] = str(arguments["generate_name"])
    return manifest


def _helm(line: Line) -> list[Action]:
    return helm_task_actions(line["arguments"], line.get("values_yaml") or "", line.get("files") or {})


def _helm_repository(line: Line) -> list[Action]:
    arguments = line["arguments"]
    name = arguments.get("repo_name") or arguments.get("name")
    url = arguments.get("repo_url") or arguments.get("url")
    state = arguments.get("repo_state") or arguments.get("state") or "present"
    return [Repository(str(name), str(url).rstrip("/"))] if state == "present" and url else [Read()]


def _patched(line: Line) -> list[Action]:
    arguments = line["arguments"]
    target = f"{arguments.get('kind')}/{arguments.get('namespace') or ''}/{arguments.get('name')}"
    return [Problem("object-patched", f"{line['action']} changes {target}")]


def _scale(line: Line) -> list[Action]:
    arguments = line["arguments"]
    document = {"spec": {"replicas": arguments.get("replicas")}}
    manifest = _merged(document, arguments)
    return [incomplete(manifest) or Apply(with_namespace(manifest, ""), "patch")]


def _read(_line: Line) -> list[Action]:
    return [Read()]


def _imperative(line: Line) -> list[Action]:
    return [Imperative(f"{line['action']} {line['arguments'].get('name') or ''}".strip())]


def _other(line: Line) -> list[Action]:
    return [Problem("command-unsupported", f"{line['action']} has no place in a desired state")]


_MODULES: dict[str, Callable[[Line], list[Action]]] = {
    "k8s": _k8s, "k8s_scale": _scale, "k8s_json_patch": _patched, "helm": _helm, "helm_repository": _helm_repository,
    "k8s_info": _read, "k8s_facts": _read, "helm_info": _read, "helm_template": _read, "helm_pull": _read,
    "helm_plugin": _read, "helm_plugin_info": _read, "k8s_cluster_info": _read, "k8s_log": _read,
    "helm_registry_auth": _read, "k8s_exec": _imperative, "k8s_cp": _imperative, "k8s_drain": _imperative,
    "k8s_rollback": _imperative, "k8s_taint": _imperative,
}  # fmt: skip
