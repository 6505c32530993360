"""Reports where `rls: true` promises more than policies keep: tables without them, and ways around them."""

from collections.abc import Sequence

from queryport.compile.analysis.database.objects import Relation
from queryport.compile.describe.typed_statement import TypedStatement


def check_protection(statements: Sequence[TypedStatement]) -> None:
    """Report the tables, views and functions of an operation's statements for which policies do not hold."""
    front_matter = statements[0].file.front_matter
    if not front_matter.rls:
        return
    tables: list[Relation] = []
    can_be_told = True
    for statement in statements:
        found = statement.analysis.protection()
        if found is None:
            can_be_told = False
            continue
        can_be_told = can_be_told and not found.hidden
        own = [table for table in found.tables.values() if not table.temporary]
        tables += own
        for table in own:
            _check_table(statement, table)
        for kind, name, table_name in sorted(found.detours, key=str):
            whose = f"the policies of `{table_name}` do" if table_name else "policies do"
            unknown = "" if table_name else ", and what it reads cannot be told"
            message = f"the {kind} `{name}` reads as its owner, for whom {whose} not hold{unknown}"
            invoker = (
                "ALTER VIEW … SET (security_invoker = true)" if kind == "view" else "ALTER FUNCTION … SECURITY INVOKER"
            )
            _report(statement, message, f"write `{invoker}`, or give it an owner for whom they hold, or silence QP705")
    if tables and can_be_told and not any(table.secured or table.policy_count for table in tables):
        names = ", ".join(f"`{name}`" for name in sorted({table.name for table in tables}))
        message = f"`rls` decides nothing: row-level security is off for {names}"
        _report(statements[0], message, "write ALTER TABLE … ENABLE ROW LEVEL SECURITY and policies, or delete `rls`")


def _check_table(statement: TypedStatement, table: Relation) -> None:
    if table.policy_count and not table.secured:
        message = f"`{table.name}` has policies, and its row-level security is off"
        _report(statement, message, f"write `ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY` in a migration")
    if table.secured and not table.policy_count:
        message = f"`{table.name}` has row-level security and no policy: no row of it is seen, and none is taken"
        _report(statement, message, f"write a policy, `CREATE POLICY … ON {table.name}`, in a migration")


def _report(statement: TypedStatement, message: str, cure: str) -> None:
    statement.file.reporter.report("QP705", statement.start, message, cure)
