"""What a plain helm command, or a task of kubernetes.core.helm, does to the desired state."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gitops_runbook.ansible.actions import Action, Imperative, Problem, Read, Release, Repository, Uninstall
from gitops_runbook.ansible.command_flags import Flags, UnknownFlag, named, parse_flags
from gitops_runbook.ansible.shell_words import PlainCommand
from gitops_runbook.documents.json_values import Json
from gitops_runbook.model.desired import HelmOptions

SET_FLAGS = ("set", "set-string", "set-json", "set-literal")

_VALUED = named(
    "-n --namespace", "-f --values", "--set", "--set-string", "--set-json", "--set-literal", "--set-file", "--version",
    "--repo", "--timeout", "--history-max", "--kubeconfig", "--kube-context", "--kube-apiserver", "--kube-token",
    "--kube-ca-file", "--kube-as-user", "--username", "--password", "--ca-file", "--cert-file", "--key-file",
    "--keyring", "--description", "--post-renderer", "--post-renderer-args", "-o --output", "--registry-config",
    "--repository-config", "--repository-cache", "-l --labels", "--max-history", "--burst-limit", "--qps", "--cascade",
    "--filter", "--selector", "--revision", "--template",
)  # fmt: skip
_SWITCHES = named(
    "-i --install", "--create-namespace", "--wait", "--wait-for-jobs", "--atomic", "--rollback-on-failure", "--force",
    "--reuse-values", "--reset-values", "--reset-then-reuse-values", "--skip-crds", "--no-hooks", "--devel", "--debug",
    "--dependency-update", "--cleanup-on-fail", "--dry-run", "--force-update", "--insecure-skip-tls-verify", "--verify",
    "--disable-openapi-validation", "--render-subchart-notes", "--pass-credentials", "--plain-http", "--replace",
    "--skip-schema-validation", "--take-ownership", "--enable-dns", "--hide-notes", "-q --short", "-a --all",
    "-A --all-namespaces", "--no-update", "--ignore-not-found", "--keep-history", "-g --generate-name", "-r --reverse",
    "--deployed", "--failed", "--pending", "-m --max", "-d --date", "--skip-refresh", "--fail-on-repo-update-fail",
)  # fmt: skip
_READS = {
    "list", "ls", "status", "get", "history", "hist", "show", "inspect", "search", "version", "template", "env", "lint",
    "pull", "fetch", "dependency", "dep", "plugin", "completion", "test", "verify", "registry", "package", "create",
    "diff",
}  # fmt: skip


def helm_actions(command: PlainCommand, files: Mapping[str, Any]) -> list[Action]:
    """Convert one helm command; ``command.words[0]`` is the program."""
    words = [re.sub(r"^--dry-run=\w+$", "--dry-run", word) for word in command.words[1:]]
    verb = next((word for word in words if not word.startswith("-")), "")
    try:
        flags = parse_flags(words, _VALUED, _SWITCHES)
    except UnknownFlag as error:
        return [Read()] if verb in _READS else [Problem("command-unsupported", f"helm {verb}: {error}")]
    verb, rest = (flags.words[0], flags.words[1:]) if flags.words else ("", [])
    return _by_verb(verb, rest, flags, command.stdin, files)


def _by_verb(
    verb: str, rest: Sequence[str], flags: Flags, stdin: str | None, files: Mapping[str, Any]
) -> list[Action]:  # fmt: skip
    if verb == "repo":
        return [Repository(rest[1], rest[2].rstrip("/"))] if rest[:1] == ["add"] and len(rest) == 3 else [Read()]
    if not verb or verb in _READS or flags.on("dry-run"):
        return [Read()]
    if verb in ("uninstall", "delete", "del"):
        return [Uninstall(flags.last("namespace", "default"), name) for name in rest]
    if verb in ("upgrade", "install") and len(rest) == 2:
        return [_release((verb, rest[0], rest[1]), flags, stdin, files)]
    if verb == "rollback":
        return [Imperative("helm rollback")]
    return [Problem("command-unsupported", f"helm {verb} {' '.join(rest)} has no place in a desired state")]


def _release(
    words: tuple[str, str, str], flags: Flags, stdin: str | None, files: Mapping[str, Any]
) -> Release | Problem:  # fmt: skip
    verb, name, chart = words
    texts = []
    for path in [part for value in flags.all("values") for part in value.split(",")]:
        text = stdin if path == "-" else files.get(path)
        if not isinstance(text, str):
            return Problem("manifest-unknown", f"nothing in the playbook says what the values file {path} contains")
        texts.append(text)
    if flags.all("set-file"):
        return Problem("command-unsupported", "helm --set-file reads a file that is not part of the recording")
    arguments = [item for flag, value in flags.given if flag in SET_FLAGS for item in (f"--{flag}", value)]
    remarks = [f"--{flag} has no equivalent" for flag in ("post-renderer", "devel", "cleanup-on-fail", "wait-for-jobs")
               if flags.all(flag)]  # fmt: skip
    if verb == "upgrade" and not flags.on("install"):
        remarks.append("helm upgrade without --install expects the release to exist; Flux installs it")
    options = HelmOptions(
        create_namespace=flags.on("create-namespace"), wait=flags.on("wait") or flags.on("atomic"),
        atomic=flags.on("atomic") or flags.on("rollback-on-failure"), timeout=duration(flags.last("timeout")),
        skip_crds=flags.on("skip-crds") or None, disable_hooks=flags.on("no-hooks") or None,
        force=flags.on("force") or None, history_max=_number(flags.last("history-max")),
    )  # fmt: skip
    reuses = flags.on("reuse-values") or flags.on("reset-then-reuse-values")
    return Release(
        name, flags.last("namespace", "default"), chart, flags.last("version"), flags.last("repo").rstrip("/"),
        tuple(texts), tuple(arguments), options, tuple(remarks), reuses,
    )  # fmt: skip


def helm_task_actions(arguments: Mapping[str, Any], values_yaml: str, files: Mapping[str, Any]) -> list[Action]:
    """Convert a task of kubernetes.core.helm.

    Args:
        arguments: as ansible passes them to the module.
        values_yaml: ``values`` as the module writes them for helm.
        files: path of each of ``values_files`` → text.
    """
    name = str(_first(arguments, "release_name", "name"))
    namespace = str(_first(arguments, "release_namespace", "namespace") or "default")
    if str(_first(arguments, "release_state", "state") or "present") == "absent":
        return [Uninstall(namespace, name)]
    texts = []
    for path in arguments.get("values_files") or []:
        if not isinstance(files.get(str(path)), str):
            return [Problem("manifest-unknown", f"nothing in the playbook says what the values file {path} contains")]
        texts.append(files[str(path)])
    if values_yaml:
        texts.append(values_yaml)
    if arguments.get("post_renderer"):
        return [Problem("command-unsupported", "post_renderer runs a program; Flux knows kustomize patches only")]
    set_arguments: list[str] = []
    for item in arguments.get("set_values") or []:
        kind = str(item.get("value_type") or "raw")
        if kind not in ("raw", "string", "json"):
            return [Problem("command-unsupported", f"set_values of type {kind} reads a file")]
        set_arguments += ["--set" if kind == "raw" else f"--set-{kind}", str(item["value"])]
    release = Release(
        name, namespace, str(arguments.get("chart_ref")), _text(arguments.get("chart_version")),
        _text(arguments.get("chart_repo_url")).rstrip("/"), tuple(texts), tuple(set_arguments),
        _task_options(arguments), _task_remarks(arguments),
        is_true(arguments.get("reuse_values")) or is_true(arguments.get("reset_then_reuse_values")),
    )  # fmt: skip
    return [release]


def _task_options(arguments: Mapping[str, Any]) -> HelmOptions:
    atomic = is_true(arguments.get("atomic"))
    return HelmOptions(
        create_namespace=is_true(arguments.get("create_namespace")), wait=is_true(arguments.get("wait")) or atomic,
        atomic=atomic, timeout=duration(_text(_first(arguments, "timeout", "wait_timeout"))),
        skip_crds=is_true(arguments.get("skip_crds")) or None,
        disable_hooks=is_true(arguments.get("disable_hook")) or None,
        force=is_true(arguments.get("force")) or None, history_max=_number(_text(arguments.get("history_max"))),
        dependency_update=is_true(arguments.get("dependency_update")) or None,
    )  # fmt: skip


def _task_remarks(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("replace", "purge", "take_ownership", "insecure_skip_tls_verify", "plain_http")
    defaults = {"purge": True}
    return tuple(
        f"{name}: {arguments[name]} has no exact equivalent"
        for name in names
        if name in arguments and is_true(arguments[name]) != defaults.get(name, False)
    )


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d+", text) else None


def duration(value: str) -> str | None:
    """A Go duration; a bare number is seconds, as kubernetes.core and older helm read it."""
    value = value.strip()
    if not value:
        return None
    return f"{value}s" if re.fullmatch(r"\d+", value) else value


def chart_name_and_repository(release: Release, repositories: Mapping[str, str]) -> Sequence[str]:
    """Resolve a chart reference to (name, repository, alias); the repository is empty when it is unknown."""
    chart = release.chart
    if chart.startswith("oci://"):
        repository, _, name = chart.rstrip("/").rpartition("/")
        name, _, _tag = name.partition(":")
        return name, repository, ""
    if release.repository:
        return chart, release.repository, ""
    alias, slash, name = chart.partition("/")
    if slash and alias in repositories and "/" not in name:
        return name, repositories[alias], alias
    return chart.rstrip("/").rpartition("/")[2], "", alias if slash else ""


def _first(arguments: Mapping[str, Any], *names: str) -> Json:
    return next((arguments[name] for name in names if arguments.get(name) is not None), None)


def _text(value: Json) -> str:
    return "" if value is None else str(value)


def is_true(value: Json) -> bool:
    """A boolean module argument: ansible accepts these spellings (ansible.module_utils.parsing.convert_bool)."""
    return str(value).lower() in ("true", "yes", "on", "1", "y", "t", "1.0")
