"""Folders and candidates of images, with links that are signed for the request."""

from imagebatch.api.request import Request
from imagebatch.schemas.links import URL_SECONDS, thumbnail_url
from imagebatch.schemas.variant_answers import (
    CandidatesAnswer,
    FolderAnswer,
    FolderImageAnswer,
    ImageAnswer,
    UploadedImage,
    VariantCandidates,
)
from imagebatch.schemas.variant_views import folder_view
from imagebatch.usecases import keys
from imagebatch.usecases.folders import OpenedFolder
from imagebatch.usecases.image_candidates import Candidates


def folder_answer(request: Request, folder: OpenedFolder) -> FolderAnswer:
    cursor = None if folder.next_index is None else str(folder.next_index)
    images = [
        FolderImageAnswer(
            id=each.id,
            url=request.sign(each.key, URL_SECONDS, None),
            thumbnail_url=thumbnail_url(each, request.sign),
            file=each.file,
            created_at=each.created_at,
        )
        for each in folder.pictures
    ]
    return folder_view(folder.name, folder.batch_id, folder.variant_id, images, cursor)


def candidates_answer(request: Request, found: Candidates) -> CandidatesAnswer:
    def sign(key: str) -> str:
        return request.sign(key, URL_SECONDS, None)

    variants = [
        VariantCandidates(
            variant_id=variant.id,
            product_id=variant.product_id,
            product_title=variant.product_title,
            variant_title=variant.title,
            variant_image_url=variant.image_url,
            generated_images=[
                ImageAnswer(
                    id=image.id,
                    url=sign(image.key),
                    thumbnail_url=thumbnail_url(image, request.sign),
                    created_at=image.created_at,
                )
                for image in images
            ],
        )
        for variant, images in found.variants
    ]
    uploads = [
        UploadedImage(
            id=upload.id,
            url=sign(keys.upload(upload.id)),
            original_name=upload.original_name,
            created_at=upload.created_at,
        )
        for upload in found.uploads
    ]
    return CandidatesAnswer(variants=variants, uploads=uploads)
