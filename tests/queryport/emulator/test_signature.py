"""The region of a signed request: whatever the order of the header's members, the answer is the same."""

from hypothesis import given
from hypothesis import strategies as st

from queryport.emulator.errors import ApiError
from queryport.emulator.http.signature import signed_region

_PARTS = st.sampled_from(["AKIDEXAMPLE", "20260102", "us-east-1", "rds-data", "s3", "aws4_request", "", " ", "=", "A"])
_CREDENTIALS = st.one_of(
    st.just("AKIDEXAMPLE/20260102/us-east-1/rds-data/aws4_request"),
    st.tuples(_PARTS, _PARTS, _PARTS, _PARTS, _PARTS).map("/".join),
    st.lists(_PARTS, max_size=6).map("/".join),
)
_SIGNED = st.sampled_from(["host;x-amz-date", "host", "", "Host", "host, x"])
_SIGNATURES = st.sampled_from(["0123456789abcdef", "f", "", "F", "g", "0=1", "\u00e4"])
_SCHEMES = st.sampled_from(["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "Bearer", ""])
_BETWEEN = st.sampled_from([",", ", ", " , ", ",  "])
_DATES = st.sampled_from([{b"x-amz-date": b"20260102T030405Z"}, {b"date": b"today"}, {}])


def _outcome(header: str, others: dict[bytes, bytes]) -> str | tuple[str, str | None] | None:
    try:
        return signed_region({b"authorization": header.encode("latin-1"), **others}, b"")
    except ApiError as error:
        return error.code, error.message


@given(_SCHEMES, _CREDENTIALS, _SIGNED, _SIGNATURES, _BETWEEN, _DATES)
def test_the_order_of_the_members_does_not_matter(
    scheme: str, credential: str, signed: str, signature: str, between: str, others: dict[bytes, bytes]
) -> None:
    members = [f"Credential={credential}", f"SignedHeaders={signed}", f"Signature={signature}"]
    as_sdks_have_it = f"{scheme} {between.join(members)}"
    otherwise = f"{scheme} {between.join(reversed(members))}"
    assert _outcome(as_sdks_have_it, others) == _outcome(otherwise, others)


def test_the_region_is_the_third_part_of_the_credential() -> None:
    header = "AWS4-HMAC-SHA256 Credential=A/20260102/eu-west-3/rds-data/aws4_request, SignedHeaders=host, Signature=0"
    assert _outcome(header, {b"x-amz-date": b"20260102T030405Z"}) == "eu-west-3"
