"""One picture, from the request to the kept image: the main job."""

from dataclasses import asdict

from gql_server.database.images import search_form
from gql_server.database.pages import Facts
from gql_server.database.tables import ChargeKind, ChargeRow, ImageRow
from gql_server.domain.clock import now
from gql_server.domain.ids import new_id
from gql_server.domain.principal import Principal
from gql_server.generation.acceptance import AcceptedPicture, accept
from gql_server.generation.keeping import keep_bytes, keep_facts
from gql_server.generation.parts import Parts
from gql_server.generation.requests import PictureRequest
from gql_server.generation.source_images import load_mask, load_sources
from gql_server.inference.generator import GeneratedPicture, GenerationRequest
from gql_server.storage.store import StoredObject


async def generate_image(parts: Parts, principal: Principal, request: PictureRequest) -> Facts:
    """Make a picture, keep it and charge it; return its facts.

    It goes on when the caller goes away or the request's deadline passes.

    Raises:
        Rejected: The request has faults; nothing was spent.
        GenerationPending: The deadline passed; the picture will be kept all the same.
        DomainError: The picture could not be made or kept; nothing was charged.
    """
    accepted = await accept(parts, principal, request)
    return await parts.running.run(accepted.image_id, _make_and_keep(parts, accepted))


async def _make_and_keep(parts: Parts, accepted: AcceptedPicture) -> Facts:
    picture = await _make(parts, accepted)
    image, charge = _rows(parts, accepted, picture)
    await keep_bytes(
        parts.store,
        image.storage_key,
        StoredObject(
            data=picture.data,
            content_type=image.content_type,
            metadata=_object_metadata(accepted, image),
        ),
    )
    return await keep_facts(parts.database, image, charge)


async def _make(parts: Parts, accepted: AcceptedPicture) -> GeneratedPicture:
    width, height = accepted.parameters.width or 0, accepted.parameters.height or 0
    return await parts.generator.generate(
        GenerationRequest(
            model=accepted.model,
            prompt=accepted.rendered_prompt,
            parameters=accepted.parameters,
            source_images=await load_sources(
                parts, accepted.model, accepted.sources, width, height
            ),
            mask=await load_mask(parts, accepted.mask, width, height),
        )
    )


def _rows(
    parts: Parts, accepted: AcceptedPicture, picture: GeneratedPicture
) -> tuple[ImageRow, ChargeRow]:
    request, facts, moment = accepted.request, picture.facts, now()
    image = ImageRow(
        id=accepted.image_id,
        user_id=accepted.user_id,
        prompt=request.prompt,
        rendered_prompt=accepted.rendered_prompt,
        search_text=search_form(request.prompt),
        model_id=accepted.model.id,
        template_id=request.template_id,
        parameters=asdict(accepted.parameters),
        storage_key=f"generated/{accepted.image_id}.{facts.format.extension}",
        width=facts.width,
        height=facts.height,
        content_type=facts.format.content_type,
        size_bytes=len(picture.data),
        placeholder=facts.placeholder,
        tags=list(request.tags),
        attributes=dict(request.metadata) if request.metadata is not None else None,
        cost=accepted.price.cost,
        provider_cost=accepted.price.provider_cost,
        neurons=accepted.price.neurons,
        seconds=picture.seconds,
        is_preview=parts.generator.is_preview,
        created_at=moment,
    )
    charge = ChargeRow(
        id=new_id("chg"),
        kind=ChargeKind.CHARGE,
        image_id=image.id,
        user_id=image.user_id,
        model_id=image.model_id,
        template_id=image.template_id,
        amount=image.cost,
        provider_cost=image.provider_cost,
        neurons=image.neurons,
        is_preview=image.is_preview,
        created_at=moment,
    )
    return image, charge


def _object_metadata(accepted: AcceptedPicture, image: ImageRow) -> dict[str, str]:
    facts = {
        "image-id": image.id,
        "user-id": image.user_id,
        "model": image.model_id,
        "seed": accepted.parameters.seed,
        "seconds": f"{image.seconds:.3f}",
        "cost": image.cost,
        "provider-cost": image.provider_cost,
        "neurons": image.neurons,
        "preview": str(image.is_preview).lower(),
    }
    return {name: str(value) for name, value in facts.items() if value is not None}
