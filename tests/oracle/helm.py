"""The fake helm: logs every call, keeps the releases, answers reads from them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .events import HelmEvent, Release, ReleaseKey
from .flags import CommandLine, read_helm
from .go_programs import Answer, GoProgramError, GoPrograms
from .store import Store

_VERSION = "v3.18.4"
_BUILD = f'version.BuildInfo{{Version:"{_VERSION}", GitCommit:"", GitTreeState:"clean", GoVersion:"go1.24"}}\n'
_NOT_FOUND = Answer(1, "", "Error: release: not found\n")
_SETTERS = ("set", "set-string", "set-json", "set-literal", "set-file")


@dataclass(frozen=True)
class Call:
    """One call, read."""

    line: CommandLine
    files: list[tuple[str, str | None]]
    namespace: str
    cwd: str
    argv: list[str]

    @property
    def name(self) -> str:
        """The release name: the word after the command."""
        return next(iter(self.line.words[1:]), "")

    @property
    def key(self) -> ReleaseKey:
        """The key of the release it speaks of."""
        return (self.namespace, self.name)


class Helm:
    """Answers for one fake cluster."""

    def __init__(self, store: Store, programs: GoPrograms) -> None:
        self.releases: dict[ReleaseKey, Release] = {}
        self.repositories: dict[str, str] = {}
        self._revisions: dict[ReleaseKey, int] = {}
        self._store = store
        self._programs = programs

    def call(self, request: dict[str, Any]) -> Answer:
        """Log a call and answer it."""
        line = read_helm(request["argv"])
        namespace = line.last("namespace") or request["environment"].get("HELM_NAMESPACE") or "default"
        files = [(path, text) for path, text in request["files"]]
        call = Call(line, files, namespace, request["cwd"], request["argv"])
        count = len(files) - len(line.all("set-file"))
        self._store.events.append(HelmEvent(call.argv, [text or "" for _, text in files[:count]], namespace))
        missing = [path for path, text in files if text is None]
        if missing:
            return Answer(1, "", f"Error: open {missing[0]}: no such file or directory\n")
        command = next(iter(line.words), "help").replace("-", "_")
        handler = getattr(self, f"_{command}", None)
        return handler(call) if handler else Answer(0, "", "")

    def _version(self, call: Call) -> Answer:
        return Answer(0, f"{_VERSION}\n" if call.line.on("short", "template") else _BUILD, "")

    def _plugin(self, call: Call) -> Answer:
        return Answer(0, "NAME\tVERSION\tDESCRIPTION\n" if "list" in call.line.words else "", "")

    def _repo(self, call: Call) -> Answer:
        words = call.line.words[1:]
        if words[:1] == ["add"]:
            self.repositories[words[1]] = words[2]
            return Answer(0, f'"{words[1]}" has been added to your repositories\n', "")
        if words[:1] in (["remove"], ["rm"]):
            return Answer(0 if self.repositories.pop(words[1], None) else 1, "", "")
        if words[:1] in (["list"], ["ls"]):
            if not self.repositories:
                return Answer(1, "", "Error: no repositories to show\n")
            listed = [{"name": name, "url": url} for name, url in self.repositories.items()]
            return Answer(0, _table(call, listed), "")
        return Answer(0, "Update Complete. ⎈Happy Helming!⎈\n", "")

    def _show(self, call: Call) -> Answer:
        if call.line.words[1:2] != ["chart"]:
            return Answer(0, "", "")
        name, version = self._chart(call, call.line.words[2])
        return Answer(0, json.dumps({"apiVersion": "v2", "name": name, "version": version}) + "\n", "")

    def _template(self, call: Call) -> Answer:
        if not any(Path(call.cwd, word).is_dir() for word in call.line.words[1:]):
            raise GoProgramError("the oracle cannot render a remote chart")
        return self._programs.run([str(self._programs.helm), *call.argv], cwd=call.cwd)

    def _upgrade(self, call: Call) -> Answer:
        if call.key not in self.releases and not call.line.on("install"):
            return Answer(1, "", f'Error: UPGRADE FAILED: "{call.name}" has no deployed releases\n')
        return self._deploy(call)

    def _install(self, call: Call) -> Answer:
        if call.key in self.releases and not call.line.on("replace"):
            return Answer(1, "", "Error: INSTALLATION FAILED: cannot re-use a name that is still in use\n")
        return self._deploy(call)

    def _deploy(self, call: Call) -> Answer:
        chart, repository = self._locate(call, call.line.words[2])
        reused = call.line.on("reuse-values", "reset-then-reuse-values") and call.key in self.releases
        with self._value_flags(call, reused=reused) as flags:
            values = self._programs.effective_values(flags)
        if not call.line.on("dry-run"):
            self.releases[call.key] = Release(chart, call.line.last("version") or None, repository, values)
            self._revisions[call.key] = self._revisions.get(call.key, 0) + 1
        text = f'Release "{call.name}" has been upgraded. Happy Helming!\n'
        return Answer(0, json.dumps(self._described(call)) if call.line.last("output") else text, "")

    @contextmanager
    def _value_flags(self, call: Call, *, reused: bool) -> Iterator[list[str]]:
        """Write the logged texts to files again and yield the flags that name them."""
        texts = [json.dumps(self.releases[call.key].values)] if reused else []
        texts += [text or "" for _, text in call.files]
        with TemporaryDirectory(dir=self._programs.home) as folder:
            paths = [Path(folder, f"{index}.yaml") for index in range(len(texts))]
            for path, text in zip(paths, texts, strict=True):
                path.write_text(text, encoding="utf-8")
            set_files = call.line.all("set-file")
            split = len(paths) - len(set_files)
            flags = [f"--values={path}" for path in paths[:split]]
            flags += [f"--{name}={value}" for name, value in call.line.flags if name in _SETTERS and name != "set-file"]
            files = zip(set_files, paths[split:], strict=True)
            flags += [f"--set-file={word.partition('=')[0]}={path}" for word, path in files]
            yield flags

    def _uninstall(self, call: Call) -> Answer:
        if self.releases.pop(call.key, None) is None and not call.line.on("ignore-not-found"):
            return Answer(1, "", f"Error: uninstall: Release not loaded: {call.name}: release: not found\n")
        return Answer(0, f'release "{call.name}" uninstalled\n', "")

    _delete = _un = _uninstall

    def _list(self, call: Call) -> Answer:
        everywhere, wanted = call.line.on("all-namespaces", "A"), call.line.last("filter")
        shown = [
            self._described(call, key)
            for key in self.releases
            if (everywhere or key[0] == call.namespace) and re.search(wanted, key[1])
        ]
        return Answer(0, _table(call, shown), "")

    _ls = _list

    def _status(self, call: Call) -> Answer:
        return Answer(0, json.dumps(self._described(call)) + "\n", "") if call.key in self.releases else _NOT_FOUND

    def _history(self, call: Call) -> Answer:
        return Answer(0, _table(call, [self._described(call)]), "") if call.key in self.releases else _NOT_FOUND

    def _get(self, call: Call) -> Answer:
        what, name = [*call.line.words[1:], "", ""][:2]
        release = self.releases.get((call.namespace, name))
        if release is None:
            return _NOT_FOUND
        return Answer(0, json.dumps(release.values) + "\n" if what == "values" else "", "")

    def _described(self, call: Call, key: ReleaseKey | None = None) -> dict[str, Any]:
        namespace, name = key or call.key
        release = self.releases.get((namespace, name))
        revision = str(self._revisions.get((namespace, name), 0))
        chart = f"{Path(release.chart).name}-{release.version or '0.0.0'}" if release else ""
        about = {"name": name, "namespace": namespace, "revision": revision, "status": "deployed", "chart": chart}
        return {**about, "app_version": "", "updated": "2026-01-01 00:00:00 +0000 UTC", "info": {"status": "deployed"}}

    def _locate(self, call: Call, ref: str) -> tuple[str, str]:
        """Return chart and repository address of a chart reference."""
        if call.line.last("repo"):
            return ref, call.line.last("repo")
        if ref.startswith("oci://"):
            parent, _, chart = ref.partition("@")[0].rpartition("/")
            return chart.partition(":")[0], parent
        alias, slash, chart = ref.partition("/")
        if slash and alias in self.repositories:
            return chart, self.repositories[alias]
        return ref, ""

    def _chart(self, call: Call, ref: str) -> tuple[str, str]:
        """Return name and version of a chart, as `helm show chart` would know them."""
        local = Path(call.cwd, ref, "Chart.yaml")
        if local.is_file():
            about = self._programs.effective_values([f"--values={local}"])
            return about["name"], about["version"]
        return Path(self._locate(call, ref)[0]).name, call.line.last("version") or "0.0.0"


def _table(call: Call, rows: list[dict[str, Any]]) -> str:
    if call.line.last("output") in ("yaml", "json"):
        return json.dumps(rows) + "\n"
    names = [name for name in rows[0] if name != "info"] if rows else []
    lines = ["\t".join(name.upper() for name in names), *("\t".join(str(row[name]) for name in names) for row in rows)]
    return "\n".join(lines) + "\n"
