"""Sessions of boto3, which read its models once for all tests."""

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import botocore.session
from botocore.loaders import Loader

LOADER = Loader()


def session() -> boto3.Session:
    """A session that knows nothing of the ones before it but what the models say."""
    core = botocore.session.Session()
    core.register_component("data_loader", LOADER)
    return boto3.Session(botocore_session=core)
