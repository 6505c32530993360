"""Reads `silence:` of a query file: warnings that its author has seen and answers for."""

from queryport.compile.read.header import Header
from queryport.diagnostics.near_names import did_you_mean
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.rules import RULES, Severity


def silence(reporter: Reporter, header: Header) -> None:
    """Silence the warnings that the front matter names; report codes that are none of a warning."""
    codes = header.front_matter.silence
    warnings = [code for code, rule in RULES.items() if rule.severity is Severity.WARNING]
    for index, code in enumerate(codes):
        if code not in warnings:
            message = f"`{code}` is an error" if code in RULES else f"there is no rule `{code}`"
            cure = did_you_mean(code, warnings, f"only warnings can be silenced: {', '.join(warnings)}")
            reporter.report("QP005", header.value("silence", index), message, cure)
    reporter.silence(codes)
