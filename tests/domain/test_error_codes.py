"""Errors that another release stored are read."""

from gql_server.batches.item_errors import error_from_json
from gql_server.domain.errors import GenerationFailed, ImageFlagged
from gql_server.idempotency.operations import failure_from_json, failure_to_json


def test_a_flagged_image_of_an_earlier_release_is_read() -> None:
    item = {"code": "PICTURE_FLAGGED", "message": "Flagged.", "seed_was_given": False}
    for error in (error_from_json(item), failure_from_json({"code": "PICTURE_FLAGGED"})):
        assert isinstance(error, ImageFlagged)
        assert error.code == "IMAGE_FLAGGED"


def test_an_error_that_this_release_does_not_know_is_a_failed_generation() -> None:
    stored = {"code": "OUT_OF_PAINT", "message": "No paint.", "provider_code": 7}
    for error in (error_from_json(stored), failure_from_json(stored)):
        assert isinstance(error, GenerationFailed)
        assert (error.message, error.provider_code, error.retryable) == ("No paint.", 7, False)


def test_a_flagged_image_can_be_read_as_a_failed_generation() -> None:
    stored = failure_to_json(ImageFlagged(seed_was_given=True))
    assert stored is not None
    assert stored.keys() >= {"message", "provider_code"}
