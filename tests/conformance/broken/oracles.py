"""Oracles that each break one rule, which their name begins with; the rest tells how."""

import uuid

import numpy as np

import alharness


class Truth(alharness.Oracle):
    def annotate(self, true_labels, indices, n_classes, rng):
        return true_labels


class AtMostTen(Truth):
    def annotate(self, true_labels, indices, n_classes, rng):
        return true_labels[:10]


class FreshNoise(Truth):
    def annotate(self, true_labels, indices, n_classes, rng):
        return np.random.default_rng().integers(n_classes, size=len(indices))


class Sorts(Truth):
    def annotate(self, true_labels, indices, n_classes, rng):
        labels = true_labels.copy()
        indices.sort()
        return labels


class DrawsFromNumpy(Truth):
    def annotate(self, true_labels, indices, n_classes, rng):
        return np.random.randint(n_classes, size=len(indices))  # noqa: NPY002


class Pays(Truth):
    cost_per_label = -1.0


class Unsure(Truth):
    labels_stay = "perhaps"


class NewEveryTime(Truth):
    def fingerprint(self):
        return uuid.uuid4().hex


@alharness.hookimpl
def alharness_oracles():
    for name, factory in {
        "labels": AtMostTen,
        "same-generator-same-labels": FreshNoise,
        "inputs-unchanged": Sorts,
        "global-generators": DrawsFromNumpy,
        "declarations_cost": Pays,
        "declarations_labels-stay": Unsure,
        "declarations_fingerprint": NewEveryTime,
    }.items():
        yield alharness.OracleSpec(name, factory)
