"""The parameters of requests for images."""

from typing import Final, Literal

from gql_server.domain.parameters import MAX_SEED
from gql_server.openai.options import MAX_IMAGES
from gql_server.openai.schemas.fields import (
    IMAGE_ID,
    PICTURE,
    PROMPT,
    SOURCE_IMAGE_ID,
    Given,
    described,
)

_DATA_URL: Final = f"data:image/png;base64,{PICTURE}"
_MAX_LABEL: Final = 512
_MAX_PICTURES: Final = 32

Quality = Literal["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]


class CommonParameters(Given):
    """What every request for images accepts. Null stands for the default."""

    model: str | None = described(
        "ID of a model of this server, or a name that stands for one; `/v1/models` lists both. "
        "Required.",
        "gpt-image-1",
        None,
    )
    n: int | None = described(
        f"Number of images, 1 to {MAX_IMAGES}. Defaults to 1.", 1, 1, ge=1, le=MAX_IMAGES
    )
    size: str | None = described(
        "Size in pixels: width, `x` and height. The model's nearest size is used; if it differs, "
        "the header `Image-Size-Adjusted` has both. `auto`, the default, is the model's default "
        "size.",
        "1024x1024",
        None,
        pattern=r"^(auto|[1-9][0-9]{1,4}x[1-9][0-9]{1,4})$",
    )
    response_format: Literal["b64_json", "url"] | None = described(
        "Form of the images in the response: base64, the default, or a URL of the file.",
        "b64_json",
        "b64_json",
    )
    user: str | None = described(
        f"End user of the client, of at most {_MAX_LABEL} characters, stored in the image's "
        "metadata. None when omitted.",
        "user-42",
        None,
        max_length=_MAX_LABEL,
    )


class ImageParameters(CommonParameters):
    """What generations and edits accept beside the prompt."""

    quality: Quality | None = described(
        "Quality of the images, for models that have such a setting. `standard` and `hd` stand for "
        "`medium` and `high`; `auto` is the model's default.",
        "auto",
        None,
    )
    background: Literal["auto", "opaque", "transparent"] | None = described(
        "Background of the images. Only some models support `transparent`. `auto`, the default, is "
        "the model's default.",
        "auto",
        None,
    )
    output_format: Literal["png", "jpeg", "webp", "svg", "gif"] | None = described(
        "File format of the images, for models that have such a setting. The response states the "
        "actual format. No model supports `gif`.",
        "png",
        None,
    )
    output_compression: int | None = described(
        "Compression of the images, from 0 to 100, for models that have such a setting. The "
        "model's default when omitted.",
        90,
        None,
        ge=0,
        le=100,
    )
    moderation: Literal["auto", "low"] | None = described(
        "Strictness of the model's filter, for models that have such a setting. The model's "
        "default when omitted.",
        "auto",
        None,
    )
    complexity: Literal["low", "medium", "high"] | None = described(
        "How much the model plans, for models that have such a setting. The model's default when "
        "omitted.",
        "medium",
        None,
    )
    stream: bool | None = described(
        "Whether the response is a stream of events: one for each image, when it is ready.",
        False,
        False,
    )
    partial_images: int | None = described(
        "Number of partial images in the stream, from 0 to 3. Accepted, and none are sent.",
        0,
        None,
        ge=0,
        le=3,
    )
    safety_identifier: str | None = described(
        f"Identifier of the client's end user, of at most {_MAX_LABEL} characters. It takes "
        "precedence over `user`.",
        "user-42",
        None,
        max_length=_MAX_LABEL,
    )
    negative_prompt: str | None = described(
        "Things the image should not show, for models that support it. Not a parameter of the "
        "OpenAI API.",
        "people, text",
        None,
    )
    steps: int | None = described(
        "Number of denoising steps, for models that have such a setting. Default and range depend "
        "on the model. Not a parameter of the OpenAI API.",
        20,
        None,
    )
    guidance: float | None = described(
        "Guidance scale, for models that have such a setting. Default and range depend on the "
        "model. Not a parameter of the OpenAI API.",
        7.5,
        None,
    )
    seed: int | None = described(
        f"Seed of the first image, from 0 to {MAX_SEED - MAX_IMAGES} at most; the range depends on "
        "the model. Each further image gets the next one. Chosen at random when omitted. Not a "
        "parameter of the OpenAI API.",
        42,
        None,
        ge=0,
        le=MAX_SEED - MAX_IMAGES,
    )
    strength: float | None = described(
        "How much the result may differ from the source image, from 0 (not at all) to 1. The "
        "default depends on the model. Not a parameter of the OpenAI API.",
        0.6,
        None,
    )
    max_cost: float | None = described(
        "Maximum cost of each image in US dollars, 0 or more. A request that would cost more is "
        "refused. No maximum when omitted. Not a parameter of the OpenAI API.",
        0.05,
        None,
        ge=0,
    )


class GenerateRequest(ImageParameters):
    """Images to generate from a prompt."""

    prompt: str = described("Text prompt: what the images show.", PROMPT)
    style: Literal["vivid", "natural"] | None = described(
        "Style of the images, for models that have such a setting.", "vivid", None
    )


class EditParameters(ImageParameters):
    """What edits accept beside their images."""

    prompt: str = described("Text prompt: what the edited images show.", PROMPT)
    input_fidelity: Literal["low", "high"] | None = described(
        "How closely the result keeps to the source images, for models that have such a setting.",
        "low",
        None,
    )


class ImageReference(Given):
    """An image in a JSON request: one of the fields."""

    image_url: str | None = described("The image as a data URL.", _DATA_URL, None)
    file_id: str | None = described(
        "ID of an image (`img_…`) or an upload (`src_…`) of this server.", SOURCE_IMAGE_ID, None
    )


class EditRequest(EditParameters):
    """Images to edit, in JSON."""

    images: list[ImageReference] = described(
        f"The source images, 1 to {_MAX_PICTURES}; the model may accept fewer.",
        [{"image_url": _DATA_URL}],
        min_length=1,
        max_length=_MAX_PICTURES,
        fail_fast=True,
    )
    mask: ImageReference | None = described(
        "A mask for the first image: an image whose fully transparent areas are repainted.",
        {"file_id": IMAGE_ID},
        None,
    )


class VariationParameters(CommonParameters):
    """What variations accept beside their image."""


class VariationRequest(VariationParameters):
    """An image to vary, in JSON."""

    image: ImageReference = described("The source image.", {"image_url": _DATA_URL})
