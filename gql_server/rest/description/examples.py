"""What successes look like, for the description."""

from typing import Any, Final

from gql_server.rest.schemas.fields import (
    BATCH_ID,
    FLUX,
    IMAGE_ID,
    MOMENT_EXAMPLE,
    SOURCE_IMAGE_ID,
    TEMPLATE_ID,
    USER,
)

IMAGE: Final[dict[str, Any]] = {
    "id": IMAGE_ID,
    "prompt": "A serene mountain landscape at sunset, photorealistic",
    "model": FLUX,
    "r2_key": f"generated/{IMAGE_ID}.png",
    "r2_url": f"https://images.example.com/generated/{IMAGE_ID}.png",
    "width": 1024,
    "height": 1024,
    "created_at": MOMENT_EXAMPLE,
    "user_id": USER,
    "cost": 0.01,
    "is_deleted": False,
    "source_image_ids": [],
    "mask_image_id": None,
    "template_version": None,
    "remade_from": None,
    "provenance": {
        "digital_source_type": (
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
        ),
        "has_c2pa_manifest": False,
        "marked_by": "server",
        "model": FLUX,
        "software": "gql_server 1.0",
        "includes_prompt": False,
    },
}
IMAGES: Final[dict[str, Any]] = {"images": [IMAGE], "total": 1, "next_cursor": None}
PENDING_IMAGE: Final[dict[str, Any]] = {
    "id": IMAGE_ID,
    "status": "pending",
    "message": f"The image is still being generated. Query image {IMAGE_ID} in a moment.",
}
SOURCE_IMAGE: Final[dict[str, Any]] = {
    "id": SOURCE_IMAGE_ID,
    "url": f"https://images.example.com/sources/{SOURCE_IMAGE_ID}.png",
    "width": 1024,
    "height": 768,
    "content_type": "image/png",
    "size_bytes": 524288,
    "created_at": MOMENT_EXAMPLE,
    "user_id": USER,
}
SOURCE_IMAGES: Final[dict[str, Any]] = {
    "source_images": [SOURCE_IMAGE],
    "total": 1,
    "next_cursor": None,
}
TEMPLATE: Final[dict[str, Any]] = {
    "id": TEMPLATE_ID,
    "name": "Product Photography",
    "description": None,
    "model": FLUX,
    "default_prompt": "Professional product photography, studio lighting, 8k",
    "parameters": {
        "negative_prompt": None,
        "width": None,
        "height": None,
        "steps": 4,
        "guidance": None,
        "seed": None,
        "strength": None,
    },
    "user_id": USER,
    "created_at": MOMENT_EXAMPLE,
    "updated_at": MOMENT_EXAMPLE,
}
TEMPLATES: Final[dict[str, Any]] = {"templates": [TEMPLATE], "total": 1, "next_cursor": None}
MODELS: Final[list[dict[str, Any]]] = [
    {
        "id": FLUX,
        "name": "Flux 1 Schnell",
        "provider": "Black Forest Labs",
        "description": "Draws in a few steps: quick, cheap, good at following a prompt.",
        "speed": "fast",
        "quality": "high",
        "typical_seconds": {"minimum": 2.0, "maximum": 3.0},
        "cost_per_image": 0.01,
        "width": 1024,
        "height": 1024,
        "capabilities": ["seed"],
        "is_recommended": True,
        "is_beta": False,
    }
]
_SUMS: Final[dict[str, Any]] = {
    "total_cost": 0.03,
    "total_images": 3,
    "average_cost": 0.01,
    "provider_cost": 0.0019,
    "neurons": 172.8,
}
COSTS: Final[dict[str, Any]] = {
    **_SUMS,
    "since": None,
    "until": None,
    "by_model": [{**_SUMS, "model": FLUX}],
}
BATCH: Final[dict[str, Any]] = {
    "id": BATCH_ID,
    "name": "Summer catalogue",
    "status": "running",
    "priority": "normal",
    "total": 3,
    "queued": 1,
    "running": 1,
    "succeeded": 1,
    "failed": 0,
    "canceled": 0,
    "progress": 0.33,
    "cost": 0.01,
    "estimated_cost": 0.03,
    "estimated_finish_at": MOMENT_EXAMPLE,
    "paused_reason": None,
    "resumes_at": None,
    "webhook_url": "https://your-app.com/webhooks/generation-complete",
    "user_id": USER,
    "created_at": MOMENT_EXAMPLE,
    "started_at": MOMENT_EXAMPLE,
    "finished_at": None,
}
PENDING_BATCH: Final[dict[str, Any]] = {
    "id": BATCH_ID,
    "status": "pending",
    "message": f"The batch is still being accepted. Query batch {BATCH_ID} in a moment.",
}
