"""Oracles: what noise does to labels, and labels from a file.

Independent sources: the counts that the definitions give by hand, scipy.stats for what is drawn.
"""

import functools

import numpy as np
import pytest
from alharness_plugins.oracles.noisy import NoisyParameters
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import binomtest, chisquare

from alharness import HarnessError, UsageError

C = 5
MATRIX = [
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.5, 0.5, 0.0, 0.0],
    [0.0, 0.0, 0.0, 1.0, 0.0],
    [0.2, 0.2, 0.2, 0.2, 0.2],
    [0.1, 0.0, 0.0, 0.0, 0.9],
]


def annotate(oracle, truth, seed=0, n_classes=C):
    truth = np.asarray(truth, dtype=np.int64)
    given_ = truth.copy()
    labels = oracle.annotate(given_, np.arange(len(truth)), n_classes, np.random.default_rng(seed))
    assert (given_ == truth).all()
    return labels


def truths(n, seed=7):
    return np.random.default_rng(seed).integers(C, size=n)


KINDS = {
    "permute": {},
    "uniform": {},
    "flip": {},
    "confusion": {"matrix": MATRIX},
}


@pytest.fixture(scope="module")
def noisy(create):
    return functools.partial(create, "oracle", "noisy")


@pytest.mark.parametrize("noise", KINDS)
@given(
    st.lists(st.integers(0, C - 1), min_size=1, max_size=60), st.floats(0, 1), st.integers(0, 99)
)
def test_no_more_labels_are_touched_than_the_fraction(noisy, noise, truth, fraction, seed):
    oracle = noisy(noise=noise, fraction=fraction, **KINDS[noise])
    labels = annotate(oracle, truth, seed)
    assert labels.shape == (len(truth),)
    assert np.issubdtype(labels.dtype, np.integer)
    assert set(labels.tolist()) <= set(range(C))
    assert np.count_nonzero(labels != truth) <= fraction * len(truth) + 1e-9
    assert (annotate(oracle, truth, seed) == labels).all()


@given(
    st.lists(st.integers(0, C - 1), min_size=1, max_size=60), st.floats(0, 1), st.integers(0, 99)
)
def test_permuted_labels_keep_the_class_histogram(noisy, truth, fraction, seed):
    labels = annotate(noisy(noise="permute", fraction=fraction), truth, seed)
    assert sorted(labels.tolist()) == sorted(truth)


def test_a_permutation_moves_labels(noisy):
    truth = truths(2000)
    wrong = np.count_nonzero(annotate(noisy(noise="permute", fraction=0.5), truth) != truth)
    assert binomtest(wrong, 1000, 1 - 1 / C).pvalue > 1e-4


def test_a_flip_is_always_wrong_and_any_other_class(noisy):
    truth = np.full(1000, 2)
    labels = annotate(noisy(noise="flip", fraction=0.29), truth)
    counts = np.bincount(labels, minlength=C)
    assert counts[2] == 710
    assert chisquare(np.delete(counts, 2)).pvalue > 1e-4


def test_a_uniform_label_may_be_the_true_one(noisy):
    labels = annotate(noisy(noise="uniform", fraction=1.0), np.full(5000, 3))
    assert chisquare(np.bincount(labels, minlength=C)).pvalue > 1e-4


def test_a_confusion_follows_its_matrix(noisy):
    for true_class, row in enumerate(np.array(MATRIX)):
        oracle = noisy(noise="confusion", fraction=1.0, matrix=MATRIX)
        counts = np.bincount(annotate(oracle, np.full(3000, true_class)), minlength=C)
        possible = row > 0
        assert not counts[~possible].any()
        if possible.sum() > 1:
            assert chisquare(counts[possible], 3000 * row[possible]).pvalue > 1e-4


def test_the_mislabeled_images_are_drawn(noisy):
    """Another generator, other images: none is spared and none always hit."""
    wrong = [
        annotate(noisy(noise="flip", fraction=0.3), truths(50), seed) != truths(50)
        for seed in range(200)
    ]
    hits = np.sum(wrong, axis=0)
    assert hits.sum() == 200 * 15
    assert hits.min() > 30
    assert hits.max() < 95


@pytest.mark.parametrize(
    "wrong",
    [
        {"noise": "random"},
        {"fraction": 1.5},
        {"noise": "confusion"},
        {"matrix": MATRIX},
        {"noise": "confusion", "matrix": [[0.5, 0.5], [0.5, 0.4]]},
        {"noise": "confusion", "matrix": [[0.5, 0.5]]},
        {"noise": "confusion", "matrix": [[-1, 2], [0, 1]]},
        {"cost_per_label": -1},
    ],
)
def test_refuses(wrong):
    with pytest.raises(ValidationError):
        NoisyParameters(**wrong)


def test_what_only_the_data_tell(noisy):
    with pytest.raises(HarnessError, match="of 5 classes, the data of 3"):
        annotate(noisy(noise="confusion", fraction=1.0, matrix=MATRIX), [0], n_classes=3)
    with pytest.raises(HarnessError, match="no other class"):
        annotate(noisy(noise="flip", fraction=1.0), [0], n_classes=1)


def test_costs(create, labels_file):
    assert create("oracle", "perfect", cost_per_label=0.5).cost_per_label == 0.5
    assert create("oracle", "noisy", cost_per_label=0.5).cost_per_label == 0.5
    assert labels_file("").cost_per_label == 2


@pytest.fixture
def labels_file(create, tmp_path):
    def write(text):
        path = tmp_path / "labels.csv"
        path.write_text(text)
        return create("oracle", "recorded", path=str(path), cost_per_label=2)

    return write


def test_recorded_labels_go_by_index(labels_file):
    oracle = labels_file("index,label\n10,4\n7,0\n8,2\n")
    labels = oracle.annotate(
        np.array([1, 1]), np.array([8, 10]), C, np.random.default_rng(0)
    )  # fmt: skip
    assert labels.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("index,label\n0,1\n", "no label for image 1"),
        ("index,label\n0,1\n1,5\n", r"label 5 is not in \[0, 5\)"),
        ("index,label\n0,1\n1,-1\n", r"label -1 is not"),
        ("0,1\n1,2\n", "its header is 0,1"),
        ("index,label\n0,cat\n", "no table of labels"),
        ("index,label\n0,1,2\n", "no table of labels"),
        ("", "no table of labels"),
        ("index,label\n0," + "1" * 200_000, r"\(line 2: field larger than field limit"),
        ("index,label\n0,1\n1,cat\n", r"\(line 3: 'cat' is no whole number"),
        ("index,label\n0,1\n0,2\n1,1\n", "image 0 has two lines, the second is line 3"),
    ],
)
def test_bad_files(labels_file, text, message):
    with pytest.raises(UsageError, match=message):
        annotate(labels_file(text), [0, 1])


def table(n, first=0, labels=C):
    return "index,label\n" + "".join(f"{i + first},{i % labels}\n" for i in range(n))


@pytest.mark.parametrize(
    "text",
    [
        table(6),
        table(6) + "   \n\n",
        "\ufeff" + table(6),
        table(6).replace(",", " , "),
        table(6)[:-1],
    ],
    ids=["plain", "blank lines", "byte order mark", "spaces", "no last newline"],
)
def test_a_table_of_every_image_fits(labels_file, text):
    oracle = labels_file(text)
    oracle.check(6, C)
    assert annotate(oracle, [0] * 6).tolist() == [0, 1, 2, 3, 4, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (table(6, first=1), r"a line for image 6 and none for image 0: images are counted from 1"),
        (table(7), r"a line for image 6, but the dataset has 6 training images"),
        (table(9), r"a line for image 6 \(and 2 more\)"),
        (table(6) + "-1,3\n", "a line for image -1"),
        (table(4), r"no label for image 4 \(and 1 more\)"),
        (table(6) + "2,2\n", "image 2 has two lines, the second is line 8"),
        (table(6, labels=C + 1), r"label 5 is not in \[0, 5\)"),
        (table(5) + "5,-1\n", r"label -1 is not in"),
        (table(6).replace("\n", ",0.9\n").replace("label,0.9", "label"), "line 2: 3 columns"),
        (table(6).replace(",4", ",4.0"), r"line 6: '4\.0' is no whole number"),
        ("index,label\n0," + "1" * 200_000, "field larger than field limit"),
        ("index,label\n0," + "1" * 100_000, "'1{40}' is no whole number"),
        ("", "its header is missing"),
        ("index,label\n", "no label for image 0"),
    ],
)
def test_a_table_is_compared_with_the_dataset(labels_file, text, message):
    with pytest.raises(UsageError, match=message) as raised:
        labels_file(text).check(6, C)
    assert "labels.csv" in raised.value.where
    assert raised.value.remedy
    assert len(str(raised.value)) < 400


def test_a_matrix_is_compared_with_the_dataset(noisy):
    oracle = noisy(noise="confusion", matrix=MATRIX)
    oracle.check(100, C)
    with pytest.raises(UsageError, match="of 5 classes, the data of 3"):
        oracle.check(100, 3)
    noisy().check(100, 3)


def test_no_file(create, tmp_path):
    with pytest.raises(UsageError, match="given no file to read labels from"):
        create("oracle", "recorded")
    with pytest.raises(UsageError, match=r"parameter 'path' names '.*labels\.csv'"):
        create("oracle", "recorded", path=str(tmp_path / "labels.csv"))
