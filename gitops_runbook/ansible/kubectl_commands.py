"""What a plain kubectl command does to the desired state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gitops_runbook.ansible.actions import Action, Apply, Delete, Imperative, Problem, Read
from gitops_runbook.ansible.command_flags import Flags, UnknownFlag, named, parse_flags
from gitops_runbook.ansible.shell_words import PlainCommand
from gitops_runbook.documents import go_yaml
from gitops_runbook.documents.json_values import Json
from gitops_runbook.errors import RunbookError
from gitops_runbook.model.references import (
    CLUSTER_SCOPED_KINDS,
    CUSTOM_CLUSTER_SCOPED_KINDS,
    ObjectReference,
    is_built_in,
)

Files = Mapping[str, Any]
"""Path as written in the command → its text, or for a folder relative name → text; None when it is not known."""

Generate = Callable[[Sequence[str]], Mapping[str, Any]]
"""Runs ``kubectl create … --dry-run=client -o json``, which needs no cluster."""

_VALUED = named(
    "-n --namespace", "-f --filename", "-k --kustomize", "-o --output", "-l --selector", "-p --patch", "--type",
    "--kubeconfig", "--context", "--cluster", "--user", "-s --server", "--token", "--field-manager", "--timeout",
    "--grace-period", "--replicas", "--request-timeout", "--cascade", "--for", "-c --container", "-v --v", "--as",
    "--patch-file", "--certificate-authority", "--sort-by", "--field-selector", "--template", "--wait-for-condition",
    "--from-literal", "--from-file", "--from-env-file", "--cert", "--key", "--image", "--docker-server",
    "--docker-username", "--docker-password", "--docker-email", "--tcp", "--clusterrole", "--role", "--serviceaccount",
    "--verb", "--resource", "--value", "--description", "--rule", "--class", "--duration", "--prune-allowlist",
)  # fmt: skip
_SWITCHES = named(
    "-R --recursive", "--server-side", "--force-conflicts", "--force", "--validate", "--wait", "--ignore-not-found",
    "--overwrite", "--all", "-A --all-namespaces", "--insecure-skip-tls-verify", "--now", "--record", "--save-config",
    "--no-headers", "--prune", "--dry-run", "-q --quiet", "--show-managed-fields", "--allow-missing-template-keys",
    "-i --stdin", "-t --tty", "--local", "-w --watch",
)  # fmt: skip

_READS = {
    "get", "describe", "logs", "version", "config", "cluster-info", "auth", "api-resources", "api-versions", "explain",
    "top", "diff", "completion", "kustomize", "port-forward", "proxy", "plugin", "events", "options", "cp",
}  # fmt: skip
_GENERATORS = {
    "namespace", "ns", "secret", "configmap", "cm", "serviceaccount", "sa", "role", "rolebinding", "clusterrole",
    "clusterrolebinding", "priorityclass", "pc", "quota", "resourcequota", "service", "svc", "job", "cronjob", "cj",
    "deployment", "deploy", "ingress", "ing", "poddisruptionbudget", "pdb",
}  # fmt: skip
_KINDS = {
    "namespace": "v1/Namespace", "ns": "v1/Namespace", "secret": "v1/Secret", "configmap": "v1/ConfigMap",
    "cm": "v1/ConfigMap", "service": "v1/Service", "svc": "v1/Service", "pod": "v1/Pod", "po": "v1/Pod",
    "serviceaccount": "v1/ServiceAccount", "sa": "v1/ServiceAccount", "node": "v1/Node", "no": "v1/Node",
    "persistentvolumeclaim": "v1/PersistentVolumeClaim", "pvc": "v1/PersistentVolumeClaim",
    "deployment": "apps/v1/Deployment", "deploy": "apps/v1/Deployment", "statefulset": "apps/v1/StatefulSet",
    "sts": "apps/v1/StatefulSet", "daemonset": "apps/v1/DaemonSet", "ds": "apps/v1/DaemonSet",
    "job": "batch/v1/Job", "cronjob": "batch/v1/CronJob", "cj": "batch/v1/CronJob",
    "ingress": "networking.k8s.io/v1/Ingress", "ing": "networking.k8s.io/v1/Ingress",
    "storageclass": "storage.k8s.io/v1/StorageClass", "sc": "storage.k8s.io/v1/StorageClass",
    "clusterrole": "rbac.authorization.k8s.io/v1/ClusterRole", "role": "rbac.authorization.k8s.io/v1/Role",
    "clusterrolebinding": "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
    "rolebinding": "rbac.authorization.k8s.io/v1/RoleBinding",
    "crd": "apiextensions.k8s.io/v1/CustomResourceDefinition",
    "customresourcedefinition": "apiextensions.k8s.io/v1/CustomResourceDefinition",
}  # fmt: skip


def kubectl_actions(command: PlainCommand, files: Files, generate: Generate) -> list[Action]:
    """Convert one kubectl command; ``command.words[0]`` is the program."""
    words = [re.sub(r"^--dry-run=(none|client|server)$", "--dry-run", word) for word in command.words[1:]]
    try:
        flags = parse_flags(words, _VALUED, _SWITCHES)
    except UnknownFlag as error:
        verb = next((word for word in words if not word.startswith("-")), "")
        return [Read()] if verb in _READS else [Problem("command-unsupported", f"kubectl {verb}: {error}")]
    return _by_verb(flags, command, files, generate)


def _by_verb(flags: Flags, command: PlainCommand, files: Files, generate: Generate) -> list[Action]:
    verb, rest = (flags.words[0], flags.words[1:]) if flags.words else ("", [])
    if verb in _READS or not verb or flags.on("dry-run") or flags.on("local"):
        return [Read()]
    if verb in ("wait", "rollout"):
        return [Imperative(" ".join(command.words))]
    if flags.all("filename") or flags.all("kustomize"):
        return _from_files(verb, flags, command.stdin, files)
    if verb == "create" and rest and rest[0] in _GENERATORS:
        return _generated(flags, generate)
    return _delete(rest, flags) if verb == "delete" else _changed(verb, rest, flags)


def _from_files(verb: str, flags: Flags, stdin: str | None, files: Files) -> list[Action]:
    if verb not in ("apply", "create", "replace", "delete"):
        return [Problem("command-unsupported", f"kubectl {verb} -f has no place in a desired state")]
    if flags.all("kustomize"):
        return [Problem("command-unsupported", "kubectl -k builds a kustomization the tree could refer to by hand")]
    actions: list[Action] = []
    for path in [part for value in flags.all("filename") for part in value.split(",")]:
        if re.match(r"[a-z]+://", path):
            actions.append(Problem("manifest-remote", f"{path} is not downloaded"))
            continue
        text = stdin if path == "-" else files.get(path)
        if text is None:
            actions.append(Problem("manifest-unknown", f"nothing in the playbook says what {path} contains"))
            continue
        actions += _manifests(verb, flags, path, text)
    return actions


def _manifests(verb: str, flags: Flags, path: str, text: Json) -> list[Action]:
    if isinstance(text, Mapping):  # a folder; kubectl reads its .yaml, .yml and .json files
        names = [name for name in sorted(text) if name.endswith((".yaml", ".yml", ".json"))]
        names = names if flags.on("recursive") else [name for name in names if "/" not in name]
        return [action for name in names for action in _manifests(verb, flags, f"{path}/{name}", text[name])]
    try:
        documents = go_yaml.load_all(text)
    except RunbookError as error:
        return [Problem("task-unresolved", f"{path}: {error.happened}")]
    actions: list[Action] = []
    for manifest in flatten(documents):
        problem = incomplete(manifest)
        if problem is not None:
            actions.append(problem)
            continue
        placed = with_namespace(manifest, flags.last("namespace"))
        if verb == "delete":
            actions.append(Delete(ObjectReference.of(placed)))
        else:
            how = {"replace": "replace", "create": "merge"}.get(verb, "apply")
            actions.append(Apply(placed, how, flags.on("wait")))
    return actions


def flatten(documents: Sequence[Any]) -> list[Any]:
    """Leave out empty documents and take lists of objects apart, as kubectl and kubernetes.core do."""
    found = []
    for document in documents:
        if isinstance(document, Mapping) and str(document.get("kind", "")).endswith("List") and "items" in document:
            found += flatten(document["items"] or [])
        elif document:
            found.append(document)
    return found


def incomplete(manifest: Json) -> Problem | None:
    """Say what an object lacks to be one."""
    if not isinstance(manifest, Mapping):
        return Problem("object-incomplete", "a document is no object")
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    if not manifest.get("kind") or not manifest.get("apiVersion"):
        return Problem("object-incomplete", f"{metadata.get('name') or 'a document'} has no kind or no apiVersion")
    if not metadata.get("name"):
        if metadata.get("generateName"):
            return Problem("generate-name", f"{manifest['kind']} {metadata['generateName']}… is named by the cluster")
        return Problem("object-incomplete", f"{manifest['kind']} has no name")
    return None


def with_namespace(manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Put a namespaced object into the namespace of the command, else into ``default``, as the API server would.

    The scope of custom resources is not known offline: without a namespace of their own they get the command's.
    """
    metadata = dict(manifest["metadata"])
    built_in_cluster = manifest["kind"] in CLUSTER_SCOPED_KINDS
    if built_in_cluster:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata.pop("namespace", None)
        given = "" if manifest["kind"] in CUSTOM_CLUSTER_SCOPED_KINDS else namespace
        if given or is_built_in(manifest["apiVersion"]):
            metadata = {**metadata, "namespace": given or "default"}
    return {**manifest, "metadata": metadata}


def _generated(flags: Flags, generate: Generate) -> list[Action]:
    if flags.all("from-file") or flags.all("from-env-file") or flags.all("cert"):
        return [Problem("manifest-unknown", "kubectl create reads files whose content is not part of the recording")]
    skipped = {"kubeconfig", "context", "output", "save-config", "cluster", "user", "server", "token"}
    arguments: list[str] = list(flags.words)
    for name, value in flags.given:
        if name not in skipped:
            arguments.append(f"--{name}={value}")
    try:
        manifest = {key: value for key, value in generate(arguments).items() if key != "status"}
    except RunbookError as error:
        return [Problem("command-unsupported", f"kubectl refuses {' '.join(flags.words[:3])}: {error.happened}")]
    metadata = {key: value for key, value in manifest["metadata"].items() if value is not None}
    return [Apply(with_namespace({**manifest, "metadata": metadata}, flags.last("namespace")))]


def _delete(rest: Sequence[str], flags: Flags) -> list[Action]:
    references = _references(rest, flags)
    if references and not flags.all("selector") and not flags.on("all"):
        return [Delete(reference) for reference in references]
    return [Imperative(f"kubectl delete {' '.join(rest)} by label, or all of them")]


def _references(rest: Sequence[str], flags: Flags) -> list[ObjectReference]:
    """``KIND NAME…`` and ``KIND/NAME…``; empty when a kind is not known."""
    pairs = [tuple(word.split("/", 1)) for word in rest if "/" in word]
    if not pairs and rest:
        pairs = [(rest[0], name) for name in rest[1:]]
    found = []
    for kind, name in pairs:
        known = _KINDS.get(kind.lower()) or _KINDS.get(kind.lower().removesuffix("s"))
        if known is None:
            return []
        api_version, _, kind_name = known.rpartition("/")
        namespace = "" if kind_name in CLUSTER_SCOPED_KINDS else flags.last("namespace", "default")
        found.append(ObjectReference(api_version, kind_name, namespace, name))
    return found


def _changed(verb: str, rest: Sequence[str], flags: Flags) -> list[Action]:
    """Label, annotate and scale change single fields: exact when the object is one of ours."""
    what = f"kubectl {verb} {' '.join(rest)}"
    if verb in ("label", "annotate"):
        targets = [word for word in rest if "=" not in word and not word.endswith("-")]
        changes: dict[str, str | None] = {}
        for key, equals, value in (word.partition("=") for word in rest if "=" in word or word.endswith("-")):
            changes[key if equals else key[:-1]] = value if equals else None  # null deletes
        body: dict[str, Any] = {"metadata": {"labels" if verb == "label" else "annotations": changes}}
    elif verb == "scale":
        targets, body = list(rest), {"spec": {"replicas": int(flags.last("replicas", "1"))}}
    elif verb == "patch" and flags.last("type") == "merge" and flags.last("patch"):
        targets, body = list(rest), go_yaml.load_all(flags.last("patch"))[0]
    else:
        return [Problem("object-patched" if verb in ("patch", "set", "edit") else "command-unsupported", what)]
    references = _references(targets, flags)
    if not references or flags.all("selector"):
        return [Problem("object-patched", what)]
    return [
        Apply({"apiVersion": reference.api_version, "kind": reference.kind, **body,
               "metadata": {**body.get("metadata", {}), "name": reference.name,
                            **({"namespace": reference.namespace} if reference.namespace else {})}},
              "patch", strategic=False)
        for reference in references
    ]  # fmt: skip
