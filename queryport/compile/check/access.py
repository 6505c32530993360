"""Checks `allow`, `hidden`, `http: off`, `from`, `rls` and `role`: who may call an operation, and as whom it runs."""

import re
from collections.abc import Mapping, Sequence

from handler.contract import rights
from handler.contract.operation import Access, Parameter, RowSecurity
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.folder import FOLDER_FILE

SOURCES = ("iam.arn", "iam.account", "iam.user_id", "key.name", "caller.id")
_CLAIM = re.compile(r"claims(?:\.[^.\s]+)+")
_NO_ROLES = ("none", "default", "public", "current_role", "current_user", "session_user")
"""Words by which PostgreSQL means another role than one of that name, or none."""
_LONGEST_ROLE = 63
_SOURCE_CURE = f"write `claims.NAME`, or one of {', '.join(SOURCES)}"


def check_access(file: QueryFile) -> Access:
    """Return the rights of an operation, after a report of each rule that is none."""
    front_matter, header = file.front_matter, file.header
    for index, rule in enumerate(front_matter.allow or ()):
        try:
            rights.parse(rule)
        except rights.RightsError as error:
            message, _, cure = str(error).partition(": ")
            file.reporter.report("QP701", header.value("allow", index), message, cure or "see docs/callers.md")
    allow = rights.DEFAULT if front_matter.allow is None else tuple(front_matter.allow)
    return Access(allow, front_matter.hidden, front_matter.http != "off")


def check_sources(file: QueryFile, names: Mapping[str, object]) -> None:
    """Report parameters that cannot come from the caller as they are to."""
    report, header = file.reporter.report, file.header
    for name in names:
        entry = file.front_matter.parameter(name)
        if entry.from_ is None:
            continue
        if entry.from_ not in SOURCES and not _CLAIM.fullmatch(entry.from_):
            message = f"`{entry.from_}` is nothing that a caller has"
            report("QP702", header.value("params", name, "from"), message, _SOURCE_CURE)
        if entry.has_default:
            message = f"`:{name}` comes from the caller, and a default would stand for every caller without it"
            report("QP702", header.key("params", name, "default"), message, "delete `default`, or `from`")
        bound_by = header.key("params", name, "from").source
        for key in ("optional", "nullable"):
            if getattr(entry, key) and header.key("params", name, key).source != bound_by:
                message = f"`:{name}` comes from the caller, and `{key}` would let in every caller without it"
                cure = f"delete `{key}`; where that is meant, write `from: {entry.from_}` beside it"
                report("QP702", header.key("params", name, key), message, cure)
        if f"{{{name}}}" in header.prefix + (file.front_matter.http or ""):
            message = f"`:{name}` comes from the caller, and the route has `{{{name}}}`"
            report("QP702", header.value("params", name, "from"), message, "take it out of the path, or delete `from`")


def check_tenants(statement: TypedStatement) -> None:
    """Report tables with a column that a folder binds to the caller, where the statement does not bind it."""
    file = statement.file
    relations = statement.analysis.relations or ()
    secured = {relation.oid for relation in relations if relation.policies}
    for name, entry in file.front_matter.params.items():
        span = file.header.key("params", name)
        if entry is None or entry.from_ is None or span.source is None or name in statement.inference.by_name:
            continue
        for relation in relations:
            columns = file.database.relations.attributes(relation.oid).values()
            if any(column.name == name for column in columns) and not (
                file.front_matter.rls and relation.oid in secured
            ):
                message = f"`{relation.name}` has the column `{name}`, and the statement does not bind `:{name}`"
                cure = f"compare it with `:{name}`, which {FOLDER_FILE} takes from the caller, or silence QP704"
                file.reporter.report("QP704", statement.start, message, cure)


def check_row_security(file: QueryFile) -> RowSecurity | None:
    """Return the settings for the database's policies, after a report of a role that cannot be taken."""
    front_matter, header = file.front_matter, file.header
    if not front_matter.rls and front_matter.role is None:
        return None
    role, roles = front_matter.role, tuple(front_matter.roles)
    written = [] if role is None else [(header.value("role"), role)]
    written += [(header.value("roles", number), name) for number, name in enumerate(roles)]
    for span, name in written:
        if not name or name.lower() in _NO_ROLES or len(name.encode()) > _LONGEST_ROLE:
            message = f"`{name}` is the name of no role that an operation can take"
            file.reporter.report("QP703", span, message, "write the name of a database role, or delete `role`")
    if role is not None and role.startswith("claims.") and not roles:
        message = "a claim may name any role that the function's database user is a member of"
        report = file.reporter.report
        report("QP703", header.value("role"), message, "list the roles that it may name: `roles: [reader, editor]`")
    if roles and (role is None or not role.startswith("claims.")):
        message = "`roles` are those that a claim may name, and `role` is no claim"
        file.reporter.report("QP703", header.key("roles"), message, "write `role: claims.NAME`, or delete `roles`")
    return RowSecurity(role, roles)


def private_because(access: Access, row_security: RowSecurity | None, parameters: Sequence[Parameter]) -> str | None:
    """Say why an answer depends on its caller; None where it is the same for all."""
    if "anyone" not in access.allow:
        return f"`allow` is {', '.join(access.allow)}"
    if row_security is not None:
        return "the database's policies see the caller"
    return next((f"`:{each.name}` comes from the caller" for each in parameters if each.source is not None), None)
