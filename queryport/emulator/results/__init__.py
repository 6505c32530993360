"""The rows of a result as the service answers them, and what is told of their columns."""
