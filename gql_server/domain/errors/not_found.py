"""Objects that the caller does not have."""

from gql_server.domain.errors.base import ErrorCode, NotFound, Path


class ModelNotFound(NotFound):
    """The catalogue has no model with this name."""

    def __init__(self, model_id: str, *, path: Path = ("model",), hint: str | None = None) -> None:
        super().__init__("model", model_id, ErrorCode.MODEL_NOT_FOUND, path, hint=hint or "")
        self.model_id = self.sought_id


class TemplateNotFound(NotFound):
    """The caller has no template with this ID."""

    def __init__(self, template_id: str, *, path: Path = ("template_id",)) -> None:
        hint = "It may have been deleted."
        super().__init__("template", template_id, ErrorCode.TEMPLATE_NOT_FOUND, path, hint=hint)
        self.template_id = self.sought_id


class ImageNotFound(NotFound):
    """The caller has no image or source image with this ID."""

    def __init__(self, image_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("image", image_id, ErrorCode.IMAGE_NOT_FOUND, path)
        self.image_id = self.sought_id


class ApiKeyNotFound(NotFound):
    """No API key has this ID."""

    def __init__(self, key_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("API key", key_id, ErrorCode.API_KEY_NOT_FOUND, path)
        self.key_id = self.sought_id


class BatchNotFound(NotFound):
    """The caller has no batch with this ID."""

    def __init__(self, batch_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("batch", batch_id, ErrorCode.BATCH_NOT_FOUND, path)
        self.batch_id = self.sought_id


class GenerationNotFound(NotFound):
    """The caller has no generation with this ID."""

    def __init__(self, generation_id: str) -> None:
        super().__init__("generation", generation_id, ErrorCode.GENERATION_NOT_FOUND, ("id",))
        self.generation_id = self.sought_id


class WebhookNotFound(NotFound):
    """The caller has no webhook with this ID."""

    def __init__(self, webhook_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("webhook", webhook_id, ErrorCode.WEBHOOK_NOT_FOUND, path)
        self.webhook_id = self.sought_id
