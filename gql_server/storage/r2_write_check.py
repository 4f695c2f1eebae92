"""Whether the token of a bucket may write, checked without writing."""

from http import HTTPStatus
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from gql_server.storage.marker import marker_content
from gql_server.storage.refusals import status_of, translated
from gql_server.storage.store import MARKER

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

_SECONDS: Final = 60.0
"""R2 charges for writes, including those that write nothing."""


class WriteCheck:
    """Checks at most once a minute, while writing is allowed, whether a token may write."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._passed_at = -inf

    async def run(self, store_id: str, *, is_due: bool) -> None:
        """Check that the token may write. The bucket's marker exists, so nothing is written.

        Args:
            store_id: The ID in the marker.
            is_due: Whether to check now, although the last check passed less than a minute ago.

        Raises:
            StoreMisconfigured: It may not.
            StoreUnavailable: R2 did not answer.
        """
        if not is_due and monotonic() - self._passed_at <= _SECONDS:
            return
        with translated("write", bucket=self._bucket, key=MARKER):
            try:
                await self._client.put_object(
                    Bucket=self._bucket,
                    Key=MARKER,
                    Body=marker_content(store_id),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if status_of(error) != HTTPStatus.PRECONDITION_FAILED:
                    raise
        self._passed_at = monotonic()
