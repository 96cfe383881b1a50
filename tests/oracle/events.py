"""What an oracle run returns: the ordered events on the wire, and the desired state they add up to."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Manifest = dict[str, Any]
ObjectKey = tuple[str, str, str, str]  # apiVersion, kind, namespace ("" when cluster-scoped), name
ReleaseKey = tuple[str, str]  # namespace, name


@dataclass(frozen=True)
class ObjectEvent:
    """A write that reached the API server; `manifest` is the body as sent (a patch for PATCH)."""

    verb: Literal["apply", "delete"]
    method: str
    key: ObjectKey
    manifest: Any
    content_type: str = ""
    kind: Literal["object"] = "object"


@dataclass(frozen=True)
class HelmEvent:
    """One call of helm; `values` holds the raw text of each values file, in the order of the command line."""

    argv: list[str]
    values: list[str]
    namespace: str = ""
    kind: Literal["helm"] = "helm"


@dataclass(frozen=True)
class KubectlEvent:
    """One call of kubectl; `files` holds (path, raw text) of each `-f`, `-k` in order."""

    argv: list[str]
    stdin: str | None
    files: list[tuple[str, str]]
    kind: Literal["kubectl"] = "kubectl"


Event = ObjectEvent | HelmEvent | KubectlEvent


@dataclass(frozen=True)
class Release:
    """A Helm release as last deployed; `values` are the user's values as Helm's own parser read them."""

    chart: str
    version: str | None
    repository: str
    values: Any


@dataclass
class OracleResult:
    """Everything a real run put on the wire."""

    returncode: int
    seconds: float
    output: str
    events: list[Event] = field(default_factory=list)
    objects: dict[ObjectKey, Manifest] = field(default_factory=dict)
    releases: dict[ReleaseKey, Release] = field(default_factory=dict)

    def recap(self) -> list[str]:
        """Return the lines of ansible's PLAY RECAP."""
        return self.output.rpartition("PLAY RECAP")[2].splitlines()[1:]

    def as_json(self) -> dict[str, Any]:
        """Return the result with its tuple keys spelled out, ready for json.dumps."""
        return {
            "returncode": self.returncode,
            "seconds": round(self.seconds, 1),
            "recap": [line for line in self.recap() if line.strip()],
            "objects": list(self._objects()),
            "releases": [
                {"namespace": ns, "name": name, **asdict(self.releases[ns, name])} for ns, name in self.releases
            ],
            "events": [asdict(event) for event in self.events],
        }

    def _objects(self) -> Iterator[dict[str, Any]]:
        for (api_version, kind, namespace, name), manifest in sorted(self.objects.items()):
            yield {"apiVersion": api_version, "kind": kind, "namespace": namespace, "name": name, "manifest": manifest}
