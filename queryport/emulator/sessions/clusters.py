"""Declared clusters: a TOML file has the cluster ARNs that exist, with their databases and secrets.

Without such a file every ARN is accepted. With it, no other exists: role separation, wrong secrets, clusters without a
Data API and sleeping ones can be tested.
"""

import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from queryport.console.failure import CommandError
from queryport.emulator.errors import ApiError, resuming
from queryport.emulator.requests.shapes import LONGEST_ARN, SHORTEST_ARN, ServiceRequest
from queryport.emulator.sessions.targets import PostgresServer, Target, target


class ClustersError(CommandError):
    """The file cannot be used; the message says where and why."""


class _FileTable(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Cluster(_FileTable):
    """One `[[cluster]]` of the file."""

    arn: str = Field(min_length=SHORTEST_ARN, max_length=LONGEST_ARN)
    url: str | None = None
    """The PostgreSQL behind it; without one, the PostgreSQL that the emulator was started for."""
    enabled: bool = True
    """Whether its Data API is switched on."""
    paused: bool = False
    """Asleep at the start: the first call wakes it, and all fail until it is awake."""
    resume_seconds: float = Field(default=15.0, ge=0, strict=False)


class Secret(_FileTable):
    """One `[[secret]]` of the file: who a call is to PostgreSQL."""

    arn: str = Field(min_length=SHORTEST_ARN, max_length=LONGEST_ARN)
    user: str
    password: str = ""


class _File(_FileTable):
    cluster: list[Cluster]
    secret: list[Secret] = []


@dataclass(slots=True)
class Clusters:
    """The file's declarations by ARN, and since when a sleeping cluster has been waking."""

    clusters: dict[str, Cluster]
    secrets: dict[str, Secret]
    _waking: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file. Raises ClustersError."""
        try:
            read = _File.model_validate(tomllib.loads(path.read_text()))
        except OSError as failure:
            raise ClustersError(f"{path} cannot be read: {failure.strerror}") from failure
        except tomllib.TOMLDecodeError as failure:
            raise ClustersError(f"{path} is not valid TOML: {failure}") from failure
        except ValidationError as failure:
            problems = [
                f"{path}: {'.'.join(str(step) for step in error['loc'])}: {error['msg']}"
                for error in failure.errors(include_input=False, include_url=False)
            ]
            raise ClustersError("\n".join(problems)) from None
        for kind, arns in (("cluster", [c.arn for c in read.cluster]), ("secret", [s.arn for s in read.secret])):
            twice = sorted({arn for arn in arns if arns.count(arn) > 1})
            if twice:
                raise ClustersError(f"{path}: {kind} {twice[0]} is declared twice: keep one of the tables")
        return cls({c.arn: c for c in read.cluster}, {s.arn: s for s in read.secret})

    def opened(self, request: ServiceRequest) -> tuple[Cluster, Secret]:
        """The cluster and the secret that a request names; raises ApiError where AWS does."""
        cluster = self.clusters.get(request.resourceArn)
        if cluster is None or not cluster.enabled:
            raise ApiError(
                "HttpEndpointNotEnabledException", f"HttpEndpoint is not enabled for resource {request.resourceArn}"
            )
        secret = self.secrets.get(request.secretArn)
        if secret is None:
            raise ApiError(
                "SecretsErrorException",
                f"Error fetching secret {request.secretArn}: Secrets Manager can't find the specified secret.",
            )
        if cluster.paused and not self._is_awake(cluster):
            raise resuming(cluster.arn)
        return cluster, secret

    def _is_awake(self, cluster: Cluster) -> bool:
        now = time.monotonic()
        return now - self._waking.setdefault(cluster.arn, now) > cluster.resume_seconds


class DeclaredClusters:
    """The directory of targets for declared clusters; `database_url` stands in where a cluster names no URL."""

    def __init__(self, clusters: Clusters, database_url: str) -> None:
        self._clusters = clusters
        self._default = database_url

    def redirect(self, database_url: str) -> None:
        """Move the clusters that name no URL of their own to this one."""
        self._default = database_url

    def target(self, request: ServiceRequest) -> Target:
        cluster, secret = self._clusters.opened(request)
        server = PostgresServer.at(cluster.url or self._default, user=secret.user, password=secret.password)
        return target(server, request.database or secret.user)
