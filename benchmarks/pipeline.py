"""From recorded events to a proven repository: ``python -m benchmarks.pipeline [--sizes 500,5000]``.

Generated recordings of N objects × 9 environments (four passes each) are replayed, compared, placed, factored, written
and proven. Printed per size: wall time of all that, of bare ``kubectl kustomize`` over the same overlays in the same
run, their ratio, the CPU seconds of this process alone, and its peak memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.generated import ENVIRONMENTS, components
from benchmarks.sample import installation
from gitops_runbook.ansible.environments import RecordedEnvironment, combine
from gitops_runbook.ansible.recording import CONVERGED, FIRST, OTHER_VAULT, REPEATED, Line, Recording, RecordingRequest
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.gitops import flux_versions, output_folder
from gitops_runbook.runbooks.conversion import ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.convert import Clock, Programs, Progress, Target, write_and_prove


def recordings(size: int, request: RecordingRequest) -> dict[str, dict[str, Recording]]:
    """Environment → pass → recording: one task of kubernetes.core.k8s for each generated object."""
    parts = components(size)
    found = {}
    for environment in ENVIRONMENTS:
        resources = [item for part in parts for item in part.resources[environment]]
        lines: list[Line] = [{"type": "hosts", "hosts": [environment]}, {"type": "start", "ansible": "generated"}]
        lines += [
            {"type": "task", "host": environment, "action": "kubernetes.core.k8s", "name": item.file,
             "role": item.file, "file": f"roles/{item.file}/tasks/main.yml", "line": number, "item": None,
             "arguments": {"state": "present"}, "documents": [item.manifest], "undefined": []}
            for number, item in enumerate(resources)
        ]  # fmt: skip
        found[environment] = {
            taken.name: Recording(request, taken, (*lines, {"type": "end", "exit": 0}))
            for taken in (FIRST, OTHER_VAULT, REPEATED, CONVERGED)
        }
    return found


def measure(size: int, programs: Programs) -> None:
    """Print one size."""
    request = RecordingRequest(installation(), Path.cwd(), "site.yml", "all")
    passes = recordings(size, request)
    with tempfile.TemporaryDirectory(prefix="gitops-runbook-") as folder:
        out = Path(folder) / "tree"
        options = ConversionOptions(
            Path.cwd(), "site.yml", {name: EnvironmentOptions(name) for name in ENVIRONMENTS}, out
        )
        flux = flux_versions.resolve(flux_versions.DEFAULT)
        started, own = time.monotonic(), time.process_time()
        helm, kubectl = Helm(programs.helm), Kubectl(programs.kubectl)
        recorded: dict[str, RecordedEnvironment] = {
            name: combine(name, found, helm, kubectl) for name, found in passes.items()
        }
        with output_folder.inspect(out) as output:
            target = Target(options, output, [], flux, programs)
            written = write_and_prove(recorded, target, Clock(Progress()))
        wall, own = time.monotonic() - started, time.process_time() - own
        if not written.proof.exact:
            sys.exit(f"not exact: {written.proof.differences[:3]}")
        overlays = [out / overlay for found in written.repository.overlays.values() for overlay in found]
        started = time.monotonic()
        Kustomize(programs.kubectl).build_all(overlays)
        bare = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{size} objects × {len(ENVIRONMENTS)}: ours {wall:.1f} s, bare kustomize {bare:.1f} s, "
        f"ratio {wall / bare:.2f}; "
        f"own CPU {own:.1f} s, peak {peak} MiB",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="500", help="objects per environment, separated by commas")
    sizes = parser.parse_args(arguments).sizes
    programs = Programs.ensure()
    for size in map(int, sizes.split(",")):
        measure(size, programs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
