"""Run a real playbook with real ansible and kubernetes.core against the fake cluster; say what went over the wire."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .api_server import ApiServer
from .events import OracleResult
from .go_programs import GoPrograms
from .helm import Helm
from .kinds import KindTable, scan_kinds
from .kubectl import Kubectl
from .programs import FakePrograms, install
from .store import Store


@dataclass(frozen=True)
class FakeCluster:
    """A running fake cluster: where its kubeconfig and its programs are, and what it has seen."""

    server: ApiServer
    helm: Helm
    store: Store
    kubeconfig: Path
    path: Path
    folder: Path


@contextmanager
def fake_cluster(kinds: Iterable[tuple[str, str, bool]], *, helm: Path, kubectl: Path) -> Iterator[FakeCluster]:
    """Serve an empty cluster until the context ends."""
    with TemporaryDirectory(prefix="oracle-") as name:
        folder = Path(name)
        programs = GoPrograms(kubectl, helm, folder / "home")
        programs.home.mkdir()
        store = Store(KindTable(kinds), programs)
        server, kubeconfig = ApiServer(store), folder / "kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(server.url)), encoding="utf-8")
        fake_helm = Helm(store, programs)
        server.programs = FakePrograms(fake_helm, Kubectl(store, programs, str(kubeconfig)))
        install(folder / "bin", server, Path(sys.executable))
        with server.running():
            yield FakeCluster(server, fake_helm, store, kubeconfig, folder / "bin", folder)


def _kubeconfig(url: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "oracle", "cluster": {"server": url}}],
        "contexts": [{"name": "oracle", "context": {"cluster": "oracle", "user": "oracle"}}],
        "users": [{"name": "oracle", "user": {"token": "oracle"}}],
        "current-context": "oracle",
    }


def run_oracle(
    project: Path,
    playbook: str,
    inventory: list[str],
    limit: str,
    *,
    ansible_playbook: Path,
    collections: Path,
    python: Path,
    helm: Path,
    kubectl: Path,
    vault_password_file: Path | None = None,
    extra_vars: Iterable[str] = (),
    kinds: Iterable[tuple[str, str, bool]] = (),
    seconds_at_most: float = 900,
) -> OracleResult:
    """Run one playbook for one environment; tasks tagged `never` stay out, privilege escalation is off.

    Other tasks take effect on this machine, so run only projects whose host tasks are harmless here.
    """
    argv = [
        str(ansible_playbook),
        "-f",
        "1",
        *(f"--inventory={path}" for path in inventory),
        "--limit",
        limit,
        "--skip-tags",
        "never",
    ]
    argv += ["-c", "local", "-e", "ansible_connection=local", "-e", "ansible_become=false"]
    argv += ["-e", f"ansible_python_interpreter={python}", *(f"--extra-vars={text}" for text in extra_vars), playbook]
    known = [*kinds, *scan_kinds(project)]
    with fake_cluster(known, helm=helm.resolve(), kubectl=kubectl.resolve()) as cluster:
        environment = _environment(cluster, ansible_playbook, collections, vault_password_file)
        started = time.monotonic()
        code, output = _run(argv, project, environment, seconds_at_most)
        seconds, store = time.monotonic() - started, cluster.store
        return OracleResult(code, seconds, output, store.events, store.objects(), dict(cluster.helm.releases))


def _environment(cluster: FakeCluster, ansible: Path, collections: Path, vault: Path | None) -> dict[str, str]:
    """Build the environment of the run: nothing of the caller's cluster, caches of its own."""
    temporary = cluster.folder / "tmp"
    temporary.mkdir()
    dropped = ("ANSIBLE_", "K8S_AUTH_", "HELM_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    vaulted = {"ANSIBLE_VAULT_PASSWORD_FILE": str(vault.resolve())} if vault else {}
    return kept | vaulted | {
        "PATH": os.pathsep.join([str(cluster.path), str(ansible.parent), kept.get("PATH", os.defpath)]),
        "KUBECONFIG": str(cluster.kubeconfig),
        "K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig),
        "TMPDIR": str(temporary),  # kubernetes.core caches discovery here, by address of the server
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_LOCAL_TEMP": str(temporary),
        "ANSIBLE_REMOTE_TEMP": str(temporary),
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
    }  # fmt: skip


def _run(argv: list[str], project: Path, environment: dict[str, str], seconds: float) -> tuple[int, str]:
    """Run ansible in a process group of its own, and leave nothing of it behind."""
    process = subprocess.Popen(
        argv,
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return process.returncode, output
