"""Git: what is committed, what is not, and three-way merges of texts. Only looks; nothing here changes a work tree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.clients.command import Command, run
from gitops_runbook.clients.private_folder import private_folder
from gitops_runbook.errors import ToolMissing, UnreadableInput

try:
    import git
except ImportError as error:  # GitPython looks for the program when it is imported
    raise ToolMissing("git", "the program is not on PATH", "install git 2.30 or newer") from error

_CONFLICTS = range(128)
"""``git merge-file`` answers with the number of conflicts, at most 127; more is an error."""


@dataclass(frozen=True)
class WorkTree:
    """A git work tree.

    Attributes:
        folder: its top folder.
    """

    folder: Path

    def head(self) -> str:
        """The commit that is checked out, 40 hex digits; empty before the first commit.

        Raises:
            UnreadableInput: git cannot read the repository.
        """
        try:
            with git.Repo(self.folder) as repository:
                return repository.head.commit.hexsha if repository.head.is_valid() else ""
        except (git.GitError, ValueError, OSError) as error:
            raise _unreadable(self.folder, error) from error

    def uncommitted(self, under: Path) -> list[str]:
        """What would be lost below a folder: changed, staged, untracked and ignored files, POSIX paths relative to it.

        Raises:
            UnreadableInput: git cannot read the repository, or the folder is outside it.
        """
        # -z: paths unquoted, one record per NUL; no renames: one path per record.
        options = ("--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored")
        try:
            with git.Repo(self.folder) as repository:
                status = str(repository.git.status(*options, "--", str(under.resolve())))
        except (git.GitError, OSError) as error:
            raise _unreadable(self.folder, error) from error
        changed = (self.folder / record[3:] for record in status.split("\0") if record)
        return sorted(path.relative_to(under.resolve()).as_posix() for path in changed)


def work_tree_of(folder: Path) -> WorkTree | None:
    """The work tree a folder lies in, or None; the folder need not exist yet.

    Raises:
        UnreadableInput: there is a repository and git cannot read it.
    """
    existing = next(place for place in (folder.resolve(), *folder.resolve().parents) if place.is_dir())
    try:
        with git.Repo(existing, search_parent_directories=True) as repository:
            return None if repository.working_tree_dir is None else WorkTree(Path(repository.working_tree_dir))
    except git.InvalidGitRepositoryError:
        return None
    except (git.GitError, OSError) as error:
        raise _unreadable(existing, error) from error


def merge_file(current: str, base: str, other: str) -> tuple[str, bool]:
    """Merge two texts that were made from one: the merged text, and whether there were conflicts.

    Args:
        current: the text as it stands, with edits by hand.
        base: what both came from.
        other: the newly generated text.

    Returns:
        The text, with conflict markers when the second value is true.

    Raises:
        CommandFailed: git cannot merge them, e.g. because one is binary.
        ToolMissing: there is no git.
    """
    with private_folder() as folder:
        texts = {"current": current, "base": base, "other": other}
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        labels = ("-L", "edited by hand", "-L", "generated before", "-L", "generated now")
        argv = ("git", "merge-file", "--stdout", *labels, *texts)
        completed = run(Command(argv, cwd=folder, accepted=_CONFLICTS))
    return completed.stdout, completed.exit_code > 0


def _unreadable(folder: Path, error: Exception) -> UnreadableInput:
    said = " ".join(str(error).split()) or type(error).__name__
    return UnreadableInput(
        str(folder), f"git cannot read this repository: {said}", f"see what `git -C {folder} status` says"
    )
