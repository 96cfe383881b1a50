"""The fake kubectl: logs every call, lets the real one read manifests, and answer reads from the fake server."""

import json
from dataclasses import dataclass
from typing import Any

from .events import KubectlEvent, Manifest, ObjectKey
from .flags import CommandLine, read_kubectl
from .go_programs import Answer, GoProgramError, GoPrograms
from .kinds import Kind, plural_of
from .store import Store

_REAL = {"api-resources", "api-versions", "auth", "cluster-info", "config", "describe", "get", "kustomize", "version"}
_CHANGES_STORED = {"annotate", "autoscale", "label", "patch", "scale", "set", "taint"}
_CONNECTION = {
    "kubeconfig", "context", "cluster", "user", "server", "token", "as", "as-group", "certificate-authority",
    "client-certificate", "client-key", "insecure-skip-tls-verify", "tls-server-name", "cache-dir",
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One call, read."""

    line: CommandLine
    files: list[tuple[str, str | None]]
    stdin: str | None
    cwd: str

    @property
    def namespace(self) -> str:
        """The namespace for objects that say none."""
        return self.line.last("namespace") or "default"


class Kubectl:
    """Answers for one fake cluster; `kubeconfig` leads the real kubectl to it."""

    def __init__(self, store: Store, programs: GoPrograms, kubeconfig: str) -> None:
        self._store = store
        self._programs = programs
        self._kubeconfig = kubeconfig

    def call(self, request: dict[str, Any]) -> Answer:
        """Log a call and answer it."""
        line = read_kubectl(request["argv"])
        call = Call(line, [(path, text) for path, text in request["files"]], request["stdin"], request["cwd"])
        files = [*call.files, *((folder, self._built(folder, call.cwd)) for folder in line.all("kustomize"))]
        call = Call(line, files, call.stdin, call.cwd)
        logged = [(path, text or "") for path, text in files]
        self._store.events.append(KubectlEvent(request["argv"], call.stdin, logged))
        missing = [path for path, text in files if text is None]
        if missing and "://" in missing[0]:
            raise GoProgramError(f"the oracle fetches nothing from the network: {missing[0]}")
        if missing:
            return Answer(1, "", f'error: the path "{missing[0]}" does not exist\n')
        return self._answer(call, next(iter(line.words), "help"))

    def _answer(self, call: Call, verb: str) -> Answer:
        if verb in ("apply", "create", "replace"):
            return self._write(call, verb)
        if verb == "delete":
            return self._delete(call)
        if verb in _REAL:
            return self._real(call)
        if verb in _CHANGES_STORED:
            done = self._real(call)  # what a chart made is not in the store: the real cluster would have it
            return Answer(0, "", "") if "NotFound" in done.stderr else done
        return Answer(int(verb == "diff"), "", "")

    def _write(self, call: Call, verb: str) -> Answer:
        if verb == "apply" and call.line.words[1:2] in (["view-last-applied"], ["set-last-applied"]):
            return Answer(0, "", "")
        text = self._generated(call) if verb == "create" and not call.files else ""
        if call.line.on("dry-run"):
            return Answer(0, text or self._dry_run(call), "")
        manifests = self._programs.parse("\n---\n".join([text] if text else [raw or "" for _, raw in call.files]))
        if not manifests:
            return Answer(1, "", f"error: no objects passed to {verb}\n")
        lines = []
        for manifest in manifests:
            kind, key = self._key(call, manifest)
            if verb == "create" and key in self._store:
                return Answer(1, "", f'Error from server (AlreadyExists): {_word(kind)}s "{key[3]}" already exists\n')
            lines.append(self._stored(call, verb, key, manifest, kind))
        return Answer(0, "".join(lines), "")

    def _stored(self, call: Call, verb: str, key: ObjectKey, manifest: Manifest, kind: Kind) -> str:
        if verb == "apply":
            word = self._store.kubectl_apply(key, manifest)
        else:
            word = "replaced" if verb == "replace" else "created"
            self._store.put(key, manifest)
        if call.line.last("output") == "json":
            return json.dumps(self._store.served(key)) + "\n"
        if call.line.last("output") == "name":
            return f"{_word(kind)}/{key[3]}\n"
        return f"{_word(kind)}/{key[3]} {word}\n"

    def _generated(self, call: Call) -> str:
        """Let the real kubectl write what `create secret …` and its like would create; it needs no cluster for that."""
        flags = [] if call.line.on("dry-run") else ["--dry-run=client", "-o", "json"]
        done = self._run(call, flags)
        if done.returncode:
            raise GoProgramError(done.stderr.strip())
        return done.stdout

    def _dry_run(self, call: Call) -> str:
        return "".join(json.dumps(one) + "\n" for _, raw in call.files for one in self._programs.parse(raw or ""))

    def _delete(self, call: Call) -> Answer:
        keys = self._deleted_keys(call)
        absent = [key for key in keys if key not in self._store]
        for key in keys:
            if key in self._store and not call.line.on("dry-run"):
                self._store.delete(key)
        if absent and not call.line.on("ignore-not-found"):
            kind = plural_of(absent[0][1])
            return Answer(1, "", f'Error from server (NotFound): {kind} "{absent[0][3]}" not found\n')
        return Answer(0, "".join(f'{key[1].lower()} "{key[3]}" deleted\n' for key in keys if key not in absent), "")

    def _deleted_keys(self, call: Call) -> list[ObjectKey]:
        if call.files:
            manifests = self._programs.parse("\n---\n".join(raw or "" for _, raw in call.files))
            return [self._key(call, manifest)[1] for manifest in manifests]
        words = call.line.words[1:]
        pairs = [word.split("/", 1) for word in words if "/" in word] or [[words[0], name] for name in words[1:]]
        if not pairs or call.line.on("all") or call.line.last("selector"):
            return self._selected_keys(call, words[0])
        return [self._named_key(call, kind, name) for kind, name in pairs]

    def _selected_keys(self, call: Call, word: str) -> list[ObjectKey]:
        flags = ["-l", call.line.last("selector")] if call.line.last("selector") else []
        argv = ["get", word, "-n", call.namespace, *flags, "-o", "name"]
        names = self._against_server(argv, call).stdout.split()
        return [self._named_key(call, *name.split("/", 1)) for name in names]

    def _named_key(self, call: Call, word: str, name: str) -> ObjectKey:
        kind = self._store.kinds.named(word)
        if kind is None:
            return ("", word, call.namespace, name)
        return (kind.api_version, kind.kind, call.namespace if kind.namespaced else "", name)

    def _key(self, call: Call, manifest: Manifest) -> tuple[Kind, ObjectKey]:
        api_version, name = manifest.get("apiVersion", ""), manifest.get("kind", "")
        kind = self._store.kinds.find(api_version, name)
        if kind is None:
            raise GoProgramError(f'no matches for kind "{name}" in version "{api_version}"')
        metadata = manifest.get("metadata") or {}
        namespace = (metadata.get("namespace") or call.namespace) if kind.namespaced else ""
        label = metadata.get("name") or f"{metadata.get('generateName', '')}{len(self._store.events):05d}"
        return kind, (api_version, name, namespace, str(label))

    def _built(self, folder: str, cwd: str) -> str:
        done = self._programs.run([str(self._programs.kubectl), "kustomize", folder], cwd=cwd)
        if done.returncode:
            raise GoProgramError(done.stderr.strip())
        return done.stdout

    def _real(self, call: Call) -> Answer:
        return self._run(call, [])

    def _run(self, call: Call, extra: list[str]) -> Answer:
        kept = [(name, value) for name, value in call.line.flags if name not in _CONNECTION]
        flags = [f"--{name}={value}" if len(name) > 1 else f"-{name}" for name, value in kept]
        rest = ["--", *call.line.rest] if call.line.rest else []
        return self._against_server([*call.line.words, *flags, *extra, *rest], call)

    def _against_server(self, argv: list[str], call: Call) -> Answer:
        # A cache per call: the kinds may have grown since the last one.
        fresh = f"--cache-dir={self._programs.home}/{len(self._store.events)}"
        argv = [str(self._programs.kubectl), fresh, *argv]
        return self._programs.run(argv, stdin=call.stdin or "", cwd=call.cwd, kubeconfig=self._kubeconfig)


def _word(kind: Kind) -> str:
    return f"{kind.kind.lower()}.{kind.group}".rstrip(".")
