"""Compares what two workspaces computed, whatever version wrote each.

``python tests/end_to_end/same_results.py OLD NEW``: every trial's hyper-parameters, accuracies and
losses, every pick, every label and every test accuracy, matched by what they are for and not by
their keys, which versions name differently. Reads the files, without the harness.
"""

import json
import sys
from pathlib import Path

import numpy as np


def labeled_indices(root, names):
    """The labeled images that a set's digest, or those of its parts, name."""
    parts = [names] if isinstance(names, str) else names
    arrays = []
    for name in parts:
        with np.load(root / "sets" / name[:2] / f"{name}.npz", allow_pickle=False) as held:
            arrays.append((held["indices"], held["labels"]))
    indices, labels = (np.concatenate(column).tolist() for column in zip(*arrays, strict=True))
    return tuple(indices), tuple(labels)


def path_of(inputs):
    return tuple(sorted((k, v) for k, v in inputs["seed"].items() if v is not None))


def findings_of(root):
    """Everything computed, by what it is for."""
    records = [json.loads(path.read_bytes()) for path in root.glob("records/*/*/*.json")]
    by_key = {record["key"]: record for record in records}
    trials, computed = {}, {}
    for record in records:
        if record["kind"] == "trial":
            inputs, result = record["inputs"], record["result"]
            where = (path_of(inputs), labeled_indices(root, inputs["labeled"]))
            trials[record["key"]] = where
            computed["trial", where] = {
                "hyperparameters": inputs["hyperparameters"],
                **{
                    name: result[name]
                    for name in ("validation_accuracy", "validation_loss", "best_epoch")
                },
            }
    for record in records:
        inputs, result = record["inputs"], record["result"]
        match record["kind"]:
            case "evaluation":
                where = trials[inputs["trial"]]
                computed["evaluation", where] = (result["test_accuracy"], result["test_loss"])
            case "query":
                where = (path_of(inputs), inputs["sampler"]["name"], trials[inputs["trial"]])
                computed["query", where] = (result["indices"], result["share_of_ties"])
            case "annotation":
                query = by_key[inputs["query"]]["inputs"]
                where = (path_of(inputs), query["sampler"]["name"], trials[query["trial"]])
                computed["annotation", where] = (result["labels"], result["cost"])
    return computed


def main(old, new):
    before, after = findings_of(Path(old)), findings_of(Path(new))
    kinds = sorted({kind for kind, _ in before} | {kind for kind, _ in after})
    for kind in kinds:
        ours = {where for name, where in before if name == kind}
        theirs = {where for name, where in after if name == kind}
        differ = [one for one in ours & theirs if before[kind, one] != after[kind, one]]
        print(
            f"{kind}: {len(ours & theirs)} in both, {len(differ)} differ, "
            f"{len(ours - theirs)} only in the first, {len(theirs - ours)} only in the second"
        )
    return before != after


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
