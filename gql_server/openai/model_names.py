"""The names by which clients know models: the models' own, and aliases."""

from collections.abc import Iterator, Mapping

from gql_server.domain.errors import ModelNotFound
from gql_server.generation.requests.rules import image_input_errors
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import Model, PromptUse


class ModelNames:
    """Finds models by their names."""

    def __init__(self, catalogue: Catalogue, aliases: Mapping[str, tuple[str, ...]]) -> None:
        """Take the catalogue, and the IDs of the models that each alias stands for."""
        self._catalogue = catalogue
        self._aliases = aliases

    def find(self, name: str, *, sources: int = 0, has_mask: bool = False) -> Model:
        """Return a model; of those an alias stands for the first that accepts these images.

        Args:
            name: The ID of a model, or an alias.
            sources: Number of source images.
            has_mask: Whether there is a mask.

        Raises:
            ModelNotFound: No model has the name.
        """
        models = self.models_of(name)
        if not models:
            raise ModelNotFound(name, hint=self._catalogue.instead_of(name))
        fitting = (
            model
            for model in models
            if model.prompt is not PromptUse.NONE
            and not any(
                image_input_errors(model, sources=sources, has_mask=has_mask, strength=None)
            )
        )
        return next(fitting, models[0])

    def models_of(self, name: str) -> tuple[Model, ...]:
        """Return the models that a name stands for; none if it is unknown."""
        ids = self._aliases.get(name, (name,))
        return tuple(model for model in map(self._catalogue.get, ids) if model is not None)

    def all(self) -> Iterator[tuple[str, tuple[Model, ...]]]:
        """Yield every name with its models: those of the catalogue, then the aliases."""
        for model in self._catalogue.models:
            yield model.id, (model,)
        for alias in self._aliases:
            models = self.models_of(alias)
            if models:
                yield alias, models

    def is_alias(self, name: str) -> bool:
        """Return whether a name is none of a model's own."""
        return name in self._aliases
