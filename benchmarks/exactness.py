"""Exactness and speed against the wire oracle: ``python -m benchmarks.exactness``.

The sample runs through the real ansible and the real kubernetes.core against a fake API server and fake helm and
kubectl; then the same environment is recorded and replayed. Printed per environment: how many objects and releases are
identical, the wall time of the real run and of one recording pass, their ratio, and the time of all passes needed.
A value the playbook itself generates at random differs between any two real runs too; it is counted apart.
"""

from __future__ import annotations

import sys
import time

from benchmarks.sample import ENVIRONMENTS, PASSWORD, PLAYBOOK, PROJECT, installation, program, request
from gitops_runbook.ansible.environments import record_environments
from gitops_runbook.ansible.recording import FIRST, record
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.documents.json_values import differences
from gitops_runbook.gitops.chart_sources import comparable
from gitops_runbook.model.desired import Chart, DesiredState
from tests.oracle import OracleResult, run_oracle


def real_run(environment: str) -> OracleResult:
    """The sample as ansible itself runs it."""
    found = installation()
    return run_oracle(
        PROJECT, PLAYBOOK, [f"inventories/{environment}"], "all", ansible_playbook=found.ansible_playbook,
        collections=program("kubernetes.core"), python=found.python, helm=program("helm"), kubectl=program("kubectl"),
        vault_password_file=PASSWORD,
    )  # fmt: skip


def compare(state: DesiredState, real: OracleResult) -> list[str]:
    """Everything that is not identical, one line each; what the playbook generates at random is left out."""
    ours = {
        (key.api_version, key.kind, key.namespace, key.name): (item.plaintext or item.manifest, item.taint.random)
        for key, item in state.objects.items()
    }
    wrong = [f"only recorded: {key}" for key in ours.keys() - real.objects.keys()]
    wrong += [f"only real: {key}" for key in real.objects.keys() - ours.keys()]
    for key in ours.keys() & real.objects.keys():
        manifest, random = ours[key]
        wrong += [f"{key} {item.pointer}" for item in differences(real.objects[key], manifest)
                  if item.pointer not in random]  # fmt: skip
    wrong += [f"only one side: {key}" for key in state.releases.keys() ^ real.releases.keys()]
    for place in state.releases.keys() & real.releases.keys():
        release, there = state.releases[place], real.releases[place]
        values = release.plaintext_values if release.plaintext_values is not None else release.values
        wrong += [f"{release} {item.pointer}" for item in differences(there.values, values)]
        chart = Chart(there.chart, there.repository or "", there.version or "")
        if comparable(chart) != comparable(Chart(release.chart.name, release.chart.repository, release.chart.version)):
            wrong.append(f"{release}: {chart} is recorded as {release.chart}")
    return wrong


def main() -> int:
    """Print the figures; 1 when anything differs."""
    failed = 0
    helm, kubectl = Helm(program("helm")), Kubectl(program("kubectl"))
    for environment in ENVIRONMENTS:
        real = real_run(environment)
        started = time.monotonic()
        record(request(environment), FIRST)
        one_pass = time.monotonic() - started
        started = time.monotonic()
        recorded = record_environments({environment: request(environment)}, helm, kubectl, lambda *_: None)
        every_pass = time.monotonic() - started
        wrong = compare(recorded[environment].state, real)
        failed += len(wrong)
        state = recorded[environment].state
        random = sum(len(item.taint.random) for item in state.objects.values())
        print(
            f"{environment}: {len(real.objects)} objects and {len(real.releases)} releases on the wire, {len(wrong)} "
            f"differences ({random} generated values apart); real run {real.seconds:.1f} s, one pass {one_pass:.1f} s "
            f"(ratio {one_pass / real.seconds:.2f}), all passes and replay {every_pass:.1f} s "
            f"(ratio {every_pass / real.seconds:.2f})"
        )
        for line in wrong:
            print(f"  {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
