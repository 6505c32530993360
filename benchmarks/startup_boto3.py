"""A process that makes boto3's client for the Data API and nothing else, and prints the CPU seconds of it."""

import time

start = time.process_time()

import boto3  # type: ignore[import-untyped] # noqa: E402 (it ships no types; importing it is measured)

boto3.client("rds-data")

print(time.process_time() - start)
