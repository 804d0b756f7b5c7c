"""What a query does: ask the sampler, and turn its positions into dataset indices."""

from __future__ import annotations

from collections.abc import Callable

from alharness.engine.querying import checked_near, checked_notes, checked_positions
from alharness.engine.questions import STORED, Answer, Question, answered_stored, pool_order, pose
from alharness.engine.surroundings import Computed, Surroundings
from alharness.protocol.keys import digest_bytes
from alharness.protocol.units import QueryInputs


def ask(
    around: Surroundings, inputs: QueryInputs, answered: Callable[[Question], Answer]
) -> Computed:
    """Ask the sampler; ``answered`` has the question answered, here or elsewhere."""
    question = pose(around.workspace, inputs)
    answer = answered(question)
    order = pool_order(question)
    origin = around.plugins.component("sampler", inputs.sampler).origin
    positions = checked_positions(answer["positions"], len(order.unlabeled), inputs.budget, origin)
    result = {
        "indices": order.unlabeled[positions].tolist(),
        "share_of_ties": answer["share_of_ties"],
        "checkpoints": {
            model["trial"]: model["digest"]
            for model in [*question["models"], *question["committee"]]
        },
    }
    stored = answered_stored(answer, origin)
    beside = {} if stored is None else {STORED: stored}
    if stored is not None:
        result["stored"] = digest_bytes(stored)
    facts = {
        "notes": checked_notes(answer["notes"], origin),
        "isolation": answer.get("isolation"),
    }
    near = answer.get("near_cut")
    if near is not None:
        facts["near_cut"] = order.unlabeled[checked_near(near, len(order.unlabeled))].tolist()
    return Computed(result, beside, facts)
