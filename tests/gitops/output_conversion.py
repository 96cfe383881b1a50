"""A conversion into an output folder, in short, and what stands there afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from gitops_runbook.gitops.output_folder import inspect, merge, write
from gitops_runbook.gitops.output_merge import Merged
from gitops_runbook.gitops.output_write import STATE
from gitops_runbook.gitops.sealing import SealMark

BASE = "apps/base/app.yaml"
OVERLAY = "apps/staging/kustomization.yaml"
TREE = {BASE: "a: 1\nb: 2\nc: 3\nd: 4\n", OVERLAY: "resources: [../base]\n", "infrastructure/base/x.yaml": "x: 1\n"}
SEALED = "kind: Secret\ndata:\n  a: ENC[AES256_GCM,data:{0},iv:eA==,tag:eA==,type:str]\nsops:\n  mac: ENC[{0}]\n"


def convert(folder: Path, files: Mapping[str, str], marks: Mapping[str, SealMark] | None = None) -> Merged:
    with inspect(folder) as output:
        merged = merge(output, files)
        write(output, merged, marks or {})
        return merged


def contents(folder: Path, *, with_state: bool = False) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts and (with_state or STATE not in path.parts)
    }


def codes(merged: Merged) -> dict[str, str]:
    return {finding.subject: finding.kind.code for finding in merged.findings}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([shutil.which("git") or "git", "-C", str(folder), *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")


def run_python(script: str, *arguments: object) -> None:
    argv = [sys.executable, "-c", script, *map(str, arguments)]
    subprocess.run(argv, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
