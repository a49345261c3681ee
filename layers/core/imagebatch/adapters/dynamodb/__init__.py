from imagebatch.adapters.dynamodb.batches import DynamoDBBatchStore
from imagebatch.adapters.dynamodb.idempotency import DynamoDBIdempotencyStore

__all__ = ["DynamoDBBatchStore", "DynamoDBIdempotencyStore"]
