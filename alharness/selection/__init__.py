"""Algorithms that samplers share, for plugin authors. Each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alharness.selection.batch_bald import greedy_batch_bald
    from alharness.selection.best_of import Labeled, optimism, right_answers
    from alharness.selection.clustering import Clusters, k_means, nearest_to_centers, spread_rows
    from alharness.selection.competence import (
        competence_weight,
        greedy_competence,
        pure_radii,
        share_covered,
    )
    from alharness.selection.contextual_diversity import greedy_contextual_diversity
    from alharness.selection.covering import Coverage, greedy_coverage, pure_radius
    from alharness.selection.d_squared import d_squared_sampling
    from alharness.selection.feature_dropout import changed_predictions, inconsistent_rows
    from alharness.selection.feature_mixing import (
        FeatureMixing,
        Flips,
        class_means,
        flipping_rows,
    )
    from alharness.selection.filling import filled
    from alharness.selection.fisher import greedy_fisher, prediction_variance
    from alharness.selection.herding import greedy_herding
    from alharness.selection.hierarchy import agglomerated, nearest_mean
    from alharness.selection.k_center import greedy_k_center, greedy_k_center_reference
    from alharness.selection.keeping import kept_values
    from alharness.selection.lengths import unit_rows
    from alharness.selection.mixed_integer import Cover, robust_k_center
    from alharness.selection.streaming import (
        entropy,
        entropy_of_mean,
        margins,
        mean_entropy,
        mutual_information,
        variance_ratio,
    )
    from alharness.selection.turns import round_robin
    from alharness.selection.typical import typical_rows, typicality
    from alharness.selection.uncertainty_herding import (
        held_out_temperature,
        margin_weights,
        oldest_first,
        smallest_distance,
    )

__all__ = [
    "Clusters",
    "Cover",
    "Coverage",
    "FeatureMixing",
    "Flips",
    "Labeled",
    "agglomerated",
    "changed_predictions",
    "class_means",
    "competence_weight",
    "d_squared_sampling",
    "entropy",
    "entropy_of_mean",
    "filled",
    "flipping_rows",
    "greedy_batch_bald",
    "greedy_competence",
    "greedy_contextual_diversity",
    "greedy_coverage",
    "greedy_fisher",
    "greedy_herding",
    "greedy_k_center",
    "greedy_k_center_reference",
    "held_out_temperature",
    "inconsistent_rows",
    "k_means",
    "kept_values",
    "margin_weights",
    "margins",
    "mean_entropy",
    "mutual_information",
    "nearest_mean",
    "nearest_to_centers",
    "oldest_first",
    "optimism",
    "prediction_variance",
    "pure_radii",
    "pure_radius",
    "right_answers",
    "robust_k_center",
    "round_robin",
    "share_covered",
    "smallest_distance",
    "spread_rows",
    "typical_rows",
    "typicality",
    "unit_rows",
    "variance_ratio",
]

_MODULES = {
    "Clusters": "clustering",
    "Cover": "mixed_integer",
    "Coverage": "covering",
    "FeatureMixing": "feature_mixing",
    "Flips": "feature_mixing",
    "Labeled": "best_of",
    "agglomerated": "hierarchy",
    "changed_predictions": "feature_dropout",
    "class_means": "feature_mixing",
    "competence_weight": "competence",
    "d_squared_sampling": "d_squared",
    "entropy": "streaming",
    "entropy_of_mean": "streaming",
    "filled": "filling",
    "flipping_rows": "feature_mixing",
    "greedy_batch_bald": "batch_bald",
    "greedy_competence": "competence",
    "greedy_contextual_diversity": "contextual_diversity",
    "greedy_coverage": "covering",
    "greedy_fisher": "fisher",
    "greedy_herding": "herding",
    "greedy_k_center": "k_center",
    "greedy_k_center_reference": "k_center",
    "held_out_temperature": "uncertainty_herding",
    "inconsistent_rows": "feature_dropout",
    "k_means": "clustering",
    "kept_values": "keeping",
    "margin_weights": "uncertainty_herding",
    "margins": "streaming",
    "mean_entropy": "streaming",
    "mutual_information": "streaming",
    "nearest_mean": "hierarchy",
    "nearest_to_centers": "clustering",
    "oldest_first": "uncertainty_herding",
    "optimism": "best_of",
    "prediction_variance": "fisher",
    "pure_radii": "competence",
    "pure_radius": "covering",
    "right_answers": "best_of",
    "robust_k_center": "mixed_integer",
    "round_robin": "turns",
    "share_covered": "competence",
    "smallest_distance": "uncertainty_herding",
    "spread_rows": "clustering",
    "typical_rows": "typical",
    "typicality": "typical",
    "unit_rows": "lengths",
    "variance_ratio": "streaming",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
