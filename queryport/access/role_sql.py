"""A role of the least privileges as SQL: what it has is revoked, and what it needs is granted."""

from collections.abc import Iterator

from queryport.access.privileges import Needs, Privilege
from queryport.compile.write.names import quoted


def literal(text: str) -> str:
    """Quote a text as PostgreSQL's string literal."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def grants(role: str, needs: Needs) -> str:
    """Write the statements that bring the role from any state to the one that is asked for."""
    name = quoted(role)
    lines = [
        "DO $$ BEGIN",
        f"  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(role)}) THEN",
        f"    CREATE ROLE {name};",
        "  END IF;",
        # Roles belong to the whole server: a script for another database of it may make it in this very moment.
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;",
        "END $$;",
        "",
    ]
    for schema in (each.name for each in needs.privileges if each.kind == "schema"):
        kinds = ("TABLES", "SEQUENCES", "ROUTINES")
        lines += [f"REVOKE ALL ON ALL {objects} IN SCHEMA {schema} FROM {name};" for objects in kinds]
    lines += ["", *_granted(name, needs)]
    lines += ["", *(f"-- {line}" for line in needs.unseen)] if needs.unseen else []
    return "\n".join(lines) + "\n"


def _granted(name: str, needs: Needs) -> Iterator[str]:
    for each in needs.privileges:
        yield _grant(each, name)


def _grant(privilege: Privilege, name: str) -> str:
    columns = f" ({', '.join(privilege.columns)})" if privilege.columns else ""
    match privilege.kind:
        case "database":
            # Its name is another one in every stage.
            temporary = f"GRANT {privilege.verb} ON DATABASE %I TO {name}"
            return f"DO $$ BEGIN EXECUTE format({literal(temporary)}, current_database()); END $$;"
        case "table":
            return f"GRANT {privilege.verb}{columns} ON {privilege.name} TO {name};"
        case "function":
            return f"GRANT {privilege.verb} ON ROUTINE {privilege.name} TO {name};"
        case kind:
            return f"GRANT {privilege.verb} ON {kind.upper()} {privilege.name} TO {name};"
