"""The AWS SDK's settings of this process, read by botocore from the environment and from files where there are any.

A Lambda has no such files, and botocore's session, which would read them, is a fifth of a cold start; so it is imported
only where there is something for it to read.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from botocore.configprovider import ConfigValueStore, create_botocore_default_config_mapping
from botocore.exceptions import InvalidConfigError

if TYPE_CHECKING:
    from botocore.session import Session

_SERVICE = "rds_data"  # as the variables and files of AWS write it


class _BotocoreSession(Protocol):
    """The part of botocore's session that settings are read from."""

    def instance_variables(self) -> Mapping[str, Any]: ...

    def get_scoped_config(self) -> Mapping[str, Any]: ...

    @property
    def full_config(self) -> Mapping[str, Any]: ...


class _NoFiles:
    """The session of a process without files of settings, and so without profiles."""

    full_config: Mapping[str, Any] = {"profiles": {}}

    def instance_variables(self) -> Mapping[str, Any]:
        return {}

    def get_scoped_config(self) -> Mapping[str, Any]:
        return {}


class Configuration(NamedTuple):
    region: str | None
    endpoint_url: str | None
    """The URL that the environment or the profile sets; None leaves it to AWS's rules."""
    fips: bool
    dual_stack: bool
    ca_bundle: str | None
    app_id: str | None
    keep_alive: bool
    data_path: str | None
    """Folders with models of services that go before botocore's own."""
    session: "Session | None"
    """The session that read the files; None where there are none."""

    @classmethod
    def load(cls) -> "Configuration":
        """Read the settings. Raises one of botocore.exceptions."""
        session = _session() if _has_files() else None
        source: _BotocoreSession = session or _NoFiles()
        store = ConfigValueStore(create_botocore_default_config_mapping(source))
        get = store.get_config_variable
        return cls(
            region=get("region"),
            endpoint_url=None if get("ignore_configured_endpoint_urls") else _endpoint_url(source),
            fips=bool(get("use_fips_endpoint")),
            dual_stack=bool(get("use_dualstack_endpoint")),
            ca_bundle=_ca_bundle(get("ca_bundle")),
            app_id=get("user_agent_appid"),
            keep_alive=bool(get("tcp_keepalive")),
            data_path=get("data_path"),
            session=session,
        )


def _session() -> "Session":
    from botocore.session import get_session

    return get_session()


def _has_files() -> bool:
    """Whether the process has files of settings, or names a profile, which has to be in one."""
    if os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE"):
        return True
    return any(
        os.path.isfile(os.path.expanduser(os.environ.get(variable, usual)))  # noqa: PTH111, PTH113 (as botocore has it)
        for variable, usual in (
            ("AWS_CONFIG_FILE", "~/.aws/config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        )
    )


def _endpoint_url(source: _BotocoreSession) -> str | None:
    """The URL set for the service or for all, in the environment or else in the profile."""
    environment = os.environ.get(f"AWS_ENDPOINT_URL_{_SERVICE.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
    if environment:
        return environment
    profile = source.get_scoped_config()
    service: Mapping[str, Any] = {}
    if (section := profile.get("services")) is not None:
        services = source.full_config.get("services", {}).get(section)
        if not services:
            raise InvalidConfigError(error_msg=f"the profile names a section of services that is not there: {section}")
        service = services.get(_SERVICE) or {}
    return service.get("endpoint_url") or profile.get("endpoint_url") or None


def _ca_bundle(configured: str | None) -> str | None:
    bundle = configured if configured is not None else os.environ.get("REQUESTS_CA_BUNDLE")
    if bundle is not None and not bundle.strip():
        raise InvalidConfigError(error_msg="AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE or ca_bundle is set, to nothing")
    return bundle
