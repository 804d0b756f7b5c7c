"""``flowers102``, ``dtd``, ``food101`` and ``tiny-imagenet``: image files that lists assign."""

from __future__ import annotations

from collections.abc import Iterator

import alharness
from alharness_plugins.datasets.image_lists import dtd, flowers102, food101, tiny_imagenet
from alharness_plugins.datasets.image_lists.listed_images import ListedImagesParameters


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    yield alharness.DatasetSpec(
        "flowers102",
        flowers102.Flowers102,
        summary="Oxford 102 Flowers: colour, 102 classes, 1 020 + 6 149 images",
        citation="Nilsback and Zisserman (2008), Automated Flower Classification over a Large "
        "Number of Classes",
        requires="The official files below `--data-dir`, unpacked, or `--download`, which also "
        "unpacks an archive that is there.",
        cost="345 MB to download; 1.1 GB in the workspace at 224 pixels.",
        parameters=flowers102.Flowers102Parameters,
        declares=flowers102.declared,
    )
    yield alharness.DatasetSpec(
        "dtd",
        dtd.Dtd,
        summary="Describable Textures: colour, 47 classes, 1 880 + 1 880 images",
        citation="Cimpoi et al. (2014), Describing Textures in the Wild",
        requires="The official archive below `--data-dir`, unpacked, or `--download`, which also "
        "unpacks an archive that is there.",
        cost="600 MB to download; 570 MB in the workspace at 224 pixels.",
        parameters=dtd.DtdParameters,
        declares=dtd.declared,
    )
    yield alharness.DatasetSpec(
        "food101",
        food101.Food101,
        summary="Food-101: colour, 101 classes, 75 750 + 25 250 images",
        citation="Bossard et al. (2014), Food-101: Mining Discriminative Components with Random "
        "Forests",
        requires="The official archive below `--data-dir`, unpacked, or `--download`, which also "
        "unpacks an archive that is there.",
        cost="5 GB to download, another 5 GB unpacked; a copy of all images in the workspace.",
        parameters=ListedImagesParameters,
        declares=food101.declared,
    )
    yield alharness.DatasetSpec(
        "tiny-imagenet",
        tiny_imagenet.TinyImageNet,
        summary="Tiny ImageNet: 64 x 64 colour, 200 classes, 100 000 + 10 000 images",
        citation="Le and Yang (2015), Tiny ImageNet Visual Recognition Challenge",
        requires="The official archive below `--data-dir`, unpacked.",
        cost="1.4 GB in the workspace.",
        parameters=tiny_imagenet.TinyImageNetParameters,
        declares=tiny_imagenet.declared,
    )
