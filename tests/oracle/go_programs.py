"""Questions that only Go can answer exactly, asked of the real kubectl and helm; neither needs a cluster."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: values\nversion: 0.0.0\n",
    "templates/values.yaml": "{{ toJson .Values }}\n",
}


class GoProgramError(RuntimeError):
    """A real kubectl or helm refused its input: the project's text is at fault, or the oracle."""


@dataclass(frozen=True)
class Answer:
    """What a program printed and how it ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class GoPrograms:
    """The real kubectl and helm, and an empty home for them."""

    kubectl: Path
    helm: Path
    home: Path

    def run(self, argv: list[str], *, stdin: str = "", cwd: str | None = None, kubeconfig: str = os.devnull) -> Answer:
        """Run one of the programs with nothing of the caller's own configuration."""
        env = dict.fromkeys(("HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME"), str(self.home))
        env |= {"PATH": os.defpath, "KUBECONFIG": kubeconfig}
        done = subprocess.run(
            argv, input=stdin, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def parse(self, text: str) -> list[dict[str, Any]]:
        """Read manifests as kubectl reads them: an empty merge patch, applied locally, prints every object as JSON."""
        done = self._patch("merge", "{}", text)
        if done.returncode and "no objects passed" not in done.stderr:
            raise GoProgramError(f"kubectl cannot read the manifest: {done.stderr.strip()}")
        return decode_all(done.stdout)

    def patch(self, manifest: dict[str, Any], patch: Any, patch_type: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Apply a strategic merge or JSON patch with Kubernetes' own code."""
        done = self._patch(patch_type, json.dumps(patch), json.dumps(manifest))
        if done.returncode:
            raise GoProgramError(f"kubectl cannot apply the {patch_type} patch: {done.stderr.strip()}")
        return decode_all(done.stdout)[0]

    def check(self, manifest: dict[str, Any]) -> None:
        """Raise when Go's own type of a built-in kind cannot hold this manifest: a server would refuse it, too."""
        argv = [str(self.kubectl), "set", "resources", "--local", "--filename=-", "--limits=cpu=1"]
        refusal = self.run(argv, stdin=json.dumps(manifest)).stderr
        if "unable to decode" in refusal and ": json: " in refusal:
            raise GoProgramError(refusal.strip())

    def _patch(self, patch_type: str, patch: str, text: str) -> Answer:
        flags = ["--local", "--filename=-", "--output=json", f"--type={patch_type}", f"--patch={patch}"]
        return self.run([str(self.kubectl), "patch", *flags], stdin=text)

    def effective_values(self, flags: list[str]) -> Any:  # noqa: ANN401 - JSON
        """Return what `.Values` would be under these --values and --set flags, for a chart without defaults."""
        with TemporaryDirectory(dir=self.home) as folder:
            for name, text in _CHART.items():
                path = Path(folder, name)
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            done = self.run([str(self.helm), "template", "values", folder, *flags])
        if done.returncode:
            raise GoProgramError(f"helm cannot read the values: {done.stderr.strip()}")
        return json.loads(done.stdout.partition("values.yaml\n")[2])


def decode_all(text: str) -> list[dict[str, Any]]:
    """Decode JSON documents that follow one another, flattening lists."""
    found: list[dict[str, Any]] = []
    decoder, position, text = json.JSONDecoder(), 0, text.strip()
    while position < len(text):
        document, position = decoder.raw_decode(text, position)
        found += document["items"] if str(document.get("kind", "")).endswith("List") else [document]
        while position < len(text) and text[position].isspace():
            position += 1
    return found
