"""Finds the front matter of a query file: a block of `--` comment lines in front of the statement, which is YAML.

Without front matter the first block of prose is the operation's description. Knows nothing of SQL.
"""

from queryport.compile.read.comment_blocks import CommentBlock, following_blocks, leading_blocks
from queryport.compile.read.front_matter import FrontMatter
from queryport.compile.read.header import NO_FRONT_MATTER, Header
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span


def read_header(reporter: Reporter) -> Header:
    """Read the front matter; where it has errors, the Header holds the front matter of a file without any."""
    source = reporter.source
    blocks = list(leading_blocks(source))
    chosen = next((block for block in blocks if block.is_dashed and block.has_known_key(source)), None)
    chosen = chosen or next((block for block in blocks if block.may_be_front_matter(source)), None)
    for block in blocks:
        if block is not chosen:
            _report_displaced(reporter, block)
    if chosen is None:
        prose = next((block for block in blocks if block.is_dashed), None)
        if prose is None:
            return Header(NO_FRONT_MATTER, 0)
        written = {"description": prose.prose(source)}
        return Header(FrontMatter.model_validate(written), prose.end, written=written)
    return _read(reporter, chosen)


def check_following_comments(reporter: Reporter, comments: tuple[Span, ...]) -> None:
    """Report front matter that stands among the statements or behind them, where it is not read."""
    for block in following_blocks(reporter.source, comments):
        _report_displaced(reporter, block)


def _report_displaced(reporter: Reporter, block: CommentBlock) -> None:
    if not block.has_known_key(reporter.source):
        return
    aside = Reporter(reporter.source)
    _read(aside, block)
    if not aside.errors:  # else it is prose that happens to have such a word
        at = next(line for line in block.lines if reporter.source.text[line.start : line.end].strip())
        message = "front matter stands here, where it is not read"
        reporter.report("QP012", at, message, "write it as one block of `--` lines in front of the statement")


def _read(reporter: Reporter, block: CommentBlock) -> Header:
    # Here, since what reads YAML takes longer to import than a file without any takes to compile.
    from queryport.compile.read.front_matter_yaml import read_front_matter

    return read_front_matter(reporter, block)
