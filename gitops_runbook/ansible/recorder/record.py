#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a real playbook inside the user's own ansible-core, let no task take effect, report what each task would do.

This file imports ansible (GPL-3.0-or-later) and is therefore under the same licence, alone in its folder. The rest of
the package starts it as a program and reads JSON lines from the file descriptor it names; see LICENSE beside this file.

    python record.py SETTINGS.json -- ANSIBLE-PLAYBOOK-ARGUMENTS…

It uses nothing but the standard library and the ansible it finds (ansible-core 2.16 to 2.21, Python 3.9 or newer).

How it works: ansible-core turns every task, after inventory, variable precedence, includes, ``when``, loops, vault and
templating, into an action handler at exactly one place (``TaskExecutor._get_action_handler_with_module_context``).
That place is replaced. What comes before is ansible itself; nothing comes after.

What never happens: a module is not executed, a connection is not opened (it raises), a file is written only below the
sandbox, a lookup that runs programs or asks servers is not called, a failing task ends neither its host nor the run.

Three kinds of placeholder stand for what cannot be known here, each salted so that comparing two recordings finds every
leaf that depends on it, whatever filter it went through:

    …_vault_…   a vaulted value (salt ``vault``); numbers become large numbers, so arithmetic is traced as well
    …_live_…    an answer of the live cluster, of a lookup that was not run, of a name nobody defines (salt ``live``)
    …_random_…  a generated password (salt ``random``; the clock and the filters ``random`` and ``shuffle`` follow it)

Lines written (``type``): start, unreadable, hosts, plan, task, skipped, unresolved, assertion, lookup, locked,
secret-variable, meta, failure, end. ``end`` is the last line of every complete recording.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import fcntl
import fnmatch
import functools
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time

import yaml  # part of every ansible installation

SETTINGS = json.load(open(sys.argv[1], encoding="utf-8"))
PLAYBOOK_ARGUMENTS = sys.argv[3:]
PROJECT = SETTINGS["project"]
SANDBOX = SETTINGS["sandbox"]
FILES = os.path.join(SANDBOX, "fs")  # what template and copy would have written, by host
SALTS = SETTINGS["salts"]  # {"vault": str or None (decrypt for real), "live": str, "random": str}
CONVERGED = SETTINGS["world"] == "converged"
YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LOCKED = []  # vault files nobody could open; decides whether undefined variables count as secrets
UNDEFINED = []  # names the task at hand needs and nobody defines; they get a placeholder, and a finding
_pending = []  # stack of lines held back until the task they belong to is known to be complete
_reading_variables = []  # stack: the variable file being read, so that the vault is opened for its keys
_failed_reading = []  # what was raised while a file was read, and its name
_reading_files = []  # stack: the other file being read as a whole


# --- the channel ------------------------------------------------------------------------------------------------------


def report(kind, **fields):
    """Write one line, or hold it back while its task is being evaluated."""
    if _pending:
        _pending[-1].append((kind, fields))
    else:
        write_line(kind, fields)


def write_line(kind, fields):
    """Ansible forks a worker per task, so the line is written whole, under a lock."""
    line = json.dumps(dict(fields, type=kind), default=str, ensure_ascii=True) + "\n"
    with open(os.path.join(SANDBOX, "lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        data = line.encode()
        while data:
            data = data[os.write(SETTINGS["channel"], data) :]


# --- placeholders -----------------------------------------------------------------------------------------------------

PLACEHOLDER = re.compile(r"[0-9a-f]{24,}_(vault|live|random)_[0-9a-f]{8}", re.IGNORECASE)


def is_first(nature):
    """Whether this is the pass with the first of the two salts of a kind: they end in 1 and 2."""
    return SALTS[nature].endswith("1")


def placeholder(nature, identity):
    """A string that stands for an unknown value; its beginning, its end and its length depend on the salt."""
    digest = hashlib.sha256(("%s|%s|%s" % (nature, SALTS[nature], identity)).encode()).hexdigest()
    mark, length = ("a", 24) if is_first(nature) else ("b", 30)
    return "%s%s_%s_%s%s" % (mark, digest[:length], nature, digest[-7:], mark)


def nature_of(value):
    """Which kind of placeholder a text contains; None when it is not a text with one."""
    if type(value).__name__ in ("EncryptedString", "AnsibleVaultEncryptedUnicode"):
        value = str(value)
    found = PLACEHOLDER.search(value) if isinstance(value, str) else None
    return found.group(1).lower() if found else None


def placeholder_number(text):
    """A large number in the place of a placeholder."""
    return 10**8 + int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)


def vault_tree(value, identity):
    """Replace every scalar of a vaulted variable file; its keys stay."""
    if isinstance(value, dict):
        return {key: vault_tree(item, "%s/%s" % (identity, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [vault_tree(item, "%s/%d" % (identity, index)) for index, item in enumerate(value)]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return placeholder_number(placeholder("vault", identity))
    return placeholder("vault", identity)


# --- plain values out of ansible's tagged ones ------------------------------------------------------------------------

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # ansible-core < 2.19 does not track where a value comes from
    Origin = None


def plain(value, pointer="", origins=None):
    """Convert to JSON values, as ansible's own encoder would send them; collect where leaves come from."""
    if origins is not None and Origin is not None:
        tag = Origin.get_tag(value)
        if tag is not None and tag.path:
            origins[pointer] = "%s:%s" % (os.path.relpath(str(tag.path), PROJECT), tag.line_num or 0)
    if isinstance(value, dict):
        return {
            key_of(key): plain(item, "%s/%s" % (pointer, key_of(key).replace("~", "~0").replace("/", "~1")), origins)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [plain(item, "%s/%d" % (pointer, index), origins) for index, item in enumerate(items)]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return text_of(value)


def text_of(value):
    """A plain str; ansible's subclasses override ``__str__`` and cannot be written as YAML."""
    return str.__str__(value) if isinstance(value, str) else str.__str__(str(value))


def key_of(key):
    """A key as JSON writes it: YAML's ``on:`` is the key ``true``."""
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return text_of(key)


def canonical(action):
    """One name per action: redirected and legacy names are those of today."""
    action = str(action)
    if action.startswith("ansible.legacy."):
        return "ansible.builtin." + action[len("ansible.legacy.") :]
    for old in ("community.kubernetes.", "community.okd.", "redhat.openshift."):
        if action.startswith(old):
            return "kubernetes.core." + action[len(old) :]
    return action if "." in action else "ansible.builtin." + action


def identity_of(task, host):
    """The fields by which every line names its task."""
    file, line = location_of(task)
    role = str(task._role.get_name()) if task._role else ""
    action = canonical(getattr(task, "resolved_action", None) or task.action)
    return {"host": str(host), "action": action, "name": name_of(task, role), "role": role, "file": file, "line": line}


def name_of(task, role):
    """The name as it stands in the file: what a template in it yields differs per host, loop item and version."""
    source = task.get_ds()
    name = source.get("name") if isinstance(source, dict) else None
    if not name:
        return str(task.get_name()).strip()
    return "%s : %s" % (role, str(name).strip()) if role else str(name).strip()


def register_of(task):
    """The variable that gets a task's result; from ansible-core 2.21 on there may be several, the whole one first."""
    register = next(iter(task.register), "") if isinstance(task.register, dict) else task.register
    return str(register or "")


def location_of(item):
    """file (relative to the project) and line of a task or block."""
    path, _, line = (item.get_path() or "").rpartition(":")
    if not path:
        return "", 0
    return os.path.relpath(os.path.realpath(path), os.path.realpath(PROJECT)), int(line or 0)


# --- reading the project as text: which parts of a registered result are used -----------------------------------------

CHAIN = re.compile(r"\b([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*|\[\s*(?:\d+|'[^']*'|\"[^\"]*\")\s*\])+)")
STEP = re.compile(r"\.([A-Za-z_]\w*)|\[\s*(\d+)\s*\]|\[\s*['\"]([^'\"]*)['\"]\s*\]")
JSON_CHAIN = re.compile(
    r"\b([A-Za-z_]\w*)\.stdout\s*\|\s*(?:ansible\.builtin\.)?from_json\s*(?:\|\s*default\([^)]*\)\s*)?"
    r"\)?((?:\.[A-Za-z_]\w*|\[\s*(?:\d+|'[^']*'|\"[^\"]*\")\s*\])*)"
)
METHODS = {
    "startswith", "endswith", "split", "splitlines", "strip", "lower", "upper", "find", "replace", "items", "keys",
    "values", "get", "append", "format", "rstrip", "lstrip",
}  # fmt: skip
RESULT_FIELDS = {
    "changed", "failed", "skipped", "rc", "stdout", "stdout_lines", "stderr", "stderr_lines", "results", "msg",
}  # fmt: skip
REGISTER = re.compile(r"\bregister:\s*['\"]?([A-Za-z_]\w*)")
USES, JSON_USES, REGISTERS = {}, {}, set()


def project_texts():
    for folder, folders, names in os.walk(PROJECT):
        folders[:] = [name for name in folders if name not in (".git", "node_modules", ".venv")]
        for name in names:
            if name.endswith((".yml", ".yaml", ".j2", ".jinja2", ".json")):
                try:
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        yield os.path.join(folder, name), file.read()
                except UnicodeDecodeError:
                    report("unreadable", file=os.path.relpath(os.path.join(folder, name), PROJECT))
                except OSError:  # a dangling link is no text
                    continue


def steps_of(text):
    return tuple(int(index) if index else (attribute or key) for attribute, index, key in STEP.findall(text))


def scan_uses(text):
    REGISTERS.update(REGISTER.findall(text))
    for match in CHAIN.finditer(text):
        USES.setdefault(match.group(1), set()).add(steps_of(match.group(2)))
    for match in JSON_CHAIN.finditer(text):
        JSON_USES.setdefault(match.group(1), set()).add(steps_of(match.group(2)))


def put(base, steps, leaf):
    """Extend nested maps and lists so that the access path resolves; existing values stay."""
    current = base
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        fresh = leaf if last else ([] if isinstance(steps[index + 1], int) else {})
        if isinstance(step, int):
            if not isinstance(current, list):
                return
            while len(current) <= step:
                current.append(fresh if len(current) == step else {})
        elif not isinstance(current, dict):
            return
        elif step not in current or (not last and not isinstance(current[step], (dict, list))):
            current[step] = fresh
        current = current[step]


def without_methods(steps):
    steps = list(steps)
    while steps and steps[-1] in METHODS:
        steps.pop()
    return steps


def with_live_shape(register, result):
    """Answer every access path the project uses on a registered result with a placeholder."""
    for used in sorted(USES.get(register, ()), key=str):
        steps = without_methods(used)
        if steps and steps[0] not in RESULT_FIELDS:
            put(result, steps, placeholder("live", "%s.%s" % (register, ".".join(map(str, steps)))))
    return result


def live_json(register):
    """JSON text a command could have printed, shaped by how the project takes it apart; None when it does not."""
    if register not in JSON_USES:
        return None
    document = {"apiVersion": "v1", "kind": "List", "items": [], "metadata": {}, "spec": {}, "status": {}, "data": {}}
    for used in sorted(JSON_USES[register], key=str):
        steps = without_methods(used)
        if steps:
            put(document, steps, placeholder("live", "%s.%s" % (register, ".".join(map(str, steps)))))
    return json.dumps(document)


# --- answers to reads -------------------------------------------------------------------------------------------------

READ_VERBS = re.compile(r"\b(?:kubectl|oc)\b[^|;&\n]*?\s(get|describe|logs|api-resources|version|auth|explain|top)\b")
HELM_READ = re.compile(r"\bhelm\b[^|;&\n]*?\s(list|ls|status|get|history|show|search)\b")
ECHO = re.compile(r"\|\|\s*(?:\(?\s*)echo\s+(?:-n\s+)?(?:\"([^\"]*)\"|'([^']*)'|([^\s;)]+))")


class Answers:
    """What a read gets: in the fresh world an empty cluster's answer, in the converged one placeholders."""

    def __init__(self, task, register):
        self.task, self.register = task, register
        tolerant = bool(task.ignore_errors) or any(str(item) not in ("None",) for item in (task.failed_when or []))
        self.waits = bool(task.until)
        self.must_succeed = self.waits or not tolerant

    def command(self, text):
        result = {"rc": 0, "stdout": "", "stderr": "", "changed": True}
        reads_cluster = READ_VERBS.search(text) or HELM_READ.search(text)
        if reads_cluster and not CONVERGED:
            result.update(self._fresh(text))
        elif CONVERGED:
            result.update(self._live())
        for name in ("stdout", "stderr"):
            result[name + "_lines"] = result[name].splitlines()
        return result

    def _live(self):
        return {"stdout": live_json(self.register) or placeholder("live", "%s.stdout" % self.register)}

    def _fresh(self, text):
        echo = ECHO.search(text)
        if echo:
            return {"stdout": next(group for group in echo.groups() if group is not None)}
        if re.search(r"\|\|\s*(true|:)|--ignore-not-found", text):
            return {"stdout": ""}
        named = re.search(r"\sget\s+(?:-\S+\s+(?:\S+\s+)?)*?[\w.-]+(?:/\S+|\s+(?!-)\S+)", text)
        if HELM_READ.search(text):
            if re.search(r"\b(list|ls|search)\b", text):
                return {"stdout": "[]" if re.search(r"(-o|--output)[ =]?json", text) else ""}
            missing = "Error: release: not found"
        elif not named:
            empty = '{"apiVersion": "v1", "items": [], "kind": "List", "metadata": {}}'
            as_json = re.search(r"(-o|--output)[ =]?json\b", text)
            return {"stdout": empty if as_json else "", "stderr": "" if as_json else "No resources found"}
        else:
            missing = "Error from server (NotFound): not found"
        if self.must_succeed:  # the playbook itself relies on it being there, so on any cluster it is
            return self._live()
        return {"rc": 1, "stderr": missing, "changed": False}

    def registered(self, result):
        always = result.pop("_always_answered", False)
        if self.register and (CONVERGED or self.waits or (self.must_succeed and always)):
            return with_live_shape(self.register, result)
        return result


# --- the virtual file system ------------------------------------------------------------------------------------------
# What tasks write is kept below the sandbox, by host. A file X whose content cannot be known has a neighbour X.unknown
# that says why; a folder may have one too.

UNKNOWN = ".unknown"


def virtual_path(host, path):
    path = os.path.expanduser(str(path))
    path = path.lstrip("/") if os.path.isabs(path) else os.path.join("cwd", path)
    return os.path.join(FILES, host, os.path.normpath(path))


def stored(host, path):
    """The sandbox copy of a file a task wrote, on that host or else on any; None when none did."""
    own = virtual_path(host, path)
    relative = os.path.relpath(own, os.path.join(FILES, host))
    for candidate in [own, *sorted(glob.glob(os.path.join(glob.escape(FILES), "*", glob.escape(relative))))]:
        if os.path.exists(candidate):
            return candidate
    return None


def why_unknown(host, path):
    """Why the content of a file, or of a folder around one nobody wrote, is not known; None when it may be known."""
    place = virtual_path(host, path)
    alone = os.path.exists(place)
    while len(place) > len(FILES):
        if os.path.exists(place + UNKNOWN):
            with open(place + UNKNOWN) as file:
                return file.read()
        if alone:
            return None
        place = os.path.dirname(place)
    return None


def require_known(host, path):
    why = why_unknown(host, path)
    if why is not None:
        raise RuntimeError("%s: its content is not known here: %s" % (path, why))


def store(host, path, data):
    target = virtual_path(host, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(data)
    if os.path.exists(target + UNKNOWN):
        os.remove(target + UNKNOWN)


def store_unknown(host, path, why):
    target = virtual_path(host, path) + UNKNOWN
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w") as file:
        file.write(why)


def forget(host, path):
    """A file or folder was removed on the host."""
    target = virtual_path(host, path)
    if os.path.isdir(target):
        shutil.rmtree(target)
    elif os.path.exists(target):
        os.remove(target)
    if os.path.exists(target + UNKNOWN):
        os.remove(target + UNKNOWN)


def in_folder(host, target, source):
    """Where a file ends up: in the target when that is a folder, with or without a slash at its end."""
    if target.endswith("/") or os.path.isdir(virtual_path(host, target)):
        return os.path.join(target, os.path.basename(source))
    return target


READERS = {
    "kubectl", "oc", "helm", "cat", "grep", "ls", "test", "[", "stat", "head", "tail", "wc", "diff", "echo", "chmod",
    "chown", "sha256sum", "md5sum", "file", "kustomize", "kubeval", "kubeconform", "if", "then", "export", "source",
}  # fmt: skip
STATEMENT_END = re.compile(r"&&|\|\||[;|\n]")


def note_edits(host, text, folder, why):
    """A command that could write to a file which a task wrote before makes its content unknown."""
    top = os.path.join(FILES, host)
    for statement in STATEMENT_END.split(text):
        words = [word for word in statement.split() if not re.match(r"(sudo|env|[A-Za-z_]\w*=.*)$", word)]
        program = os.path.basename(words[0]) if words else ""
        for number, word in enumerate(words):
            written = re.match(r"[0-9&]*>+\|?(.*)", word)
            name = written.group(1) if written else word
            if written and not name:
                name = words[number + 1] if number + 1 < len(words) else ""
            name = name.strip("\"'")
            path = os.path.join(str(folder), name) if folder else name
            if not name or name.startswith("-") or os.path.normpath(virtual_path(host, path)) == top:
                continue
            if os.path.exists(virtual_path(host, path)) and (written or program not in READERS):
                store_unknown(host, path, why)


# --- the handler that stands in for every module ----------------------------------------------------------------------

try:
    from ansible import context
    from ansible.errors import AnsibleError
    from ansible.executor import task_executor
    from ansible.parsing import dataloader, vault
    from ansible.playbook.task import Task
    from ansible.plugins.action import ActionBase
except Exception as unusable:  # ansible.cfg is read by now
    write_line("failure", {"error": "%s" % unusable, "exception": type(unusable).__name__})
    sys.exit(2)

REAL_ACTIONS = {  # evaluated on the controller by design; they change nothing but variables
    "ansible.builtin.add_host", "ansible.builtin.assert", "ansible.builtin.debug", "ansible.builtin.fail",
    "ansible.builtin.group_by", "ansible.builtin.include_vars", "ansible.builtin.set_fact", "ansible.builtin.set_stats",
    "ansible.builtin.validate_argument_spec",
}  # fmt: skip
CLUSTER_ARGUMENTS = {  # how to reach the cluster plays no part in what is applied, and may be undefined here
    "kubeconfig", "kubeconfig_path", "host", "api_key", "context", "kube_context", "ca_cert", "ssl_ca_cert",
    "client_cert", "cert_file", "client_key", "key_file", "username", "password", "proxy", "proxy_headers", "no_proxy",
    "validate_certs", "verify_ssl", "binary_path", "impersonate_user", "impersonate_groups", "persist_config",
}  # fmt: skip
COMMANDS = {"ansible.builtin.command", "ansible.builtin.shell"}
REPOSITORY_SECRETS = {"repo_username", "repo_password", "username", "password"}


class Boundary:
    """Mixed in before a real action plugin: what it does on the controller is real, what would leave it is not."""

    def _execute_module(self, module_name=None, module_args=None, *args, **kwargs):
        return {"changed": True}

    def _low_level_execute_command(self, *args, **kwargs):
        return {"rc": 0, "stdout": "", "stdout_lines": [], "stderr": "", "stderr_lines": []}

    def _transfer_file(self, local_path, remote_path):
        return remote_path

    def _transfer_data(self, remote_path, data):
        return remote_path

    def _make_tmp_path(self, *args, **kwargs):
        return "/tmp/ansible-recording"

    def _remove_tmp_path(self, *args, **kwargs):
        return None

    def _fixup_perms2(self, *args, **kwargs):
        return []

    def _remote_expand_user(self, path, *args, **kwargs):
        return path

    def _execute_remote_stat(self, *args, **kwargs):
        return {"exists": False}

    def _remote_file_exists(self, path):
        return False

    def _early_needs_tmp_path(self):
        return False


class CopySink:
    """Stands in for the copy action that the template action calls with the rendered text."""

    def __init__(self, handler, task):
        self.handler, self.task = handler, task

    def run(self, task_vars=None, tmp=None):
        arguments = plain(dict(self.task.args))
        with open(arguments["src"], "rb") as file:
            data = file.read()
        target = arguments["dest"]
        store(self.handler.location, in_folder(self.handler.location, target, arguments["src"]), data)
        return {"dest": target, "changed": True}

    def cleanup(self, *args, **kwargs):
        return None


class BoundedLoader:
    """shared_loader_obj for a bounded action, so that the actions it calls are bounded too."""

    def __init__(self, real, handler):
        self._real, self._handler = real, handler

    def __getattr__(self, name):
        return getattr(self._real, name)

    @property
    def action_loader(self):
        handler, real = self._handler, self._real

        class Loader:
            def __getattr__(self, name):
                return getattr(real.action_loader, name)

            def get(self, name, *args, **kwargs):
                if canonical(name) == "ansible.builtin.copy":
                    return CopySink(handler, kwargs["task"])
                kwargs.pop("shared_loader_obj", None)
                return handler.bounded(name, **kwargs)

        return Loader()


class Recorder(ActionBase):
    """The action handler of every task: records its final arguments, answers with a plausible result."""

    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        started = time.monotonic()
        task, variables, origins = self._task, task_vars, {}
        self.identity = identity_of(task, variables.get("inventory_hostname"))
        arguments = plain(dict(task.args), "", origins)
        if self.identity["action"] in COMMANDS and "cmd" in arguments:
            arguments["_raw_params"] = arguments.pop("cmd")  # two spellings of the same
        register = register_of(task)
        self.answers = Answers(task, register)
        self.location = self._where(variables)
        self.record = dict(
            self.identity, arguments=arguments, origins=origins, register=register, location=self.location,
            handler=type(task).__name__ == "Handler",
        )  # fmt: skip
        loop_variable = variables.get("ansible_loop_var")
        if loop_variable is not None and (task.loop is not None or task.loop_with):
            self.record["item"] = plain(variables.get(loop_variable))
        result = {"changed": True, "failed": False}
        try:
            result.update(self.answer(self.identity["action"], arguments, variables))
        except Exception as error:  # the recording goes on whatever a task does; the problem is part of the record
            self.record["problem"] = "%s: %s" % (type(error).__name__, error)
            result.update(msg=str(error))
        if self.record.pop("effect", True):
            self.record["seconds"] = round(time.monotonic() - started, 4)
            self.record["undefined"] = sorted(set(UNDEFINED))
            report("task", **self.record)
        if task.async_val:
            result.update(ansible_job_id="1.1", started=1, finished=1)
        self._end_here(task)
        return result if self.identity["action"] in REAL_ACTIONS else self.answers.registered(result)

    @staticmethod
    def _end_here(task):
        """Nothing is retried, waited for or judged again: the answer is final."""
        task.until, task.retries, task.delay, task.async_val = [], None, 0, 0
        task.failed_when = []
        if not all(isinstance(item, bool) for item in task.changed_when or []):
            task.changed_when = []

    def _where(self, variables):
        """Host whose files the task sees; everything local is the controller."""
        host = str(self._task.delegate_to or variables.get("inventory_hostname"))
        local = str(variables.get("ansible_connection") or self._task.connection) == "local"
        return "localhost" if local or host in ("localhost", "127.0.0.1") else host

    def answer(self, action, arguments, variables):
        if action in REAL_ACTIONS:
            return self.real(action, variables)
        if action.startswith("kubernetes.core."):
            return self.kubernetes(action.rpartition(".")[2], arguments, variables)
        known = action.startswith("ansible.builtin.")
        method = getattr(self, "on_" + action.rpartition(".")[2], None) if known else None
        return (method or self.on_other)(arguments, variables)

    def real(self, action, variables):
        plugin = self._shared_loader_obj.action_loader.get(
            action, task=self._task, connection=self._connection, play_context=self._play_context, loader=self._loader,
            templar=self._templar, shared_loader_obj=self._shared_loader_obj,
        )  # fmt: skip
        if action.endswith("include_vars"):
            _reading_variables.append(self.record["file"])
        try:
            result = plugin.run(task_vars=variables)
        finally:
            if action.endswith("include_vars"):
                _reading_variables.pop()
        self.record["effect"] = False
        if result.get("failed"):
            if not action.endswith((".fail", ".assert")):
                self.record["effect"] = True
                raise RuntimeError(result.get("msg") or "failed")
            report("assertion", message=str(result.get("msg")), **self.identity)
            result.update(failed=False)
        return result

    def bounded(self, action, **overrides):
        real = self._shared_loader_obj.action_loader.get(action, class_only=True)
        if real is None:
            return None
        bounded = type("Bounded" + real.__name__, (Boundary, real), {})
        arguments = {
            "task": self._task, "connection": self._connection, "play_context": self._play_context,
            "loader": self._loader, "templar": self._templar,
            "shared_loader_obj": BoundedLoader(self._shared_loader_obj, self), **overrides,
        }  # fmt: skip
        instance = bounded(**arguments)
        instance._shared_loader_obj = arguments["shared_loader_obj"]  # ansible-core >= 2.19 ignores the argument
        instance._load_name = action
        return instance

    # --- ansible.builtin ---

    def on_command(self, arguments, variables):
        text = arguments.get("_raw_params") or arguments.get("cmd") or " ".join(map(str, arguments.get("argv") or []))
        folder = arguments.get("chdir")
        self.record["files"] = self.files_named_in(str(text), folder)
        note_edits(self.location, str(text), folder, "a command at %(file)s:%(line)s may have changed it" % self.record)
        return self.answers.command(str(text))

    on_shell = on_raw = on_command

    def on_script(self, arguments, variables):
        return self.answers.command("")

    def on_setup(self, arguments, variables):
        self.record["effect"] = False
        host = self.record["host"]
        names = {"ansible_hostname": host.split(".")[0], "ansible_nodename": host, "ansible_fqdn": host}
        return {"ansible_facts": dict(SETTINGS["facts"], ansible_date_time=clock_facts(), **names), "changed": False}

    on_gather_facts = on_setup

    def on_stat(self, arguments, variables):
        path = arguments.get("path") or ""
        real = self._real_path(path)
        exists = real is not None or CONVERGED
        is_folder = os.path.isdir(real) if real else exists
        return {"stat": {"exists": exists, "path": path, "isdir": is_folder, "isreg": exists}, "changed": False}

    def on_find(self, arguments, variables):
        """Files of the project, or that a task wrote; what else is on a host nobody knows."""

        def listed(name):
            value = arguments.get(name) or []
            return [value] if isinstance(value, str) else value

        found, wanted = [], listed("patterns") or listed("pattern") or ["*"]
        for top in listed("paths") or listed("path"):
            real = self._real_path(top)
            for folder, folders, names in os.walk(real) if real else ():
                if str(arguments.get("recurse")).lower() not in ("true", "yes"):
                    del folders[:]
                for name in sorted(names):
                    if self._wanted(name, wanted, arguments.get("use_regex")):
                        path = os.path.join(str(top), os.path.relpath(os.path.join(folder, name), real))
                        found.append({"path": path, "isreg": True, "isdir": False})
        return {"files": sorted(found, key=lambda item: item["path"]), "matched": len(found), "changed": False}

    @staticmethod
    def _wanted(name, patterns, as_expression):
        matches = re.match if as_expression else lambda pattern, text: fnmatch.fnmatch(text, pattern)
        return not name.endswith(UNKNOWN) and any(matches(pattern, name) for pattern in patterns)

    def on_tempfile(self, arguments, variables):
        suffix = hashlib.sha256(("%(file)s:%(line)s" % self.record).encode()).hexdigest()[:8]
        path = "/tmp/ansible.%s%s" % (suffix, arguments.get("suffix") or "")
        return {"path": path, "state": arguments.get("state", "file")}

    def on_slurp(self, arguments, variables):
        source = arguments.get("src") or arguments.get("path")
        known = self._real_path(source) if why_unknown(self.location, source) is None else None
        if known is None:
            data = placeholder("live", "slurp %s" % source).encode()
        else:
            with open(self._loader.get_real_file(known), "rb") as file:
                data = file.read()
        return {"content": base64.b64encode(data).decode(), "encoding": "base64", "source": source, "changed": False}

    def on_uri(self, arguments, variables):
        content = placeholder("live", "uri %s" % arguments.get("url"))
        return {"status": 200, "json": {}, "content": content, "msg": "OK", "_always_answered": True}

    def on_template(self, arguments, variables):
        result = self.bounded("ansible.builtin.template").run(task_vars=variables)
        if result.get("failed"):
            raise RuntimeError(result.get("msg") or "template failed")
        return {"dest": result.get("dest") or arguments["dest"], "changed": True}

    def on_copy(self, arguments, variables):
        target = arguments["dest"]
        if arguments.get("content") is not None:
            content = arguments["content"]
            store(self.location, target, (content if isinstance(content, str) else json.dumps(content)).encode())
            return {"dest": target}
        source = arguments["src"]
        on_host = str(arguments.get("remote_src")).lower() in ("true", "yes", "1", "on")
        why = why_unknown(self.location, source) if on_host else None
        real = self._real_path(source) if on_host else self._find_needle("files", source)
        if real is None or why is not None:
            store_unknown(self.location, target, why or "copied from %s, which no task writes" % source)
        elif os.path.isdir(real):
            top = real if source.endswith("/") else os.path.dirname(real)
            for folder, _, names in os.walk(real):
                for name in names:
                    path = os.path.join(folder, name)
                    self._store_real(path, os.path.join(target, os.path.relpath(path, top)))
        else:
            self._store_real(real, in_folder(self.location, target, source))
        return {"dest": target}

    def _store_real(self, source, target):
        if source.endswith(UNKNOWN):
            store_unknown(self.location, target[: -len(UNKNOWN)], "it is a copy of a file whose content is not known")
            return
        with open(self._loader.get_real_file(source), "rb") as file:
            store(self.location, target, file.read())

    def on_file(self, arguments, variables):
        path, state = arguments.get("path") or arguments.get("dest") or arguments.get("name"), arguments.get("state")
        if state == "absent":
            forget(self.location, path)
        elif state == "directory":
            os.makedirs(virtual_path(self.location, path), exist_ok=True)
        elif state in ("link", "hard"):
            real = self._real_path(str(arguments.get("src")))
            if real is not None and os.path.isfile(real):
                self._store_real(real, path)
        return {"path": path, "state": state or "file"}

    def on_fetch(self, arguments, variables):
        real, target = stored(self.location, arguments["src"]), arguments["dest"]
        flat = str(arguments.get("flat")).lower() in ("true", "yes")
        path = target if flat else os.path.join(target, self.record["host"], arguments["src"].lstrip("/"))
        path = in_folder("localhost", path, arguments["src"])
        if real is not None and os.path.isfile(real) and why_unknown(self.location, arguments["src"]) is None:
            with open(real, "rb") as file:
                store("localhost", path, file.read())
        else:
            store_unknown("localhost", path, "fetched from %s" % self.record["host"])
        return {"dest": path}

    def on_other(self, arguments, variables):
        """A module nobody knows here: what it names as its file has a content nobody knows either."""
        for name in ("path", "dest"):
            path = arguments.get(name)
            if isinstance(path, str) and not os.path.isdir(virtual_path(self.location, path)):
                store_unknown(self.location, path, "%(action)s at %(file)s:%(line)s writes it" % self.record)
        return {"rc": 0, "stdout": "", "stdout_lines": [], "stderr": "", "stderr_lines": [], "_always_answered": True}

    def on_wait_for(self, arguments, variables):
        return {"_always_answered": True}

    def on_async_status(self, arguments, variables):
        return {"ansible_job_id": arguments.get("jid"), "started": 1, "finished": 1, "_always_answered": True}

    def _of_project(self, path):
        return self.location == "localhost" and self._inside_project(str(path))

    def _real_path(self, path):
        """Where a file the task can see really lies: in the sandbox or in the project; None when nobody knows."""
        found = stored(self.location, path)
        if found is None and self._of_project(path) and os.path.exists(str(path)):
            return os.path.realpath(str(path))
        return found

    # --- kubernetes.core ---

    def kubernetes(self, module, arguments, variables):
        if module in ("k8s_info", "k8s_facts"):
            found = {
                "apiVersion": arguments.get("api_version") or "v1",
                "kind": arguments.get("kind"),
                "data": {},
                "metadata": {"name": arguments.get("name"), "namespace": arguments.get("namespace")},
                "status": {},
            }
            return {"resources": [found] if CONVERGED or self._task.until else [], "api_found": True, "changed": False}
        if module == "helm_info":
            status = {"status": "deployed", "values": {}} if CONVERGED else {}
            return {"status": status, "changed": False}
        if module == "k8s":
            self.record["documents"] = self.definitions(arguments, variables)
            first = next((item for item in self.record["documents"] if isinstance(item, dict)), {})
            return {"result": json.loads(json.dumps(first)), "method": "create"}
        if module == "helm":
            paths = [str(path) for path in arguments.get("values_files") or []]
            self.record["files"] = {path: self.read_named(path, None) for path in paths}
            self.record["values_yaml"] = self.helm_values_text(arguments)
            return {"status": {"status": "deployed", "values": arguments.get("values") or {}}}
        return {"_always_answered": True}

    def helm_values_text(self, arguments):
        """The values exactly as kubernetes.core.helm writes them for helm: through PyYAML, quotes and all."""
        values = arguments.get("values", arguments.get("release_values"))
        return yaml.dump(values, default_flow_style=False, allow_unicode=True, Dumper=yaml.SafeDumper) if values else ""

    def definitions(self, arguments, variables):
        if arguments.get("template"):
            texts = self.rendered(arguments["template"], variables)
            return [document for text in texts for document in documents(text)]
        if arguments.get("src"):
            return list(documents(self._manifest(str(arguments["src"]))))
        names = ("definition", "resource_definition", "inline")
        given = next((arguments[name] for name in names if arguments.get(name) is not None), None)
        if given is None:
            return [{}]
        found = []
        for item in given if isinstance(given, list) else [given]:
            found.extend(documents(item) if isinstance(item, str) else [item])
        return found

    def _manifest(self, source):
        if re.match(r"[a-z]+://", source):
            raise RuntimeError("the manifest at %s is not downloaded; keep a copy in the project" % source)
        require_known(self.location, source)
        return self._text(stored(self.location, source) or self._find_needle("files", source))

    def rendered(self, templates, variables):
        for template in templates if isinstance(templates, list) else [templates]:
            options = {"path": template} if isinstance(template, str) else dict(template)
            overrides = {"trim_blocks": True, "lstrip_blocks": False}
            overrides.update({key: value for key, value in options.items() if key != "path" and value is not None})
            yield self.render(self._find_needle("templates", options["path"]), variables, overrides)

    def render(self, path, variables, overrides):
        with open(self._loader.get_real_file(path), encoding="utf-8") as file:
            text = file.read()
        search = [os.path.dirname(path), *(variables.get("ansible_search_path") or [])]
        variables = dict(variables, ansible_search_path=search)
        try:
            from ansible.template import trust_as_template
        except ImportError:  # ansible-core < 2.19: everything is a template
            templar = self._templar.copy_with_new_env(available_variables=variables, searchpath=search)
            return str(
                templar.do_template(
                    text, preserve_trailing_newlines=True, escape_backslashes=False, overrides=overrides
                )
            )
        before = self._templar.available_variables
        self._templar.available_variables = variables
        try:
            return str(
                self._templar.template(
                    trust_as_template(text),
                    preserve_trailing_newlines=True,
                    escape_backslashes=False,
                    overrides=overrides,
                )
            )
        finally:
            self._templar.available_variables = before

    # --- files a command names ---

    def files_named_in(self, text, folder):
        found = {}
        for match in re.finditer(r"(?:-f|--filename|--values|-k|--kustomize)[ =]+(['\"]?)([^\s'\"]+)\1", text):
            path = match.group(2)
            if path != "-" and not re.match(r"[a-z]+://", path):
                found[path] = self.read_named(path, folder)
        return found

    def read_named(self, path, folder):
        """Text of a file or, by relative name, of the files in a folder; None when it is not known here."""
        full = os.path.join(str(folder), path) if folder else path
        if why_unknown(self.location, full) is not None:
            return None
        real = self._real_path(full)
        if real is None and self.location == "localhost":
            candidate = os.path.join(self._loader.get_basedir(), full)
            real = candidate if os.path.exists(candidate) and self._inside_project(candidate) else None
        if real is None and os.path.isabs(full) and self._inside_project(full) and os.path.exists(full):
            real = full
        if real is None:
            return None
        if os.path.isdir(real):
            names = sorted(glob.glob(os.path.join(glob.escape(real), "**", "*"), recursive=True))
            return {os.path.relpath(name, real): self._text(name) for name in names if os.path.isfile(name)}
        return self._text(real)

    @staticmethod
    def _inside_project(path):
        return os.path.realpath(path).startswith(os.path.realpath(PROJECT) + os.sep)

    def _text(self, path):
        with open(self._loader.get_real_file(path), encoding="utf-8") as file:
            return file.read()


def documents(text):
    """YAML as kubernetes.core reads it on the controller or the host: PyYAML, empty documents left out."""
    if PLACEHOLDER.fullmatch(text.strip()):
        raise RuntimeError("the manifest is encrypted as a whole and was not opened")
    for document in yaml.load_all(text, Loader=YamlLoader):
        if isinstance(document, list):
            yield from (plain(item) for item in document if item)
        elif document:
            yield plain(document)


# --- ansible's own machinery, made harmless ---------------------------------------------------------------------------


def handler_for(self, *args, **kwargs):
    from ansible.template import Templar

    templar = kwargs.get("templar") or args[-1]
    if hasattr(Templar, "_from_template_engine"):
        templar = Templar._from_template_engine(templar)
    handler = Recorder(
        task=self._task, connection=self._connection, play_context=self._play_context, loader=self._loader,
        templar=templar, shared_loader_obj=self._shared_loader_obj,
    )  # fmt: skip
    return handler, None


UNDEFINED_NAME = re.compile(r"'([A-Za-z_]\w*)' is undefined")
MISSING_FILTER = re.compile(r"""(?:[Nn]o filter named|Could not load) \\?['"]([\w.]+)\\?['"]""")
_hints = []  # texts given to undef(), by which a missing value announces itself


def what_is_missing(message):
    """Name the variable, undef() hint or filter that kept a task from being evaluated; None when it is none."""
    for found in (UNDEFINED_NAME.search(message), MISSING_FILTER.search(message)):
        if found and found.group(1) not in UNDEFINED:
            return found.group(1)
    return next((hint for hint in _hints if hint in message and hint not in UNDEFINED), None)


class Unknown(list):
    """What a filter that is not installed returns for something empty: nothing, whatever it selects."""


def stands_for(name):
    """A filter in the place of one that is not installed."""

    def convert(value, *args, **kwargs):
        items = value.get("items") if isinstance(value, dict) else value
        if items in ([], {}, (), None):
            return Unknown()
        shown = json.dumps(plain(value), sort_keys=True, default=str)
        return placeholder("live", "filter %s of %s" % (name, shown))

    return convert


def install_missing_values():
    """undef() and filters that are not installed get a placeholder once a task has failed for want of them."""
    intercept = jinja_plugins()
    original_get, original_contains = intercept.__getitem__, intercept.__contains__
    intercept.__getitem__ = lambda self, key: stands_for(key) if key in UNDEFINED else original_get(self, key)
    intercept.__contains__ = lambda self, key: key in UNDEFINED or original_contains(self, key)
    try:
        from ansible._internal._templating import _jinja_bits

        owner, name = _jinja_bits, "_undef"
    except ImportError:  # ansible-core < 2.19
        from ansible.template import Templar

        owner, name = Templar, "_make_undefined"
    original = getattr(owner, name)

    def undef(*args, **kwargs):
        hint = kwargs.get("hint", args[-1] if args and isinstance(args[-1], str) else None)
        if hint is not None and str(hint) in UNDEFINED:
            return placeholder("live", "undefined: %s" % hint)
        if hint is not None and str(hint) not in _hints:
            _hints.append(str(hint))
        return original(*args, **kwargs)

    setattr(owner, name, undef)


def read(result, name):
    """A field of a result: a dict up to ansible-core 2.20, an object with fields and ``result_data`` from 2.21."""
    if isinstance(result, dict):
        return result.get(name)
    value = getattr(result, name, None)
    return result.result_data.get(name) if value is None else value


def write(result, **fields):
    """Set fields of a result; see :func:`read`."""
    for name, value in fields.items():
        if isinstance(result, dict):
            result[name] = value
        elif hasattr(result, name):
            setattr(result, name, value)
        else:
            result.result_data[name] = value


def items_of(result):
    """The results of a loop's items, or the one result of a task without a loop."""
    items = read(result, "results") if isinstance(result, dict) else result.loop_results
    return [item for item in items if not isinstance(item, str)] if isinstance(items, list) else [result]


def error_of(result):
    """Ansible's own message about what failed."""
    message = read(result, "msg")
    if not message and read(result, "exception") is not None:
        message = getattr(getattr(read(result, "exception"), "event", None), "msg", None)
    return str(message or "it failed and ansible gives no reason; a filter or lookup may have raised an error")


def everything_in(result):
    """The text of a result, to look for what was missing."""
    if not isinstance(result, dict):
        result = result.as_result_dict()
    return json.dumps(plain(result), default=str)


def evaluate(executor, original_run):
    """Run a task; while it needs a name nobody defines, run it again with a placeholder for that.

    Its lines are held back meanwhile, and so are those of attempts that failed.
    """
    del UNDEFINED[:]
    task = executor._task
    judged = (task.until, task.retries, task.failed_when, task.changed_when)
    if task.loop_control:
        task.loop_control.pause = 0
    while True:
        _pending.append([])
        outcome = original_run(executor)
        lines = _pending.pop()
        missing = what_is_missing(everything_in(outcome))
        if missing is None or len(UNDEFINED) >= 40:
            break
        UNDEFINED.append(missing)
        if "_task" in vars(executor):  # from ansible-core 2.21 it is no attribute, and needs no resetting
            executor._task = task
        executor._loop_eval_error = None
        task.until, task.retries, task.failed_when, task.changed_when = judged
    for kind, fields in lines:
        write_line(kind, fields)
    return outcome


def account_for(task, host, outcome):
    """Report what failed or was skipped; a task that failed has an empty result, and its host goes on."""
    identity, items = identity_of(task, host), items_of(outcome)
    failed = [item for item in items if read(item, "failed") and not read(item, "rc")]
    if read(outcome, "failed") and not failed and not any(read(item, "rc") for item in items):
        failed = [outcome]
    for item in failed:
        report("unresolved", error=error_of(item), undefined=sorted(set(UNDEFINED)), **identity)
        for name, empty in (("stdout", ""), ("stdout_lines", []), ("stderr", ""), ("resources", [])):
            if read(item, name) is None:
                write(item, **{name: empty})
    for item in items:
        if read(item, "skipped"):
            report("skipped", condition=str(read(item, "false_condition") or ""), **identity)
        if not (read(item, "rc") and task.ignore_errors):
            write(item, failed=False)
    if not items:
        report("skipped", condition="empty loop", **identity)
    if not task.ignore_errors or failed:
        write(outcome, failed=False)
    if read(outcome, "unreachable"):
        write(outcome, unreachable=False)


def install_handler():
    task_executor.TaskExecutor._get_action_handler_with_module_context = handler_for
    original_run = task_executor.TaskExecutor.run

    def run(self):
        end_with_parent()
        task = self._task
        outcome = evaluate(self, original_run)
        account_for(task, self._host.name, outcome)
        return outcome

    task_executor.TaskExecutor.run = run


def end_with_parent():
    """Ask Linux to end this worker when ansible is killed; elsewhere it ends by itself after its task."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (ImportError, OSError, AttributeError):
        return


def install_connection():
    """Every connection is the local one, and the local one refuses: should anything get there, it fails."""
    original = task_executor.TaskExecutor._get_connection

    def local_connection(self, cvars, templar, current_connection, *args, **kwargs):
        self._play_context.become = False
        return original(self, dict(cvars, ansible_connection="local", ansible_become=False), templar, "local")

    task_executor.TaskExecutor._get_connection = local_connection
    from ansible.plugins.connection import local

    def refuse(self, *args, **kwargs):
        raise RuntimeError("the recorder stopped an attempt to act on a host: %r" % (args[:1],))

    for name in ("exec_command", "put_file", "fetch_file"):
        setattr(local.Connection, name, refuse)


HOW_IT_RUNS = {
    "environment": [], "timeout": 0, "debugger": None, "throttle": 0, "port": None, "retries": None, "delay": 0,
    "become_user": None, "become_method": None, "become_flags": None, "become_exe": None, "remote_user": None,
}  # fmt: skip


def install_validation():
    """What says how to reach a host or a cluster, or how long to wait, plays no part; it may even be undefined."""
    from ansible.playbook.play_context import PlayContext

    original, original_context = Task.post_validate, PlayContext.post_validate

    def post_validate(self, templar):
        action = canonical(self.resolved_action or self.action or "")
        if action.startswith("kubernetes.core."):
            keep = REPOSITORY_SECRETS if action.endswith("helm_repository") else ()
            self.args = {key: value for key, value in self.args.items() if key not in CLUSTER_ARGUMENTS or key in keep}
        return original(self, templar)

    def context_post_validate(self, templar):
        try:
            return original_context(self, templar)
        except AnsibleError:
            return None

    Task.post_validate, PlayContext.post_validate = post_validate, context_post_validate
    for name, constant in HOW_IT_RUNS.items():
        setattr(Task, "_post_validate_" + name, lambda self, attribute, value, templar, answer=constant: answer)
    delegate = task_executor.TaskExecutor._calculate_delegate_to

    def calculate_delegate_to(self, *args, **kwargs):
        try:  # where a task runs is of no interest; what it applies is
            delegate(self, *args, **kwargs)
        except AnsibleError:
            self._task.delegate_to = None
        if "{{" in str(self._task.delegate_to):  # ansible-core < 2.19 leaves what it cannot evaluate as it is
            self._task.delegate_to = None

    task_executor.TaskExecutor._calculate_delegate_to = calculate_delegate_to


def install_strategy():
    """No host is ever lost, and the order of tasks is always the same: by strategy free it would be chance."""
    from ansible.executor.play_iterator import PlayIterator
    from ansible.executor.task_queue_manager import TaskQueueManager
    from ansible.plugins.loader import strategy_loader

    class NeverFailed(dict):
        def __setitem__(self, host, value):
            return None

    original_init, original_get = TaskQueueManager.__init__, strategy_loader.get

    def init(self, *args, **kwargs):
        original_init(self, *args, **kwargs)
        self._failed_hosts, self._unreachable_hosts = NeverFailed(), NeverFailed()

    TaskQueueManager.__init__ = init
    TaskQueueManager.clear_failed_hosts = lambda self: None
    PlayIterator.mark_host_failed = lambda self, host: None
    strategy_loader.get = lambda name, *args, **kwargs: original_get("linear", *args, **kwargs)


def install_includes():
    """An include that cannot be followed is reported, and the play goes on."""
    from ansible.playbook.role_include import IncludeRole
    from ansible.plugins.strategy import StrategyBase

    original = StrategyBase._load_included_file

    def load_included_file(self, included_file, *args, **kwargs):
        try:
            return original(self, included_file, *args, **kwargs)
        except AnsibleError as error:
            host = included_file._hosts[0] if included_file._hosts else ""
            report("unresolved", error=str(error), **identity_of(included_file._task, host))
            return []

    StrategyBase._load_included_file = load_included_file
    original_blocks = IncludeRole.get_block_list

    def get_block_list(self, *args, **kwargs):
        try:
            return original_blocks(self, *args, **kwargs)
        except AnsibleError as error:
            if self.statically_loaded:
                raise
            report("unresolved", error=str(error), **identity_of(self, ""))
            return [], []

    IncludeRole.get_block_list = get_block_list


def install_meta():
    """Meta tasks that touch connections do nothing, and those that end a play are reported."""
    from ansible.plugins.strategy import StrategyBase

    original = StrategyBase._execute_meta

    def execute_meta(self, task, *args, **kwargs):
        action = str(task.args.get("_raw_params"))
        if action == "reset_connection":
            task.args["_raw_params"] = "noop"
        before = self._tqm._terminated
        try:
            outcome = original(self, task, *args, **kwargs)
        except AnsibleError as error:  # its condition cannot be evaluated
            report("unresolved", error=str(error), **identity_of(task, ""))
            return []
        finally:
            self._tqm._terminated = before
        if action.startswith("end_"):
            file, line = location_of(task)
            taken = not any(was_skipped(item) for item in outcome or [])
            report("meta", action=action, file=file, line=line, name=name_of(task, ""), taken=taken)
        return outcome

    StrategyBase._execute_meta = execute_meta


def was_skipped(result):
    """Whether a host's result says so; from ansible-core 2.21 on its fields lie one level deeper."""
    fields = getattr(result, "utr", None)
    return bool(fields.skipped) if fields is not None else result.is_skipped()


def install_silence():
    """No callback hears of this run, nothing is cached for the next one, and nobody is asked anything."""
    from ansible.executor.task_queue_manager import TaskQueueManager
    from ansible.playbook.play import Play
    from ansible.plugins.loader import cache_loader

    TaskQueueManager.load_callbacks = lambda self: setattr(self, "_callbacks_loaded", True)
    TaskQueueManager.send_callback = lambda self, *args, **kwargs: None
    original_get, original_prompts = cache_loader.get, Play._load_vars_prompt
    cache_loader.get = lambda name, *args, **kwargs: original_get("memory", *args, **kwargs)

    def prompts(self, attribute, value):  # without a default the variable stays undefined, and is reported when needed
        return [prompt for prompt in original_prompts(self, attribute, value) if prompt.get("default") is not None]

    Play._load_vars_prompt = prompts


class AnyTag(YamlLoader):
    """Reads vaulted YAML for its keys; tags such as ``!unsafe`` play no part."""


AnyTag.add_multi_constructor("!", lambda loader, suffix, node: "tagged")


def sealed_variables(content, file):
    """A vaulted variable file, its scalars replaced."""
    return json.dumps(vault_tree(yaml.load(content, Loader=AnyTag), file)).encode()


def sealed_manifests(content, identity):
    """Vaulted manifests: what they are stays readable, as it will in the repository; None when it is something else."""
    try:
        found = [document for document in yaml.load_all(content, Loader=AnyTag) if document]
    except yaml.YAMLError:
        return None
    if not found or not all(isinstance(item, dict) and item.get("kind") and item.get("apiVersion") for item in found):
        return None
    readable = ("apiVersion", "kind", "metadata", "type")
    sealed = [
        {key: value if key in readable else vault_tree(value, "%s/%d/%s" % (identity, number, key))
         for key, value in item.items()}
        for number, item in enumerate(found)
    ]  # fmt: skip
    return yaml.dump_all(sealed, Dumper=yaml.SafeDumper).encode()


def install_vault():
    """Vaulted values become placeholders without a password; vaulted variable files are opened for their keys."""
    if SALTS["vault"] is None:
        return
    original = vault.VaultLib.decrypt

    def decrypt(self, vaulttext, *args, **kwargs):
        def opened():
            content = original(self, vaulttext, *args, **kwargs)
            return text_of(content.decode() if isinstance(content, bytes) else content)

        if _reading_variables:
            return decrypted_variables((_reading_files or _reading_variables)[-1], opened)
        text = vaulttext if isinstance(vaulttext, str) else bytes(vaulttext).decode("ascii", "replace")
        return decrypted_value("".join(text.split()), opened)

    vault.VaultLib.decrypt = decrypt
    while_reading("load_from_file", _reading_variables)
    for name in ("_get_file_contents", "get_real_file"):
        while_reading(name, _reading_files)


def decrypted_variables(file, opened):
    """The stand-in for a file of variables that is encrypted as a whole; an empty one while it is locked."""
    try:
        return sealed_variables(opened(), file)
    except AnsibleError as error:
        if SETTINGS["vault_password_given"]:
            raise AnsibleError("%s cannot be decrypted: %s" % (file, error)) from error
    if file not in LOCKED:
        LOCKED.append(file)
        report("locked", file=file)
    return b"{}"


def decrypted_value(identity, opened):
    """The stand-in for a vaulted value, or for a vaulted file of manifests."""
    manifests = None
    if _reading_files and SETTINGS["vault_password_given"]:
        with contextlib.suppress(AnsibleError):  # the pass that decrypts for real says so
            manifests = sealed_manifests(opened(), identity)
    return placeholder("vault", identity).encode() if manifests is None else manifests


def while_reading(name, stack):
    """Let a method of the loader note which file it reads, and which it could not read."""
    original = getattr(dataloader.DataLoader, name)

    def method(self, file_name, *args, **kwargs):
        stack.append(os.path.relpath(self.path_dwim(file_name), PROJECT))
        try:
            return original(self, file_name, *args, **kwargs)
        except Exception as error:
            _failed_reading.append((error, stack[-1]))
            raise
        finally:
            stack.pop()

    setattr(dataloader.DataLoader, name, method)


def install_locked_variables():
    """While a vault file is locked, a variable nobody defines is one of its secrets."""
    from jinja2.runtime import Context, missing

    original = Context.resolve_or_missing
    reported = set()

    def resolve_or_missing(self, key):
        value = original(self, key)
        if value is missing and key in UNDEFINED:
            return placeholder("live", "undefined variable %s" % key)
        known = key in REGISTERS or key.startswith("ansible_") or key in ("item", "loop", "self")
        if value is missing and LOCKED and not known:
            if key not in reported:
                reported.add(key)
                report("secret-variable", name=key)
            return placeholder("vault", "variable %s" % key)
        return value

    Context.resolve_or_missing = resolve_or_missing


def jinja_plugins():
    """The class through which ansible finds filters and tests."""
    try:
        from ansible._internal._templating._jinja_plugins import JinjaPluginIntercept
    except ImportError:  # ansible-core < 2.19
        from ansible.template import JinjaPluginIntercept
    return JinjaPluginIntercept


def install_filters():
    """Filters that would lose or refuse a placeholder keep its trace; those that draw lots follow the pass."""
    intercept = jinja_plugins()
    original_get = intercept.__getitem__

    def getitem(self, key):
        found = original_get(self, key)
        loader = getattr(self, "_plugin_loader", None) or self._pluginloader
        rule = RULES.get(key.rpartition(".")[2]) if loader.type == "filter" else None
        return found if rule is None else ruled(found, rule)

    intercept.__getitem__ = getitem


def ruled(original, rule):
    """A filter that is asked by a rule; filters that get the environment get it first."""
    skipped = 1 if hasattr(original, "jinja_pass_arg") else 0

    @functools.wraps(original)
    def convert(*args, **kwargs):
        return rule(lambda: original(*args, **kwargs), *args[skipped:], **kwargs)

    return convert


def traced_number(answer, value, *args, **kwargs):
    return placeholder_number(str(value)) if nature_of(value) else answer()


def traced_bool(answer, value, *args, **kwargs):
    nature = nature_of(value)  # either may be true: the two salts disagree, and the comparison shows it
    return answer() if nature is None else is_first(nature)


def traced_document(answer, value, *args, **kwargs):
    nature = nature_of(value)
    if nature is None:
        return answer()
    try:
        found = answer()
    except Exception:
        found = None
    if (
        found is None or type(found).__name__ == "CapturedExceptionMarker"
    ):  # not base64, not JSON: it stands for what is
        return placeholder(nature, "document in %s" % value)
    return found


def drawn(answer, end, start=None, step=None, seed=None):
    """``random`` without a seed: two passes with different salts never draw the same where there is a choice."""
    if seed is not None:
        return answer()
    choices = range(start or 0, end, step or 1) if isinstance(end, int) else list(end)
    number = int(hashlib.sha256(str(choices).encode()).hexdigest(), 16) + (not is_first("random"))
    return choices[number % len(choices)]


def shuffled(answer, items, seed=None):
    """``shuffle`` without a seed: turned by one in the second pass."""
    items = list(items)
    if seed is not None or len(items) < 2:
        return answer()
    return items if is_first("random") else items[1:] + items[:1]


def formatted_time(answer, form, second=None, *args, **kwargs):
    """``strftime`` without a moment speaks of now."""
    return clock().strftime(form) if second is None else answer()


RULES = {
    "int": traced_number, "float": traced_number, "bool": traced_bool, "b64decode": traced_document,
    "from_json": traced_document, "from_yaml": traced_document, "from_yaml_all": traced_document, "random": drawn,
    "shuffle": shuffled, "strftime": formatted_time,
}  # fmt: skip


def clock():
    """The time of this pass; the same in all passes except one, so that whatever depends on it shows, and only there.

    Every part of it differs between the two: year, month, day, weekday, hour, minute, second.
    """
    moment = dt.datetime(2031, 3, 14, 15, 9, 26, 535897, tzinfo=dt.timezone.utc)
    return moment if is_first("random") else moment + dt.timedelta(days=430, hours=7, minutes=13, seconds=17)


def clock_facts():
    """``ansible_date_time`` as ansible's setup module builds it."""
    moment = clock()
    parts = {
        "year": "%Y", "month": "%m", "day": "%d", "weekday": "%A", "weekday_number": "%w", "weeknumber": "%W",
        "hour": "%H", "minute": "%M", "second": "%S", "date": "%Y-%m-%d", "time": "%H:%M:%S", "tz": "UTC",
        "tz_offset": "+0000", "tz_dst": "UTC", "iso8601": "%Y-%m-%dT%H:%M:%SZ",
        "iso8601_micro": "%Y-%m-%dT%H:%M:%S.%fZ", "iso8601_basic": "%Y%m%dT%H%M%S%f",
        "iso8601_basic_short": "%Y%m%dT%H%M%S",
    }  # fmt: skip
    facts = {name: moment.strftime(form) for name, form in parts.items()}
    return dict(facts, epoch=str(int(moment.timestamp())), epoch_int=str(int(moment.timestamp())))


def install_clock():
    """``now()`` gives the time of this pass."""

    def now(*args, **kwargs):
        moment = clock().replace(tzinfo=None)
        return moment.strftime(kwargs["fmt"]) if kwargs.get("fmt") else moment

    try:
        from ansible._internal._templating import _jinja_bits

        _jinja_bits._now = now
    except ImportError:  # ansible-core < 2.19
        from ansible.template import Templar

        Templar._now_datetime = lambda self, utc=False, fmt=None: now(fmt=fmt)


HARMLESS_LOOKUPS = {
    "template", "file", "fileglob", "first_found", "vars", "varnames", "env", "dict", "items", "list", "nested",
    "together", "subelements", "sequence", "indexed_items", "inventory_hostnames", "unvault", "ini", "csvfile",
    "config", "flattened", "community.general.flattened", "community.general.dict", "cartesian",
}  # fmt: skip
SECRET_NAME = re.compile(r"pass(word|wd)?|secret|token|api_?key|private_?key|credential", re.IGNORECASE)


def install_lookups():
    """Lookups are programs on the controller: those that read the project run, the others are answered."""
    from ansible.plugins.loader import lookup_loader
    from ansible.plugins.lookup import LookupBase

    original = lookup_loader.get

    class Answered(LookupBase):
        def __init__(self, name):
            super().__init__()
            self.name, self._load_name = name, name

        def set_options(self, *args, **kwargs):
            return None

        def get_options(self, *args, **kwargs):
            return {}

        def get_option(self, *args, **kwargs):
            return None

        def run(self, terms, variables=None, **kwargs):
            terms = plain([terms] if isinstance(terms, str) else list(terms))
            short = self.name.rpartition(".")[2]
            nature = "random" if short in ("password", "random_string", "random_choice", "random_words") else "live"
            identity = "%s %s %s" % (self.name, json.dumps(terms), json.dumps(plain(kwargs), sort_keys=True))
            report("lookup", name=self.name, nature=nature, terms=[] if nature == "random" else terms)
            return [placeholder(nature, identity)]

    class Environment(LookupBase):
        """``lookup('env', …)``: recorded, and a secret when its name says so."""

        def run(self, terms, variables=None, **kwargs):
            found = []
            for term in terms:
                name = str(term).split()[0] if str(term).split() else ""
                secret = SECRET_NAME.search(name) is not None
                report("lookup", name="env", nature="environment", terms=[name], secret=secret)
                default = kwargs.get("default", "")
                sealed = secret and SALTS["vault"] is not None
                found.append(placeholder("vault", "env " + name) if sealed else os.environ.get(name, default))
            return found

    def get(name, *args, **kwargs):
        short = name.replace("ansible.builtin.", "").replace("ansible.legacy.", "")
        if short == "env":
            return Environment(*args, **kwargs) if not args else Environment()
        return original(name, *args, **kwargs) if short in HARMLESS_LOOKUPS else Answered(name)

    lookup_loader.get = get


# --- collections that are not installed -------------------------------------------------------------------------------

MODULE_KEY = re.compile(r"^\s*(?:-\s+)?([a-z_]\w*\.[a-z_]\w*\.[a-z_]\w*):(?=\s|$)", re.MULTILINE)
ACTION_KEY = re.compile(r"\b(?:local_action|action|module):\s*([a-z_]\w*\.[a-z_]\w*\.[a-z_]\w*)\b")
SHORT_KEY = re.compile(r"^\s*(?:-\s+)?([a-z_][a-z0-9_]*):", re.MULTILINE)
STUB_ACTION = """from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        raise RuntimeError("a placeholder of the recorder was executed")
"""
STUB_MODULE = '#!/usr/bin/python\nraise SystemExit("a placeholder of the recorder was executed")\n'


def redirected_names():
    import ansible

    path = os.path.join(os.path.dirname(ansible.__file__), "config", "ansible_builtin_runtime.yml")
    with open(path, encoding="utf-8") as file:
        routing = yaml.load(file, Loader=YamlLoader)["plugin_routing"]
    names = {}
    for kind in ("modules", "action"):
        for name, rule in (routing.get(kind) or {}).items():
            if isinstance(rule, dict) and rule.get("redirect"):
                names[name] = rule["redirect"]
    return names


CLUSTER_COLLECTION = re.compile(
    r"^\s*(?:-\s+|collections:\s*\[[^\]]*)['\"]?(kubernetes\.core|community\.kubernetes)\b", re.MULTILINE
)
CLUSTER_MODULES = (
    "helm", "helm_info", "helm_plugin", "helm_plugin_info", "helm_pull", "helm_registry_auth", "helm_repository",
    "helm_template", "k8s", "k8s_cluster_info", "k8s_cp", "k8s_drain", "k8s_exec", "k8s_info", "k8s_json_patch",
    "k8s_log", "k8s_rollback", "k8s_scale", "k8s_service", "k8s_taint",
)  # fmt: skip


def add_placeholders_for_missing_collections(roots):
    """Give ansible empty modules of collections that are not installed, so that the playbook can be loaded."""
    short_names, wanted = redirected_names(), set()
    for path, text in project_texts():
        scan_uses(text)
        if path.endswith((".yml", ".yaml")):
            wanted.update(MODULE_KEY.findall(text))
            wanted.update(ACTION_KEY.findall(text))
            wanted.update(short_names[name] for name in SHORT_KEY.findall(text) if name in short_names)
            for collection in CLUSTER_COLLECTION.findall(text):  # by the keyword collections, modules have short names
                wanted.update("%s.%s" % (collection, module) for module in CLUSTER_MODULES)
    stubs, missing = os.path.join(SANDBOX, "collections"), set()
    for name in sorted(wanted):
        namespace, collection, module = name.split(".", 2)
        folders = (os.path.join(root, "ansible_collections", namespace, collection) for root in roots)
        if any(os.path.isdir(folder) for folder in folders) or (
            namespace == "ansible" and collection in ("builtin", "legacy")
        ):
            continue
        missing.add("%s.%s" % (namespace, collection))
        plugins = os.path.join(stubs, "ansible_collections", namespace, collection, "plugins")
        for folder, text in (("action", STUB_ACTION), ("modules", STUB_MODULE)):
            os.makedirs(os.path.join(plugins, folder), exist_ok=True)
            with open(os.path.join(plugins, folder, module + ".py"), "w") as file:
                file.write(text)
    for name in missing:  # module_defaults of a group need the group to exist
        namespace, collection = name.split(".")
        folder = os.path.join(stubs, "ansible_collections", namespace, collection)
        modules = sorted(file[:-3] for file in os.listdir(os.path.join(folder, "plugins", "modules")))
        os.makedirs(os.path.join(folder, "meta"), exist_ok=True)
        with open(os.path.join(folder, "meta", "runtime.yml"), "w") as file:
            json.dump({"requires_ansible": ">=2.9", "action_groups": {"k8s": modules, "helm": modules}}, file)
    return stubs, sorted(missing)


# --- the tasks ansible loads ------------------------------------------------------------------------------------------

CLUSTER_COMMAND = re.compile(
    r"(?:^|[\s;|&(/\"'`=])(?:kubectl|helm|oc|kustomize)(?=[\s\"']|$)|\{\{\s*\w*(?:kubectl|helm)\w*\s*\}\}\s",
    re.MULTILINE,
)


class Plan:
    """Every k8s, helm and kubectl/helm-command task ansible loads, and those in files an include can reach."""

    def __init__(self, loader, variable_manager):
        self.loader, self.variable_manager = loader, variable_manager
        self.tasks, self.problems, self._seen = {}, [], set()

    def add_play(self, play, hosts):
        arguments = context.CLIARGS
        self.tags, self.hosts, self.play = (arguments["tags"], arguments["skip_tags"]), hosts, play
        self.variables = self.variable_manager.get_vars(play=play)
        for block in play.compile():
            self._block(block, ())
        handlers = list(play.handlers)
        for role in play.get_roles() if hasattr(play, "get_roles") else play.roles:
            handlers.extend(role.get_handler_blocks(play=play))
        for block in handlers:
            self._block(block, (), "handler")

    def _block(self, block, via, section=""):
        for name in ("block", "rescue", "always"):
            for item in getattr(block, name):
                part = section or ("rescue" if name == "rescue" else "")
                if hasattr(item, "block"):
                    self._block(item, via, part)
                else:
                    self._task(item, via, part)

    def _task(self, task, via, section):
        file, line = location_of(task)
        action = canonical(getattr(task, "resolved_action", None) or task.action)
        if not file or not task.evaluate_tags(*self.tags, all_vars=self.variables):
            return
        if action in ("ansible.builtin.include_tasks", "ansible.builtin.include_role", "ansible.builtin.include"):
            self._include(task, action, (*via, "%s:%d" % (file, line)), section)
            return
        if not (action.startswith("kubernetes.core.") or self._is_cluster_command(task, action)):
            return
        identity = {key: value for key, value in identity_of(task, "").items() if key != "host"}
        known = self.tasks.setdefault((file, line), dict(identity, section=section, via=[], plays=[], matched=False))
        known["via"].append(list(via))
        known["plays"].append(str(self.play.get_name()))
        known["matched"] = known["matched"] or bool(self.hosts)

    @staticmethod
    def _is_cluster_command(task, action):
        if action.rpartition(".")[2] not in ("command", "shell", "raw"):
            return False
        arguments = task.args
        text = [arguments.get("_raw_params"), arguments.get("cmd"), " ".join(map(str, arguments.get("argv") or []))]
        return CLUSTER_COMMAND.search("\n".join(str(item) for item in text if item)) is not None

    def _include(self, task, action, via, section):
        for path, role in self._included_files(task, action):
            key = (os.path.realpath(path), via[:-1], self.play.get_name())
            if key in self._seen or len(via) > 12:
                continue
            self._seen.add(key)
            try:
                self._load(path, role or task._role, task, via, section)
            except Exception as error:  # the run itself reports what it cannot include; the plan says so too
                self.problems.append("%s: %s" % (os.path.relpath(path, PROJECT), error))

    def _load(self, path, role, task, via, section):
        from ansible.playbook.block import Block
        from ansible.playbook.helpers import load_list_of_tasks

        content = self._read(path)
        if not isinstance(content, list) or any("hosts" in item or "import_playbook" in item for item in content):
            return  # a playbook, which a pattern such as {{ name }}.yml happens to match
        before = self.loader.get_basedir()
        parent = Block(play=self.play, role=role, task_include=None)
        try:
            for item in load_list_of_tasks(
                content,
                play=self.play,
                block=parent,
                role=role,
                task_include=None,
                variable_manager=self.variable_manager,
                loader=self.loader,
            ):
                if hasattr(item, "block"):
                    self._block(item, via, section)
                else:
                    self._task(item, via, section)
        finally:
            self.loader.set_basedir(before)

    def _read(self, path):
        """Read a file of tasks as ansible does, and leave no trace of it in ansible's cache of files."""
        try:
            return self.loader.load_from_file(path, cache="none", trusted_as_template=True)
        except TypeError:  # ansible-core < 2.19
            return self.loader.load_from_file(path, cache=False)

    def _included_files(self, task, action):
        file, _ = location_of(task)
        folder = os.path.dirname(os.path.join(PROJECT, file))
        if action.endswith("include_role"):
            name = str(task.args.get("name") or task.args.get("role") or getattr(task, "_role_name", "") or "")
            tasks_from = str(task.args.get("tasks_from") or "main")
            for role_folder in self._role_folders(name):
                for path in self._matching(os.path.join(role_folder, "tasks"), tasks_from):
                    yield path, self._role(name, task)
            return
        pattern = str(task.args.get("_raw_params") or task.args.get("file") or "")
        roots = [folder, self.loader.get_basedir()]
        if task._role:
            roots.insert(0, os.path.join(task._role._role_path, "tasks"))
        for root in roots:
            found = self._matching(root, pattern)
            if found:
                for path in found:
                    yield path, None
                return

    def _role(self, name, task):
        from ansible.playbook.role import Role
        from ansible.playbook.role.include import RoleInclude

        if "{{" in name:
            return None
        include = RoleInclude.load(
            name,
            play=self.play,
            variable_manager=self.variable_manager,
            loader=self.loader,
            collection_list=task.collections,
        )
        return Role.load(include, self.play, from_include=True)

    def _role_folders(self, name):
        from ansible import constants
        from ansible.utils.collection_loader._collection_finder import _get_collection_role_path

        pattern = re.sub(r"\{\{.*?\}\}", "*", name)
        in_collection = _get_collection_role_path(name) if name.count(".") == 2 and "*" not in pattern else None
        if in_collection:
            return [in_collection[1]]
        roots = [os.path.join(self.loader.get_basedir(), "roles"), os.path.join(PROJECT, "roles")]
        roots += constants.DEFAULT_ROLES_PATH or []
        found = []
        for root in roots:
            matching = sorted(glob.glob(os.path.join(glob.escape(root), pattern)))
            found += [path for path in matching if os.path.isdir(path)]
        return list(dict.fromkeys(os.path.realpath(path) for path in found))

    @staticmethod
    def _matching(root, name):
        pattern = os.path.join(glob.escape(root), re.sub(r"\{\{.*?\}\}", "*", name))
        found = [path for ending in ("", ".yml", ".yaml") for path in sorted(glob.glob(pattern + ending))]
        return [path for path in dict.fromkeys(map(os.path.realpath, found)) if os.path.isfile(path)]


def install_plan():
    """Before the first play, report the hosts and, when asked, every task that could run."""
    from ansible.executor.playbook_executor import PlaybookExecutor

    original = PlaybookExecutor.run

    def run(self):
        report("hosts", hosts=sorted(host.name for host in self._inventory.get_hosts()))
        if SETTINGS["plan"]:
            plan = Plan(self._loader, self._variable_manager)
            for play in plays_of(self):
                try:
                    matching = self._inventory.get_hosts(play.hosts)
                except AnsibleError:  # its pattern holds a variable that only the run knows
                    matching = []
                plan.add_play(play, matching)
            tasks = [plan.tasks[place] for place in sorted(plan.tasks)]
            report("plan", tasks=tasks, problems=plan.problems)
        return original(self)

    PlaybookExecutor.run = run


def plays_of(executor):
    from ansible.playbook import Playbook

    for path in executor._playbooks:
        playbook = Playbook.load(path, variable_manager=executor._variable_manager, loader=executor._loader)
        for play in playbook.get_plays():
            executor._loader.set_basedir(play._included_path or playbook._basedir)
            yield play


# --- main -------------------------------------------------------------------------------------------------------------

INSTALLATIONS = (
    install_handler, install_connection, install_validation, install_strategy, install_includes, install_meta,
    install_silence, install_vault, install_locked_variables, install_filters, install_clock, install_lookups,
    install_missing_values, install_plan,
)  # fmt: skip


def configure():
    """Settings of ansible.cfg that would ask, run or call something; returns the collections that are missing."""
    import ansible
    from ansible import constants

    installed = os.path.dirname(os.path.dirname(ansible.__file__))
    roots = [*SETTINGS["collections"], *constants.COLLECTIONS_PATHS, installed]
    stubs, missing = add_placeholders_for_missing_collections(roots)
    constants.COLLECTIONS_PATHS = [*SETTINGS["collections"], *constants.COLLECTIONS_PATHS, stubs]
    constants.DEFAULT_VAULT_IDENTITY_LIST, constants.DEFAULT_VAULT_PASSWORD_FILE = [], None
    constants.DEFAULT_VAULT_ID_MATCH = False
    return missing


def with_place(error):
    """Ansible's message; from ansible-core 2.19 on it does not name file and line by itself."""
    text, current = str(error), error
    while current is not None:
        shown = re.search(r"Origin: (/.+?):(\d+)", str(getattr(current, "_formatted_source_context", None)))
        if shown and shown.group(1) not in text:
            return "%s:%s: %s" % (os.path.relpath(shown.group(1), PROJECT), shown.group(2), text)
        file = next((file for raised, file in _failed_reading if raised is current and file not in text), None)
        if file is not None:
            return "%s: %s" % (file, text)
        current = current.__cause__ or current.__context__
    return text


def main():
    missing = configure()
    from ansible import release
    from ansible.cli.playbook import PlaybookCLI

    report("start", ansible=release.__version__, python=sys.version.split()[0], missing_collections=missing)
    for install in INSTALLATIONS:
        install()
    command = PlaybookCLI(["ansible-playbook", *PLAYBOOK_ARGUMENTS])
    try:
        command.parse()
        code = command.run()
    except SystemExit as leaving:
        report("failure", error="ansible-playbook refused its arguments (exit %s)" % leaving.code)
        return 2
    except Exception as error:  # ansible's own message is the best there is; the caller turns it into ours
        report("failure", error=with_place(error), exception=type(error).__name__)
        return 2
    report("end", exit=code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
