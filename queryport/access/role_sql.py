"""A role of the least privileges as SQL: what it was granted in a database is revoked, and what it needs is granted."""

from collections.abc import Iterator

from queryport.access.privileges import Needs, Privilege
from queryport.compile.write.names import quoted


def literal(text: str) -> str:
    """Quote a text as PostgreSQL's string literal."""
    escaped = text.replace("'", "''")
    # In a plain literal, a session without standard_conforming_strings would take a backslash for an escape.
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in text else f"'{escaped}'"


def grants(role: str, needs: Needs) -> str:
    """Write the statements that leave the role with these privileges alone, of those that are granted in a database.

    What else a role may be (its attributes, its memberships, the owner of something) is left as it is.
    """
    name = quoted(role)
    made = f"""BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(role)}) THEN
    CREATE ROLE {name};
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END"""  # Roles belong to the whole server: a script for another database of it may make it in this very moment.
    lines = [
        _block(made),
        "",
        "-- Everything that it was granted in this database, but for CONNECT. What it owns, its attributes and its",
        "-- memberships stay: queryport check --role tells of them.",
        _block(_REVOKED.format(role=literal(role), name=literal(f" FROM {name}"))),
        "",
        *_granted(name, needs),
    ]
    lines += ["", *(f"-- {line}" for line in needs.unseen)] if needs.unseen else []
    return "\n".join(lines) + "\n"


_REVOKED = """DECLARE
  revoke text;
BEGIN
  FOR revoke IN
    SELECT DISTINCT CASE d.classid
      WHEN 'pg_class'::regclass THEN (
        SELECT format('REVOKE ALL ON %s %s', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass)
        FROM pg_catalog.pg_class WHERE oid = d.objid)
      WHEN 'pg_proc'::regclass THEN format('REVOKE ALL ON ROUTINE %s', d.objid::regprocedure)
      WHEN 'pg_namespace'::regclass THEN format('REVOKE ALL ON SCHEMA %s', d.objid::regnamespace)
      WHEN 'pg_type'::regclass THEN format('REVOKE ALL ON TYPE %s', d.objid::regtype)
      WHEN 'pg_database'::regclass THEN format('REVOKE CREATE, TEMPORARY ON DATABASE %I', current_database())
      WHEN 'pg_largeobject'::regclass THEN format('REVOKE ALL ON LARGE OBJECT %s', d.objid)
      WHEN 'pg_language'::regclass THEN (
        SELECT format('REVOKE ALL ON LANGUAGE %I', lanname) FROM pg_catalog.pg_language WHERE oid = d.objid)
      WHEN 'pg_foreign_data_wrapper'::regclass THEN (
        SELECT format('REVOKE ALL ON FOREIGN DATA WRAPPER %I', fdwname)
        FROM pg_catalog.pg_foreign_data_wrapper WHERE oid = d.objid)
      WHEN 'pg_foreign_server'::regclass THEN (
        SELECT format('REVOKE ALL ON FOREIGN SERVER %I', srvname)
        FROM pg_catalog.pg_foreign_server WHERE oid = d.objid)
      WHEN 'pg_default_acl'::regclass THEN (
        SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s REVOKE ALL ON %s', pg_get_userbyid(defaclrole),
          'IN SCHEMA ' || nullif(defaclnamespace, 0)::regnamespace,
          CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES'
            WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END)
        FROM pg_catalog.pg_default_acl WHERE oid = d.objid)
    END
    FROM pg_catalog.pg_shdepend d
    JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid AND r.rolname = {role}
    JOIN pg_catalog.pg_database b ON b.datname = current_database()
    WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'a'
      AND (d.dbid = b.oid OR (d.classid = 'pg_database'::regclass AND d.objid = b.oid))
  LOOP
    BEGIN
      EXECUTE revoke || {name};
    EXCEPTION WHEN insufficient_privilege OR dependent_objects_still_exist THEN
      RAISE WARNING '%: %', SQLERRM, revoke;
    END;
  END LOOP;
END"""
"""By pg_shdepend, where PostgreSQL has every object whose privileges name a role."""


def _block(text: str) -> str:
    """Write a DO statement, in quotes that no name in it ends."""
    tags = ("$$", *(f"$role_{number}$" for number in range(len(text))))
    tag = next(each for each in tags if each not in text)
    return f"DO {tag} {text} {tag};"


def _granted(name: str, needs: Needs) -> Iterator[str]:
    for each in needs.privileges:
        yield _grant(each, name)


def _grant(privilege: Privilege, name: str) -> str:
    columns = f" ({', '.join(privilege.columns)})" if privilege.columns else ""
    match privilege.kind:
        case "database":
            # Its name is another one in every stage.
            temporary = f"GRANT {privilege.verb} ON DATABASE %I TO "
            return _block(f"BEGIN EXECUTE format({literal(temporary)}, current_database()) || {literal(name)}; END")
        case "table":
            return f"GRANT {privilege.verb}{columns} ON {privilege.name} TO {name};"
        case "function":
            return f"GRANT {privilege.verb} ON ROUTINE {privilege.name} TO {name};"
        case kind:
            return f"GRANT {privilege.verb} ON {kind.upper()} {privilege.name} TO {name};"
