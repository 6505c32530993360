"""The operations of an earlier state of the project: of a commit, which is compiled anew, or of a catalogue's file."""

import subprocess
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from handler.contract.catalog import Catalog
from handler.contract.catalog_lines import CatalogError
from handler.contract.operation import Operation
from queryport.console.failure import CommandError
from queryport.postgres.temporary import temporary_folder
from queryport.project.workspace import Workspace


class EarlierError(CommandError):
    """The earlier state cannot be read, or does not compile."""


def earlier_operations(workspace: Workspace, root: Path, reference: str) -> Mapping[str, Operation]:
    """Return the operations of a catalogue's file, or else of a commit that git knows by the reference, by their names.

    A commit is compiled against a database of its own migrations. Raises EarlierError.
    """
    if Path(reference).is_file():
        return _of_file(Path(reference))
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if commit is None:
        raise EarlierError(f"{reference} is neither a file nor a commit that git knows here: fetch it, or name another")
    archive = _git(root, "archive", "--format=tar", commit.decode().strip())
    if archive is None:
        raise EarlierError(f"git cannot read the files of {reference} (it may lack them: fetch more of the history)")
    with temporary_folder("queryport-against-") as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            # Python 3.11.2 knows no filters and passes over it; what is unpacked is the project's own.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(folder)  # noqa: S202 (by the filter)
        return _of_folder(workspace, folder, reference)


def _of_file(path: Path) -> Mapping[str, Operation]:
    try:
        catalog = Catalog(path)
        operations = [
            catalog.operation(name)._replace(documentation=catalog.documentation(name)) for name in catalog.names
        ]
    except CatalogError as error:
        raise EarlierError(str(error)) from None
    return {operation.name: operation for operation in operations if not operation.name.startswith("queryport.")}


def _of_folder(workspace: Workspace, folder: Path, reference: str) -> Mapping[str, Operation]:
    compilation = workspace.beside(folder).build().compilation
    if not compilation.ok:
        first = next(iter(compilation.problems))
        raise EarlierError(
            f"{reference} does not compile ({first.code} {first.message}): compare with another commit, "
            "or with the catalog.json that was built of it"
        )
    return {operation.name: operation for operation in compilation.operations}


def _git(root: Path, *arguments: str) -> bytes | None:
    """The output of a git command in the project's folder; None where it fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)  # noqa: S603, S607 (git)
    except OSError as error:
        raise EarlierError(f"git cannot be run ({error.strerror}): install it, or name a file") from None
    return done.stdout if done.returncode == 0 else None
