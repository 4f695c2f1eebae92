"""Every generated page and module, with its text."""

from collections.abc import Iterator
from pathlib import Path

from tools.reference import (
    commands,
    doors,
    errors,
    logs,
    metrics,
    models,
    operations,
    settings,
    suggestions,
    sync_client,
    traces,
    types,
)


def generated_pages() -> Iterator[tuple[Path, str]]:
    """Yield the file of each generated page or module, and the text it should have.

    The modules come first: the pages import the product, and so them.
    """
    yield from suggestions.modules()
    yield from sync_client.modules()
    yield settings.PAGE, settings.settings_page()
    yield settings.EXAMPLE, settings.env_example()
    yield commands.PAGE, commands.commands_page()
    yield doors.PAGE, doors.doors_page()
    yield logs.PAGE, logs.logs_page()
    yield traces.PAGE, traces.traces_page()
    yield metrics.PAGE, metrics.metrics_page()
    yield models.PAGE, models.models_page()
    yield errors.FOLDER / "README.md", errors.index()
    for text in errors.error_texts():
        yield text.path, text.page()
    yield from types.type_pages()
    yield operations.INDEX, operations.index()
    for operation in operations.operations():
        yield operation.page, operation.written()
