import pytest

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.addresses import bucket_address, folder_address

KEY = "generated/img_1.png"
ZONE = "https://pictures.example.com"


@pytest.mark.parametrize(
    ("base", "width", "image_format", "address"),
    [
        (ZONE, None, None, f"{ZONE}/{KEY}"),
        (
            ZONE,
            400,
            ImageFormat.WEBP,
            f"{ZONE}/cdn-cgi/image/width=400,format=webp,fit=scale-down/{KEY}",
        ),
        (ZONE, 400, None, f"{ZONE}/cdn-cgi/image/width=400,fit=scale-down/{KEY}"),
        (ZONE, None, ImageFormat.AVIF, f"{ZONE}/cdn-cgi/image/format=avif/{KEY}"),
        (ZONE, None, ImageFormat.JPEG, f"{ZONE}/cdn-cgi/image/format=jpeg/{KEY}"),
        (ZONE, 400, ImageFormat.PNG, f"{ZONE}/cdn-cgi/image/width=400,fit=scale-down/{KEY}"),
        (ZONE, None, ImageFormat.PNG, f"{ZONE}/{KEY}"),
        (
            f"{ZONE}:8443/team/a",
            64,
            None,
            f"{ZONE}:8443/cdn-cgi/image/width=64,fit=scale-down/team/a/{KEY}",
        ),
        ("https://pub-1.r2.dev", 400, ImageFormat.WEBP, f"https://pub-1.r2.dev/{KEY}"),
        ("https://PUB-1.R2.DEV", 400, None, f"https://PUB-1.R2.DEV/{KEY}"),
        (
            "https://notr2.dev",
            400,
            None,
            f"https://notr2.dev/cdn-cgi/image/width=400,fit=scale-down/{KEY}",
        ),
    ],
)
def test_a_bucket_address_is_transformed_where_its_zone_can(
    base: str, width: int | None, image_format: ImageFormat | None, address: str
) -> None:
    assert bucket_address(base, KEY, width=width, image_format=image_format) == address


@pytest.mark.parametrize(
    ("width", "image_format", "query"),
    [
        (None, None, ""),
        (400, None, "?width=400"),
        (None, ImageFormat.JPEG, "?format=jpeg"),
        (400, ImageFormat.WEBP, "?width=400&format=webp"),
    ],
)
def test_a_folder_address_asks_for_renditions_by_its_query(
    width: int | None, image_format: ImageFormat | None, query: str
) -> None:
    base = "http://127.0.0.1:8000/images"
    address = folder_address(base, KEY, width=width, image_format=image_format)
    assert address == f"{base}/{KEY}{query}"
