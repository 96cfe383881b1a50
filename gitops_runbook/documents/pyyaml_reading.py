"""YAML as PyYAML reads it (YAML 1.1): what Ansible meant by a text, to compare with what Go makes of it."""

from __future__ import annotations

import yaml

from gitops_runbook.documents.json_values import Json

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Json:
    """Read one document.

    Raises:
        yaml.YAMLError: the text is no YAML.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
