"""LiteLLM: its SDK, and its proxy where the address is the proxy's."""

import base64
import io
import sys

import litellm

litellm.suppress_debug_info = True


def main(url: str, key: str, model: str) -> None:
    to_server = {"api_base": f"{url}/v1", "api_key": key}
    made = litellm.image_generation(
        model=f"openai/{model}", prompt="A red fox", n=2, size="256x256", **to_server
    )
    assert len(made.data) == 2
    file = io.BytesIO(base64.b64decode(made.data[0].b64_json))
    file.name = "a.png"
    edited = litellm.image_edit(
        model=f"openai/{model}", image=[file], prompt="A blue fox", size="256x256", **to_server
    )
    assert edited.data[0].b64_json
    for changes, kind in (
        ({"model": "openai/nope"}, (litellm.NotFoundError, litellm.BadRequestError)),
        ({"prompt": "[preview:refuse]"}, litellm.BadRequestError),
    ):
        given = {"model": f"openai/{model}", "prompt": "A red fox", **to_server, **changes}
        try:
            litellm.image_generation(**given)
        except kind:
            pass
        else:
            raise AssertionError(changes)


main(*sys.argv[1:])
