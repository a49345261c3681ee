TABLE = "imagebatch"
BUCKET = "imagebatch-media"
REGION = "eu-central-1"


def no_sleep(seconds: float) -> None:
    """Stands in for the pauses between tries, which a test need not wait for."""
    assert 0 <= seconds <= 2
