"""The proof is exact for a right tree, and says what is wrong with a wrong one; real Kustomize, Helm and sops."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.clients.sops import Sops
from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.yaml_text import dump
from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.gitops.proof import ProofPrograms
from gitops_runbook.model.references import ObjectReference
from tests.gitops.proof_mutations import MUTATIONS
from tests.gitops.proof_tree import (
    ENVIRONMENTS,
    HASHES,
    OVERLAYS,
    SECRETS,
    RememberingHelm,
    RememberingKustomize,
    RememberingSops,
    Tree,
    database_secret,
    expected,
    sealed_files,
    values_secret,
    write_tree,
)

pyrage = pytest.importorskip("pyrage")

DATABASE = ObjectReference.of(database_secret("staging"))


class Sealing:
    """Keys of both environments in one file, the sealed files, and programs that remember."""

    def __init__(self, folder: Path, kustomize: Kustomize, helm: Helm, sops: Sops) -> None:
        identities = {env: pyrage.x25519.Identity.generate() for env in ENVIRONMENTS}
        self.recipients = {env: str(identity.to_public()) for env, identity in identities.items()}
        self.key_file = folder / "keys.txt"
        self.key_file.write_text("".join(f"{identity}\n" for identity in identities.values()))
        self.staging_key_file = folder / "staging.txt"
        self.staging_key_file.write_text(f"{identities['staging']}\n")
        remembering = RememberingSops(sops)
        self.files = sealed_files(remembering, self.recipients)
        self.programs = ProofPrograms(
            RememberingKustomize(kustomize), RememberingHelm(helm), remembering, self.key_file
        )

    def tree(self, root: Path) -> Tree:
        write_tree(root, self.files)
        return Tree(
            root,
            {env: expected(env, self.recipients[env], frozenset(self.files[env].values())) for env in ENVIRONMENTS},
            self.programs,
        )


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory, kustomize: Kustomize, helm: Helm, sops: Sops) -> Sealing:
    return Sealing(tmp_path_factory.mktemp("keys"), kustomize, helm, sops)


@pytest.fixture
def tree(tmp_path: Path, sealing: Sealing) -> Tree:
    return sealing.tree(tmp_path / "tree")


def test_a_right_tree_is_exact(tree: Tree) -> None:
    proof = tree.prove()
    assert proof.differences == ()
    assert (proof.exact, proof.objects, proof.releases, proof.not_decrypted) == (True, 13, 2, 0)
    assert proof.as_json() == {"exact": True, "objects": 13, "releases": 2, "differences": [], "not_decrypted": 0}


def test_without_the_key_it_is_exact_and_says_what_was_not_decrypted(tree: Tree) -> None:
    proof = tree.without_key().prove()
    assert (proof.differences, proof.not_decrypted) == ((), 6)


def test_a_key_of_one_environment_decrypts_that_one(tree: Tree, sealing: Sealing) -> None:
    programs = replace(tree.programs, age_key_file=sealing.staging_key_file)
    proof = replace(tree, programs=programs).prove()
    assert (proof.differences, proof.not_decrypted) == ((), 3)


# --- what is wrong is found and named ---


def found(tree: Tree) -> list[tuple[str, str, str]]:
    return [(one.environment, one.object, one.pointer) for one in tree.prove().differences]


def test_a_changed_value_is_named_with_both_sides(tree: Tree) -> None:
    tree.edit("apps/production/patches/mlflow.yaml", "replicas: 3", "replicas: 4")
    [one] = tree.prove().differences
    assert one.as_json() == {
        "environment": "production",
        "object": "Deployment/ml/mlflow",
        "pointer": "/spec/replicas",
        "expected": 3,
        "actual": 4,
    }


def test_a_string_that_became_a_number_is_a_difference(tree: Tree) -> None:
    tree.edit("apps/base/mlflow.yaml", '"1e3"', "1e3")
    assert found(tree) == [(env, "ConfigMap/ml/mlflow", "/data/short") for env in ENVIRONMENTS]


def test_an_object_in_two_overlays_of_one_environment_is_a_difference(tree: Tree) -> None:
    tree.edit("apps/staging/kustomization.yaml", "- ../base\n", "- ../base\n- namespaces.yaml\n")
    namespaces = (tree.root / "infrastructure/base/controllers/namespaces.yaml").read_text()
    (tree.root / "apps/staging/namespaces.yaml").write_text(namespaces)
    [one] = tree.prove().differences
    assert (one.object, one.actual) == ("Namespace/ml", "again in apps/staging")


def test_an_overlay_that_does_not_build_is_named_and_keeps_no_other_from_being_compared(tree: Tree) -> None:
    tree.edit("apps/staging/kustomization.yaml", "../base", "../missing")
    tree.edit("apps/production/patches/mlflow.yaml", "replicas: 3", "replicas: 4")
    [first, *others] = tree.prove().differences
    assert (first.environment, first.object) == ("staging", "apps/staging")
    assert "missing" in first.actual
    assert ("production", "Deployment/ml/mlflow", "/spec/replicas") in [
        (one.environment, one.object, one.pointer) for one in others
    ]


def test_an_object_without_name_is_a_difference_and_no_traceback(tree: Tree) -> None:
    tree.edit("apps/production/budget.yaml", "  name: mlflow\n  namespace: ml\n", "  namespace: ml\n")
    assert not tree.prove().exact


def test_empty_annotations_are_no_difference(tree: Tree) -> None:
    staging = tree.expected["staging"]
    objects = {
        reference: {**one, "metadata": {**one["metadata"], "annotations": {}}}
        for reference, one in staging.objects.items()
    }
    assert replace(tree, expected={"staging": replace(staging, objects=objects)}).prove().exact


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ('version: "0.45.0"', 'version: "0.46.0"', "/spec/chart/version"),
        ("chart: kafka", "chart: zookeeper", "/spec/chart/name"),
        ("https://charts.example.com/stable", "https://charts.example.com/other", "/spec/chart/repository"),
        ("storageNamespace: ml", "storageNamespace: other", "/spec/storageNamespace"),
        ('tag: "3.10"', "tag: 3.10", "/spec/values/image/tag"),
        ("name: kafka-values", "name: other", "/spec/valuesFrom"),
        ("interval: 1h\n  chart:", "suspend: true\n  interval: 1h\n  chart:", "/spec/suspend"),
    ],
)
def test_a_release_is_compared_by_what_helm_gets_even_if_nobody_says_how_its_document_looks(
    tree: Tree, old: str, new: str, pointer: str
) -> None:
    generated = dict.fromkeys(tree.expected["staging"].generated)
    tree = replace(tree, expected={"staging": replace(tree.expected["staging"], generated=generated)})
    assert tree.prove().exact
    tree.edit("infrastructure/base/controllers/kafka.yaml", old, new)
    assert ("staging", "HelmRelease/ml/kafka", pointer) in found(tree)


def test_another_release_name_is_one_missing_and_one_extra(tree: Tree) -> None:
    tree.edit("infrastructure/base/controllers/kafka.yaml", "releaseName: kafka", "releaseName: kafka-2")
    names = {one.object: (one.expected, one.actual) for one in tree.prove().differences if not one.pointer}
    assert names["HelmRelease/ml/kafka"] == ("a release", "«absent»")
    assert names["HelmRelease/ml/kafka-2"] == ("«absent»", "a release")


def test_a_withheld_values_secret_is_no_difference_but_a_lost_one_is(tree: Tree) -> None:
    reference = ObjectReference.of(values_secret("staging"))
    tree.edit("infrastructure/staging/controllers/kustomization.yaml", "- kafka-values.yaml\n", "")
    staging = tree.expected["staging"]
    sealed = {key: value for key, value in staging.sealed.items() if key != reference}
    generated = {key: value for key, value in staging.generated.items() if key != reference}
    staging = replace(staging, sealed=sealed, generated=generated)
    lost = replace(tree, expected={"staging": staging})
    assert {pointer for _, _, pointer in found(lost)} == {"/spec/valuesFrom", "/spec/values/auth"}
    withheld = replace(staging, withheld=frozenset({reference}))
    assert replace(tree, expected={"staging": withheld}).prove().exact


# --- what is sealed ---


def test_no_secret_shows_in_a_difference(tree: Tree) -> None:
    """The two environments' secrets are exchanged, one stands in clear, and one in an error message."""
    for name in ("apps/{}/db.yaml", "infrastructure/{}/controllers/kafka-values.yaml"):
        (tree.root / name.format("staging")).write_text((tree.root / name.format("production")).read_text())
    tree.edit("apps/base/mlflow.yaml", "hosts = *", f"hosts = {SECRETS['staging']} {SECRETS['production']}")
    tree.edit("infrastructure/base/controllers/kafka.yaml", "- a\n", f"- x{SECRETS['staging']}\n")
    all_secrets = frozenset({*SECRETS.values(), *HASHES.values()})
    everything = {env: replace(one, secrets=all_secrets) for env, one in tree.expected.items()}
    for side in (replace(tree, expected=everything), replace(tree, expected=everything).without_key()):
        proof = side.prove()
        assert not proof.exact
        shown = repr(proof) + str(proof.as_json()) + repr(side.expected)
        assert not [secret for secret in all_secrets if secret in shown]
        assert "«secret»" in shown


def test_a_secret_in_clear_is_a_difference_even_if_it_is_right(tree: Tree) -> None:
    (tree.root / "apps/staging/db.yaml").write_text(dump(database_secret("staging")))
    for side in (tree, tree.without_key()):
        assert ("staging", str(DATABASE), "/stringData/password") in found(side)


def test_a_sealed_file_that_an_overlay_patches_is_a_difference(tree: Tree) -> None:
    tree.edit(
        "apps/staging/kustomization.yaml",
        "resources:",
        'patches:\n- patch: \'[{"op": "add", "path": "/stringData/more", "value": "x"}]\'\n'
        "  target: {kind: Secret, name: db}\nresources:",
    )
    for side in (tree, tree.without_key()):
        assert ("staging", str(DATABASE), "/stringData/more") in found(side)


def test_a_file_sealed_for_somebody_else_is_a_difference(tree: Tree) -> None:
    stranger = str(pyrage.x25519.Identity.generate().to_public())
    expected_readers = replace(tree.expected["staging"], recipients=(stranger,), sealed_texts=None)
    proof = replace(tree, expected={"staging": expected_readers}).prove()
    assert {one.pointer for one in proof.differences} == {"/sops/age"}


def test_a_sealed_file_of_somebody_else_needs_the_key(tree: Tree, sealing: Sealing) -> None:
    """Sealed again by hand with the right content: provable with the key, and only with it."""
    again = sealing.programs.sops.encrypt(
        {**database_secret("staging")}, [sealing.recipients["staging"]] * 2, "^(data|stringData)$"
    )
    (tree.root / "apps/staging/db.yaml").write_text(again.replace("    - recipient", "    - recipient", 1))
    expected_texts = tree.expected["staging"]
    only = replace(tree, expected={"staging": replace(expected_texts, recipients=expected_texts.recipients)})
    assert found(only.without_key()) != []


@pytest.mark.parametrize("regex", ["^(data|stringDate)$", "^(password|data)$", "^(", ""])
def test_a_file_of_which_flux_would_not_decrypt_everything_is_a_difference(tree: Tree, regex: str) -> None:
    path = "apps/staging/db.yaml"
    tree.edit(path, "^(data|stringData)$", f'"{regex}"')
    if regex == "^(password|data)$":  # the user name is encrypted too, and nobody would decrypt it
        assert ("staging", str(DATABASE), "/stringData/user") in found(tree.without_key())
    for side in (tree, tree.without_key()):
        without_texts = replace(side.expected["staging"], sealed_texts=None)
        assert found(replace(side, expected={"staging": without_texts}))


def test_values_that_helm_cannot_read_are_a_difference_of_that_release(tree: Tree, sealing: Sealing) -> None:
    path = "infrastructure/staging/controllers/kafka-values.yaml"
    broken = {**values_secret("staging"), "stringData": {"values.yaml": f"a: [{SECRETS['staging']}"}}
    recipients = [sealing.recipients["staging"]]
    (tree.root / path).write_text(sealing.programs.sops.encrypt(broken, recipients, "^(data|stringData)$"))
    proof = tree.prove()
    assert ("staging", "HelmRelease/ml/kafka", "/spec/values") in found(tree)
    assert SECRETS["staging"] not in str(proof.as_json())


# --- the clusters' folders ---


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("path: ./apps/staging", "path: ./apps/production"),
        ("path: ./apps/staging", "path: ./apps"),
        ("prune: true", "suspend: true"),
        ("prune: true", "targetNamespace: x"),
        ("prune: true", "postBuild: {substitute: {DS_PROMETHEUS: x}}"),
        ("name: infrastructure-controllers", "name: missing"),
        ("provider: sops", "provider: none"),
        ("kind: Kustomization", "kind: Kustomisation"),
        ("spec:", "spec: ["),
    ],
)
def test_flux_kustomizations_that_apply_something_else_are_found(tree: Tree, old: str, new: str) -> None:
    tree.edit("clusters/staging/applications.yaml", old, new)
    assert {one.environment for one in tree.prove().differences} == {"staging"}


def test_an_overlay_applied_twice_or_never_is_found(tree: Tree) -> None:
    path = tree.root / "clusters/staging/applications.yaml"
    text = path.read_text()
    path.write_text(f"{text}---\n{text.replace('name: applications', 'name: again')}")
    assert found(tree) == [("staging", "apps/staging", "")]
    path.unlink()
    assert found(tree) == [("staging", "apps/staging", "")]


def test_a_tree_below_a_prefix_is_found_by_its_path_in_the_repository(tree: Tree) -> None:
    for path in tree.root.glob("clusters/*/*.yaml"):
        path.write_text(path.read_text().replace("path: ./", "path: ./gitops/"))
    assert not tree.prove().exact
    prefixed = {env: replace(one, prefix="gitops") for env, one in tree.expected.items()}
    assert replace(tree, expected=prefixed).prove().exact


# --- random single mutations ---


def built(tree: Tree) -> list[object]:
    """What every overlay comes to; of SOPS' own data without what may change and mean the same."""
    results: list[object] = []
    for overlay in (overlay for overlays in OVERLAYS.values() for overlay in overlays):
        try:
            documents = load_all(tree.programs.kustomize.build(tree.root / overlay))
        except (CommandFailed, UnreadableInput):
            results.append("broken")
            continue
        for document in documents:
            if isinstance(document.get("sops"), dict):
                document["sops"] = {**document["sops"], "version": "", "encrypted_regex": ""}
        results.append(documents)
    return results


@pytest.mark.parametrize("seed", range(64))
def test_every_mutation_that_changes_what_is_built_is_caught(tree: Tree, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a seed for a test
    right = built(tree)
    backup = {path: path.read_text() for path in tree.root.rglob("*.yaml")}
    what = ""
    while not what or built(tree) == right:
        for path in tree.root.rglob("*.yaml"):
            path.unlink()
        for path, text in backup.items():
            path.write_text(text)
        what = rng.choice(MUTATIONS)(tree.root, rng)
    assert not tree.prove().exact, what
    assert not tree.without_key().prove().exact, what
