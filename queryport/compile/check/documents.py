"""The schemas of JSON parameters that a statement takes apart into rows: `jsonb_to_recordset(:rows) AS r(…)`."""

from collections.abc import Sequence

from queryport.compile.analysis.documents import DocumentForm
from queryport.compile.describe.database import Database
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.describe.types import Schema, nullable, parameter_schema


def document_schemas(statements: Sequence[TypedStatement]) -> dict[str, Schema]:
    """Return the schemas by the names of the parameters.

    PostgreSQL passes over members that are no columns, and takes one that is missing for NULL.
    """
    schemas: dict[str, Schema] = {}
    for statement in statements:
        names = list(statement.given.values())
        for number, forms in statement.analysis.documents.items():
            name = statement.given.get(number)
            if name is None or names.count(name) > 1:  # it stands with another type too
                continue
            for form in forms:
                schema = _schema(statement.file.database, form)
                schemas[name] = schema if name not in schemas else _both(schemas[name], schema)
    return schemas


def _schema(database: Database, form: DocumentForm) -> Schema:
    columns = form.columns
    if form.composite:
        fields = database.relations.attributes(database.types.base(form.composite).relation_oid).values()
        columns = tuple((field.name, field.type_oid) for field in fields)
    members = {name: _member(database, oid) for name, oid in columns}
    schema: Schema = {"type": "object", "properties": members}
    return {"type": "array", "items": schema} if form.is_array else schema


def _member(database: Database, oid: int) -> Schema:
    """The schema of a column's value; only what PostgreSQL reads from JSON as it reads a parameter."""
    row = database.types.base(oid)
    if row.element_oid:
        element = _member(database, row.element_oid)
        if not element:
            return {"type": ["array", "null"]}
        # The declared dimensions bind no value. Of more than two the elements are PostgreSQL's to judge.
        deeper: Schema = {"type": "array", "items": {"anyOf": [element, {"type": "array"}]}}
        return nullable({"type": "array", "items": {"anyOf": [element, deeper]}})
    if row.kind == "c":
        fields = database.relations.attributes(row.relation_oid).values()
        members = {field.name: _member(database, field.type_oid) for field in fields}
        return nullable({"type": "object", "properties": members})
    if row.name in ("hstore", "int2vector", "oidvector"):
        return {"type": ["string", "null"]}
    return nullable(parameter_schema(database, oid))


def _both(one: Schema, other: Schema) -> Schema:
    """The schema of a document that is taken apart twice."""
    return one if one == other else {"allOf": [*one.get("allOf", [one]), other]}
