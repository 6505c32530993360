"""The form of an earlier call's answer, whose operation may have had other columns then.

The rows that were kept with the idempotency key are answered as they are. What is made of their columns goes by the
names that stand in them, and is left out where a column is not there.
"""

from handler.contract.operation import Response, Result
from handler.contract.routes import parameters_in
from handler.engine.invocation import Answer
from handler.http.formats import JSON, Format
from handler.http.json_members import member_names


def of_replay(form: Response, format_: Format, answer: Answer) -> tuple[Response, Format]:
    """Return what of the operation's form an earlier answer has, and the format that it can be written in."""
    if answer.result is Result.VALUE:
        return form, JSON if format_.is_bytes and not answer.json_rows[0].startswith('"\\\\x') else format_
    if not answer.json_rows:
        return form._replace(location=None), format_
    columns = tuple(member_names(answer.json_rows[0]))
    has_place = form.location is not None and set(columns).issuperset(parameters_in(form.location))
    location = form.location if has_place else None
    etag = form.etag if form.etag in columns else None
    return form._replace(columns=columns, flat=False, etag=etag, location=location), format_
