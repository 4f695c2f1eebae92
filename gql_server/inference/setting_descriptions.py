"""What the shared settings of images do, in the words of every API that describes them."""

from collections.abc import Mapping
from typing import Final

SETTING_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "negative_prompt": "Things the image should not show, such as `blurry, text`.",
    "width": "Image width in pixels, such as 1024.",
    "height": "Image height in pixels, such as 768.",
    "steps": "Number of denoising steps, such as 20. More steps are slower and often sharper, "
    "and may cost more.",
    "guidance": "Guidance scale, such as 7.5. Higher values follow the prompt more closely.",
    "seed": "Seed of the random generator, such as 42. The same seed and settings give the same "
    "image.",
    "strength": "How much the result may differ from the source image, from 0 (not at all) to 1.",
    "aspect_ratio": "Width to height, such as `16:9`.",
    "quality": "Quality of the image, such as `high`. Higher quality is slower and may cost more.",
    "background": "Background of the image, such as `opaque`.",
    "output_format": "File format of the image, such as `png`.",
}
"""By the names of ``SHARED_NAMES``. Ranges and defaults are in the models' rules."""
