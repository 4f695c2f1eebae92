"""The catalogue of models, read from ``models.toml``.

The file is the one place to read and extend; everything in it is checked when it is loaded.
"""

import tomllib
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gql_server.inference.model import Model


class CatalogueError(Exception):
    """The catalogue's file is wrong; the message names the place and the mend."""


class Catalogue:
    """The models by id, in the order of the file.

    Attributes:
        models: The models.
        max_sources: How many source images any model takes at most.
        max_text_length: How many characters any model takes of a prompt at most.
    """

    def __init__(self, models: tuple[Model, ...]) -> None:
        self.models = models
        self.max_sources = max(
            model.image_inputs.maximum if model.image_inputs else 0 for model in models
        )
        self.max_text_length = max(model.max_prompt_length for model in models)
        self._by_id = {model.id: model for model in models}
        if len(self._by_id) != len(models):
            ids = [model.id for model in models]
            twice = next(model_id for model_id in ids if ids.count(model_id) > 1)
            raise CatalogueError(f"the catalogue names {twice} twice")

    def get(self, model_id: str) -> Model | None:
        """Return the model of that id, if there is one."""
        return self._by_id.get(model_id)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Model, ...] = Field(min_length=1)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read and check a catalogue; without a path, the one that comes with the server.

    Raises:
        CatalogueError: The file cannot be read or breaks a rule.
    """
    try:
        if path is None:
            text = resources.files(__package__).joinpath("models.toml").read_text("utf-8")
        else:
            text = path.read_text("utf-8")
        return Catalogue(_File.model_validate(tomllib.loads(text)).models)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        lines = [
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults
        ]
        raise CatalogueError(f"{path or 'models.toml'}: {'; '.join(lines)}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path or 'models.toml'}: {error}") from error
