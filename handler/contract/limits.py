"""The limits of AWS that both packages keep to, from the documentation of the RDS Data API and of Lambda."""

STATEMENT_SECONDS = 45
"""The time that the RDS Data API gives a statement, after which it cancels it."""

REQUEST_BYTES = 4 * 1024 * 1024
"""The size of a request to the RDS Data API, headers included."""

LAMBDA_PAYLOAD_BYTES = 6 * 1024 * 1024
"""The size of an event, and of an answer as JSON, of a function that is called synchronously."""
