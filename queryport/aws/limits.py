"""The limits of the RDS Data API that only the tool meets: the Lambda sends what the compiler has measured."""

STATEMENT_CHARACTERS = 65_536
"""The length of one statement's text."""
