"""The OpenAPI document's examples of variant batches."""

ROW = {
    "variantId": 1001,
    "variantTitle": "Linen shirt / White / M",
    "productId": 10,
    "productTitle": "Linen shirt",
    "imageUrl": "https://shop.example.com/linen-white.jpg",
}


SIGNED = "https://bucket.s3.eu-central-1.amazonaws.com/{}?X-Amz-Signature=0f3a"


AT = "2026-01-05T09:00:00.000Z"


BATCH = "5f0c9a7e4d2b4c0e9f2d8a6b1c3e5f70"


IMAGE = {
    "id": f"{BATCH}.0000",
    "url": SIGNED.format(f"library/{BATCH}/000000-9c1d2e3f4a5b6c7d"),
    "thumbnailUrl": SIGNED.format(f"library/{BATCH}/000000-9c1d2e3f4a5b6c7d.thumb.webp"),
    "createdAt": AT,
}


UPLOADED = {
    "id": "7d1e",
    "url": SIGNED.format("uploads/7d1e"),
    "originalName": "front.png",
    "createdAt": AT,
}
