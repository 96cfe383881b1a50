"""With the vault password secrets pass through memory only; after a conversion none is left in clear."""

from __future__ import annotations

import base64
from pathlib import Path

import pyrage  # type: ignore[import-untyped] # it has no types
import pytest

from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.sops import Sops
from gitops_runbook.runbooks.conversion import ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.convert import Programs, convert
from gitops_runbook.toolchain.find import find

from .projects import PASSWORD, encrypted, inline, play, write

CANARIES = ("whole-file-canary", "inline-canary-value")
SECRET = """
    - kubernetes.core.k8s:
        definition:
          apiVersion: v1
          kind: Secret
          metadata: {name: s, namespace: web}
          stringData: {file: "{{ of_file }}", inline: "{{ of_inline }}"}
    - kubernetes.core.k8s: {name: web, kind: Namespace}
    - template: {src: values.j2, dest: /tmp/values.yml}
    - command: helm upgrade --install app oci://registry.invalid/charts/app --version 1.0.0 -n web -f /tmp/values.yml
"""


def convertible(tmp_path: Path) -> Path:
    return write(tmp_path / "project", {
        "site.yml": play(SECRET), "hosts": "one\n", "templates/values.j2": "password: {{ of_file | b64encode }}\n",
        "group_vars/all/vault.yml": encrypted("of_file: whole-file-canary\n"),
        "group_vars/all/main.yml": f"of_inline: {inline('inline-canary-value')}",
    })  # fmt: skip


@pytest.fixture(scope="session")
def programs(helm: Helm, kubectl: Path, sops: Sops) -> Programs:  # noqa: ARG001 - they skip where there are none
    """Found before a test moves HOME, where the cache is."""
    return Programs(*(find(name).path for name in ("kubectl", "helm", "sops")))


def test_no_secret_is_left_in_clear_anywhere(tmp_path: Path, programs: Programs, own_places: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    options = ConversionOptions(
        convertible(tmp_path), "site.yml", {"test": EnvironmentOptions("all", ("hosts",), (), (recipient,))},
        tmp_path / "out", vault_password_file=tmp_path / "password",
    )  # fmt: skip

    conversion = convert(options, programs=programs)

    assert conversion.proof.exact
    assert conversion.environments["test"].withheld == 0
    assert len(conversion.selections["test"].sealed) == 2, "the Secret and the secret values of the release"
    left = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for canary in CANARIES:
        for form in (canary.encode(), base64.b64encode(canary.encode())):
            assert [path for path, content in left.items() if form in content] == []
    assert [path for path in own_places.rglob("*") if path.is_file()] == []
