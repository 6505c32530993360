"""A digest of what a statement's compilation can see of a server rather than of its database.

These are the roles with their attributes, settings and memberships, the tablespaces, who may set which parameter, the
settings, and the server's version. Databases are left out: no name of one is looked up where a statement is prepared,
and commands make and drop them all the while. Settings of one database count where that database is digested.
"""

import hashlib
from typing import Any

import psycopg

# By their names, so that servers with the same roles are alike. `reset_val` is what a session begins with.
_SERVER = """
SELECT 'version', version()
UNION ALL
SELECT 'role', (to_jsonb(r) - 'oid')::text FROM pg_roles r
UNION ALL
SELECT 'member', jsonb_build_array(
    pg_get_userbyid(roleid), pg_get_userbyid(member), pg_get_userbyid(grantor),
    admin_option, inherit_option, set_option)::text
FROM pg_auth_members
UNION ALL
SELECT 'settings of all roles', setconfig::text FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = 0
UNION ALL
SELECT 'tablespace', jsonb_build_array(spcname, pg_get_userbyid(spcowner), spcacl::text, spcoptions)::text
FROM pg_tablespace
UNION ALL
SELECT 'parameter', jsonb_build_array(parname, paracl::text)::text FROM pg_parameter_acl
UNION ALL
SELECT 'setting', jsonb_build_array(name, reset_val)::text FROM pg_settings
WHERE (context IN ('user', 'superuser', 'backend', 'superuser-backend') OR name = 'shared_preload_libraries')
  AND source <> 'default' AND name <> 'application_name'
"""


def server_digest(connection: psycopg.Connection[Any]) -> str:
    """Return a digest of the connection's server. Raises psycopg.OperationalError if it does not answer."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog")
        rows = connection.execute(_SERVER).fetchall()
    return hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()
