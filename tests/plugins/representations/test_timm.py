"""``timm:``: weights found, fetched and read; features as timm itself computes them."""

import logging
import os
import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import timm
import torch
from alharness_plugins.representations.frozen import Preprocessing
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_model_data_config

from alharness import UsageError
from alharness.engine.randomness import controlled
from alharness.testing.connections import watched_connections

HUB = "models--timm--test_resnet.r160_in1k"
COMMIT = "0" * 40


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The hub's cache, empty."""
    folder = tmp_path / "hub"
    folder.mkdir()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    return folder


def untrained(name, **settings):
    """A network of timm whose features differ from image to image, as of a trained one."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = timm.create_model(name, pretrained=False, **settings)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.normal_(module.running_mean, std=0.1)
                torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


@pytest.fixture
def saved(tmp_path):
    """``saved(network)``: the path of its weights."""

    def saved(network):
        path = tmp_path / "weights.safetensors"
        save_file({name: one.contiguous() for name, one in network.state_dict().items()}, path)
        return str(path)

    return saved


def pictures(n, side, channels=3):
    """Images with details, uint8 (n, channels, side, side)."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(256, size=(n, side // 2, side // 2, 3), dtype=np.uint8)
    fine = [np.asarray(Image.fromarray(one).resize((side, side), 3)) for one in coarse]
    return np.stack(fine).transpose(0, 3, 1, 2)[:, :channels]


def by_timm(network, pixels, side):
    """Features by timm's own transform and forward pass; images are squashed."""
    configuration = resolve_model_data_config(network)
    configuration |= {"input_size": (3, side, side), "crop_pct": 1.0, "crop_mode": "squash"}
    transform = create_transform(**configuration, is_training=False)
    images = [transform(Image.fromarray(one.transpose(1, 2, 0)).convert("RGB")) for one in pixels]
    network.reset_classifier(0)
    with torch.no_grad():
        return network(torch.stack(images))


def tensors(pixels):
    return torch.from_numpy(pixels).float() / 255


def apart(found, expected):
    """How far features are apart, as a share of how far images are."""
    return ((found - expected).norm() / (expected - expected.mean(0)).norm()).item()


@pytest.mark.parametrize(
    ("name", "classes", "size"),
    [
        ("test_resnet", 1000, 64),
        ("test_resnet", 0, 64),
        ("test_efficientnet", 7, 64),
        ("test_vit", 1000, None),
    ],
)
def test_features_are_timms_where_nothing_is_resized(create, saved, name, classes, size):
    network = untrained(name, num_classes=classes)
    pixels = pictures(3, size or 160)
    made = create("representation", f"timm:{name}", weights=saved(network), image_size=size)
    expected = by_timm(network, pixels, size or 160)
    found = made.features(tensors(pixels))
    assert found.dtype == torch.float32
    assert found.shape == expected.shape
    assert apart(found, expected) < 1e-4


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet"])
@pytest.mark.parametrize("side", [32, 96])
def test_resized_images_are_as_timm_resizes_them(create, saved, name, side):
    """But for what PIL rounds to whole numbers on its way: 0.03 at most.

    No antialiasing would be 0.12 or more, bilinear for bicubic 0.23 or more.
    """
    network = untrained(name)
    pixels = pictures(3, side)
    made = create("representation", f"timm:{name}", weights=saved(network), image_size=64)
    found = made.features(tensors(pixels))
    assert apart(found, by_timm(network, pixels, 64)) < 0.05


def test_resized_images_stay_between_black_and_white():
    checkered = (torch.arange(64).view(8, 8) + torch.arange(8)[:, None]) % 2
    prepared = Preprocessing(20, 20, "bicubic", (0.0,) * 3, (1.0,) * 3)(
        checkered[None, None].float()
    )
    assert prepared.shape == (1, 3, 20, 20)
    assert (prepared.min(), prepared.max()) == (0, 1)


def test_a_vision_transformer_takes_another_size_with_its_positions_resampled(create, saved):
    network = untrained("test_vit")
    pixels = pictures(3, 96)
    made = create("representation", "timm:test_vit", weights=saved(network), image_size=96)
    overlay = {"state_dict": network.state_dict()}
    smaller = timm.create_model(
        "test_vit", pretrained=True, pretrained_cfg_overlay=overlay, img_size=96
    ).eval()
    assert apart(made.features(tensors(pixels)), by_timm(smaller, pixels, 96)) < 1e-4


def test_one_channel_is_repeated_and_two_are_refused(create, saved):
    weights = saved(untrained("test_resnet"))
    made = create("representation", "timm:test_resnet", weights=weights, image_size=32)
    grey = tensors(pictures(2, 28, channels=1))
    assert torch.equal(made.features(grey), made.features(grey.repeat(1, 3, 1, 1)))
    with pytest.raises(UsageError, match="images have 2 channels; the network takes 3"):
        made.features(tensors(pictures(2, 28, channels=2)))


def test_an_images_features_are_the_same_to_the_last_bit_whatever_is_beside_it(create, saved):
    weights = saved(untrained("test_resnet"))
    made = create("representation", "timm:test_resnet", weights=weights, image_size=64)
    images = tensors(pictures(37, 32))
    with controlled(0):
        together = made.features(images)
        assert torch.equal(made.features(images.flip(0)).flip(0), together)
        assert torch.equal(torch.cat([made.features(image[None]) for image in images]), together)
        assert torch.equal(made.features(images[5:25]), together[5:25])


def test_nothing_is_connected_to(create, saved):
    weights = saved(untrained("test_resnet"))
    with watched_connections() as attempts:
        absent = create("representation", "timm:test_resnet")
        assert absent.missing() is not None
        assert absent.sources()
        made = create("representation", "timm:test_resnet", weights=weights)
        assert made.missing() is None
        assert made.sources() == ()
        made.fingerprint()
        made.features(torch.rand(1, 3, 8, 8))
    assert attempts == []


def cached(cache, name, content):
    """Put a file into the hub's cache as the hub's library does."""
    folder = cache / HUB
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text(COMMIT)
    path = folder / "snapshots" / COMMIT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_weights_in_the_hubs_cache_are_found(create, saved, cache, tmp_path, name):
    network = untrained("test_resnet")
    given = create("representation", "timm:test_resnet", weights=saved(network), image_size=32)
    torch.save(network.state_dict(), tmp_path / "weights.bin")
    weights = tmp_path / ("weights.bin" if name.endswith("bin") else "weights.safetensors")
    cached(cache, name, weights.read_bytes())
    made = create("representation", "timm:test_resnet", image_size=32)
    assert made.missing() is None
    images = tensors(pictures(2, 32))
    assert torch.equal(made.features(images), given.features(images))


def test_safetensors_are_preferred(create, saved, cache):
    cached(cache, "pytorch_model.bin", b"nothing that could be read")
    cached(cache, "model.safetensors", Path(saved(untrained("test_resnet"))).read_bytes())
    create("representation", "timm:test_resnet").features(torch.rand(1, 3, 8, 8))


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("executed",)


def test_a_pickle_is_not_executed(create, cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for content in (pickle.dumps(Malicious()), saved_by_torch(Malicious(), tmp_path)):
        cached(cache, "pytorch_model.bin", content)
        with pytest.raises(UsageError, match="holds no weights that can be read"):
            create("representation", "timm:test_resnet").features(torch.rand(1, 3, 8, 8))
        assert not (tmp_path / "executed").exists()


def saved_by_torch(value, folder):
    torch.save({"weight": value}, folder / "bad.bin")
    return (folder / "bad.bin").read_bytes()


def test_fingerprints_tell_weights_and_preprocessing_apart(create, saved, tmp_path):
    network = untrained("test_resnet")

    def fingerprint(name="test_resnet", **parameters):
        weights = saved(network)
        return create("representation", f"timm:{name}", weights=weights, **parameters).fingerprint()

    first = fingerprint()
    assert first == fingerprint() == fingerprint(image_size=160)
    assert fingerprint(image_size=32) != first
    assert fingerprint("test_vit") != first, "bicubic, not bilinear"
    with torch.no_grad():
        network.conv1[0].weight[0, 0, 0, 0] += 1
    assert fingerprint() != first


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("test_resnt", "no model 'test_resnt'; did you mean test_resnet"),
        ("test_resnet.nothing", r"\(nothing\) for test_resnet\. Tags of test_resnet are r160_in1k"),
        ("hf-hub:timm/test_resnet", "timm has no model"),
    ],
)
def test_what_timm_does_not_have(create, name, message):
    with pytest.raises(UsageError, match=message):
        create("representation", f"timm:{name}").missing()


def test_what_is_missing_has_its_remedy(create):
    absent = create("representation", "timm:test_resnet").missing()
    assert "not in the hub's cache" in absent.what
    assert "--download" in absent.remedy
    nowhere = create("representation", "timm:test_coatnet")
    assert "no weights of it on the hub" in nowhere.missing().what
    assert nowhere.sources() == ()
    for call in (nowhere.fetch, nowhere.fingerprint):
        with pytest.raises(UsageError, match="no weights of it on the hub"):
            call()


def test_wrong_weights_are_one_line(create, saved, tmp_path):
    weights = saved(untrained("test_vit"))
    with pytest.raises(UsageError, match="holds other weights than the model has") as caught:
        create("representation", "timm:test_resnet", weights=weights).features(
            torch.rand(1, 3, 8, 8)
        )
    assert "\n" not in str(caught.value)
    short = tmp_path / "short.safetensors"
    tensors = untrained("test_resnet").state_dict()
    save_file({name: one for name, one in tensors.items() if "layer4" not in name}, short)
    made = create("representation", "timm:test_resnet", weights=str(short))
    with pytest.raises(UsageError, match=r"holds other weights .*Missing key"):
        made.features(torch.rand(1, 3, 8, 8))
    text = tmp_path / "text.safetensors"
    text.write_text("no weights at all")
    made = create("representation", "timm:test_resnet", weights=str(text))
    with pytest.raises(UsageError, match="holds no weights that can be read"):
        made.features(torch.rand(1, 3, 8, 8))


def test_a_size_that_does_not_pass_is_one_line(create, saved):
    weights = saved(untrained("test_maxvit"))
    made = create("representation", "timm:test_maxvit", weights=weights, image_size=50)
    with pytest.raises(UsageError, match=r"image_size") as caught:
        made.features(torch.rand(1, 3, 8, 8))
    assert "\n" not in str(caught.value)


@pytest.fixture
def hub(monkeypatch):
    """``hub(files)``: a server that has these files of a repository, as the hub serves them."""
    servers = []

    def serve(files):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content = files.get(self.path.rpartition("/")[2])
                self.send_response(404 if content is None else 200)
                if content is None:
                    self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", f'"{len(content or b"")}"')
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                if self.command == "GET" and content is not None:
                    self.wfile.write(content)

            do_HEAD = do_GET

            def log_message(self, *arguments):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        point_at(monkeypatch, f"http://127.0.0.1:{server.server_port}")

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def point_at(monkeypatch, address):
    constants = huggingface_hub.constants
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_weights_are_fetched_from_the_hub(create, saved, hub, tmp_path, name):
    network = untrained("test_resnet")
    torch.save(network.state_dict(), tmp_path / "weights.bin")
    saved(network)
    weights = tmp_path / ("weights.bin" if name.endswith("bin") else "weights.safetensors")
    hub({name: weights.read_bytes()})
    made = create("representation", "timm:test_resnet", image_size=32)
    assert made.missing() is not None
    made.fetch()
    assert made.missing() is None
    assert made.features(torch.rand(1, 3, 8, 8)).shape == (1, network.num_features)
    again = create("representation", "timm:test_resnet", image_size=32)
    with watched_connections() as attempts:
        again.fetch()
    assert attempts == []


def test_what_cannot_be_fetched_is_one_line(create, hub, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    hub({})
    made = create("representation", "timm:test_resnet")
    with pytest.raises(UsageError, match=r"cannot be fetched from timm/test_resnet") as caught:
        made.fetch()
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="where there is a network"):
        made.fetch()
