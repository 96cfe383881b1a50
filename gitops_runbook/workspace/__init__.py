"""The user's own folder: ``gitops-runbook.yaml``, where things lie, and ``decisions.yaml``."""

from gitops_runbook.workspace.configuration import (
    AnsibleSettings,
    Configuration,
    Environment,
    FluxSettings,
    RepositorySettings,
    RunSettings,
    Service,
)
from gitops_runbook.workspace.decisions import Decision, apply_decisions, read_decisions
from gitops_runbook.workspace.location import Workspace, find_workspace, locate_workspace
from gitops_runbook.workspace.packaged import packaged_folder
from gitops_runbook.workspace.reading import CONFIGURATION_FILE, read_configuration
from gitops_runbook.workspace.secret_references import SecretReference

__all__ = [
    "CONFIGURATION_FILE",
    "AnsibleSettings",
    "Configuration",
    "Decision",
    "Environment",
    "FluxSettings",
    "RepositorySettings",
    "RunSettings",
    "SecretReference",
    "Service",
    "Workspace",
    "apply_decisions",
    "find_workspace",
    "locate_workspace",
    "packaged_folder",
    "read_configuration",
    "read_decisions",
]
