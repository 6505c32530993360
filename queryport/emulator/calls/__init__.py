"""A call between HTTP and the service: faults that were asked for, and the log."""
