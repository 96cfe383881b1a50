"""A project that tries to do harm, and uses what real projects use; nothing of it may take effect."""

from __future__ import annotations

from .projects import config_map, inline, play

HARM = """
    - {name: command, command: "touch {canaries}/command"}
    - {name: shell, shell: "echo x > {canaries}/shell"}
    - {name: raw, raw: "touch {canaries}/raw"}
    - {name: script, script: harm.sh}
    - {name: copy, copy: {content: x, dest: "{canaries}/copy"}}
    - {name: template, template: {src: plain.j2, dest: "{canaries}/template"}}
    - {name: file, file: {path: "{canaries}/file", state: touch}}
    - {name: lineinfile, lineinfile: {path: "{canaries}/lineinfile", line: x, create: true}}
    - {name: get_url, get_url: {url: "http://127.0.0.1:9/", dest: "{canaries}/get_url"}}
    - {name: uri, uri: {url: "http://127.0.0.1:9/", dest: "{canaries}/uri"}}
    - {name: fetch, fetch: {src: /etc/hostname, dest: "{canaries}/fetch"}}
    - {name: unarchive, unarchive: {src: /nowhere.tgz, dest: "{canaries}"}}
    - {name: git, git: {repo: "/nowhere", dest: "{canaries}/git"}}
    - {name: local action, local_action: {module: command, cmd: "touch {canaries}/local"}}
    - {name: delegated, command: "touch {canaries}/delegated", delegate_to: localhost}
    - {name: nobody, command: "touch {canaries}/nobody", delegate_to: "{{ undefined_host }}"}
    - {name: pipe, debug: {msg: "{{ lookup('pipe', 'touch {canaries}/pipe') }}"}}
    - {name: password, debug: {msg: "{{ lookup('password', '{canaries}/password') }}"}}
    - {name: url, debug: {msg: "{{ lookup('url', 'http://127.0.0.1:9/') }}"}}
    - {name: in a condition, debug: {msg: x}, when: "lookup('pipe', 'touch {canaries}/condition') != ''"}
    - {name: in a loop, debug: {msg: x}, with_lines: ["touch {canaries}/lines"]}
    - {name: asynchronous, command: "touch {canaries}/async", async: 1000, poll: 5, register: job}
    - {name: its status, async_status: {jid: "{{ job.ansible_job_id }}"}, register: status, until: status.finished,
       retries: 100, delay: 60}
    - {name: again and again, command: "touch {canaries}/until", register: tried, until: tried.rc == 7, retries: 99,
       delay: 60}
    - {name: long pause, pause: {minutes: 60}}
    - {name: wait, wait_for: {port: 9, timeout: 3600}}
    - {name: pause in a loop, command: "touch {canaries}/loop", loop: [1, 2, 3], loop_control: {pause: 600}}
    - {name: debugger, command: "touch {canaries}/debugger", debugger: always}
    - {name: reset, meta: reset_connection}
    - {name: reboot, reboot: }
    - {name: package, package: {name: sl}}
    - {name: undefined surroundings, command: "touch {canaries}/environment", environment: {A: "{{ undefined_value }}"},
       become_user: "{{ undefined_user }}", become: true}
    - {name: failing, fail: {msg: enough}}
    - {name: fails when, command: "false", failed_when: true}
    - {name: gives up, command: "false", register: gone, failed_when: gone.rc == 0, any_errors_fatal: true}
"""

BLOCK = """
    - name: group
      block:
        - {name: in a block, command: kubectl apply -f /tmp/block.yml}
        - {name: in a block fails, fail: {msg: x}}
      rescue:
        - {name: in a rescue, command: kubectl delete ns x}
      always:
        - {name: in always, command: kubectl get ns}
"""
INCLUDES = """
    - {name: flush, meta: flush_handlers}
    - {name: public role, include_role: {name: helper, public: true}, tags: [helping]}
    - {name: with tags, include_tasks: {file: more.yml, apply: {tags: [more]}}, loop: [1, 2],
       loop_control: {loop_var: n}}
    - {name: unknown include, include_tasks: "{{ undefined_file }}.yml"}
    - {name: missing include, include_tasks: not-there.yml}
    - {name: defaults, kubernetes.core.k8s: {name: defaulted, api_version: v1, kind: ServiceAccount}}
"""
LANGUAGE = "".join(
    [
        BLOCK,
        config_map("looped-{{ item }}", "'{{ item }}'", loop="[a, b]"),
        config_map("dict-{{ item.key }}", "'{{ item.value }}'", with_dict="{x: one, y: two}"),
        config_map("once", "'{{ inventory_hostname }}'", run_once="true"),
        config_map("delegated", "here", delegate_to="'{{ undefined_host }}'"),
        config_map("notifies", "x", notify="[restarted, by topic]"),
        INCLUDES,
        config_map("of-public-role", "'{{ helper_default }}'"),
        config_map("prompted", "'{{ asked }}-{{ preset }}'"),
        config_map("from-vars-file", "'{{ of_a_file }}'"),
        "    - {name: ends, meta: end_host, when: inventory_hostname == 'two'}\n",
        config_map("only-{{ inventory_hostname }}", "x"),
        "    - {name: who knows, meta: end_play, when: undefined_condition == 1}\n",
        "    - {name: over, meta: end_play}\n",
        config_map("never", "x"),
    ]
)

HEAD = """
  vars_files: [vars/file.yml]
  vars_prompt: [{name: asked, prompt: who}, {name: preset, prompt: x, default: given}]
  strategy: free
  serial: 2
  any_errors_fatal: true
  max_fail_percentage: 0
  roles: [top]
  module_defaults:
    group/kubernetes.core.k8s: {namespace: of-the-group}
    kubernetes.core.k8s: {state: present}
  handlers:
    - {name: restarted, command: kubectl rollout restart deploy/x}
    - {name: listens, listen: by topic, command: kubectl annotate ns web a=b}
    - {name: not notified, command: kubectl delete ns y}
"""

WRITING_CALLBACK = """
import pathlib
from ansible.plugins.callback import CallbackBase
pathlib.Path("CANARIES/callback-imported").touch()
class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "notification", "noisy"
    def v2_playbook_on_start(self, playbook):
        pathlib.Path("CANARIES/callback").touch()
"""
FILTER = "class FilterModule:\n    def filters(self):\n        return {'shout': lambda text: text.upper() + '!'}\n"
CONFIGURATION = """[defaults]
inventory = hosts
log_path = CANARIES/log
fact_caching = jsonfile
fact_caching_connection = CANARIES/facts
retry_files_enabled = true
retry_files_save_path = CANARIES
callbacks_enabled = noisy, timer, profile_tasks
stdout_callback = not.installed.callback
strategy = mitogen_linear
vault_identity_list = dev@vault-script.sh
enable_task_debugger = true
"""


def files(canaries: str) -> dict[str, str]:
    """The project; every attempt to act would leave a file in ``canaries``."""
    script = f"#!/bin/sh\ntouch {canaries}/vault-script\necho x\n"
    harm = play(HARM.replace("{canaries}", canaries))
    language = play(LANGUAGE + config_map("unreached", "x"), HEAD.lstrip("\n"))
    return {
        "site.yml": "- import_playbook: harm.yml\n- import_playbook: language.yml\n",
        "harm.yml": harm,
        "language.yml": language,
        "hosts": "[all]\none\ntwo\n",
        "ansible.cfg": CONFIGURATION.replace("CANARIES", canaries),
        "vault-script.sh": script,
        "files/harm.sh": f"#!/bin/sh\ntouch {canaries}/script\n",
        "templates/plain.j2": "{{ inventory_hostname }}\n",
        "vars/file.yml": f"of_a_file: {inline('from the vault')}",
        "callback_plugins/noisy.py": WRITING_CALLBACK.replace("CANARIES", canaries),
        "filter_plugins/own.py": FILTER,
        "more.yml": config_map("more-{{ n }}", "'{{ n }}'").replace("    - ", "- ", 1).replace("\n    ", "\n"),
        "roles/top/meta/main.yml": "dependencies: [{role: bottom}]\n",
        "roles/top/tasks/main.yml": "- {name: of top, kubernetes.core.k8s: {name: top, kind: ServiceAccount}}\n",
        "roles/bottom/tasks/main.yml": "- {name: of bottom, kubernetes.core.k8s: {name: b, kind: ServiceAccount}}\n",
        "roles/helper/defaults/main.yml": "helper_default: '{{ \"helped\" | shout }}'\n",
        "roles/helper/tasks/main.yml": "- {name: of helper, command: helm repo update}\n",
    }
