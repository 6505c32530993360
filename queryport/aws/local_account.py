"""The account and region of AWS that the developer's machine stands for, and the cluster there with its secret."""

REGION = "us-east-1"
ACCOUNT = "123456789012"

RESOURCE_ARN = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:local"
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:local"
"""Any ARN means the emulator's one server, unless it is told of clusters."""
