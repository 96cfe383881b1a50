"""Helm's own reading of values: files and ``--set`` flags as the running release gets them.

A generated chart whose only template prints ``.Values`` is rendered, so every rule (merging, types, nulls, escapes in
``--set``) is Helm's; none is written a second time here. Source: Helm documentation, "Values Files" and "The Format and
Limitations of --set".
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitops_runbook.clients.command import Command, run
from gitops_runbook.clients.private_folder import private_folder
from gitops_runbook.errors import CommandFailed, UsageError

_CHART = "apiVersion: v2\nname: values\nversion: 0.0.0\n"
_SET_FLAGS = ("--set", "--set-string", "--set-json", "--set-literal", "--set-file")
_ANSWER = "answer: "
_TIMEOUT_SECONDS = 120
# Base64, because Helm parses what a template yields as YAML, and not every JSON text is YAML to it.
_PRINT_VALUES = "answer: {{ toJson .Values | b64enc | quote }}\n"
_PRINT_EACH = (
    "{{ $read := dict }}{{ range $name, $text := .Values.texts }}"
    "{{ $_ := set $read $name (fromYaml (b64dec $text)) }}{{ end }}answer: {{ toJson $read | b64enc | quote }}\n"
)


class Helm:
    """Reads values with one helm (3.12 or newer, not 4; see ``toolchain.find``)."""

    def __init__(self, path: Path) -> None:
        self._helm = str(path)

    def effective_values(self, values_files: Sequence[str], arguments: Sequence[str] = ()) -> dict[str, Any]:
        """The user's values that a release gets, nulls kept (in Helm a null removes a chart's default).

        Args:
            values_files: the texts of ``-f`` files, the later one wins.
            arguments: ``--set``, ``--set-string``, ``--set-json``, ``--set-literal`` and ``--set-file`` flags with
                their values, as ``["--set", "a.b=1"]`` or ``["--set=a.b=1"]``; files named by absolute paths.

        Raises:
            UsageError: another flag, or one without its value.
            CommandFailed: Helm cannot read a text or a flag; the message does not show the flags' values.
        """
        concealed = list(_set_values(arguments))
        with private_folder() as folder:
            flags: list[str] = []
            for number, text in enumerate(values_files):
                file = folder / f"{number}.yaml"
                file.write_bytes(text.encode())
                flags += ["-f", str(file)]
            return self._render(folder, _PRINT_VALUES, [*flags, *arguments], conceal=concealed)

    def effective_values_of_many(self, texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """:meth:`effective_values` of many single texts in one call of Helm, by name; nothing is written to a file.

        Raises:
            CommandFailed: Helm cannot read one of the texts.
        """
        if not texts:
            return {}
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
        with private_folder() as folder:
            read = self._render(folder, _PRINT_EACH, ["-f", "-"], stdin=json.dumps({"texts": encoded}))
        # fromYaml does not fail but answers {"Error": message}; what may be that, Helm reads again as a values file.
        return {
            name: self.effective_values([text]) if set(read[name]) == {"Error"} else read[name]
            for name, text in texts.items()
        }

    def _render(
        self,
        folder: Path,
        template: str,
        flags: Sequence[str],
        *,
        stdin: str | None = None,
        conceal: Sequence[str] = (),
    ) -> dict[str, Any]:
        chart = folder / "chart"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text(_CHART)
        (chart / "templates" / "values.yaml").write_text(template)
        command = Command(
            (self._helm, "template", "values", str(chart), *flags),
            environment=_environment(folder),
            stdin=stdin,
            timeout=_TIMEOUT_SECONDS,
            conceal=conceal,
            remedy="correct the values or the flag it names",
        )
        return _answer_in(command, run(command).stdout)


def _environment(folder: Path) -> dict[str, str | None]:
    """Nothing of the user's Helm (plugins, repositories, namespace, debug) and no cluster."""
    users = {name: None for name in os.environ if name.startswith("HELM_")}
    homes = {f"HELM_{kind}_HOME": str(folder / "home") for kind in ("CACHE", "CONFIG", "DATA")}
    return {**users, **homes, "KUBECONFIG": os.devnull}


def _answer_in(command: Command, rendered: str) -> dict[str, Any]:
    for line in rendered.splitlines():
        if line.startswith(_ANSWER):
            values: dict[str, Any] = json.loads(base64.b64decode(json.loads(line.removeprefix(_ANSWER))))
            return values
    raise CommandFailed(str(command), "its output holds no answer", "check that this is Helm 3 and no wrapper")


def _set_values(arguments: Sequence[str]) -> Iterator[str]:
    """Check the flags and give what stands behind them, whole and without the key."""
    remaining = iter(arguments)
    for argument in remaining:
        flag, separator, value = argument.partition("=")
        if flag not in _SET_FLAGS:
            raise UsageError(flag, "this is no flag that sets a value", f"pass only {', '.join(_SET_FLAGS)}")
        if not separator:
            given = next(remaining, None)
            if given is None:
                raise UsageError(flag, "its value is missing", f"write {flag} KEY=VALUE")
            value = given
        yield value
        yield value.partition("=")[2]
