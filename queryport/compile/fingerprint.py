"""Tells one state of a project from another, in one string."""

import hashlib

from queryport.compile.write.encoded import EncodedOperations


def fingerprint(operations: EncodedOperations, migrations: str) -> str:
    """Return one string for all that calls need of the operations, with the schema they were compiled against.

    `migrations` is the checksum of the migrations. What stands before the hyphen is the schema's alone.
    """
    digest = hashlib.sha256(migrations.encode())
    for operation in operations.encoded:
        digest.update(operation.body)
    return f"{schema_fingerprint(migrations)}-{digest.hexdigest()[:32]}"


def schema_fingerprint(migrations: str) -> str:
    """Return the part of a fingerprint that a database has too: `queryport migrate --status` shows it."""
    return migrations[:16]
