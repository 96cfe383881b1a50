"""The closed list of finding codes: what each means, why it matters and what to do about it.

A code never changes its meaning and is never reused. ``choices`` are the answers ``decisions.yaml`` accepts.
"""

from __future__ import annotations

from gitops_runbook.model.findings import FindingCode, Severity

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

CODES: dict[str, FindingCode] = {
    entry.code: entry
    for entry in (
        # --- what ansible could not evaluate ---
        FindingCode("undefined-variable", _E, "A variable is undefined",
            "the task's arguments cannot be known, so what it applies is missing from the tree",
            "pass the value your pipeline passes: -e NAME=VALUE or -e @FILE, for one environment -e ENV:NAME=VALUE"),
        FindingCode("task-unresolved", _E, "A task could not be evaluated",
            "what it applies is missing from the tree",
            "read ansible's own message; fix the task, or pass the variables and collections it needs"),
        FindingCode("collection-missing", _E, "A filter, test, lookup or role of a collection is not installed",
            "tasks that use it cannot be evaluated",
            "install what requirements.yml names: ansible-galaxy collection install -r requirements.yml"),
        FindingCode("vault-locked", _E, "A vault file could not be opened",
            "each variable that is undefined without it is treated as a secret, and what needs one is not written",
            "pass --vault-password-file"),
        FindingCode("include-unresolved", _E, "An include could not be followed",
            "the tasks of the included file are not in the recording",
            "pass the variables its file name needs"),
        FindingCode("assertion-failed", _W, "The playbook's own assert or fail would stop here",
            "the real run ends at this point when the same values are given; recording went on",
            "check the variables it looks at; accept it when it only guards against the live cluster"),
        # --- what depends on something else than the project ---
        FindingCode("live-value", _E, "A value comes from the live cluster",
            "it is only known while ansible runs against the cluster, so the object cannot stand in git as it is",
            "replace it by a constant, a Kustomize replacement or an external secret, then convert again"),
        FindingCode("live-condition", _W, "A task runs only for some states of the live cluster",
            "an empty cluster and a running one get different objects; the tree describes the empty cluster",
            "check that the object belongs in git; the tree already holds what an empty cluster gets"),
        FindingCode("nondeterministic", _E, "A value differs between two equal runs",
            "git can hold one value only; a random one would be changed at each conversion",
            "fix the value in the inventory, or keep the live one"),
        FindingCode("hosts-differ", _W, "Hosts of one environment record different objects",
            "the last host wins in a real run, and which one is last depends on timing",
            "narrow the limit to the hosts that deploy, or make the task run_once"),
        FindingCode("shared-hosts", _W, "Environments share hosts",
            "what such a host deploys is converted for each of them",
            "check the limits; exclude the shared hosts with LIMIT:!HOST if they belong to one environment"),
        FindingCode("environment-variable", _W, "A value is read from an environment variable",
            "it depends on the machine that runs the playbook",
            "run the conversion with the variables your pipeline sets, or move the value into the inventory"),
        FindingCode("lookup-stubbed", _W, "A lookup was not run",
            "lookups that run programs, write files or ask servers are answered by a placeholder",
            "put the value into the inventory or deliver it by an external secret"),
        # --- secrets ---
        FindingCode("secret-withheld", _W, "A Secret is not in the tree",
            "its content needs a vault password or a recipient that was not given; consumers refer to it by name",
            "pass --vault-password-file and --age-recipient, or deliver it by an ExternalSecret, or keep the live one",
            ("external", "keep-live")),
        FindingCode("create-once-secret", _W, "A Secret with a generated value is created once",
            "its value exists only in the cluster; git cannot invent it again",
            "keep the live one, deliver it by an ExternalSecret, or put a fixed value into the vault",
            ("external", "keep-live")),
        FindingCode("secret-in-clear", _W, "The project holds a Secret's content in clear",
            "anyone who reads the project knows it; in the tree it is encrypted or withheld",
            "move the value into ansible-vault and rotate it"),
        FindingCode("secret-in-object", _E, "An object that is no Secret depends on a secret",
            "written in clear it would put the secret, or a hash of it, into git",
            "pass the vault password and a recipient, so that the object is encrypted, or refer to a Secret instead"),
        FindingCode("secret-control", _E, "What is applied depends on the value of a secret",
            "names, conditions or counts change with it, so they cannot be known without it",
            "pass --vault-password-file, or make the condition depend on an ordinary variable"),
        FindingCode("sops-reencrypted", _I, "A secret file was encrypted again",
            "without the vault password or the age key nobody can see that it is unchanged",
            "pass --vault-password-file, or set SOPS_AGE_KEY_FILE"),
        # --- what flux cannot express as it was ---
        FindingCode("command-complex", _E, "A shell script calls kubectl or helm",
            "pipelines and scripts are not guessed, so what they apply is missing from the tree",
            "replace it by one plain command or a kubernetes.core task, or add its result to the tree by hand"),
        FindingCode("command-unsupported", _E, "A kubectl or helm command has no place in git",
            "it changes something the tree does not describe",
            "express its result as a manifest, or leave it to a runbook"),
        FindingCode("imperative", _I, "A task acts instead of describing",
            "restarts, waits and deletions of what was never created have no equivalent in a desired state",
            "nothing; Flux waits by itself and restarts come with the change that needs them"),
        FindingCode("object-absent", _I, "A task makes sure that an object does not exist",
            "git describes what exists; Flux removes only what it once applied",
            "delete the object once, before the cut-over, if it still exists"),
        FindingCode("job-recreated", _W, "A Job is deleted and created at each deploy",
            "Flux applies it once and again when it changes; a Job is immutable",
            "annotate it kustomize.toolkit.fluxcd.io/force: enabled, or make it a Helm hook or a CronJob"),
        FindingCode("object-patched", _E, "An object somebody else owns is patched",
            "git would have to own the whole object",
            "set the value in the chart that creates it, or use a HelmRelease postRenderer"),
        FindingCode("generate-name", _E, "An object has no fixed name",
            "objects in git need a name", "give it metadata.name"),
        FindingCode("object-incomplete", _E, "An object has no kind or no name",
            "the cluster would refuse it", "fix the definition in the task"),
        FindingCode("applied-twice", _I, "An object is applied more than once",
            "the tree holds the merged result, as the cluster would", "nothing; one task would be enough"),
        FindingCode("chart-unpinned", _W, "A chart has no version",
            "Flux follows the newest one; an upgrade then happens without a commit",
            "set chart_version to the version that runs"),
        FindingCode("chart-unresolved", _E, "A chart's repository is unknown",
            "Flux needs an address; a local path or an alias nobody added is none",
            "give chart_repo_url, add the repository in the playbook, or publish the chart"),
        FindingCode("helm-option", _W, "A Helm option has no exact equivalent in Flux",
            "the release may be upgraded differently",
            "read the message; set the option on the HelmRelease by hand when it matters"),
        FindingCode("values-live", _E, "A release takes its values from the live release",
            "reuse_values makes the result depend on what was deployed before",
            "write all values into the playbook"),
        FindingCode("yaml-retyped", _W, "A string changes its type on the way to the cluster",
            "Ansible writes YAML that Helm or kubectl reads differently; the tree holds what really arrives",
            "quote the value where it is written"),
        FindingCode("namespace-missing", _E, "Nobody creates a namespace",
            "on an empty cluster what lives in it cannot be applied",
            "add the namespace to the playbook", ("accept", "exists")),
        FindingCode("crd-provider-unknown", _W, "Nobody in the playbook brings a kind of custom resource",
            "on an empty cluster it cannot be applied before its definition exists",
            "install the operator from the tree too, or accept when the cluster comes with it"),
        FindingCode("placement", _I, "Where a workload stands was chosen by rule",
            "who brings definitions is a controller, who needs them a configuration, the rest an application",
            "answer to move it", ("apps", "infrastructure/controllers", "infrastructure/configs")),
        # --- the repository ---
        FindingCode("flux-end-of-life", _W, "The Flux version gets no more fixes",
            "security fixes reach the three newest minor versions only", "choose a supported --flux-version"),
        FindingCode("merge-conflict", _E, "A file was edited by hand where the conversion changes it",
            "both sides changed the same lines; your edit was kept, the new text lies beside the last generated one",
            "merge the two by hand, commit, convert again"),
        FindingCode("hand-edited", _W, "A generated file was edited by hand",
            "the edit was kept; where it changes an object the tree no longer equals the playbook",
            "move the change into the playbook, or keep it", ("keep",)),
        FindingCode("decision-stale", _W, "A decision answers a finding that no longer exists",
            "it has no effect", "remove it from decisions.yaml"),
        FindingCode("decision-expired", _W, "A decision has expired",
            "the finding is open again", "decide again, with a new date"),
        FindingCode("project-code", _W, "The project's own code ran on this machine",
            "inventory scripts, plugins and vault scripts can do anything", "read the files named here"),
        FindingCode("unreadable-file", _W, "A file of the project is not UTF-8",
            "what it holds could not be looked at", "convert it to UTF-8"),
    )
}  # fmt: skip


def code(name: str) -> FindingCode:
    """Look a code up by name.

    Raises:
        KeyError: when there is no such code, which is a defect of ours.
    """
    return CODES[name]
