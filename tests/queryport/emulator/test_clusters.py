"""Declared clusters: which ARNs exist, who a secret is, and clusters that do not answer yet or at all."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from queryport.emulator import Clusters, ClustersError, Emulator
from queryport.emulator.sessions.clusters import Cluster, Secret
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.emulator.conftest import NewEmulator
from tests.support.data_api import RESOURCE_ARN, SECRET_ARN, Api

READER = SECRET_ARN.replace("shop", "reader")


def declared(*clusters: Cluster, secrets: tuple[Secret, ...] = (Secret(arn=SECRET_ARN, user="postgres"),)) -> Clusters:
    return Clusters({cluster.arn: cluster for cluster in clusters}, {secret.arn: secret for secret in secrets})


def test_a_file_declares_clusters_and_secrets(
    tmp_path: Path, new_emulator: NewEmulator, postgres: EmbeddedPostgres, database: str
) -> None:
    file = tmp_path / "clusters.toml"
    file.write_text(
        f"""
        [[cluster]]
        arn = "{RESOURCE_ARN}"

        [[cluster]]
        arn = "{RESOURCE_ARN}-elsewhere"
        url = "{postgres.url()}"
        enabled = false
        resume_seconds = 3

        [[secret]]
        arn = "{SECRET_ARN}"
        user = "postgres"

        [[secret]]
        arn = "{READER}"
        user = "pg_read_all_data"
        password = "unused"
        """
    )
    emulator = new_emulator(clusters=Clusters.load(file))
    with Api(emulator.url, database) as api:
        assert api.value("SELECT current_user") == "postgres"
        assert (
            api.refusal("SELECT 1", resourceArn=f"{RESOURCE_ARN}-elsewhere").code == "HttpEndpointNotEnabledException"
        )


def test_roles_are_told_apart_by_their_secrets(
    new_emulator: NewEmulator, new_api: Callable[[Emulator], Api], api: Api
) -> None:
    api.execute("CREATE ROLE emulator_reader LOGIN")
    try:
        api.execute("CREATE TABLE t (a int)")
        api.execute("GRANT SELECT ON t TO emulator_reader")
        secrets = (Secret(arn=SECRET_ARN, user="postgres"), Secret(arn=READER, user="emulator_reader"))
        own = new_api(new_emulator(clusters=declared(Cluster(arn=RESOURCE_ARN), secrets=secrets)))
        own.execute("INSERT INTO t VALUES (1)")
        assert own.value("SELECT a FROM t", secretArn=READER) == 1
        refusal = own.refusal("INSERT INTO t VALUES (1)", secretArn=READER)
        assert refusal.message == "ERROR: permission denied for table t; SQLState: 42501"
    finally:
        api.execute("DROP OWNED BY emulator_reader")
        api.execute("DROP ROLE emulator_reader")


def test_an_unknown_cluster_has_no_endpoint(new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]) -> None:
    api = new_api(new_emulator(clusters=declared(Cluster(arn=RESOURCE_ARN))))
    other = RESOURCE_ARN.upper()
    refusal = api.refusal("SELECT 1", resourceArn=other)
    assert (refusal.code, refusal.status) == ("HttpEndpointNotEnabledException", 400)
    assert refusal.message == f"HttpEndpoint is not enabled for resource {other}"


def test_an_unknown_secret_is_not_found(new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]) -> None:
    api = new_api(new_emulator(clusters=declared(Cluster(arn=RESOURCE_ARN))))
    refusal = api.refusal("SELECT 1", secretArn=READER)
    assert (refusal.code, refusal.status) == ("SecretsErrorException", 400)
    assert "can't find the specified secret" in refusal.message


def test_a_role_that_does_not_exist_is_postgresqls_to_refuse(
    new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]
) -> None:
    secrets = (Secret(arn=SECRET_ARN, user="nobody_here"),)
    api = new_api(new_emulator(clusters=declared(Cluster(arn=RESOURCE_ARN), secrets=secrets)))
    refusal = api.refusal("SELECT 1")
    assert (refusal.code, refusal.message) == (
        "DatabaseErrorException",
        'FATAL: role "nobody_here" does not exist; SQLState: 28000',
    )


@pytest.mark.slow
def test_a_paused_cluster_wakes_by_being_called(new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]) -> None:
    api = new_api(new_emulator(clusters=declared(Cluster(arn=RESOURCE_ARN, paused=True, resume_seconds=1.0))))
    time.sleep(1.1)
    refusal = api.refusal("SELECT 1")
    assert refusal.code == "DatabaseResumingException"
    assert RESOURCE_ARN.replace(":cluster:", ":db:") in refusal.message
    assert api.refusal("SELECT 1").code == "DatabaseResumingException"
    time.sleep(1.0)
    assert api.value("SELECT 1") == 1


def test_a_server_that_is_not_there_is_unavailable(
    new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]
) -> None:
    cluster = Cluster(arn=RESOURCE_ARN, url="postgresql://127.0.0.1:1/nothing")
    api = new_api(new_emulator(clusters=declared(cluster)))
    refusal = api.refusal("SELECT 1")
    assert (refusal.code, refusal.status, refusal.message) == ("DatabaseUnavailableException", 504, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[cluster]", "is not valid TOML"),
        ("", "cluster: Field required"),
        ('[[cluster]]\narn = "short"', "cluster.0.arn: String should have at least 11 characters"),
        (f'[[cluster]]\narn = "{RESOURCE_ARN}"\nnabled = true', "cluster.0.nabled: Extra inputs are not permitted"),
        (f'[[cluster]]\narn = "{RESOURCE_ARN}"\n' * 2, "is declared twice"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "clusters.toml"
    file.write_text(content)
    with pytest.raises(ClustersError) as raised:
        Clusters.load(file)
    assert words in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ClustersError, match="cannot be read: No such file"):
        Clusters.load(tmp_path / "nothing.toml")
