"""A query file that has been read, with what the steps of its compilation have in common."""

from typing import NamedTuple

from queryport.compile.describe.database import Database
from queryport.compile.read.draft import Draft, Edit
from queryport.compile.read.front_matter import FrontMatter
from queryport.compile.read.header import Header
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Source


class QueryFile(NamedTuple):
    """A query file that has been read and scanned, and the database that it is compiled against."""

    database: Database
    reporter: Reporter
    header: Header
    scan: Scan
    """The whole file behind its front matter."""
    statements: tuple[Scan, ...]

    @property
    def source(self) -> Source:
        return self.reporter.source

    @property
    def front_matter(self) -> FrontMatter:
        return self.header.front_matter


def numbered(source: Source, scan: Scan) -> Draft:
    """Write a statement with `$n` for each occurrence of a placeholder, and without its comments."""
    return Draft(source, scan.span, number_edits(scan))


def number_edits(scan: Scan) -> list[Edit]:
    """Return the edits of `numbered`."""
    return [*(Edit(place.span, f"${place.number}") for place in scan.placeholders), *without_comments(scan)]


def without_comments(scan: Scan) -> list[Edit]:
    """Replace comments by spaces: the Data API may misread one, and one at the end would swallow what follows."""
    return [Edit(comment, " ") for comment in scan.comments]
