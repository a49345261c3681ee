"""List prices of us-east-1 in USD, arm64, without any free tier; checked on 2026-11-20."""

API_REQUEST = 1.00 / 1e6
LAMBDA_REQUEST = 0.20 / 1e6
LAMBDA_GB_SECOND = 0.0000133334
SQS_REQUEST = 0.40 / 1e6
DYNAMODB_WRITE = 0.625 / 1e6
DYNAMODB_READ = 0.125 / 1e6
DYNAMODB_GB_MONTH = 0.25
S3_PUT = 0.005 / 1e3
S3_GET = 0.0004 / 1e3
S3_GB_MONTH = 0.023
EVENT = 1.00 / 1e6
"""An object-created event to EventBridge."""
STATE_TRANSITION = 0.025 / 1e3
LOG_GB = 0.50
SECRET_READ = 0.05 / 1e4
TRACE = 5.00 / 1e6
