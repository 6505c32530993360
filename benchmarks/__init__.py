"""Queryport side by side with what its user would pick instead, in one run on one machine."""
