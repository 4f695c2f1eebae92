"""What clients are answered."""

from typing import Final, Literal

from gql_server.openai.schemas.fields import IMAGE_ID, MODEL, PICTURE, Answer, described

_URL: Final = f"https://images.example.com/generated/{IMAGE_ID}.png"
_CREATED: Final = 1_768_473_000
_USAGE: Final = {
    "input_tokens": 12,
    "output_tokens": 1056,
    "total_tokens": 1068,
    "input_tokens_details": {"text_tokens": 12, "image_tokens": 0},
    "output_tokens_details": {"text_tokens": 0, "image_tokens": 1056},
}


class ErrorBody(Answer):
    """What is wrong with a request."""

    message: str = described(
        "Message for people: what is wrong and how to fix it.", "Unknown parameter: 'colour'."
    )
    type: str = described("Kind of the error.", "invalid_request_error")
    param: str | None = described("Parameter that is wrong.", "colour")
    code: str | None = described("Name of the error, for programs.", "unknown_parameter")


class ErrorAnswer(Answer):
    """An error response."""

    error: ErrorBody = described(
        "The error.",
        {
            "message": "Unknown parameter: 'colour'.",
            "type": "invalid_request_error",
            "param": "colour",
            "code": "unknown_parameter",
        },
    )


class GeneratedPicture(Answer):
    """One generated image."""

    id: str = described("ID of the image, for the other APIs of this server.", IMAGE_ID)
    b64_json: str | None = described(
        "The file in base64, with `response_format` `b64_json`.", PICTURE, None
    )
    url: str | None = described("URL of the file, with `response_format` `url`.", _URL, None)


class InputTokens(Answer):
    """Tokens of the request."""

    text_tokens: int = described("Tokens of the prompt.", 12)
    image_tokens: int = described("Tokens of the source images.", 0)


class OutputTokens(Answer):
    """Tokens of the response."""

    text_tokens: int = described("Tokens of text.", 0)
    image_tokens: int = described("Tokens of images.", 1056)


class Usage(Answer):
    """Tokens that the provider counted: 0 for models that are not billed by tokens."""

    input_tokens: int = described("Tokens of the request.", 12)
    output_tokens: int = described("Tokens of the response.", 1056)
    total_tokens: int = described("All tokens.", 1068)
    input_tokens_details: InputTokens = described(
        "Tokens of the request by kind.", {"text_tokens": 12, "image_tokens": 0}
    )
    output_tokens_details: OutputTokens = described(
        "Tokens of the response by kind.", {"text_tokens": 0, "image_tokens": 1056}
    )


class ImagesAnswer(Answer):
    """Generated images."""

    created: int = described("When the images were generated: seconds since 1970.", _CREATED)
    data: list[GeneratedPicture] = described(
        "The images. Fewer than requested if some failed; see `errors`.",
        [{"id": IMAGE_ID, "b64_json": PICTURE}],
    )
    size: str | None = described("Size of the first image in pixels.", "1024x1024", None)
    quality: str | None = described("Quality, in the model's words.", "medium", None)
    background: str | None = described("Background, in the model's words.", "opaque", None)
    output_format: str | None = described("File format of the first image.", "png", None)
    usage: Usage | None = described(
        "Tokens of all images. Omitted when a repeated request returns an earlier image of a model "
        "that is billed by tokens.",
        _USAGE,
        None,
    )
    safety_identifier: str | None = described(
        "The request's `safety_identifier` or `user`.", "user-42", None
    )
    warnings: list[str] | None = described(
        "Warnings, such as about an exceeded soft budget. Omitted when there are none.",
        ["The user's monthly budget of $10 has been exceeded."],
        None,
    )
    errors: list[ErrorBody] | None = described(
        "Errors of the images that failed. Omitted when there are none.",
        [
            {
                "message": "AI service temporarily unavailable",
                "type": "server_error",
                "param": None,
                "code": "image_generation_failed",
            }
        ],
        None,
    )


class CompletedEvent(Answer):
    """An event of the stream: one image is ready."""

    type: Literal["image_generation.completed", "image_edit.completed"] = described(
        "Kind of the event.", "image_generation.completed"
    )
    id: str = described("ID of the image, for the other APIs of this server.", IMAGE_ID)
    b64_json: str = described("The file in base64.", PICTURE)
    created_at: int = described("When the image was generated: seconds since 1970.", _CREATED)
    size: str = described("Size in pixels.", "1024x1024")
    quality: str = described("Quality, in the model's words; `auto` if it has none.", "auto")
    background: str = described("Background, in the model's words; `auto` if it has none.", "auto")
    output_format: str = described("File format.", "png")
    usage: Usage | None = described("Tokens, as in other responses.", _USAGE, None)
    safety_identifier: str | None = described(
        "The request's `safety_identifier` or `user`.", "user-42", None
    )


class ModelAnswer(Answer):
    """A model, or a name that stands for one."""

    id: str = described("Name of the model, for requests.", MODEL)
    object: Literal["model"] = described("Always `model`.", "model")
    created: int = described("Not known: always 0.", 0)
    owned_by: str = described("Organization that trained the model.", "Black Forest Labs")
    stands_for: list[str] | None = described(
        "IDs of the models that an alias stands for; the first that accepts the request's images "
        "is used. Omitted for models.",
        [MODEL],
        None,
    )


class ModelsAnswer(Answer):
    """All models."""

    object: Literal["list"] = described("Always `list`.", "list")
    data: list[ModelAnswer] = described(
        "The models and the names that stand for them.",
        [{"id": MODEL, "object": "model", "created": 0, "owned_by": "Black Forest Labs"}],
    )
