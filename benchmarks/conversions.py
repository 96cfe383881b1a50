"""Whole conversions: ``python -m benchmarks.conversions``.

The sample, and the real projects beside the checkout where they are there. Printed for each: seconds by stage, how many
of the planned tasks were recorded or skipped by their own condition, whether the proof is exact, and the size of the
tree (scalars in its YAML files) against the flat manifests of all environments.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.sample import ENVIRONMENTS, PASSWORD, PLAYBOOK, PROJECT, SHARED, installation
from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import leaves
from gitops_runbook.runbooks.conversion import Conversion, ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.convert import convert


def scalars(files: dict[str, str]) -> int:
    """How many leaves the YAML files of a tree hold, sealed files left out on both sides."""
    return sum(
        sum(1 for _ in leaves(document))
        for path, text in files.items() if path.endswith(".yaml") and "/secrets/" not in path
        for document in load_all(text, path) if document is not None
    )  # fmt: skip


def flat(conversion: Conversion) -> int:
    """How many leaves the manifests of all environments hold together."""
    total = 0
    for selection in conversion.selections.values():
        manifests = [item.manifest for item in selection.clear.values()]
        manifests += [item.release for item in selection.releases.values() if item.release is not None]
        total += sum(sum(1 for _ in leaves(manifest)) for manifest in manifests)
    return total


def report(name: str, conversion: Conversion) -> None:
    """Print one conversion."""
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in conversion.seconds.items())
    tree = scalars(dict(conversion.files))
    print(f"{name}: {stages}")
    for environment, summary in conversion.environments.items():
        known = summary.recorded + summary.skipped_by_when
        print(
            f"  {environment}: {known} of {summary.tasks} tasks recorded or skipped by their own condition "
            f"({100 * known / max(1, summary.tasks):.1f} %), {summary.unresolved} unresolved, "
            f"{summary.withheld} withheld, {summary.objects} objects, {summary.releases} releases"
        )
    print(
        f"  proof exact: {conversion.proof.exact}; {len(conversion.open_findings)} findings open; "
        f"size: {tree} scalars in the tree, {flat(conversion)} flat ({tree / max(1, flat(conversion)):.2f})"
    )


def _sample(out: Path, *, with_password: bool) -> Conversion:
    environments = {name: EnvironmentOptions("all", (f"inventories/{name}",)) for name in ENVIRONMENTS}
    return convert(ConversionOptions(
        PROJECT, PLAYBOOK, environments, out, vault_password_file=PASSWORD if with_password else None,
        ansible_playbook=str(installation().ansible_playbook),
    ))  # fmt: skip


def _homelab(scratch: Path, out: Path) -> Conversion:
    project = scratch / "homelab"
    shutil.copytree(SHARED / "ansible_homelab_kubernetes", project)
    variables = project / "inventory" / "production" / "group_vars"
    shutil.copyfile(variables / "all.yml.example", variables / "all.yml")
    options = EnvironmentOptions("all", ("inventory/production/hosts",))
    return convert(ConversionOptions(
        project, "playbooks/site.yml", {"production": options}, out,
        ansible_playbook=str(installation().ansible_playbook),
    ))  # fmt: skip


def _azimuth(scratch: Path, out: Path) -> Conversion:
    inventory = scratch / "azimuth-hosts"
    inventory.write_text("[azimuth_deploy]\nlocalhost ansible_connection=local\n", encoding="utf-8")
    options = EnvironmentOptions("all", (str(inventory),))
    return convert(ConversionOptions(
        SHARED / "ansible-collection-azimuth-ops", "playbooks/deploy.yml", {"production": options}, out,
        ansible_playbook=str(installation().ansible_playbook),
    ))  # fmt: skip


def main() -> int:
    """Print the figures; 1 when a proof is not exact."""
    exact = True
    with tempfile.TemporaryDirectory(prefix="gitops-runbook-") as folder:
        scratch = Path(folder)
        work: list[tuple[str, Callable[[Path], Conversion]]] = [
            ("sample without password", lambda out: _sample(out, with_password=False)),
            ("sample with password", lambda out: _sample(out, with_password=True)),
        ]
        if SHARED.is_dir():
            work.append(("homelab", lambda out: _homelab(scratch, out)))
            work.append(("azimuth", lambda out: _azimuth(scratch, out)))
        else:
            print(f"{SHARED} is not there: the real projects are skipped")
        for name, run in work:
            conversion = run(scratch / f"tree-{name.replace(' ', '-')}")
            report(name, conversion)
            exact = exact and conversion.proof.exact
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
