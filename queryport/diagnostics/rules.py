"""The rules for query files and migrations: the code of each, the severity of a breach, and a title.

docs/errors.md has a section for each code, and a test asserts that. Codes are public: they are never reused, and their
first digit groups them (0 the file, 1 placeholders and parameters, 2 the statement, 3 the result, 4 routes and pages,
5 transactions, idempotency keys and batches, 6 migrations and seeds, 7 callers, 8 changes that break callers).
"""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    ERROR = "error"  # the operation is left out
    WARNING = "warning"  # the operation works


class DiagnosticRule(NamedTuple):
    code: str
    severity: Severity
    title: str


def _table(*rows: tuple[str, Severity, str]) -> dict[str, DiagnosticRule]:
    return {code: DiagnosticRule(code, severity, title) for code, severity, title in rows}


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

RULES = _table(
    ("QP001", _ERROR, "the file holds no statement"),
    ("QP002", _ERROR, "the file is not UTF-8 text"),
    ("QP003", _ERROR, "the front matter is not valid YAML"),
    ("QP004", _ERROR, "unknown key in the front matter"),
    ("QP005", _ERROR, "a front-matter key has a value that it cannot take"),
    ("QP006", _ERROR, "the path does not make an operation name"),
    ("QP007", _ERROR, "two files make one operation name"),
    ("QP008", _ERROR, "an operation name that is Queryport's own"),
    ("QP009", _ERROR, "the file cannot be read"),
    ("QP010", _ERROR, "Queryport fails on the file"),
    ("QP011", _WARNING, "a file that looks like a query file and is passed over"),
    ("QP012", _WARNING, "front matter where it is not read"),
    ("QP101", _ERROR, "the type of a placeholder cannot be inferred"),
    ("QP102", _ERROR, "occurrences of a placeholder have different types"),
    ("QP103", _ERROR, "an entry under params has no placeholder"),
    ("QP104", _ERROR, "not a valid placeholder name"),
    ("QP105", _ERROR, "a placeholder inside a string"),
    ("QP106", _ERROR, "an array slice that the RDS Data API would misread"),
    ("QP107", _ERROR, "a positional parameter in the text"),
    ("QP108", _ERROR, "the type of a parameter does not exist"),
    ("QP109", _ERROR, "the schema of a parameter does not fit"),
    ("QP110", _ERROR, "the name of a parameter is reserved"),
    ("QP111", _WARNING, "a pattern that refuses long texts"),
    ("QP112", _WARNING, "IN with one placeholder"),
    ("QP113", _WARNING, "a placeholder that is a string's text"),
    ("QP114", _ERROR, "a parameter that nothing can be left out for"),
    ("QP201", _ERROR, "a syntax error"),
    ("QP202", _ERROR, "PostgreSQL refuses the statement"),
    ("QP204", _ERROR, "COPY"),
    ("QP205", _ERROR, "LISTEN and UNLISTEN"),
    ("QP206", _ERROR, "transaction control"),
    ("QP207", _ERROR, "a statement that only changes its session"),
    ("QP208", _ERROR, "a statement whose rows cannot be rendered"),
    ("QP209", _ERROR, "a repeated placeholder that GROUP BY takes for two"),
    ("QP210", _ERROR, "UPDATE or DELETE without WHERE"),
    ("QP211", _ERROR, "the statement is too long for the RDS Data API"),
    ("QP212", _ERROR, "a rule of the table keeps the rows from being rendered"),
    ("QP213", _ERROR, "the statement is nested too deeply"),
    ("QP214", _WARNING, "ORDER BY a placeholder"),
    ("QP215", _WARNING, "a change that optional filters alone hold back"),
    ("QP301", _ERROR, "a result kind that the statement cannot give"),
    ("QP302", _ERROR, "two output columns with one name"),
    ("QP303", _ERROR, "an output column without a name"),
    ("QP304", _WARNING, "SELECT * lets the table decide the contract"),
    ("QP305", _WARNING, "a column called as another, without AS"),
    ("QP306", _ERROR, "an entry under errors that is no constraint's"),
    ("QP307", _ERROR, "an entry under errors that cannot be told"),
    ("QP308", _WARNING, "an entry under errors that never applies"),
    ("QP401", _ERROR, "the route is not valid"),
    ("QP402", _ERROR, "a route parameter that is no placeholder"),
    ("QP403", _ERROR, "GET on a write"),
    ("QP404", _ERROR, "a route parameter that does not fit into a path"),
    ("QP405", _ERROR, "two operations with one route"),
    ("QP406", _ERROR, "pages that the statement cannot give"),
    ("QP407", _WARNING, "page keys that may not be unique"),
    ("QP408", _WARNING, "GET on a function that may write"),
    ("QP409", _WARNING, "a segment of a path that looks like a parameter"),
    ("QP410", _WARNING, "pages of a query with a LIMIT of its own"),
    ("QP411", _ERROR, "a list that the statement cannot give"),
    ("QP412", _ERROR, "a column that callers cannot sort or filter by"),
    ("QP420", _ERROR, "a status that the operation cannot have"),
    ("QP421", _ERROR, "a location that the answered row does not give"),
    ("QP422", _ERROR, "a cache that the operation cannot have"),
    ("QP423", _ERROR, "an entity tag that the statement does not give"),
    ("QP424", _ERROR, "a body that the route cannot take"),
    ("QP425", _ERROR, "a format that the answer cannot have"),
    ("QP426", _WARNING, "an entity tag that a change leaves as it is"),
    ("QP501", _ERROR, "a mark that no statement can have"),
    ("QP502", _ERROR, "a row reference that fits no row"),
    ("QP503", _ERROR, "an idempotency key where none can be kept"),
    ("QP504", _ERROR, "a batch that the file cannot be"),
    ("QP601", _ERROR, "a mark of another migration tool"),
    ("QP602", _ERROR, "a transaction mark that has no effect"),
    ("QP603", _ERROR, "an index that is not there after its statement"),
    ("QP604", _ERROR, "a statement whose outcome cannot be told"),
    ("QP701", _ERROR, "a rule of `allow` that is none"),
    ("QP702", _ERROR, "a parameter that cannot come from the caller so"),
    ("QP703", _ERROR, "row-level security that the statement cannot have"),
    ("QP704", _WARNING, "a table of tenants without the tenant"),
    ("QP705", _WARNING, "row-level security that does not hold"),
    ("QP706", _WARNING, "a database role for which no policy holds"),
    ("QP801", _ERROR, "an operation that callers had"),
    ("QP802", _ERROR, "a route that callers had"),
    ("QP803", _ERROR, "parameters that are not taken any more"),
    ("QP804", _ERROR, "an answer of another form"),
    ("QP805", _ERROR, "callers that are not let in any more"),
    ("QP806", _ERROR, "repetitions that are not taken any more"),
    ("QP807", _ERROR, "another status, header or failure"),
    ("QP808", _ERROR, "another meaning of the same call"),
)
