"""The files of a project as they were read before, so that only changed ones are read again.

The system tells whether a file is still the same: its place on the disk, its size, and the times of its last changes.
What a command leaves to the next one is that and a digest of each text; the text of a file that is the same is read
when it is asked for.
"""

import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from queryport.authored import SETTINGS, read_authored
from queryport.compile.read.stamps import Stamp, read_stamps, settled_ns, write_stamps
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
            text = read_authored(self._file, SETTINGS).decode("utf-8-sig")
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
        self._is_left = True
        """Whether each stamp of a file that was read is left already."""

    def begin(self) -> int:
        """Begin another reading; what that one does not come by is forgotten.

        The stamps for it are those of the time that is returned.
        """
        self._before, self._now = self._now, {}
        return settled_ns()

    def look(self, path: str, stamp: Stamp, shown: Path, name: str) -> Source | None:
        """Return a file as it was read before, if it had the same stamp.

        `shown` is the shown path of the file's folder.
        """
        kept = self._before.get(path)
        if kept is not None and kept[0] == stamp and kept[1] == shown:
            self._now[path] = kept
            return kept[2]
        digest = self._left.get(stamp)
        if digest is None:
            return None
        source = UnreadSource(path, shown, name, digest.hex())
        self._now[path] = stamp, shown, source
        return source

    def keep(self, path: str, stamp: Stamp, shown: Path, source: Source) -> None:
        """Keep what a file was read as; the stamp is from before that."""
        self._now[path] = stamp, shown, source
        self._is_left = False

    def write(self) -> None:
        """Leave the last reading to the next command, unless that is there already."""
        if self._kept_in is None:
            return
        sources = {stamp: source for stamp, _, source in self._now.values()}
        if self._is_left and len(sources) == len(self._left):
            return
        self._is_left = True
        self._left = {stamp: bytes.fromhex(source.digest) for stamp, source in sources.items()}
        with suppress(OSError):  # a full disk, or a folder of another user's: the next command reads all files
            write_stamps(self._kept_in, self._left)
