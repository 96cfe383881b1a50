"""Factoring against bare kustomize: ``python -m benchmarks.factoring [--sizes 500,1000] [--repeat 3]``.

Prints, per size × 9 environments: seconds for factor + write + prove, seconds for bare ``kubectl kustomize`` over the
same overlays (same machine, same parallelism, interleaved), their ratio in wall time and in CPU time (the latter holds
on a busy machine too), the CPU seconds of this process alone, and its peak memory. The proof is a second build of the
written tree that is compared with the input.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generated import ENVIRONMENTS, components
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.gitops.components import Component, manifest_digest
from gitops_runbook.gitops.factoring import Factored, factor
from gitops_runbook.gitops.overlay_build import Build, overlay_build
from gitops_runbook.model.references import ObjectReference


def write(factored: Factored, root: Path) -> None:
    """Write the tree."""
    for path, text in factored.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="")


def prove(parts: Sequence[Component], root: Path, build: Build) -> int:
    """Build the written tree and count the objects that are not exactly what was put in."""
    wrong = 0
    for part in parts:
        built = build(root, [Path(folder) for folder in part.overlays.values()])
        for environment, folder in part.overlays.items():
            expected = {item.reference: manifest_digest(item.manifest) for item in part.resources[environment]}
            actual = {ObjectReference.of(manifest): manifest_digest(manifest) for manifest in built[Path(folder)]}
            wrong += len(dict(expected.items() ^ actual.items()))
    return wrong


@dataclass(frozen=True)
class Spent:
    """Seconds: wall, CPU of this process, CPU of the programs it started."""

    wall: float
    own: float
    children: float

    @classmethod
    def now(cls) -> Spent:
        """Read the clocks."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(time.perf_counter(), time.process_time(), children.ru_utime + children.ru_stime)

    def since(self, start: Spent) -> Spent:
        """Subtract the clocks at the start."""
        return Spent(self.wall - start.wall, self.own - start.own, self.children - start.children)


def measure(parts: Sequence[Component], kubectl: Path) -> tuple[Spent, Spent, int]:
    """Return what ours and what bare kustomize took, and the rounds."""
    kustomize = Kustomize(kubectl)
    build = overlay_build(kustomize)
    with tempfile.TemporaryDirectory() as folder:
        scratch, root = Path(folder, "scratch"), Path(folder, "tree")
        start = Spent.now()
        factored = factor(parts, build, scratch)
        write(factored, root)
        wrong = prove(parts, root, build)
        ours = Spent.now().since(start)
        if wrong or factored.inexact:
            sys.exit(f"{wrong} objects differ")
        start = Spent.now()
        kustomize.build_all([root / overlay for part in parts for overlay in part.overlays.values()])
        return ours, Spent.now().since(start), factored.rounds


def main(arguments: list[str] | None = None) -> int:
    """Measure the sizes asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="500", help="objects per environment, separated by commas")
    parser.add_argument("--repeat", type=int, default=3, help="the medians of so many interleaved runs are printed")
    parser.add_argument("--kubectl", type=Path, default=Path(shutil.which("kubectl") or "kubectl"))
    options = parser.parse_args(arguments)
    print("objects × environments | ours s | bare s | wall ratio | CPU ratio | own CPU s | rounds | peak MiB")
    for size in map(int, options.sizes.split(",")):
        parts = components(size)
        runs = [measure(parts, options.kubectl) for _ in range(options.repeat)]
        rows = [
            (
                ours.wall,
                bare.wall,
                ours.wall / bare.wall,
                (ours.own + ours.children) / (bare.own + bare.children),
                ours.own,
            )
            for ours, bare, _ in runs
        ]
        figures = " | ".join(f"{statistics.median(column):.2f}" for column in zip(*rows, strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{size} × {len(ENVIRONMENTS)} | {figures} | {runs[0][2]} | {peak}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
