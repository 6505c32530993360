"""The files that a server reads when it starts: who may connect, and which extensions need no superuser."""

from pathlib import Path

from queryport.postgres.account import Account, PostgresError
from queryport.postgres.programs import Programs

_TRUSTED = "autoinc bloom earthdistance insert_username intagg moddatetime refint vector"
"""Extensions that do not reach beyond their database, and that PostgreSQL leaves to superusers all the same."""

# As the account, in whose folder a link may stand in a file's place; at one go, for to become another user takes time.
# By the shell alone: a program for each extension would take a fifth of it.
_WRITE = """
set -e
umask 077
printf %s "$2" >"$1/pg_hba.conf"
printf %s "$3" >"$1/pg_ident.conf"
mkdir -p "$5"
for name in $6; do
  [ -f "$4/$name.control" ] || continue
  {
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in directory*) ;; *) printf '%s\\n' "$line" ;; esac
    done
    echo "directory = '$4'"
    echo "trusted = true"
  } <"$4/$name.control" >"$5/$name.control"
done
"""


def write_configuration(programs: Programs, account: Account, data: Path, trusted: Path) -> None:
    """Write the files of access control into a data directory, and control files of extensions below `trusted`.

    By these, others than superusers may make the extensions, as on Aurora. Raises PostgresError.
    """
    rules = "local all all peer map=queryport\n"
    peers = "".join(f'queryport "{name}" all\n' for name in account.peers)
    shipped = programs.root / "share" / "extension"
    words = (str(data), rules, peers, str(shipped), str(trusted / "extension"), _TRUSTED)
    done = account.run("/bin/sh", "-c", _WRITE, "sh", *words)
    if done.returncode != 0:
        raise PostgresError(f"PostgreSQL's configuration could not be written: {done.stderr.strip()}")
