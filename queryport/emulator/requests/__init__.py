"""Requests as they come over the wire, and their parameters as they are bound."""
