"""What one task does to a cluster; what cannot be told is a problem, never nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gitops_runbook.ansible.actions import (
    Action,
    Apply,
    Delete,
    Imperative,
    Problem,
    Read,
    Release,
    Repository,
    Uninstall,
)
from gitops_runbook.ansible.recording import Line
from gitops_runbook.ansible.task_actions import actions_of
from gitops_runbook.model.references import ObjectReference

from .conftest import refuse
from .lines import config_map, k8s, shell, task

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: web}\n"
NAMESPACE = ObjectReference("v1", "Namespace", "", "x")


def generated(arguments: Sequence[str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "creationTimestamp": None}, "status": {},
            "stringData": {"arguments": " ".join(arguments)}}  # fmt: skip


def only(line: Line) -> Action:
    (action,) = actions_of(line, generated)
    return action


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        ("kubectl apply -f a.yml", {"a.yml": MANIFEST}, Apply),
        ("kubectl apply -f a.yml", {"a.yml": None}, Problem),
        ("kubectl apply -f https://x/a.yml", {}, Problem),
        ("kubectl apply -k overlays/x", {}, Problem),
        ("kubectl delete -f a.yml", {"a.yml": MANIFEST}, Delete),
        ("kubectl delete ns x --ignore-not-found", {}, Delete),
        ("kubectl delete pods -l app=x", {}, Imperative),
        ("kubectl delete widget x", {}, Imperative),
        ("kubectl create namespace x", {}, Apply),
        ("kubectl create secret generic s --from-file=/etc/x", {}, Problem),
        ("kubectl create ns x --dry-run=client -o yaml", {}, Read),
        ("kubectl create ns x --dry-run=client -o yaml | kubectl apply -f -", {}, Apply),
        ("kubectl label ns x a=b", {}, Apply),
        ("kubectl scale deploy x --replicas=3", {}, Apply),
        ("kubectl patch cm x -p '{}'", {}, Problem),
        ("kubectl patch cm x --type merge -p '{\"data\": {}}'", {}, Apply),
        ("kubectl set image deploy/x a=b", {}, Problem),
        ("kubectl cordon node1", {}, Problem),
        ("kubectl get ns", {}, Read),
        ("kubectl wait --for=condition=Ready pod/x", {}, Imperative),
        ("kubectl rollout restart deploy/x", {}, Imperative),
        ("kubectl apply -f a.yml --unheard-of", {"a.yml": MANIFEST}, Problem),
        ("kubectl get ns --unheard-of", {}, Read),
        ("/usr/local/bin/kubectl --kubeconfig /x -n web delete cm a", {}, Delete),
        ("KUBECONFIG=/x sudo kubectl delete ns x", {}, Delete),
        ("xargs kubectl delete", {}, Problem),
        ("helm repo add r https://x/", {}, Repository),
        ("helm repo update", {}, Read),
        ("helm upgrade --install a r/b -f v.yml", {"v.yml": "a: 1\n"}, Release),
        ("helm upgrade --install a r/b -f v.yml", {}, Problem),
        ("helm upgrade --install a r/b --set-file a=b", {}, Problem),
        ("helm upgrade --install a r/b --unheard-of", {}, Problem),
        ("helm upgrade --install a r/b --dry-run", {}, Read),
        ("helm uninstall a -n web", {}, Uninstall),
        ("helm rollback a 1", {}, Imperative),
        ("helm status a", {}, Read),
        ("helm frobnicate a", {}, Problem),
        ("for x in a; do kubectl apply -f $x; done", {}, Problem),
        ("for x in a; do kubectl get $x; done", {}, Read),
    ],
)  # fmt: skip
def test_a_command_is_read_as_what_it_does(text: str, files: dict[str, Any], expected: type[Action]) -> None:
    assert type(only(shell(text, files=files))) is expected


def test_several_commands_of_a_script_act_in_their_order() -> None:
    actions = actions_of(shell("kubectl create ns x\nkubectl delete ns x && helm repo add r https://x"), generated)

    assert [type(action) for action in actions] == [Apply, Delete, Repository]


def test_standard_input_gets_a_final_newline_as_ansible_adds_it() -> None:
    line = task("ansible.builtin.command", {"_raw_params": "kubectl apply -f -", "stdin": MANIFEST.strip()}, files={})

    assert isinstance(only(line), Apply)


def test_an_argument_vector_needs_no_shell() -> None:
    line = task(
        "ansible.builtin.command", {"argv": ["helm", "upgrade", "-i", "a", "r/b", "--set", "x=a b|c"]}, files={}
    )
    action = only(line)

    assert isinstance(action, Release)
    assert action.set_arguments == ("--set", "x=a b|c")


def test_a_folder_is_read_as_kubectl_reads_it() -> None:
    files = {"d": {"b.yml": MANIFEST, "a.json": '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}',
                   "notes.txt": "x", "deep/c.yml": MANIFEST}}  # fmt: skip

    assert [type(item) for item in actions_of(shell("kubectl apply -f d", files=files), refuse)] == [Apply, Apply]
    assert len(actions_of(shell("kubectl apply -R -f d", files=files), refuse)) == 3


def test_kubernetes_core_assumes_no_namespace() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}

    assert actions_of(k8s(pod), refuse) == [
        Problem("object-incomplete", "Pod p has no namespace, and kubernetes.core assumes none")
    ]


@pytest.mark.parametrize(
    ("document", "arguments", "expected"),
    [
        ({"metadata": {"name": "x"}}, {"kind": "Namespace"}, ("v1", "Namespace", "", "x")),
        (config_map(), {"namespace": "other"}, ("v1", "ConfigMap", "web", "a")),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}, {"namespace": "n"}, ("v1", "Pod", "n", "p")),
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}, {"namespace": "n"},
         ("v1", "Namespace", "", "x")),
        ({"apiVersion": "a.example/v1", "kind": "A", "metadata": {"name": "x"}}, {}, ("a.example/v1", "A", "", "x")),
    ],
)  # fmt: skip
def test_parameters_fill_only_what_the_definition_lacks(
    document: dict[str, Any], arguments: dict[str, Any], expected: tuple[str, str, str, str]
) -> None:
    action = only(k8s(document, **arguments))

    assert isinstance(action, Apply)
    assert ObjectReference.of(action.manifest) == ObjectReference(*expected)


def test_a_list_is_taken_apart() -> None:
    line = k8s({"apiVersion": "v1", "kind": "List", "items": [config_map("a"), config_map("b")]})

    assert len(actions_of(line, refuse)) == 2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (k8s({"kind": "ConfigMap"}), "object-incomplete"),
        (k8s("text"), "object-incomplete"),
        (k8s({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}}), "generate-name"),
        (k8s(config_map(), append_hash=True), "command-unsupported"),
        (task("kubernetes.core.k8s_json_patch", {"kind": "Pod", "name": "x"}), "object-patched"),
        (task("kubernetes.core.unheard_of", {}), "command-unsupported"),
        (k8s(problem="RuntimeError: the manifest at https://x is not downloaded; keep"), "manifest-remote"),
        (k8s(problem="RuntimeError: /x: its content is not known here: edited"), "manifest-unknown"),
        (k8s(problem="RuntimeError: the manifest is encrypted as a whole and was not opened"), "vault-locked"),
        (k8s(problem="ZeroDivisionError: division by zero"), "task-unresolved"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_a_problem_of_its_kind(line: Line, code: str) -> None:
    action = only(line)

    assert isinstance(action, Problem)
    assert action.code == code


def test_options_of_the_helm_module_are_kept() -> None:
    arguments = {
        "name": "a", "release_namespace": "web", "chart_ref": "r/b", "chart_version": "1.10", "wait": "yes",
        "atomic": False,
        "timeout": 90, "history_max": 0, "create_namespace": True, "values_files": ["v.yml"], "take_ownership": True,
        "set_values": [{"value": "x=1", "value_type": "string"}],
    }  # fmt: skip
    action = only(task("kubernetes.core.helm", arguments, files={"v.yml": "a: 1\n"}, values_yaml="b: 2\n"))

    assert isinstance(action, Release)
    assert (action.version, action.values_texts) == ("1.10", ("a: 1\n", "b: 2\n"))
    assert action.set_arguments == ("--set-string", "x=1")
    options = action.options
    assert (options.wait, options.atomic, options.timeout, options.history_max) == (True, False, "90s", 0)
    assert action.remarks == ("take_ownership: True has no exact equivalent",)
