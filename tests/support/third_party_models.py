"""The image models of other providers, as JSON Schemas of Cloudflare's catalogue of autumn 2026.

From that documentation and from nothing of the server's. Schemas are closed, but for OpenAI's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Schema = dict[str, Any]
AnswerKind = Literal["address", "data_uri", "base64"]


@dataclass(frozen=True, kw_only=True)
class ThirdParty:
    schema: Schema
    key: Literal["image", "images"] = "image"
    answer: AnswerKind = "address"
    is_vector: bool = False
    usage: Mapping[str, Any] | None = None
    """Tokens that an answer reports."""

    is_deep: bool = True
    """Whether the answer lies in a second result, as most were seen to."""

    prompt: str = "prompt"


def _text(**more: Any) -> Schema:
    return {"type": "string", **more}


def _enum(*values: str) -> Schema:
    return {"enum": list(values)}


def _whole(low: int | None = None, high: int | None = None) -> Schema:
    bounds = {"minimum": low, "maximum": high}
    return {"type": "integer", **{k: v for k, v in bounds.items() if v is not None}}


def _number(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _many(items: Schema, low: int, high: int) -> Schema:
    return {"type": "array", "items": items, "minItems": low, "maxItems": high}


_FLAG: Schema = {"type": "boolean"}
_SIZE = _text(pattern=r"^\d+x\d+$")
_SEED = _whole(0, 2147483647)
_BASE64 = _text(pattern=r"^[A-Za-z0-9+/=]{20,}$")
_DATA = _text(pattern=r"^data:image/(png|jpeg);base64,[A-Za-z0-9+/=]{20,}$")
_HTTPS = _text(pattern=r"^https://", maxLength=1024)


def _closed(required: tuple[str, ...] = ("prompt",), /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_PROMPT = _text(minLength=1)
_A = _enum("match_input_image", "1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9")
_G = ("1:1", "3:2", "2:3", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_K = _enum("1:1", "4:3", "3:2", "16:9", "2.35:1", "4:5", "2:3", "9:16")
_X = _enum(
    *("1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9"),
    *("1:2", "2:1", "auto"),
)
_B = _enum("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9")
_P = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")

_KONTEXT = ThirdParty(
    schema=_closed(
        prompt=_PROMPT,
        aspect_ratio=_text(pattern=r"^\d+(\.\d+)?:\d+(\.\d+)?$"),
        prompt_upsampling=_FLAG,
        safety_tolerance=_whole(0, 6),
        output_format=_enum("jpeg", "png"),
        input_image=_BASE64,
        seed=_SEED,
    )
)


def _flux_2(**more: Schema) -> ThirdParty:
    return ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            width=_whole(64),
            height=_whole(64),
            safety_tolerance=_whole(0, 5),
            output_format=_enum("jpeg", "png", "webp"),
            input_images=_many(_DATA, 1, 8),
            seed=_whole(),
            **more,
        )
    )


def _google(tier: str, formats: tuple[str, ...], *ratios: str, **more: Schema) -> ThirdParty:
    return ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            aspect_ratio=_enum(*_G, *ratios),
            output_format=_enum(*formats),
            image_input=_many(_DATA, 1, 3),
            **{tier: _enum("1K", "2K", "4K")},
            **more,
        ),
        usage={
            "promptTokenCount": 12,
            "candidatesTokenCount": 1120,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 12}],
        },
    )


_KREA = ThirdParty(
    schema=_closed(
        ("prompt", "aspect_ratio", "resolution"),
        prompt=_PROMPT,
        aspect_ratio=_K,
        resolution=_enum("1K"),
        creativity=_enum("raw", "low", "medium", "high"),
        intensity=_number(-100, 100),
        complexity=_number(-100, 100),
        movement=_number(-100, 100),
        seed=_SEED,
        styles=_many(_closed(("id",), id=_text(), strength=_number(-2, 2)), 0, 10),
        moodboards=_many(_closed(("id",), id=_text(), strength=_number(0, 1)), 0, 1),
        image_style_references=_many(_closed(("url",), url=_HTTPS, strength=_number(0, 1)), 0, 10),
    )
)


def _openai(sizes: tuple[str, ...], qualities: tuple[str, ...], **more: Schema) -> ThirdParty:
    return ThirdParty(
        schema={
            "type": "object",
            "properties": {
                "prompt": _PROMPT,
                "size": _enum(*sizes),
                "quality": _enum(*qualities),
                "images": _many({"anyOf": [_DATA, _BASE64]}, 1, 16),
                # Ignored by the service, and paid for: never to be sent.
                "image": {"not": {}},
                **more,
            },
            "required": ["prompt"],
        },
        usage={
            "input_tokens": 20,
            "output_tokens": 1000,
            "input_tokens_details": {"text_tokens": 20, "image_tokens": 0},
        },
    )


_LATER = ("1024x1024", "1024x1536", "1536x1024", "auto")
_GPT_2 = {
    "background": _enum("transparent", "opaque", "auto"),
    "output_format": _enum("png", "webp", "jpeg"),
}
_GPT_2_5 = _openai(_LATER, ("low", "medium", "high", "auto", "xhigh", "max"), **_GPT_2)
_RGB = _closed(("rgb",), rgb=_many(_whole(0, 255), 3, 3))


def _recraft(*, is_vector: bool = False) -> ThirdParty:
    return ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            size=_SIZE,
            style=_text(),
            substyle=_text(),
            controls=_closed((), colors=_many(_RGB, 0, 5), background_color=_RGB),
        ),
        is_vector=is_vector,
    )


def _xai(images: int, *qualities: str, **more: Schema) -> ThirdParty:
    picture = _closed(("url",), url=_DATA, type=_text())
    return ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            aspect_ratio=_X,
            quality=_enum(*qualities),
            resolution=_enum("1k", "2k"),
            response_format=_enum("url", "b64_json"),
            user=_text(),
            image=picture,
            images=_many(picture, 1, images),
            mask=picture,
            **more,
        ),
        answer="data_uri",
    )


def _bria(*required: str, low: int, high: int, **more: Schema) -> ThirdParty:
    return ThirdParty(
        schema=_closed(
            required,
            resolution=_enum("1MP", "4MP"),
            aspect_ratio=_B,
            output_type=_enum("png", "jpeg"),
            ip_signal=_FLAG,
            prompt_content_moderation=_FLAG,
            visual_input_content_moderation=_FLAG,
            visual_output_content_moderation=_FLAG,
            images=_many(_BASE64, low, high),
            seed=_SEED,
            **more,
        )
    )


THIRD_PARTY: Mapping[str, ThirdParty] = {
    "alibaba/qwen-image-3.0-pro": ThirdParty(
        schema=_closed(
            ("prompt", "size"),
            prompt=_PROMPT,
            size=_SIZE,
            negative_prompt=_text(maxLength=500),
            n=_whole(1, 6),
            watermark=_FLAG,
            prompt_extend=_FLAG,
            prompt_extend_mode=_enum("direct", "agent"),
            seed=_SEED,
        ),
        key="images",
    ),
    "alibaba/wan-2.6-image": ThirdParty(
        schema=_closed(prompt=_PROMPT, size=_SIZE, negative_prompt=_text())
    ),
    "black-forest-labs/flux-1-kontext-pro": _KONTEXT,
    "black-forest-labs/flux-1-kontext-max": _KONTEXT,
    "black-forest-labs/flux-2-pro-preview": _flux_2(),
    "black-forest-labs/flux-2-max": _flux_2(),
    "black-forest-labs/flux-2-flex": _flux_2(
        prompt_upsampling=_FLAG, guidance=_number(1.5, 10), steps=_whole(1, 50)
    ),
    "bria/fibo-generate-1.5": _bria(
        "prompt", prompt=_PROMPT, structured_prompt=_text(), low=1, high=1
    ),
    "bria/fibo-edit-1.5": ThirdParty(
        schema=_bria(
            "instruction", "images", instruction=_PROMPT, mask=_BASE64, low=1, high=4
        ).schema,
        prompt="instruction",
    ),
    "bria/remove-background": ThirdParty(
        schema=_closed(
            ("image",),
            image=_BASE64,
            preserve_alpha=_FLAG,
            visual_input_content_moderation=_FLAG,
            visual_output_content_moderation=_FLAG,
        ),
        is_deep=False,
    ),
    "bytedance/seedream-4.0": ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            size=_enum("1K", "2K", "4K", "custom"),
            aspect_ratio=_A,
            width=_whole(1024, 4096),
            height=_whole(1024, 4096),
            enhance_prompt=_FLAG,
        )
    ),
    "bytedance/seedream-4.5": ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            size=_enum("2K", "4K"),
            aspect_ratio=_A,
            sequential_image_generation=_enum("disabled", "auto"),
            max_images=_whole(1, 15),
            disable_safety_checker=_FLAG,
            image_input=_many(_DATA, 1, 14),
        ),
        key="images",
    ),
    "bytedance/seedream-5-lite": ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            size=_enum("2K", "3K"),
            aspect_ratio=_A,
            output_format=_enum("png", "jpeg"),
            image_input=_many(_DATA, 1, 14),
        ),
        key="images",
    ),
    "bytedance/seedream-5-pro": ThirdParty(
        schema=_closed(
            ("prompt", "watermark"),
            prompt=_PROMPT,
            size=_text(pattern=r"^(1K|2K|\d+x\d+)$"),
            watermark=_FLAG,
            image={"anyOf": [_DATA, _many(_DATA, 1, 10)]},
        ),
        key="images",
    ),
    "google/nano-banana": _google("image_size", ("jpg", "png", "webp")),
    "google/nano-banana-pro": _google("image_size", ("jpg", "png", "webp")),
    "google/nano-banana-2": _google(
        "resolution", ("jpg", "png"), "match_input_image", google_search=_FLAG, image_search=_FLAG
    ),
    "google/nano-banana-2-lite": _google("resolution", ("jpg", "png"), "match_input_image"),
    "krea/krea-2-large": _KREA,
    "krea/krea-2-medium": _KREA,
    "krea/krea-2-medium-turbo": _KREA,
    "openai/gpt-image-1.5": _openai(
        ("256x256", "512x512", "1024x1024", "1792x1024", "1024x1792"),
        ("low", "medium", "high", "auto"),
        style=_enum("vivid", "natural"),
    ),
    "openai/gpt-image-2": _openai(_LATER, ("low", "medium", "high", "auto"), **_GPT_2),
    "openai/gpt-image-2.5-flare": _GPT_2_5,
    "openai/gpt-image-2.5-sunburst": _GPT_2_5,
    "pruna/p-image": ThirdParty(
        schema=_closed(
            prompt=_PROMPT,
            aspect_ratio=_enum(*_P, "custom"),
            width={**_whole(256, 1440), "multipleOf": 16},
            height={**_whole(256, 1440), "multipleOf": 16},
            lora_weights=_text(),
            lora_scale=_number(-1, 3),
            hf_api_token=_text(),
            prompt_upsampling=_FLAG,
            disable_safety_checker=_FLAG,
            seed=_SEED,
        )
    ),
    "pruna/p-image-edit": ThirdParty(
        schema=_closed(
            ("prompt", "images"),
            prompt=_PROMPT,
            turbo=_FLAG,
            aspect_ratio=_enum("match_input_image", *_P),
            disable_safety_checker=_FLAG,
            images=_many(_DATA, 1, 5),
            seed=_SEED,
        )
    ),
    "pruna/p-image-try-on": ThirdParty(
        schema=_closed(
            ("person_image", "garment_images"),
            prompt=_text(),
            turbo=_FLAG,
            output_format=_enum("jpg", "png", "webp"),
            output_quality=_whole(0, 100),
            preserve_input_size=_FLAG,
            person_image=_DATA,
            garment_images=_many(_DATA, 1, 11),
            reference_pose=_text(),
            seed=_SEED,
        )
    ),
    "pruna/p-image-upscale": ThirdParty(
        schema=_closed(
            ("image",),
            image=_DATA,
            target=_whole(1, 128),
            output_format=_enum("jpg", "webp", "png"),
            output_quality=_whole(0, 100),
            enhance_details=_FLAG,
            enhance_realism=_FLAG,
            disable_safety_checker=_FLAG,
        )
    ),
    **{
        f"recraft/{name}": _recraft()
        for name in (
            "recraftv3",
            "recraftv4",
            "recraftv4-pro",
            "recraftv4-1",
            "recraftv4-1-utility",
            "recraftv4-1-pro",
            "recraftv4-1-utility-pro",
        )
    },
    **{
        f"recraft/{name}": _recraft(is_vector=True)
        for name in (
            "recraftv4-vector",
            "recraftv4-1-vector",
            "recraftv4-1-utility-vector",
            "recraftv4-pro-vector",
            "recraftv4-1-pro-vector",
            "recraftv4-1-utility-pro-vector",
        )
    },
    "xai/grok-imagine-image": _xai(10, "low", "medium", "high", n=_whole(1, 10)),
    "xai/grok-imagine-image-2.0": _xai(5, "low", "medium"),
    "xai/grok-imagine-image-quality": _xai(10, "low", "medium", "high", n=_whole(1, 10)),
}
