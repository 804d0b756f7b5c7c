"""What an annotation does: ask the oracle for the labels of a query's images."""

from __future__ import annotations

import numpy as np

from alharness.api.errors import HarnessError
from alharness.api.oracle import Oracle
from alharness.engine.querying import ask_oracle
from alharness.engine.randomness import controlled
from alharness.engine.surroundings import Computed, Surroundings
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.units import AnnotationInputs


def annotate(around: Surroundings, inputs: AnnotationInputs) -> Computed:
    """Ask the oracle; what is labeled now becomes an index set of its own."""
    query = around.workspace.records.read("query", inputs.query)
    if query is None:
        raise HarnessError("the query's record is not there", where=inputs.query)
    indices = np.asarray(query.result["indices"], dtype=np.int64)
    origin = around.plugins.component("oracle", inputs.oracle).origin
    oracle: Oracle = around.plugins.create("oracle", inputs.oracle)
    if oracle.fingerprint() != inputs.oracle.fingerprint:
        raise HarnessError(
            "what it reads has changed since the unit was planned",
            where=origin,
            remedy="Run the same command again: it is planned anew",
        )
    true_labels = around.workspace.datasets.labels(inputs.data)[indices]
    with controlled(inputs.seed.torch_seed()):
        labels = ask_oracle(
            oracle, true_labels, indices, inputs.n_classes, inputs.seed.generator(), origin
        )
    added = IndexSet(indices, labels)
    around.workspace.sets.put(added)
    result = {
        "labels": labels.tolist(),
        "cost": float(oracle.cost_per_label) * len(labels),
        "added": added.digest,
    }
    if not oracle.labels_stay:
        corrected = IndexSet(indices, true_labels)
        around.workspace.sets.put(corrected)
        result["corrected"] = corrected.digest
    return Computed(result)
