"""Errors that earlier releases stored are read under the codes of today."""

from gql_server.batches.item_errors import error_from_json
from gql_server.domain.errors import ImageFlagged
from gql_server.idempotency.operations import failure_from_json


def test_a_flagged_image_of_an_earlier_release_is_read() -> None:
    item = {"code": "PICTURE_FLAGGED", "message": "Flagged.", "seed_was_given": False}
    for error in (error_from_json(item), failure_from_json({"code": "PICTURE_FLAGGED"})):
        assert isinstance(error, ImageFlagged)
        assert error.code == "IMAGE_FLAGGED"
