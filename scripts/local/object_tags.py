"""S3: the tags that a multipart upload is started with are the tags of the object; ministack drops them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from scripts.local import engine


def install() -> None:
    """Without the tags Terraform sees drift on every object that its provider uploads in parts (5 MB and more)."""
    storage = engine.service("s3")
    create, complete = storage._create_multipart_upload, storage._complete_multipart_upload

    def create_multipart_upload(bucket: str, key: str, headers: dict[str, str]) -> Any:
        answer = create(bucket, key, headers)
        found = re.search(rb"<UploadId>(.+?)</UploadId>", answer[2])
        if found and headers.get("x-amz-tagging"):
            storage._multipart_uploads[found.group(1).decode()]["tags"] = dict(
                parse_qsl(headers["x-amz-tagging"], True)
            )
        return answer

    def complete_multipart_upload(
        bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, str] | None = None
    ) -> Any:
        tags = storage._multipart_uploads.get(storage._qp(query, "uploadId"), {}).get("tags")
        answer = complete(bucket, key, body, query, headers)
        if tags and answer[0] == 200:
            version = storage._buckets[bucket]["objects"][key].get("version_id")
            storage._object_tags[(bucket, key, version)] = tags
            storage._persist_version_state(bucket, key, storage._buckets[bucket])
        return answer

    storage._create_multipart_upload = create_multipart_upload
    storage._complete_multipart_upload = complete_multipart_upload
