"""A store that is not the one of the database's pictures is noticed, and none is made for it."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gql_server.bootstrap.resources import StartError, check_start
from gql_server.cli.root import cli
from gql_server.settings import load_settings
from tests.support.running_app import RunningApp, running_app
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio
runner = CliRunner()

SMALL = {
    "model": "@cf/stabilityai/stable-diffusion-xl-base-1.0",
    "width": 256,
    "height": 256,
}


async def store_state(app: RunningApp) -> tuple[int, str]:
    response = await app.client.get("/ready")
    return response.status_code, response.json()["store"]


async def store_becomes(app: RunningApp, *expected: int | str) -> None:
    """Wait until the server says so: it looks once in some seconds."""
    async with asyncio.timeout(WAIT_SECONDS):
        while await store_state(app) != expected:
            await asyncio.sleep(0.1)


async def test_a_lost_folder_is_noticed_and_not_made_again(tmp_path: Path) -> None:
    images = tmp_path / "images"
    async with running_app(tmp_path) as app:
        await app.image(**SMALL)
        await store_becomes(app, 200, "ok")
        images.rename(tmp_path / "unmounted")
        await store_becomes(app, 503, "failing")
        (error,) = (await app.generate(**SMALL))["userErrors"]
        assert error["__typename"] == "GenerationFailed"
        images.mkdir()  # the mount point
        await store_becomes(app, 503, "failing")
        (error,) = (await app.generate(**SMALL))["userErrors"]
        assert error["__typename"] == "GenerationFailed"
        assert list(images.iterdir()) == [], "nothing is written beneath a mount point"
        images.rmdir()
        (tmp_path / "unmounted").rename(images)
        await store_becomes(app, 200, "ok")
        await app.image(**SMALL)
    images.rename(tmp_path / "unmounted")
    with pytest.raises(StartError, match="not the store of the database's images"):
        await check_start(load_settings(data_dir=tmp_path))
    assert not images.exists()


async def test_the_store_of_another_database_is_refused(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        async with running_app(tmp_path / name) as app:
            await app.image(**SMALL)
    shutil.rmtree(tmp_path / "one/images")
    shutil.copytree(tmp_path / "other/images", tmp_path / "one/images")
    with pytest.raises(StartError, match="marker of another"):
        await check_start(load_settings(data_dir=tmp_path / "one"))


async def test_a_database_of_an_older_version_adopts_its_store(tmp_path: Path) -> None:
    marker = tmp_path / "images/.gql-server-store.json"
    async with running_app(tmp_path) as app:
        await app.image(**SMALL)
        marker.unlink()
        async with app.services.database.write() as connection:
            await connection.exec_driver_sql("DELETE FROM stores")
    async with running_app(tmp_path) as app:
        await store_becomes(app, 200, "ok")
        async with app.services.database.write() as connection:
            await connection.exec_driver_sql("DELETE FROM stores")
    assert marker.exists()


async def test_a_server_reads_without_the_store_of_an_older_version_but_writes_nothing(
    tmp_path: Path,
) -> None:
    async with running_app(tmp_path) as app:
        image = await app.image(**SMALL)
        async with app.services.database.write() as connection:
            await connection.exec_driver_sql("DELETE FROM stores")
    shutil.rmtree(tmp_path / "images")
    await check_start(load_settings(data_dir=tmp_path))
    async with running_app(tmp_path) as app:
        await store_becomes(app, 503, "failing")
        listed = (await app.ask("{ images { edges { node { id } } } }"))["images"]["edges"]
        assert listed == [{"node": {"id": image["id"]}}]
        (error,) = (await app.generate(**SMALL))["userErrors"]
        assert error["__typename"] == "GenerationFailed"
    assert not list((tmp_path / "images").glob("generated/*"))


async def test_a_database_without_images_takes_any_store(tmp_path: Path) -> None:
    async with running_app(tmp_path):
        pass
    shutil.rmtree(tmp_path / "images")
    async with running_app(tmp_path) as app:
        await store_becomes(app, 200, "ok")
        await app.image(**SMALL)


async def test_a_bucket_without_its_marker_is_noticed(tmp_path: Path, s3: S3Server) -> None:
    bucket = s3.make_bucket()
    settings = {
        "cloudflare_account_id": None,
        "r2_bucket": bucket,
        "r2_access_key_id": ACCESS_KEY_ID,
        "r2_secret_access_key": SECRET_ACCESS_KEY,
        "r2_endpoint_url": s3.endpoint_url,
    }
    async with running_app(tmp_path, settings) as app:
        await app.image(**SMALL)
        await store_becomes(app, 200, "ok")
        await app.services.store._delete(".gql-server-store.json")  # type: ignore[attr-defined]
        await store_becomes(app, 503, "failing")
    other = settings | {"r2_bucket": s3.make_bucket()}
    with pytest.raises(StartError, match="has no marker"):
        await check_start(load_settings(data_dir=tmp_path, **other))


async def test_the_command_says_what_is_gone_and_continues_with_another_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    async with running_app(tmp_path) as app:
        image = await app.image(**SMALL)
        kept = await app.image(**SMALL)
        (tmp_path / "images" / image["r2Key"]).unlink()
        orphan = tmp_path / "images/generated/left.png"
        shutil.copy(tmp_path / "images" / kept["r2Key"], orphan)
    from asyncio import to_thread  # noqa: PLC0415 - the command has a loop of its own

    audit = ["audit", "--store", "--grace-hours", "0"]
    found = await to_thread(runner.invoke, cli, audit)
    assert found.exit_code == 1
    assert f"{image['id']}: file is gone\n" in found.output
    assert "generated/left.png: belongs to no image\n" in found.output
    listed = await to_thread(runner.invoke, cli, [*audit, "--json"])
    assert listed.exit_code == 1
    report = json.loads(listed.stdout)
    assert (report["agrees"], report["missing"]["names"]) == (False, [image["id"]])
    repaired = await to_thread(runner.invoke, cli, [*audit, "--repair"])
    assert repaired.exit_code == 1
    assert "--force" in repaired.output
    repaired = await to_thread(runner.invoke, cli, [*audit, "--repair", "--force"])
    assert repaired.exit_code == 0, repaired.output
    assert (tmp_path / "images/.quarantine/generated/left.png").exists()
    assert (await to_thread(runner.invoke, cli, audit)).exit_code == 0
    async with running_app(tmp_path) as app:
        query = "query I($id: ID!) { image(id: $id) { missingSince url } }"
        gone = (await app.ask(query, id=image["id"]))["image"]
        assert gone["missingSince"] is not None
        assert (await app.client.get(gone["url"])).status_code == 404
        assert (await app.ask(query, id=kept["id"]))["image"]["missingSince"] is None
    shutil.rmtree(tmp_path / "images")
    refused = await to_thread(runner.invoke, cli, audit)
    assert refused.exit_code == 1
    assert "--adopt" in refused.output
    adopted = await to_thread(runner.invoke, cli, ["audit", "--store", "--adopt"])
    assert adopted.exit_code == 0, adopted.output
    assert (await to_thread(runner.invoke, cli, audit)).exit_code == 1
