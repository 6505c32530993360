"""Sessions of boto3, which read its models and register its handlers once for all tests."""

from copy import copy

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import botocore.session
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader

LOADER = Loader()
_HANDLERS = HierarchicalEmitter()
botocore.session.Session(event_hooks=_HANDLERS)  # registers those that every session has


def session() -> boto3.Session:
    """A session that knows nothing of the ones before it but what the models say."""
    core = botocore.session.Session(event_hooks=copy(_HANDLERS), include_builtin_handlers=False)
    core.register_component("data_loader", LOADER)
    return boto3.Session(botocore_session=core)
