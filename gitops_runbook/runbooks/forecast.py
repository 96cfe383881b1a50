"""What a conversion means: the proof in a sentence, whether an empty cluster would come up whole, what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops_runbook.gitops.proof import Proof
from gitops_runbook.model.checks import Check, Status
from gitops_runbook.model.findings import Finding, Severity
from gitops_runbook.runbooks.conversion import Conversion

COUNTS = {
    "tasks": "tasks for Kubernetes", "recorded": "  recorded", "skipped_by_when": "  skipped by their when",
    "not_reached": "  not reached", "unresolved": "  unresolved", "withheld": "  withheld (Secrets)",
    "objects": "objects in the tree", "releases": "Helm releases in the tree",
}  # fmt: skip
"""Attribute of ``EnvironmentSummary`` → what it counts; what is indented is part of what stands above it."""


def proof_sentence(proof: Proof) -> str:
    """Say what was compared with what, and what the comparison rests on."""
    compared = f"{_count(proof.objects, 'object')} and {_count(proof.releases, 'Helm release')}"
    if proof.exact:
        text = f"{compared}, built from the tree, are what Ansible would have applied; nothing is extra or missing"
    else:
        text = f"{compared} were compared, {_count(len(proof.differences), 'difference')}"
    if proof.not_decrypted:
        text += (
            f"; {proof.not_decrypted} encrypted ones were compared before encryption (set SOPS_AGE_KEY_FILE to decrypt)"
        )
    return text


def proof_check(proof: Proof) -> Check:
    """The proof as the answer to one question."""
    name = "the tree is what Ansible would have applied"
    if proof.exact:
        return Check(name, Status.PASSED, proof_sentence(proof))
    first = proof.differences[0]
    return Check(
        name, Status.FAILED, proof_sentence(proof), "a cluster that follows this tree would get something else",
        f"look at the differences, first {first.environment}: {first.object} {first.pointer}".rstrip(),
    )  # fmt: skip


def forecast(conversion: Conversion) -> list[Check]:
    """Ask whether the tree can be used: is everything in it, is every secret delivered, is every finding answered."""
    return [proof_check(conversion.proof), _complete(conversion), _secrets(conversion), _decisions(conversion)]


def next_steps(conversion: Conversion) -> list[str]:
    """List what a person does next, the most important first; the last one is always there."""
    steps = list(_open_ends(conversion))
    tree = conversion.options.out
    if not conversion.proof.exact:
        return [*steps, "undo hand edits that change objects, or report a defect; then convert again"]
    if conversion.is_ready:
        return [*steps, f"read the tree, commit it ({tree}), and go on with the backup and the bootstrap"]
    return [*steps, f"convert again; what is right already can be committed ({tree})"]


def _open_ends(conversion: Conversion) -> Iterator[str]:
    withheld = any(selection.withheld for selection in conversion.selections.values())
    missing = _delivery(conversion)
    if withheld and missing:
        yield f"have the withheld Secrets written: name {' and '.join(missing)}"
    if errors := _open(conversion, Severity.ERROR):
        codes = ", ".join(dict.fromkeys(item.kind.code for item in errors))
        yield f"resolve {_count(len(errors), 'error')} ({codes}): each names its remedy"
    delivered_later = {"secret-withheld"} if missing else set()
    warnings = [item for item in _open(conversion, Severity.WARNING) if item.kind.choices]
    if warnings := [item for item in warnings if item.kind.code not in delivered_later]:
        example = warnings[0]
        entry = f'- {{id: "{example.id}", choice: {example.kind.choices[0]}, who: you, why: "…"}}'
        tree = conversion.options.out / conversion.options.path_prefix
        yield f"answer {_count(len(warnings), 'warning')} in {tree / 'decisions.yaml'}, e.g. {entry}"


def _delivery(conversion: Conversion) -> list[str]:
    """What is missing for Secrets to be written."""
    options = conversion.options
    key = "the vault password (--vault-password-file FILE; in gitops-runbook.yaml ansible.vault_password)"
    names = ", ".join(name for name, item in sorted(options.environments.items()) if not item.recipients)
    recipient = f"who may read those of {names} (--age-recipient ENV=KEY; in gitops-runbook.yaml age_recipient)"
    return ([] if options.vault_password_file else [key]) + ([recipient] if names else [])


def _complete(conversion: Conversion) -> Check:
    name = "everything Ansible applies is in the tree"
    errors = _open(conversion, Severity.ERROR)
    if not errors:
        return Check(name, Status.PASSED)
    codes = ", ".join(dict.fromkeys(item.kind.code for item in errors))
    return Check(
        name, Status.WARNED, f"{_count(len(errors), 'open error')}: {codes}",
        "what could not be evaluated or written is missing on an empty cluster",
        "follow the remedy of each finding, or answer it in decisions.yaml; then convert again",
    )  # fmt: skip


def _secrets(conversion: Conversion) -> Check:
    name = "every Secret is delivered"
    withheld = [f"{environment}: {reference}" for environment, selection in sorted(conversion.selections.items())
                for reference in selection.withheld]  # fmt: skip
    if not withheld:
        return Check(name, Status.PASSED)
    missing = " and ".join(_delivery(conversion))
    return Check(
        name, Status.WARNED, f"{len(withheld)} withheld, e.g. {withheld[0]}",
        "on an empty cluster, what refers to them waits",
        f"name {missing}" if missing else "deliver them by an ExternalSecret, or keep the live ones",
    )  # fmt: skip


def _decisions(conversion: Conversion) -> Check:
    name = "every finding is answered"
    waiting: Sequence[Finding] = conversion.open_findings
    if not waiting:
        return Check(name, Status.PASSED)
    return Check(
        name, Status.WARNED, f"{_count(len(waiting), 'decision')} open", "what nobody looked at is a surprise later",
        "answer them in decisions.yaml at the root of the tree: id, choice, who, why",
    )  # fmt: skip


def _open(conversion: Conversion, severity: Severity) -> list[Finding]:
    return [item for item in conversion.open_findings if item.kind.severity is severity]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
