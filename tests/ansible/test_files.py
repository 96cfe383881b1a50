"""Files that tasks write for later tasks: known exactly, or known to be unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_runbook.ansible.environments import RecordedEnvironment
from gitops_runbook.model.references import ObjectReference

from .conftest import Request, environment
from .projects import play, write

ONE = "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: NAME, namespace: web}\\n".replace("\\n", "\n")
APPLY = "    - command: kubectl apply -f {path}\n"

KNOWN = {
    "template": "    - template: {src: a.j2, dest: /t/template.yml}\n      vars: {name: template}\n",
    "template-into-folder": "    - file: {path: /t/folder, state: directory}\n"
    "    - template: {src: a.j2, dest: /t/folder}\n      vars: {name: template-into-folder}\n",
    "copy": "    - copy: {src: copy.yml, dest: /t/copy.yml}\n",
    "copy-content": '    - copy: {content: \'{{ lookup("file", "copy-content.yml") }}\', dest: /t/copy-content.yml}\n',
    "copy-folder": "    - copy: {src: manifests, dest: /t/}\n",
    "copy-inner": "    - copy: {src: manifests/, dest: /t/inner}\n",
    "copied-on-host": "    - copy: {src: copied-on-host.yml, dest: /t/x.yml}\n"
    "    - copy: {src: /t/x.yml, dest: /t/copied-on-host.yml, remote_src: true}\n",
    "linked": "    - copy: {src: linked.yml, dest: /t/y.yml}\n"
    "    - file: {src: /t/y.yml, dest: /t/linked.yml, state: link}\n",
    "only-read": "    - copy: {src: only-read.yml, dest: /t/only-read.yml}\n"
    "    - shell: cat /t/only-read.yml; grep x /t/only-read.yml > /t/elsewhere\n",
    "written-again": "    - lineinfile: {path: /t/written-again.yml, line: x}\n"
    "    - copy: {src: written-again.yml, dest: /t/written-again.yml}\n",
    "other-host": "    - copy: {src: other-host.yml, dest: /t/other-host.yml}\n      delegate_to: localhost\n",
    "fetched": "    - copy: {src: fetched.yml, dest: /t/z.yml}\n"
    "    - fetch: {src: /t/z.yml, dest: /t/fetched.yml, flat: true}\n",
    "in-the-project": "",
}
PLACES = {
    "template-into-folder": "/t/folder/a.j2", "copy-folder": "/t/manifests", "copy-inner": "/t/inner/copy-inner.yml",
    "in-the-project": "{{ playbook_dir }}/files/in-the-project.yml",
}  # fmt: skip
UNKNOWN = {
    "lineinfile": "    - lineinfile: {path: FILE, line: x}\n",
    "replace": "    - replace: {path: FILE, regexp: x}\n",
    "blockinfile": "    - blockinfile: {path: FILE, block: x}\n",
    "another-module": "    - community.general.ini_file: {path: FILE, section: x}\n",
    "get_url": "    - get_url: {url: 'http://x.invalid', dest: FILE}\n",
    "assemble": "    - assemble: {src: /t/parts, dest: FILE}\n",
    "sed": "    - shell: sed -i s/a/b/ FILE\n",
    "redirection": "    - shell: echo x >> FILE\n",
    "tee": "    - shell: date | tee FILE\n",
    "moved": "    - command: mv /t/other FILE\n",
    "copied-from-unknown": "    - copy: {src: /t/never-written, dest: FILE, remote_src: true}\n",
    "removed": "    - file: {path: FILE, state: absent}\n",
    "copied-from-edited": "    - copy: {content: a, dest: /t/e}\n    - lineinfile: {path: /t/e, line: x}\n"
    "    - copy: {src: /t/e, dest: FILE, remote_src: true}\n",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, request_for: Request) -> RecordedEnvironment:
    tasks, files = "", {}
    for name, text in KNOWN.items():
        path = PLACES.get(name, f"/t/{name}.yml")
        recursive = " -R" if name == "copy-folder" else ""
        tasks += text + APPLY.format(path=f"{path}{recursive}")
        folder = {"copy-folder": "files/manifests/deep", "copy-inner": "files/manifests"}.get(name, "files")
        files[f"{folder}/{name}.yml"] = ONE.replace("NAME", name)
    for name, text in UNKNOWN.items():
        path = f"/t/unknown-{name}.yml"
        tasks += f"    - copy: {{src: template.yml, dest: {path}}}\n" + text.replace("FILE", path)
        tasks += APPLY.format(path=path)
    project = write(tmp_path_factory.mktemp("files"), {
        **files, "site.yml": play(tasks), "hosts": "one ansible_connection=local\n",
        "templates/a.j2": ONE.replace("NAME", "{{ name }}"),
    })  # fmt: skip
    return environment(request_for(project))


@pytest.mark.parametrize("name", KNOWN)
def test_what_a_task_wrote_is_what_a_later_one_applies(found: RecordedEnvironment, name: str) -> None:
    assert ObjectReference("v1", "ConfigMap", "web", name) in found.state.objects


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_was_edited_in_between_is_not_guessed(found: RecordedEnvironment, name: str) -> None:
    messages = [finding.message for finding in found.findings if finding.kind.code == "manifest-unknown"]

    assert any(f"/t/unknown-{name}.yml" in message for message in messages)


def test_a_task_of_the_project_itself_is_never_written_to(tmp_path: Path, request_for: Request) -> None:
    tasks = (
        "    - lineinfile: {path: '{{ playbook_dir }}/files/a.yml', line: x}\n"
        "    - kubernetes.core.k8s: {src: '{{ playbook_dir }}/files/a.yml'}\n"
    )
    files = {"site.yml": play(tasks), "hosts": "one ansible_connection=local\n", "files/a.yml": ONE}
    project = write(tmp_path / "project", files)

    result = environment(request_for(project))

    assert (project / "files" / "a.yml").read_text() == ONE
    assert [finding.kind.code for finding in result.findings] == ["manifest-unknown"]
