"""Record every environment in all passes, in parallel, and combine them to its desired state."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from gitops_runbook.ansible.accounting import Accounts, account
from gitops_runbook.ansible.comparison import Passes, PassValues, Values, desired_state
from gitops_runbook.ansible.recording import (
    CONVERGED,
    FIRST,
    OTHER_VAULT,
    PLAINTEXT,
    REPEATED,
    Line,
    Pass,
    Recording,
    RecordingRequest,
    record,
)
from gitops_runbook.ansible.recording_findings import recording_findings
from gitops_runbook.ansible.replay import Replay, ReplayedRelease, replay
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.documents import pyyaml_reading
from gitops_runbook.documents.json_values import differences
from gitops_runbook.errors import UnreadableInput, UsageError
from gitops_runbook.model.desired import DesiredState
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding

Progress = Callable[[str, Pass, Line], None]
"""Called with the environment, the pass and each line as it arrives."""


@dataclass(frozen=True)
class RecordedEnvironment:
    """One environment, recorded and combined.

    Attributes:
        seconds: pass → wall time of its recording.
    """

    state: DesiredState
    accounts: Accounts
    findings: tuple[Finding, ...]
    hosts: tuple[str, ...]
    seconds: Mapping[str, float]
    ansible: str


def record_environments(
    requests: Mapping[str, RecordingRequest], helm: Helm, kubectl: Kubectl, progress: Progress
) -> dict[str, RecordedEnvironment]:
    """Record all environments; independent passes run side by side on all cores.

    Raises:
        UnreadableInput: ansible cannot load the project, or the vault password is wrong.
        UsageError: environments are alike, or one contains another.
        RecordingFailed: a recording ended before it was complete.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        try:
            return _record_in(pool, requests, helm, kubectl, progress)
        except BaseException:  # bad input, or Ctrl-C: what has not begun is not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _record_in(
    pool: ThreadPoolExecutor,
    requests: Mapping[str, RecordingRequest],
    helm: Helm,
    kubectl: Kubectl,
    progress: Progress,
) -> dict[str, RecordedEnvironment]:
    first = {name: pool.submit(_timed, name, request, FIRST, progress) for name, request in requests.items()}
    hosts = {name: frozenset(future.result().only("hosts")["hosts"]) for name, future in first.items()}
    shared = check_hosts(requests, hosts)
    others = {
        name: [pool.submit(_timed, name, request, taken, progress) for taken in _other_passes(request)]
        for name, request in requests.items()
    }
    combined = {}
    for name, request in requests.items():
        recordings = _by_pass([first[name], *others[name]])
        _require_password(request, recordings)
        combined[name] = pool.submit(combine, name, recordings, helm, kubectl)
    results = {name: future.result() for name, future in combined.items()}
    return {name: replace(item, findings=(*item.findings, *shared.get(name, ()))) for name, item in results.items()}


def _other_passes(request: RecordingRequest) -> list[Pass]:
    passes = [OTHER_VAULT, REPEATED, CONVERGED]
    return [*passes, PLAINTEXT] if request.vault_password_file is not None else passes


def _timed(environment: str, request: RecordingRequest, taken: Pass, progress: Progress) -> Recording:
    started = time.monotonic()
    recording = record(request, taken, lambda line: progress(environment, taken, line))
    return replace(recording, seconds=round(time.monotonic() - started, 3))


def _by_pass(futures: Iterable[Future[Recording]]) -> dict[str, Recording]:
    recordings = [future.result() for future in futures]
    return {recording.taken.name: recording for recording in recordings}


def _require_password(request: RecordingRequest, recordings: Mapping[str, Recording]) -> None:
    plaintext = recordings.get(PLAINTEXT.name)
    for line in plaintext.of_type("unresolved") if plaintext else ():
        if "ecrypt" in line["error"] and "vault" in line["error"].lower():
            raise UnreadableInput(
                f"{line['file']}:{line['line']}",
                f"a vaulted value cannot be decrypted with the password in {request.vault_password_file}",
                "pass the password it was encrypted with; each environment of one conversion uses the same file",
            )


def check_hosts(
    requests: Mapping[str, RecordingRequest], hosts: Mapping[str, frozenset[str]]
) -> dict[str, list[Finding]]:
    """Compare which hosts the environments have; those of different inventories have nothing in common.

    Raises:
        UsageError: two environments are the same, or one contains another.
    """
    found: dict[str, list[Finding]] = {}
    for one, other in combinations(sorted(requests), 2):
        if requests[one].inventory != requests[other].inventory:
            continue
        own, others = hosts[one] - {"localhost"}, hosts[other] - {"localhost"}
        if hosts[one] == hosts[other]:
            if requests[one].extra_vars == requests[other].extra_vars:
                raise _alike(one, other)
        elif own & others and (own <= others or others <= own):
            outer, inner = (one, other) if others <= own else (other, one)
            raise _contained(outer, inner, requests, own & others)
        elif own & others:
            message = f"{', '.join(sorted(own & others))} belong to {one} and to {other}"
            found.setdefault(one, []).append(Finding(code("shared-hosts"), one, f"{one}, {other}", message))
    return found


def _alike(one: str, other: str) -> UsageError:
    return UsageError(
        f"--environment {one} and --environment {other}", "select the same hosts of the same inventory",
        "give each environment its own limit, inventory, or -e ENV:NAME=VALUE",
    )  # fmt: skip


def _contained(
    outer: str, inner: str, requests: Mapping[str, RecordingRequest], common: frozenset[str]
) -> UsageError:  # fmt: skip
    return UsageError(
        f"--environment {outer}={requests[outer].limit}",
        f"also selects hosts of {inner}: {', '.join(sorted(common)[:5])}",
        f"narrow it, e.g. --environment '{outer}={requests[outer].limit}:!{requests[inner].limit}'",
    )


def combine(name: str, recordings: Mapping[str, Recording], helm: Helm, kubectl: Kubectl) -> RecordedEnvironment:
    """Replay the passes of one environment, by name of the pass, and combine them."""
    first = recordings[FIRST.name]
    replays = {
        taken: replay(recording, kubectl.generate, kubectl.strategic_merge) for taken, recording in recordings.items()
    }
    values = {taken: effective_values(item, helm) for taken, item in replays.items()}
    plaintext = PLAINTEXT.name
    passes = Passes(
        replays[FIRST.name], replays[OTHER_VAULT.name], replays[REPEATED.name], replays[CONVERGED.name],
        replays.get(plaintext),
    )  # fmt: skip
    pass_values = PassValues(
        values[FIRST.name], values[OTHER_VAULT.name], values[REPEATED.name], values[CONVERGED.name],
        values.get(plaintext),
    )  # fmt: skip
    state, findings = desired_state(name, passes, pass_values)
    accounts = account(first)
    findings += recording_findings(name, first, recordings[CONVERGED.name], accounts)
    findings += [
        Finding(code(note.code), name, note.subject, note.message,
                f"{note.task.file}:{note.task.line}" if note.task else "")
        for note in replays[FIRST.name].notes
    ]  # fmt: skip
    findings += _retyped(name, replays[FIRST.name], values[FIRST.name])
    return RecordedEnvironment(
        state, accounts, tuple(_unique(findings)), tuple(first.only("hosts")["hosts"]),
        {taken: recording.seconds for taken, recording in recordings.items()}, first.only("start")["ansible"],
    )  # fmt: skip


def effective_values(item: Replay, helm: Helm) -> Values:
    """The values of each release as Helm itself merges and reads them."""
    simple = {key: found for key, found in item.releases.items() if _is_simple(found)}
    texts = {json.dumps(key): "".join(found.release.values_texts) for key, found in simple.items()}
    read = helm.effective_values_of_many(texts)
    values: dict[tuple[str, str], Mapping[str, object]] = {key: read[json.dumps(key)] for key in simple}
    for key, found in item.releases.items():
        if key not in simple:
            values[key] = helm.effective_values(found.release.values_texts, found.release.set_arguments)
    return values


def _is_simple(found: ReplayedRelease) -> bool:
    return len(found.release.values_texts) <= 1 and not found.release.set_arguments


def _retyped(environment: str, item: Replay, values: Values) -> list[Finding]:
    """Strings that PyYAML wrote without quotes and Helm reads as something else."""
    findings = []
    for key, found in item.releases.items():
        if len(found.release.values_texts) != 1 or found.release.set_arguments:
            continue
        meant = pyyaml_reading.load(found.release.values_texts[0])
        changed = [place.pointer for place in differences(meant, values[key]) if isinstance(place.expected, str)]
        if changed:
            subject = f"HelmRelease/{key[0]}/{key[1]}"
            message = f"Helm reads {', '.join(sorted(changed)[:5])} of {subject} as numbers or booleans, not as text"
            findings.append(Finding(code("yaml-retyped"), environment, subject, message))
    return findings


def _unique(findings: Sequence[Finding]) -> list[Finding]:
    return list({finding.id: finding for finding in reversed(findings)}.values())[::-1]


def resolve_paths(project: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """Check that each inventory exists, relative to the project; ansible would only warn and go on without hosts.

    Raises:
        UsageError: names the one that does not.
    """
    for path in paths:
        if not (project / path).exists() and "," not in path:
            raise UsageError(
                f"inventory {path}", f"does not exist in {project}", "give a path relative to the project, or absolute"
            )
    return tuple(paths)
