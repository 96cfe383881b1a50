"""Command lines of helm and kubectl, read the way their flag library reads them."""

from dataclasses import dataclass, field

_HELM = (
    "burst-limit ca-file cert-file color colour description filter history-max kube-apiserver kube-as-group "
    "kube-as-user kube-ca-file kube-context kube-tls-server-name kube-token kubeconfig key-file keyring labels max "
    "name-template namespace offset output password post-renderer post-renderer-args qps registry-config repo "
    "repository-cache repository-config revision selector set set-file set-json set-literal set-string "
    "show-only template time-format timeout username values version api-versions kube-version output-dir "
    "destination untardir devel-version"
)
_KUBECTL = (
    "as as-group as-uid cache-dir certificate-authority client-certificate client-key cluster container context "
    "field-manager field-selector filename for from-env-file from-file from-literal grace-period image kubeconfig "
    "kustomize label-columns limit log-file namespace output overrides password patch patch-file port profile "
    "profile-output replicas request-timeout resource-version restart revision selector server since sort-by "
    "subresource tail template timeout tls-server-name to-revision token type user username v vmodule"
)
_SHORT_BOTH = {"n": "namespace", "o": "output", "l": "selector"}
_SHORT_HELM = _SHORT_BOTH | {"f": "values", "i": "install", "g": "generate-name", "a": "all"}
_SHORT_KUBECTL = _SHORT_BOTH | {"f": "filename", "k": "kustomize", "p": "patch", "c": "container", "s": "server"}


@dataclass
class CommandLine:
    """Positional words, and (name, value) of every flag in order; a flag without value has "true"."""

    words: list[str] = field(default_factory=list)
    flags: list[tuple[str, str]] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)

    def all(self, *names: str) -> list[str]:
        """Return the values of these flags in order."""
        return [value for name, value in self.flags if name in names]

    def last(self, *names: str) -> str:
        """Return the last value of these flags, or an empty text."""
        return next(iter(self.all(*names)[::-1]), "")

    def on(self, *names: str) -> bool:
        """Tell whether one of these switches is on."""
        return self.last(*names).lower() not in ("", "false", "none")


def read_helm(argv: list[str]) -> CommandLine:
    """Read the arguments of helm."""
    return _read(argv, _HELM.split(), _SHORT_HELM)


def read_kubectl(argv: list[str]) -> CommandLine:
    """Read the arguments of kubectl."""
    return _read(argv, _KUBECTL.split(), _SHORT_KUBECTL)


def _read(argv: list[str], with_value: list[str], short: dict[str, str]) -> CommandLine:
    line, pending = CommandLine(), list(argv)
    while pending:
        word = pending.pop(0)
        if word == "--":
            line.rest = pending
            break
        if word == "-" or not word.startswith("-"):
            line.words.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("--"):
            name, equals, value = _shorthand(word[1:], with_value, short)
        if not equals:
            value = pending.pop(0) if name in with_value and pending else "true"
        line.flags.append((name, value))
    return line


def _shorthand(text: str, with_value: list[str], short: dict[str, str]) -> tuple[str, str, str]:
    name, tail = short.get(text[0], text[0]), text[1:]
    if tail.startswith("="):
        return name, "=", tail[1:]
    return (name, "=", tail) if tail and name in with_value else (name, "", "")
