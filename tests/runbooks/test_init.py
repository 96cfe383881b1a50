"""``init``: what is guessed from a project, and that nothing is ever overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gitops_runbook.errors import OutputRefused, UsageError
from gitops_runbook.runbooks.init import initialize
from gitops_runbook.workspace import Configuration, find_workspace

SHARED = Path(__file__).parents[3] / "shared"
PLAY = "- hosts: all\n  tasks: []\n"


@pytest.fixture(autouse=True)
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "packaged" / "notebooks"
    (folder / ".ipynb_checkpoints").mkdir(parents=True)
    (folder / "21-convert.ipynb").write_text("{}")
    (folder / ".ipynb_checkpoints" / "21-convert-checkpoint.ipynb").write_text("{}")
    monkeypatch.setattr("gitops_runbook.runbooks.init.packaged_folder", lambda _: folder)
    return folder


def project(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "project"


def guessed(tmp_path: Path, files: dict[str, str]) -> Configuration:
    initialize(tmp_path / "ws", project(tmp_path, files))
    return find_workspace(tmp_path / "ws").configuration


def test_the_result_is_a_workspace_with_the_notebooks(tmp_path: Path) -> None:
    result = initialize(tmp_path / "deep" / "ws", project(tmp_path, {"site.yml": PLAY}))
    workspace = find_workspace(tmp_path / "deep" / "ws" / "notebooks")
    assert workspace.ansible_project == tmp_path / "project"
    assert result.written == [workspace.root / "gitops-runbook.yaml", workspace.root / "notebooks" / "21-convert.ipynb"]
    assert all(path.is_file() for path in result.written)


def test_every_guess_is_marked_in_the_file(tmp_path: Path) -> None:
    result = initialize(tmp_path / "ws", project(tmp_path, {"site.yml": PLAY, "hosts": "[staging]\na\n[prod]\nb\n"}))
    text = result.written[0].read_text()
    assert text.count("# guess: ") == len(result.guesses)
    for guess in result.guesses:
        assert "# guess: " + guess.split(": ", 1)[1] in text


def test_a_workspace_inside_the_project_refers_to_it_as_here(tmp_path: Path) -> None:
    folder = project(tmp_path, {"site.yml": PLAY})
    initialize(folder, folder)
    assert find_workspace(folder).configuration.ansible.project == "."


@pytest.mark.parametrize(
    ("files", "playbook"),
    [
        ({"site.yml": PLAY, "deploy.yml": PLAY}, "site.yml"),
        ({"playbooks/site.yml": PLAY, "deploy.yml": PLAY}, "playbooks/site.yml"),
        ({"deploy.yaml": PLAY, "other.yml": PLAY}, "deploy.yaml"),
        ({"main.yml": PLAY, "other.yml": PLAY}, "main.yml"),
        ({"platform.yml": PLAY, "requirements.yml": "collections: []\n"}, "platform.yml"),
        ({"a.yml": PLAY, "everything.yml": "- import_playbook: a.yml\n- ansible.builtin.import_playbook: b.yml\n",
          "b.yml": PLAY, "z.yml": "- import_playbook: a.yml\n"}, "everything.yml"),
        ({"playbooks/b.yml": PLAY, "playbooks/a.yml": PLAY}, "playbooks/a.yml"),
        ({"README.md": "nothing"}, "site.yml"),
    ],
)  # fmt: skip
def test_the_playbook_is_guessed(tmp_path: Path, files: dict[str, str], playbook: str) -> None:
    assert guessed(tmp_path, files).ansible.playbook == playbook


@pytest.mark.parametrize(
    ("files", "environments"),
    [
        ({"inventories/staging/hosts.yml": "", "inventories/production/hosts.yml": "",
          "inventories/group_vars/all.yml": ""},
         {"staging": ("all", ("inventories/staging/hosts.yml",)),
          "production": ("all", ("inventories/production/hosts.yml",))}),
        ({"inventory/prod/01-a": "", "inventory/prod/02-b.yml": "", "inventory/prod/group_vars/all.yml": ""},
         {"prod": ("all", ("inventory/prod",))}),
        ({"environments/edge_north/hosts": ""}, {"edge-north": ("all", ("environments/edge_north/hosts",))}),
        ({"inventories/staging.ini": "", "inventories/prod.yml": "", "inventories/common.yml": ""},
         {"staging": ("all", ("inventories/staging.ini",)), "prod": ("all", ("inventories/prod.yml",))}),
        ({"hosts.ini": "[staging]\na\n[production:children]\nx\n[x]\nb\n[staging:vars]\nc=1\n"},
         {"staging": ("staging", ("hosts.ini",)), "production": ("production", ("hosts.ini",))}),
        ({"hosts.yml": "all:\n  children:\n    qa: {hosts: {a: }}\n    k8s: {children: {pre_prod: }}\n"},
         {"qa": ("qa", ("hosts.yml",)), "pre-prod": ("pre_prod", ("hosts.yml",))}),
        ({"ansible.cfg": "[defaults]\ninventory = my/nodes\n", "my/nodes": "[prod]\na\n", "hosts": "[dev]\nb\n"},
         {"prod": ("prod", ("my/nodes",))}),
        ({"hosts": "[workers]\na\n"}, {"production": ("all", ("hosts",))}),
        ({"hosts.yml": "all: !vault x\n"}, {"production": ("all", ("hosts.yml",))}),
        ({"site.yml": PLAY}, {"production": ("all", ())}),
    ],
)  # fmt: skip
def test_environments_are_guessed_from_inventories(
    tmp_path: Path, files: dict[str, str], environments: dict[str, tuple[str, tuple[str, ...]]]
) -> None:
    found = guessed(tmp_path, files).environments
    assert {name: (found[name].limit, found[name].inventory) for name in found} == environments
    assert {environment.context for environment in found.values()} == {None}


def test_the_vault_password_file_of_ansible_cfg_is_found_from_the_workspace(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ansible.cfg": "[defaults]\nvault_password_file = .pass%word\n", ".pass%word": "x"})
    initialize(tmp_path / "ws", folder)
    workspace = find_workspace(tmp_path / "ws")
    assert workspace.vault_password is not None
    assert workspace.vault_password.read(workspace.root) == "x"


def test_a_vault_password_program_is_marked_as_one(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ansible.cfg": "[defaults]\nvault_password_file = p.sh\n", "p.sh": "#!/bin/sh\n"})
    (folder / "p.sh").chmod(0o755)
    assert any("allow_project_code" in guess for guess in initialize(tmp_path / "ws", folder).guesses)


@pytest.mark.parametrize("content", ["inventory = x\n", "[defaults\n", "[defaults]\ninventory\n", "\x00\xff"])
def test_a_broken_ansible_cfg_only_means_fewer_guesses(tmp_path: Path, content: str) -> None:
    assert guessed(tmp_path, {"ansible.cfg": content, "site.yml": PLAY}).ansible.playbook == "site.yml"


@pytest.mark.parametrize("name", ["yes", "1.10", "ä b: #", "it's", 'say "x"', "-"])
def test_any_project_name_gives_a_configuration_that_can_be_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "site.yml").write_text(PLAY)
    initialize(tmp_path / "ws", folder)
    assert find_workspace(tmp_path / "ws").ansible_project == folder


@pytest.mark.parametrize("existing", ["gitops-runbook.yaml", "notebooks/21-convert.ipynb"])
def test_an_existing_file_is_named_before_anything_is_written(tmp_path: Path, existing: str) -> None:
    workspace = tmp_path / "ws"
    (workspace / existing).parent.mkdir(parents=True)
    (workspace / existing).write_text("mine")
    with pytest.raises(OutputRefused, match=existing):
        initialize(workspace, None)
    assert [path for path in workspace.rglob("*") if path.is_file()] == [workspace / existing]
    assert (workspace / existing).read_text() == "mine"


def test_what_was_written_before_a_failure_is_taken_away_again(tmp_path: Path, notebooks: Path) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "notebooks").write_text("a file in the way")
    with pytest.raises(OutputRefused):
        initialize(tmp_path / "ws", None)
    assert [path.name for path in (tmp_path / "ws").iterdir()] == ["notebooks"]
    assert notebooks.is_dir()


def test_a_project_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        initialize(tmp_path / "ws", tmp_path / "none")
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize(
    ("name", "playbook", "environments"),
    [
        ("real/ansible_homelab_kubernetes", "playbooks/site.yml", {"production"}),
        ("real/ansible-collection-azimuth-ops", "playbooks/deploy.yml", {"production"}),
        ("prototypes/project", "site.yml", {"staging", "production"}),
    ],
)
def test_real_projects_give_a_workspace(tmp_path: Path, name: str, playbook: str, environments: set[str]) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip("the projects beside the checkout are not here")
    shutil.copytree(SHARED / name, tmp_path / "project", ignore=shutil.ignore_patterns(".git"))
    initialize(tmp_path / "ws", tmp_path / "project")
    workspace = find_workspace(tmp_path / "ws")
    assert workspace.configuration.ansible.playbook == playbook
    assert (workspace.ansible_project / playbook).is_file()
    assert set(workspace.configuration.environments) == environments
    for environment in workspace.configuration.environments.values():
        assert all((workspace.ansible_project / path).exists() for path in environment.inventory)
