"""What a fault proxy finds in a request."""

import json
import zlib
from base64 import b64encode

from testing.exchanges import Exchange


def test_words_of_compressed_texts_are_found() -> None:
    packed = b64encode(zlib.compress(b'{"prompt":"a Volvo, Collected 7"}')).decode()
    item = {"pk": {"S": "BATCH#ann#b1"}, "packedTexts": {"B": packed}}
    body = json.dumps({"TransactItems": [{"Put": {"Item": item}}] * 2}).encode()
    text = Exchange("POST", "/", {}, body, 0).text
    assert "BATCH#ann#b1" in text
    assert text.count("Collected 7") == 2
