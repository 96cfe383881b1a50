"""Factoring against bare kustomize: ``python -m benchmarks.factoring [--sizes 500,1000] [--repeat 3]``.

Prints, per size × 9 environments: seconds for factor + write + prove, seconds for bare ``kubectl kustomize`` over the
same overlays (same machine, same parallelism, interleaved), their ratio, the CPU seconds of this process alone, and its
peak memory. The proof is a second build of the written tree that is compared with the input.
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


def measure(parts: Sequence[Component], kubectl: Path) -> tuple[float, float, float, Factored]:
    """Return wall seconds of ours, wall seconds of bare kustomize, CPU seconds of ours, and the result."""
    kustomize = Kustomize(kubectl)
    build = overlay_build(kustomize)
    with tempfile.TemporaryDirectory() as folder:
        scratch, root = Path(folder, "scratch"), Path(folder, "tree")
        wall, cpu = time.perf_counter(), time.process_time()
        factored = factor(parts, build, scratch)
        write(factored, root)
        wrong = prove(parts, root, build)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if wrong or factored.inexact:
            sys.exit(f"{wrong} objects differ")
        overlays = [root / overlay for part in parts for overlay in part.overlays.values()]
        bare = time.perf_counter()
        kustomize.build_all(overlays)
        return wall, time.perf_counter() - bare, cpu, factored


def main() -> None:
    """Measure the sizes asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="500", help="objects per environment, separated by commas")
    parser.add_argument("--repeat", type=int, default=3, help="the medians of so many interleaved runs are printed")
    parser.add_argument("--kubectl", type=Path, default=Path(shutil.which("kubectl") or "kubectl"))
    options = parser.parse_args()
    print("objects × environments | ours s | bare s | ratio | own CPU s | rounds | peak MiB")
    for size in map(int, options.sizes.split(",")):
        parts = components(size)
        runs = [measure(parts, options.kubectl) for _ in range(options.repeat)]
        ours, bare, ratio, cpu = (
            statistics.median(column)
            for column in zip(*((wall, bare, wall / bare, cpu) for wall, bare, cpu, _ in runs), strict=True)
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rounds = runs[0][3].rounds
        print(f"{size} × {len(ENVIRONMENTS)} | {ours:.1f} | {bare:.1f} | {ratio:.2f} | {cpu:.1f} | {rounds} | {peak}")


if __name__ == "__main__":
    main()
