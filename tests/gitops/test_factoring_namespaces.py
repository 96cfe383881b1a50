"""Namespaces that differ per environment share one in base, and come back from the real kustomize."""

from gitops_runbook.gitops.factoring import Component, Resource
from gitops_runbook.model.desired import Manifest
from tests.gitops.factoring_bench import Bench, bench, config_map, of, thing

__all__ = ["bench"]


def team(environment: str, **data: str) -> list[Manifest]:
    name = f"team-{environment}"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa", "namespace": name}}
    subject = {"kind": "ServiceAccount", "name": "sa", "namespace": name}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "b"}}
    binding = {**kind, "roleRef": role, "subjects": [subject]}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        account,
        binding,
        config_map("c", name, host=f"db.{name}.svc", **data),
        config_map("same", name, k="1"),
        thing("t", name, k=1),
    ]


def test_namespaces_that_differ_share_a_base_and_come_back(bench: Bench) -> None:
    factored = bench.exact({name: team(name) for name in ("staging", "production", "test")})
    assert factored.namespaces == {"team": {name: f"team-{name}" for name in ("staging", "production", "test")}}
    assert factored.statistics.overlay_only == 0
    assert factored.statistics.shared == 4
    assert "namespace: team\n" in factored.files["apps/base/w.yaml"]


def test_what_only_some_environments_have_in_such_a_namespace_keeps_the_real_name(bench: Bench) -> None:
    staging = [*team("staging"), config_map("more", "team-staging")]
    factored = bench.exact({"staging": staging, "production": team("production")})
    assert "namespace: team-staging" in factored.files["apps/staging/w.yaml"]


def test_namespaces_are_mapped_alike_in_all_components(bench: Bench) -> None:
    names = ("staging", "production")
    first = Component(
        "infra/base",
        {name: f"infra/{name}" for name in names},
        {name: [Resource(team(name)[0], "n")] for name in names},
    )
    rest = of({name: team(name)[1:] for name in names})
    factored = bench.factor([first, rest])
    assert bench.wrong(first, factored) == {}
    assert bench.wrong(rest, factored) == {}
    assert "name: team\n" in factored.files["infra/base/n.yaml"]


def test_a_mapping_that_kustomize_spreads_to_other_objects_is_given_up(bench: Bench) -> None:
    # This binding means a namespace that happens to be called like the logical one; kustomize would move it along.
    binding = {
        **team("x")[2],
        "metadata": {"name": "stranger"},
        "subjects": [{"kind": "ServiceAccount", "name": "sa", "namespace": "team"}],
    }
    factored = bench.exact({name: [*team(name), binding] for name in ("staging", "production")})
    assert factored.namespaces == {}
    assert factored.statistics.overlay_only == 10
