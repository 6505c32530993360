"""The files of a project as they were read before, so that only changed ones are read again.

The system tells whether a file is still the same: its place on the disk, its size, and the times of its last changes.
What a command leaves to the next one is that and a digest of each text; the text of a file that is the same is read
when it is asked for.
"""

import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from queryport.compile.read.stamps import Stamp, read_stamps, settled_ns, stamp_of, write_stamps
from queryport.console.failure import CommandError
from queryport.diagnostics.source import Source


class ChangedMeanwhileError(CommandError):
    """A file is not what it was when the command began."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was changed while the command ran: run it again")


class UnreadSource(Source):
    """A query file whose text has a known digest, and is read when it is asked for.

    Reading `text` raises ChangedMeanwhileError for a file that is not the same any more.
    """

    _file: str
    _folder: Path
    _name: str

    def __init__(self, file: str, folder: Path, name: str, digest: str) -> None:
        """`folder` is as it is shown."""
        # The class is frozen, and its fields are the properties below.
        members = self.__dict__
        members["_file"] = file
        members["_folder"] = folder
        members["_name"] = name
        members["digest"] = digest

    @cached_property
    def path(self) -> Path:
        return shown_file(self._folder, self._name)

    @cached_property
    def text(self) -> str:
        try:
            text = Path(self._file).read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise ChangedMeanwhileError(self.path) from None
        if Source(self.path, text).digest != self.digest:
            raise ChangedMeanwhileError(self.path)
        return text


def shown_file(folder: Path, name: str) -> Path:
    """Return the path of a file as it is shown, in a folder as that is shown."""
    # A name may hold bytes that are not UTF-8, which no terminal takes.
    return folder / os.fsencode(name).decode(errors="replace")


_Kept = tuple[Stamp, Path, Source]
"""A file that was read: its stamp, the path by which its folder is shown, and its text."""


class EarlierReading:
    """The files of the last reading, and of the one that is under way."""

    def __init__(self, kept_in: Path | None = None) -> None:
        """`kept_in` is a file with what an earlier command left, for `write` to bring up to date."""
        self._kept_in = kept_in
        self._left = {} if kept_in is None else read_stamps(kept_in)
        self._before: dict[str, _Kept] = {}
        self._now: dict[str, _Kept] = {}
        self._settled = settled_ns()

    def begin(self) -> None:
        """Begin another reading; what that one does not come by is forgotten."""
        self._before, self._now = self._now, {}
        self._settled = settled_ns()

    def look(self, path: str, shown: Path, name: str) -> tuple[Stamp | None, Source | None]:
        """Return the stamp of a file, and the file as it was read before, if it has the same stamp.

        There is no stamp where a change after the beginning of this reading might not show in it. `shown` is the shown
        path of the file's folder.
        """
        stamp = stamp_of(path, self._settled)
        if stamp is None:
            return None, None
        kept = self._before.get(path)
        if kept is not None and kept[0] == stamp and kept[1] == shown:
            self._now[path] = kept
            return stamp, kept[2]
        digest = self._left.get(stamp)
        if digest is None:
            return stamp, None
        source = UnreadSource(path, shown, name, digest)
        self._now[path] = stamp, shown, source
        return stamp, source

    def keep(self, path: str, stamp: Stamp | None, shown: Path, source: Source) -> None:
        """Keep what a file was read as; the stamp is from before that."""
        if stamp is not None:
            self._now[path] = stamp, shown, source

    def write(self) -> None:
        """Leave the last reading to the next command, unless that is there already."""
        if self._kept_in is None:
            return
        stamps = {stamp: source.digest for stamp, _, source in self._now.values()}
        if stamps == self._left:
            return
        self._left = stamps
        with suppress(OSError):  # a full disk, or a folder of another user's: the next command reads all files
            write_stamps(self._kept_in, stamps)
