"""As whom PostgreSQL runs, for every kind of user, and that it is left nothing of root's."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from queryport.postgres import account, programs, unprivileged
from queryport.postgres.account import PostgresError, current
from queryport.postgres.server import EmbeddedPostgres
from tests.support.projects import BOOKSHOP, run, write

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")

# Runs a server as whom the lines before make of root, and prints who one is to it.
_SERVE = """
import psycopg
from pathlib import Path
from queryport.postgres.server import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    with psycopg.connect(server.url()) as connection:
        print(connection.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user").fetchone())
"""

_WITHOUT_CAPABILITIES = """
import ctypes, os, sys
from queryport.postgres import unprivileged
libc = ctypes.CDLL(None)
unprivileged._lower_bounds(libc)
unprivileged._drop_capabilities(libc)
"""

_AS_USER = "import os, sys, psycopg, queryport.postgres.server; os.setgroups([]); os.setgid({uid}); os.setuid({uid})\n"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the servers that run as the same user."""
    return tmp_path_factory.mktemp("account") / "postgres"


def _status(server: EmbeddedPostgres) -> dict[str, str]:
    """What Linux says of one of the server's backends."""
    with psycopg.connect(server.url()) as connection:
        lines = Path(f"/proc/{connection.info.backend_pid}/status").read_text().splitlines()
    return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}


@pytest.mark.slow
@as_root
@on_linux
def test_no_capability_of_roots_is_left(directory: Path) -> None:
    with EmbeddedPostgres(directory) as server:
        status = _status(server)
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TEMP TABLE line (text text)")
            with pytest.raises(psycopg.errors.ExternalRoutineException):
                connection.execute("COPY line FROM PROGRAM 'cat /etc/shadow'")
    assert {status[f"Cap{name}"] for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert status["Groups"] == ""
    assert status["Uid"].split() == [str(pwd.getpwnam("nobody").pw_uid)] * 4


@pytest.mark.slow
def test_postgresql_sees_none_of_the_developers_variables(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("PGPORT", "5999")
    with EmbeddedPostgres(directory) as server, psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TEMP TABLE line (text text)")
        connection.execute("COPY line FROM PROGRAM 'env'")
        variables = {text.partition("=")[0] for (text,) in connection.execute("SELECT text FROM line")}
    assert not {name for name in variables if name.startswith(("AWS", "PGPORT", "HOME"))}


@pytest.mark.slow
@as_root
def test_sudo_runs_it_as_the_user_who_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = pwd.getpwnam("daemon")
    monkeypatch.setenv("SUDO_UID", str(daemon.pw_uid))
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        assert psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0])).username() == "daemon"
        assert server.home.stat().st_uid == daemon.pw_uid


@as_root
@pytest.mark.parametrize("number", ["0", "x", "", "4294967"])
def test_sudo_by_root_or_by_no_user_is_nobody(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    monkeypatch.setenv("SUDO_UID", number)
    assert current().peers == ("nobody", "root")


@pytest.mark.slow
@as_root
@on_linux
@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(_WITHOUT_CAPABILITIES, id="root without capabilities"),
        pytest.param(_AS_USER.format(uid=65534), id="a user"),
    ],
)
def test_it_runs_without_capabilities(tmp_path: Path, identity: str) -> None:
    folder = Path(os.environ["QUERYPORT_STATE_DIR"]) / f"of-{tmp_path.name}"
    folder.mkdir()
    folder.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", identity + _SERVE, folder / "postgres"],
        capture_output=True,
        text=True,
        check=False,
        # What measures coverage would write it where another user may not.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    )
    assert (done.stdout, done.stderr) == ("('postgres', True)\n", "")
    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700


@as_root
@on_linux
def test_root_without_capabilities_and_namespaces_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = tmp_path / "refusing.py"
    refusing.write_text("import sys; print('Operation not permitted', file=sys.stderr); sys.exit(77)")
    monkeypatch.setattr(account, "_may_change_users", lambda: False)
    monkeypatch.setattr(unprivileged, "__file__", str(refusing))
    with pytest.raises(
        PostgresError, match=r"may not change users here \(Operation not permitted\): run the command as"
    ):
        EmbeddedPostgres(tmp_path / "postgres").start()


@as_root
def test_a_system_without_nobody_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.setattr(account, "_NOBODY", "no-such-user")
    with pytest.raises(PostgresError, match="there is no user `no-such-user` to run it as"):
        current()


@pytest.mark.slow
@as_root
def test_programs_out_of_reach_are_copied_once(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = programs._installed()
    hidden = tmp_path / "root" / "venv"
    package = installed.root.parent
    for folder in (package, package.with_suffix(".libs")):
        shutil.copytree(folder, hidden / folder.name, copy_function=_linked, symlinks=True)
    shutil.copytree(installed.extensions, hidden / "extensions")
    (hidden / "extensions").chmod(0o700)
    ours = programs.Programs(hidden / package.name / "pginstall", hidden / "extensions")
    monkeypatch.setattr(programs, "_installed", lambda: ours)
    for _ in range(2):
        with EmbeddedPostgres(directory) as server, psycopg.connect(server.url()) as connection:
            connection.execute('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"')
            connection.execute("CREATE EXTENSION IF NOT EXISTS hstore")
            connection.commit()
    state = Path(os.environ["QUERYPORT_STATE_DIR"])
    [copy] = state.glob("programs-*")
    assert copy.stat().st_uid == 0
    assert not [path for path in copy.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    shutil.rmtree(copy)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@as_root
def test_a_state_folder_of_others_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    theirs.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    for folder in (theirs, link):
        monkeypatch.setenv("QUERYPORT_STATE_DIR", str(folder))
        with pytest.raises(PostgresError, match="not a folder that only this user may write to"):
            EmbeddedPostgres(tmp_path / "deep" / folder.name).start()


@pytest.mark.slow
def test_the_commands_work_in_a_folder_of_mode_0700(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As below /root; the tests' own folders are the same, so here it is said."""
    project = write(tmp_path / "secret" / "shop", BOOKSHOP)
    (tmp_path / "secret").chmod(0o700)
    done = run("check", project=project)
    assert (done.code, done.output.splitlines()[-1]) == (0, "5 operations, no errors")
    # From within it, as a person would, with the seed, and with what is kept; `serve` has the tests' own folders.
    monkeypatch.chdir(project)
    done = run("run", "books.count", project=Path())
    assert (done.code, done.output) == (0, "5\n"), done.errors
