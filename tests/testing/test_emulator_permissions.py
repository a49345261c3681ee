"""The emulator asks once what a transaction may do."""

from testing.emulator.permissions import once_each

PUT, DELETE = ("dynamodb:PutItem", "arn:table/a"), ("dynamodb:DeleteItem", "arn:table/a")
OTHER = ("dynamodb:PutItem", "arn:table/b")


def test_each_action_on_each_table_is_checked_once() -> None:
    checks = once_each(lambda *_: [PUT, PUT, OTHER, DELETE, PUT, OTHER])
    assert checks("dynamodb:TransactWriteItems", b"", "eu-west-1", "1") == [PUT, OTHER, DELETE]
