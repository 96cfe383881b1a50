"""The model of ``gitops-runbook.yaml``: every key, its type and its default.

Strict: an unknown key or a value of another type is an error; ``reading`` turns it into file, line and nearest key.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gitops_runbook.workspace.secret_references import SecretReference


def _relative_path(text: str) -> str:
    if PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts or "\\" in text:
        raise ValueError("must be a relative path with / and without ..")
    return text


def _vault_password(text: str) -> str:
    SecretReference.parse(text, "file", "env")
    return text


def _login(text: str) -> str:
    SecretReference.parse(text)
    return text


_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"

Label = Annotated[str, Field(pattern=_LABEL)]
"""A DNS label (RFC 1123): lower case letters, digits and hyphens, at most 63."""

Port = Annotated[int, Field(ge=1, le=65535)]
RelativePath = Annotated[str, AfterValidator(_relative_path)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
"""A list of texts; kept as a tuple because the configuration never changes after it was read."""

FluxComponent = Literal[
    "source-controller", "kustomize-controller", "helm-controller", "notification-controller",
    "image-reflector-controller", "image-automation-controller", "source-watcher",
]  # fmt: skip


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AnsibleSettings(_Settings):
    """The push side.

    Attributes:
        project: the Ansible project; relative to the workspace.
        playbook: relative to the project.
        extra_vars: what ``-e`` would pass.
        executable: path of ``ansible-playbook``; None: the one on PATH.
        vault_password: ``file:PATH`` (relative to the workspace) or ``env:NAME``; None: what the project itself says.
        allow_project_code: inventory scripts, plugins and vault scripts of the project may run on this machine.
    """

    project: str = "."
    playbook: str = "site.yml"
    extra_vars: dict[str, Any] = Field(default_factory=dict)
    tags: Texts = ()
    executable: str | None = None
    vault_password: Annotated[str, AfterValidator(_vault_password)] | None = None
    allow_project_code: bool = False


class Environment(_Settings):
    """One environment.

    Attributes:
        limit: Ansible host pattern.
        inventory: paths relative to the Ansible project; empty: the inventory of its ``ansible.cfg``.
        context: kubeconfig context; None: no cluster is reachable from here.
        cluster_uid: UID of the namespace kube-system, the identity of a cluster; None: not pinned.
        path: folder of the cluster in the repository; empty: ``clusters/<environment>``.
        age_recipient: the public key secrets of this environment are encrypted for.
        approval: who approves a change: nobody, the person who runs it, or somebody else.
    """

    limit: str = "all"
    inventory: Texts = ()
    context: str | None = None
    cluster_uid: str | None = None
    path: RelativePath = ""
    age_recipient: Annotated[str, Field(pattern=r"^age1[0-9a-z]+$")] | None = None
    approval: Literal["none", "self", "other"] = "none"


class RepositorySettings(_Settings):
    """The GitOps repository: its address, its work tree (relative to the workspace), where in it the tree lives."""

    url: str = ""
    provider: Literal["github", "git"] = "github"
    branch: str = "main"
    folder: str = "repository"
    path_prefix: RelativePath = ""


class FluxSettings(_Settings):
    """Which Flux; ``components`` empty means the default ones."""

    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] = "2.9.5"
    namespace: Label = "flux-system"
    components: Annotated[tuple[FluxComponent, ...], Field(strict=False)] = ()


class Service(_Settings):
    """A web interface people open through a port-forward; ``login`` says where its password is found."""

    namespace: Label
    service: Label
    port: Port
    local_port: Port
    path: Annotated[str, Field(pattern=r"^/")] = "/"
    login: Annotated[str, AfterValidator(_login)] | None = None


class RunSettings(_Settings):
    """Where records go; ``retention`` in days (``90d``) or None for ever; keys as ``ssh-keygen -Y`` takes them."""

    folder: str = "runs"
    retention: Annotated[str, Field(pattern=r"^[1-9]\d*d$")] | None = None
    signing_key: str | None = None
    allowed_signers: str | None = None


class Configuration(_Settings):
    """The whole file. Only ``platform`` and ``environments`` have no default."""

    platform: Label
    environments: Annotated[dict[Label, Environment], Field(min_length=1)]
    ansible: AnsibleSettings = AnsibleSettings()
    repository: RepositorySettings = RepositorySettings()
    flux: FluxSettings = FluxSettings()
    services: dict[Label, Service] = Field(default_factory=dict)
    runs: RunSettings = RunSettings()
