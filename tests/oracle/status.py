"""Status and server defaults that make a waiting client believe that all is well."""

from typing import Any

_READY = [{"type": word, "status": "True"} for word in ("Ready", "Available", "Established", "Progressing", "Synced")]
_COMPLETE = [{"type": word, "status": "True"} for word in ("Complete", "SuccessCriteriaMet")]
_PHASES = {"Namespace": "Active", "PersistentVolume": "Bound", "PersistentVolumeClaim": "Bound", "Pod": "Running"}


def plausible_status(shown: dict[str, Any]) -> dict[str, Any]:
    """Add to a served object what its controllers would have written by the time a client has waited."""
    kind, spec = shown.get("kind", ""), shown.get("spec")
    generation = shown["metadata"]["generation"]
    status: dict[str, Any] = {"observedGeneration": generation, "conditions": _READY}
    if kind == "Job":
        status = {"succeeded": 1, "conditions": _COMPLETE}
    elif kind in ("Deployment", "ReplicaSet", "StatefulSet") and isinstance(spec, dict):
        spec.setdefault("replicas", 1)
        if kind == "StatefulSet":
            spec.setdefault("updateStrategy", {}).setdefault("type", "RollingUpdate")
        words = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
        status |= dict.fromkeys(words, spec["replicas"])
        status |= {"currentRevision": "1", "updateRevision": "1"}
    elif kind == "DaemonSet":
        words = ("desiredNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable")
        status |= dict.fromkeys(words, 1)
    elif kind == "Pod":
        containers = spec.get("containers", []) if isinstance(spec, dict) else []
        status["containerStatuses"] = [{"name": c.get("name"), "ready": True} for c in containers]
    if kind in _PHASES:
        status["phase"] = _PHASES[kind]
    return {**shown, "status": status} if kind not in _WITHOUT_STATUS else shown


_WITHOUT_STATUS = {"ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
