"""The endpoint of the Data API for a region, by botocore's own rules for FIPS, dual stacks and partitions."""

from typing import Any, NamedTuple

from botocore.awsrequest import prepare_request_dict
from botocore.exceptions import NoRegionError
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.regions import EndpointResolver, EndpointResolverBuiltins, EndpointRulesetResolver
from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url, validate_region_name

from handler.data_api.configuration import Configuration

SERVICE = "rds-data"
_VERSION = "2018-08-01"
# The rules want to know which operation is called; for this service they go by none of its parameters.
_MODEL: dict[str, Any] = {
    "metadata": {"serviceId": "RDS Data", "endpointPrefix": SERVICE},
    "operations": {"ExecuteStatement": {"name": "ExecuteStatement"}},
}


class Endpoint(NamedTuple):
    url: str
    region: str
    """The region that requests are signed for."""


def resolve(configuration: Configuration) -> Endpoint:
    """Evaluate the rules. Raises one of botocore.exceptions, and ValueError for a URL that is none."""
    if configuration.region is None:
        raise NoRegionError
    # Names like fips-us-east-1 were regions before FIPS had a setting of its own; the SDK still takes them.
    region = configuration.region.replace("fips-", "").replace("-fips", "")
    validate_region_name(region)
    set_url = configuration.endpoint_url
    if set_url is not None and not (is_valid_endpoint_url(set_url) or is_valid_ipv6_endpoint_url(set_url)):
        raise ValueError(f"the endpoint that is set for the RDS Data API is no URL: {set_url}")
    loader = create_loader(configuration.data_path)
    model = ServiceModel(_MODEL, service_name=SERVICE)
    # A URL that is set is taken as it is.
    fips = set_url is None and (configuration.fips or region != configuration.region)
    dual_stack = set_url is None and configuration.dual_stack
    if dual_stack:  # which some partitions lack, as only the older and larger table of endpoints says
        EndpointResolver(loader.load_data("endpoints")).construct_endpoint(
            SERVICE, region, use_dualstack_endpoint=True, use_fips_endpoint=fips
        )
    builtins: dict[Any, Any] = {
        EndpointResolverBuiltins.AWS_REGION: region,
        EndpointResolverBuiltins.AWS_USE_FIPS: fips,
        EndpointResolverBuiltins.AWS_USE_DUALSTACK: dual_stack,
        EndpointResolverBuiltins.SDK_ENDPOINT: set_url,
    }
    resolver = EndpointRulesetResolver(
        endpoint_ruleset_data=loader.load_data(f"{SERVICE}/{_VERSION}/endpoint-rule-set-1"),
        partition_data=loader.load_data("partitions"),
        service_model=model,
        builtins=builtins,  # type: ignore[arg-type]  # the stubs ask for the names of its members
        client_context={},
        event_emitter=HierarchicalEmitter(),
    )
    operation = model.operation_model("ExecuteStatement")
    resolved = resolver.construct_endpoint(operation, call_args=None, request_context={})
    return Endpoint(resolved.url, region)


def join(base: str, path: str) -> str:
    """Put the path of a request behind that of an endpoint's URL."""
    request: dict[str, Any] = {"url_path": path, "query_string": {}, "headers": {}}
    prepare_request_dict(request, endpoint_url=base)
    url: str = request["url"]
    return url
