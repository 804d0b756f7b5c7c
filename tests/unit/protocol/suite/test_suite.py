"""Suites: what they hold, their digests, and one clear line for each mistake."""

import tomllib
from pathlib import Path

import alharness_suites
import pytest
from pydantic import ValidationError

from alharness import Choice, ExitCode, LogUniform, UsageError
from alharness.protocol.components import Reference
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import load_suite, parse_suite, protocol_digest, suite_digest

TEXT = """\
schema = 1
name = "tiny"
version = 2
title = "A tiny suite"

[protocol]
initial_sets = 5
seeds = 3
initial_fraction = 0.10
query_fraction = 0.10
final_fraction = 0.40
validation_fraction = 0.10

[tuning]
trials = 50
scope = "per-initial-set"

[tuning.space]
learning-rate = { log = [1e-5, 1e-2] }
batch-size = [8, 16]
optimizer = ["sgd", "adam"]

[training]
epochs = 40

[methods]
compared = ["random", { sampler = "vaal", epochs = 15 }]

[[scenarios]]
name = "tiny-mlp"
dataset = { dataset = "digits", limit = 100 }
model = "timm:resnet18.a1_in1k"
regularizers = ["weight-decay", { regularizer = "flip-crop", padding = 1 }]
oracle = "perfect"
"""


def changed(*replacements: tuple[str, str]) -> str:
    text = TEXT
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def parse(*replacements: tuple[str, str]) -> Suite:
    return parse_suite(changed(*replacements), "tiny.toml")


def test_what_a_suite_holds():
    suite = parse()
    assert (suite.schema_version, suite.name, suite.version, suite.seed) == (1, "tiny", 2, 0)
    assert suite.protocol.n_initial_sets == 5
    assert suite.tuning.space == {
        "learning-rate": LogUniform(1e-5, 1e-2),
        "batch-size": Choice((8, 16)),
        "optimizer": Choice(("sgd", "adam")),
    }
    assert suite.training.normalize is True
    assert suite.methods.reference == Reference("random")
    assert suite.methods.compared == (Reference("random"), Reference("vaal", {"epochs": 15}))
    (scenario,) = suite.scenarios
    assert scenario.dataset == Reference("digits", {"limit": 100})
    assert scenario.model == Reference("timm:resnet18.a1_in1k")
    assert scenario.regularizers == (
        Reference("weight-decay"),
        Reference("flip-crop", {"padding": 1}),
    )
    assert scenario.oracle == Reference("perfect")


def test_the_papers_partitions_are_five():
    suite = parse(("initial_sets = 5", 'initial_sets = "munjal2022"'))
    assert suite.protocol.initial_sets == "munjal2022"
    assert suite.protocol.n_initial_sets == 5


def test_a_suite_is_frozen():
    suite = parse()
    with pytest.raises(ValidationError, match="frozen"):
        suite.seed = 3
    with pytest.raises(ValidationError, match="frozen"):
        suite.protocol.seeds = 1


BAD = [
    *(
        ("epochs = 40", f"epochs = 40\n{line}", f"training.{line.split()[0]}", words)
        for line, words in [
            ("schedule = 1", ['{ schedule = "NAME", parameter = value }']),
            ("momentum = 1.0", ["1.0", "from 0 to below 1"]),
            ("momentum = true", ["true (a boolean)"]),
            ("nesterov = 1", ["1 (a whole number)", "true or false"]),
            ("nesterov = true\nmomentum = 0", ["but momentum = 0"]),
            ("weight_decay = -1e-4", ["from 0 to 1e6"]),
            (
                "weight_decay = 5e-4",
                ["0.0005 is fixed", "'weight-decay' of scenarios[0] tunes it", "Leave one of them"],
            ),
        ]
    ),
    # what is changed, into what, where, words of the message
    ("seeds = 3", "seeds =", "", ["not TOML", "line 8"]),
    ("seeds = 3", "seedz = 3", "protocol.seedz", ["unknown key (and 1 more)", "mean 'seeds'?"]),
    ("epochs = 40", "epochs = 40\nquick = true", "training.quick", ["epochs, "]),
    ("[training]", "[trainig]", "trainig", ["unknown key", "Did you mean 'training'?"]),
    ("[[scenarios]]", "[[scenario]]", "scenario", ["unknown key", "'scenarios'"]),
    ('oracle = "perfect"', 'orakel = "perfect"', "scenarios[0].orakel", ["mean 'oracle'?"]),
    ("schema = 1", "", "schema", ["is missing", "Write schema = 1"]),
    ("schema = 1", "schema = 2", "schema", ["2 is newer", "(1)", "Upgrade alharness"]),
    ("schema = 1", "schema = 0", "schema", ["0 (a whole number) does not fit"]),
    ("schema = 1", "schema = true", "schema", ["true (a boolean)", "Write schema = 1"]),
    ("seeds = 3", "", "protocol.seeds", ["is missing", "a whole number from 1 to"]),
    ("seeds = 3", "seeds = true", "protocol.seeds", ["true (a boolean)", "a whole number"]),
    ("seeds = 3", "seeds = 3.0", "protocol.seeds", ["3.0 (a number)", "a whole number"]),
    ("seeds = 3", 'seeds = "3"', "protocol.seeds", ['"3" (a string)', "a whole number"]),
    ("seeds = 3", "seeds = 0", "protocol.seeds", ["0 (a whole number)", "from 1 to"]),
    ("seeds = 3", "seeds = 2026-01-01", "protocol.seeds", ["(a date or time)"]),
    ("initial_sets = 5", "initial_sets = true", "protocol.initial_sets", ['"munjal2022"']),
    ("initial_sets = 5", 'initial_sets = "five"', "protocol.initial_sets", ['"five" (a string)']),
    ("initial_sets = 5", "initial_sets = 0", "protocol.initial_sets", ["0 (a whole number)"]),
    ('name = "tiny"', 'name = "Tiny Suite"', "name", ['"Tiny Suite"', "kebab-case"]),
    ('name = "tiny-mlp"', 'name = "tiny_mlp"', "scenarios[0].name", ["kebab-case"]),
    ("version = 2", 'version = "2"', "version", ['"2" (a string)', "a whole number"]),
    ("version = 2", "version = 2\nseed = -1", "seed", ["-1", "0 or more"]),
    ('title = "A tiny suite"', "title = 3", "title", ["3 (a whole number)", "a line of at most"]),
    ("initial_fraction = 0.10", "initial_fraction = 0", "protocol.initial_fraction", ["above 0"]),
    ("final_fraction = 0.40", "final_fraction = 1.0", "protocol.final_fraction", ["below 1"]),
    ("query_fraction = 0.10", "query_fraction = nan", "protocol.query_fraction", ["nan"]),
    ("query_fraction = 0.10", "query_fraction = true", "protocol.query_fraction", ["boolean"]),
    ("initial_fraction = 0.10", "initial_fraction = 0.4", "protocol.final_fraction", ["nothing"]),
    ("query_fraction = 0.10", "query_fraction = 0.07", "protocol.query_fraction", ["divides 0.3"]),
    (
        "validation_fraction = 0.10",
        "validation_fraction = 0.61",
        "protocol.final_fraction",
        ["0.4 and validation_fraction = 0.61", "Lower one"],
    ),
    ('["random", {', '["margin", {', "methods.reference", ["'random' is not among"]),
    ('["random", {', '["random", "random", {', "methods.compared", ["'random' is there twice"]),
    ('["random", {', '["random", {name = "x"}, {', "methods.compared[1]", ["names no sampler"]),
    ('["random", {', '["random", "x:a=1", {', "methods.compared[1]", ["{ sampler = "]),
    ('["random", {', '["random", 7, {', "methods.compared[1]", ["7 names no sampler"]),
    ("epochs = 15", "epochs = inf", "methods.compared[1]", ["parameter of sampler 'vaal'"]),
    ("epochs = 15", "epochs = 2026-01-01", "methods.compared[1]", ["is a date"]),
    ('["weight-decay", {', '["flip-crop", {', "scenarios[0].regularizers", ["'flip-crop' is th"]),
    ('oracle = "perfect"', "oracle = []", "scenarios[0].oracle", ["[] names no oracle"]),
    ("trials = 50", "trials = 0", "tuning.trials", ["0 (a whole number)"]),
    ('"per-initial-set"', '"each"', "tuning.scope", ['"each"', '"first-initial-set"']),
    ('"per-initial-set"', '"fixed"', "tuning.trials", ["50 trials", "trials = 1"]),
    ("log = [1e-5, 1e-2]", "log = [0, 1e-2]", "tuning.space.learning-rate", ["begin at 0"]),
    ("log = [1e-5, 1e-2]", "log = [-1, 1]", "tuning.space.learning-rate", ["begin at -1"]),
    ("log = [1e-5, 1e-2]", "log = [1, 1]", "tuning.space.learning-rate", ["from 1 to 1 is empty"]),
    ("log = [1e-5, 1e-2]", "uniform = [0, 1]", "tuning.space.learning-rate", ["above 0"]),
    ("log = [1e-5, 1e-2]", "log = [1e-5]", "tuning.space.learning-rate", ["not [low, high]"]),
    ("log = [1e-5, 1e-2]", "log = [1, true]", "tuning.space.learning-rate", ["not [low, high]"]),
    ("log = [1e-5, 1e-2]", "log = [1, inf]", "tuning.space.learning-rate", ["not [low, high]"]),
    ("log = [1e-5, 1e-2]", "loc = [1, 2]", "tuning.space.learning-rate", ["{ log = [low, high] }"]),
    ("{ log = [1e-5, 1e-2] }", "nan", "tuning.space.learning-rate", ["nan is no finite number"]),
    (
        "{ log = [1e-5, 1e-2] }",
        "1e400",
        "tuning.space.learning-rate",
        ["inf is no finite", "2**63"],
    ),
    ("{ log = [1e-5, 1e-2] }", "9" * 30, "tuning.space.learning-rate", ["at most 64 bits"]),
    ("batch-size = [8, 16]", "batch-size = [0]", "tuning.space.batch-size", ["[0] does not fit"]),
    ("batch-size = [8, 16]", "batch-size = 8.0", "tuning.space.batch-size", ["whole numbers"]),
    ("batch-size = [8, 16]", "batch-size = []", "tuning.space.batch-size", ["has no choice"]),
    ("batch-size = [8, 16]", "batch-size = [8, 8]", "tuning.space.batch-size", ["8 is listed tw"]),
    ("batch-size = [8, 16]", "batch-size = [[8]]", "tuning.space.batch-size", ["not a choice"]),
    ("batch-size = [8, 16]", "", "tuning.space.batch-size", ["is missing"]),
    (
        '["sgd", "adam"]',
        '["sgd", "SGD"]',
        "tuning.space.optimizer",
        ['["sgd", "adam", "adamw", "radam"]'],
    ),
    ("optimizer =", "Optimizer =", "tuning.space", ['"Optimizer" is not the name']),
]


@pytest.mark.parametrize(("old", "new", "key", "words"), BAD)
def test_a_mistake_is_one_clear_line(old, new, key, words):
    with pytest.raises(UsageError) as caught:
        parse((old, new))
    message = str(caught.value)
    assert caught.value.where == (f"tiny.toml, {key}" if key else "tiny.toml")
    assert caught.value.remedy
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


def test_a_tiny_fraction_is_no_long_line():
    with pytest.raises(UsageError, match="1e-300 makes more than 10000 cycles") as caught:
        parse(("query_fraction = 0.10", "query_fraction = 1e-300"))
    assert len(str(caught.value)) < 200


def test_empty_lists():
    text = changed(('["random", { sampler = "vaal", epochs = 15 }]', "[]"))
    with pytest.raises(UsageError, match=r"methods.compared: \[\]"):
        parse_suite(text, "tiny.toml")
    text = "scenarios = []\n" + TEXT.partition("[[scenarios]]")[0]
    with pytest.raises(UsageError, match=r"scenarios: \[\].*\[\[scenarios\]\]"):
        parse_suite(text, "tiny.toml")


def test_no_regularizer_is_allowed():
    text = TEXT.partition("regularizers = ")[0] + 'regularizers = []\noracle = "perfect"\n'
    assert parse_suite(text, "tiny.toml").scenarios[0].regularizers == ()


def test_two_scenarios_of_one_name():
    scenario = TEXT[TEXT.index("[[scenarios]]") :]
    with pytest.raises(UsageError, match="scenarios: 'tiny-mlp' is there twice"):
        parse_suite(TEXT + scenario, "tiny.toml")
    assert len(parse_suite(TEXT + scenario.replace("tiny-mlp", "other"), "").scenarios) == 2


def test_fixed_demands_single_values():
    fixed = [('"per-initial-set"', '"fixed"'), ("trials = 50", "trials = 1")]
    with pytest.raises(UsageError, match=r"tuning.space.learning-rate: .*not a single value"):
        parse(*fixed)
    suite = parse(
        *fixed,
        ("{ log = [1e-5, 1e-2] }", "0.01"),
        ("[8, 16]", "16"),
        ('["sgd", "adam"]', '["sgd"]'),
    )
    assert suite.tuning.space["batch-size"] == Choice((16,))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seeds = 3", 'seeds = """a\nb"""'),
        ("seeds = 3", 'seeds = 3\n"a\\nb" = 1'),
        ("optimizer =", '"opti\\nmizer" ='),
        ("epochs = 15", '"a\\nb" = inf'),
    ],
)
def test_a_line_break_in_a_suite_makes_no_second_line(old, new):
    with pytest.raises(UsageError) as caught:
        parse((old, new))
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read: No such file"):
        load_suite(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes('title = "é"'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.toml: is not UTF-8"):
        load_suite(tmp_path / "latin.toml")


def test_a_file_is_read(tmp_path):
    (tmp_path / "tiny.toml").write_text(TEXT, encoding="utf-8")
    assert load_suite(tmp_path / "tiny.toml") == parse()


def digests(*replacements: tuple[str, str]) -> tuple[str, str]:
    suite = parse(*replacements)
    return suite_digest(suite), protocol_digest(suite, suite.scenarios[0])


def test_digests_never_change():
    """Results of other digests are not ranked together: mend the code, not the digests."""
    assert digests() == (
        "5d4ba3c4409b0b7b5424c399d0e6dd44",
        "1df9ce99a7d29dd2f93875175aedd9cb",
    )


@pytest.mark.parametrize(
    "change",
    [
        ("version = 2", "version = 2\nseed = 0"),
        ("epochs = 40", "epochs = 40\nnormalize = true"),
        ("[methods]", '[methods]\nreference = "random"'),
        ('oracle = "perfect"', 'oracle = { oracle = "perfect" }'),
        ("initial_fraction = 0.10", "initial_fraction = 1e-1"),
        ("seeds = 3", "seeds = 3 # a comment"),
    ],
)
def test_spelling_changes_no_digest(change):
    assert digests(change) == digests()


@pytest.mark.parametrize(
    "change",
    [
        ("A tiny suite", "Another title"),
        ("version = 2", "version = 3"),
        ('name = "tiny"', 'name = "small"'),
        ("epochs = 15", "epochs = 16"),
    ],
)
def test_title_and_methods_change_the_suites_digest_only(change):
    assert digests(change)[0] != digests()[0]
    assert digests(change)[1] == digests()[1]


@pytest.mark.parametrize(
    "change",
    [
        ("version = 2", "version = 2\nseed = 1"),
        ("seeds = 3", "seeds = 4"),
        ("trials = 50", "trials = 49"),
        ("1e-5", "1e-6"),
        ("[8, 16]", "[16, 8]"),
        ("epochs = 40", "epochs = 41"),
        ("epochs = 40", "epochs = 40\nnormalize = false"),
        ("padding = 1", "padding = 2"),
        ('"perfect"', '"noisy"'),
        ("tiny-mlp", "tiny-net"),
    ],
)
def test_the_protocol_changes_both_digests(change):
    assert digests(change)[0] != digests()[0]
    assert digests(change)[1] != digests()[1]


def test_the_protocols_digest_is_of_one_scenario():
    other = TEXT[TEXT.index("[[scenarios]]") :].replace("tiny-mlp", "other")
    both = parse_suite(TEXT + other, "")
    assert protocol_digest(both, both.scenarios[0]) == digests()[1]
    assert protocol_digest(both, both.scenarios[1]) != digests()[1]


def test_a_plugin_is_compared_with_the_reference_only():
    suite = parse()
    mine = Reference("my_sampler", {"power": 2})
    assert suite.with_methods([mine]).methods.compared == (Reference("random"), mine)
    assert suite.with_methods([mine, Reference("random"), mine]).methods.compared == (
        Reference("random"),
        mine,
    )
    assert protocol_digest(suite.with_methods([mine]), suite.scenarios[0]) == digests()[1]
    assert suite == parse()


def test_a_plugin_is_added_to_what_is_compared():
    suite = parse()
    mine = Reference("my_sampler", {"power": 2})
    compared = suite.methods.compared
    assert suite.with_added([mine, compared[-1], mine]).methods.compared == (*compared, mine)
    assert suite.with_added([compared[0]]) == suite
    both = suite.with_methods([mine]).with_added([Reference("margin")])
    assert both.methods.compared == (Reference("random"), mine, Reference("margin"))
    assert protocol_digest(suite.with_added([mine]), suite.scenarios[0]) == digests()[1]


@pytest.mark.parametrize(
    "path", list(alharness_suites.alharness_suites()), ids=lambda path: path.stem
)
def test_the_suites_that_alharness_comes_with(path: Path):
    suite = load_suite(path)
    assert suite.name == path.stem


def test_the_suite_cifar_is_the_papers_protocol():
    """Sections 4 and 5, supplement 1.3. Published trap 21."""
    (path,) = [p for p in alharness_suites.alharness_suites() if p.stem == "cifar"]
    assert tomllib.loads(path.read_text(encoding="utf-8"))["protocol"] == {
        "initial_sets": "munjal2022",
        "seeds": 5,
        "initial_fraction": 0.1,
        "query_fraction": 0.1,
        "final_fraction": 0.4,
        "validation_fraction": 0.1,
    }
    suite = load_suite(path)
    assert suite.tuning.trials == 50
    assert suite.training.epochs == 150
    assert suite.tuning.space == {
        "learning-rate": LogUniform(1e-5, 1e-2),
        "batch-size": Choice(tuple(2**k for k in range(3, 11))),
        "optimizer": Choice(("sgd", "adam")),
    }


def test_the_suite_cifar_torchal_differs_from_cifar_by_the_published_codes_settings():
    """Settings of the published code as shared/METHODS.md gives them, sections 1, 2 and 6."""
    suites = {path.stem: load_suite(path) for path in alharness_suites.alharness_suites()}
    text, code = suites["cifar"], suites["cifar-torchal"]
    assert code.protocol == text.protocol
    assert (code.tuning.trials, code.tuning.scope) == (text.tuning.trials, text.tuning.scope)
    assert code.tuning.space == {
        **text.tuning.space,
        "batch-size": Choice(tuple(2**k for k in range(3, 10))),
    }
    assert (text.training.normalize, code.training.normalize) == (True, False)
    assert code.training.model_copy(update={"normalize": True}) == text.training
    pairs = zip(text.methods.compared, code.methods.compared, strict=True)
    assert {old.label: new.label for old, new in pairs if old != new} == {
        "dbal": 'dbal:masks="per-image"',
        "bald": 'bald:masks="per-image"',
        "vaal": 'vaal:reduction="torchal"',
    }
    assert [one.model.label for one in code.scenarios] == ['vgg16:head="torchal"'] * 2
    assert [one.regularizers[0].label for one in code.scenarios] == [
        "flip-crop:padding=0",
        "flip-crop",
    ]


@pytest.mark.parametrize(
    "path", list(alharness_suites.alharness_suites()), ids=lambda path: path.stem
)
def test_suites_that_follow_something_published_say_where_they_differ(path: Path):
    suite = load_suite(path)
    assert bool(suite.departures) == (not suite.name.startswith("digits"))
    assert all(one.endswith(".") for one in suite.departures)


def test_departures_are_words_and_change_no_protocol():
    text = TEXT.replace('title = "', 'departures = ["None is known."]\ntitle = "', 1)
    suite, without = parse_suite(text, "tiny.toml"), parse()
    assert suite.departures == ("None is known.",)
    assert suite_digest(suite) != suite_digest(without)
    assert protocol_digest(suite, suite.scenarios[0]) == digests()[1]


@pytest.mark.parametrize(
    "table", ["", "[endpoint]\n", '[endpoint]\nmetric = "accuracy"\nmargin = 0.01\n']
)
def test_the_endpoint_at_its_default_changes_no_digest(table):
    suite = parse_suite(TEXT.replace("[methods]", f"{table}[methods]", 1), "tiny")
    assert suite_digest(suite) == suite_digest(parse_suite(TEXT, "tiny"))
    assert (suite.endpoint.metric, suite.endpoint.margin) == ("accuracy", 0.01)


def test_another_endpoint_is_the_suites_and_not_the_protocols():
    """It changes no record."""
    table = '[endpoint]\nmetric = "nll"\nmargin = 1\n'
    suite = parse_suite(TEXT.replace("[methods]", f"{table}[methods]", 1), "tiny")
    before = parse_suite(TEXT, "tiny")
    assert (suite.endpoint.metric, suite.endpoint.margin) == ("nll", 1)
    assert suite_digest(suite) != suite_digest(before)
    scenario = suite.scenarios[0]
    assert protocol_digest(suite, scenario) == protocol_digest(before, before.scenarios[0])


@pytest.mark.parametrize(
    ("line", "key", "remedy"),
    [
        ('metric = "acuracy"', "endpoint.metric", 'Write "accuracy", "balanced_accuracy", "nll"'),
        ("margin = 0", "endpoint.margin", "Write a number above 0"),
        ("margin = inf", "endpoint.margin", "Write a number above 0"),
        ("margins = 1", "endpoint.margins", "Did you mean 'margin'?"),
    ],
)
def test_bad_endpoints(line, key, remedy):
    text = TEXT.replace("[methods]", f"[endpoint]\n{line}\n[methods]", 1)
    with pytest.raises(UsageError) as refused:
        parse_suite(text, "tiny")
    assert refused.value.where == f"tiny, {key}"
    assert remedy in refused.value.remedy


def test_strong_is_written_out():
    """The paper's "-SR": RandAugment and SWA."""
    strong = parse_suite(changed(('"weight-decay", {', '"strong", {')), "tiny.toml")
    spelled = parse_suite(changed(('"weight-decay", {', '"randaugment", "swa", {')), "tiny.toml")
    names = [one.name for one in strong.scenarios[0].regularizers]
    assert names == ["randaugment", "swa", "flip-crop"]
    assert suite_digest(strong) == suite_digest(spelled)
    with pytest.raises(UsageError, match="'swa' is there twice"):
        parse_suite(changed(('"weight-decay", {', '"swa", "strong", {')), "tiny.toml")


def test_conditions_of_a_scenario():
    text = f"{TEXT}loss = 'class-weighted-cross-entropy'\n"
    text += "long_tail = { a = 500, k = 4000, alpha = -0.32 }\n"
    scenario = parse_suite(text, "tiny.toml").scenarios[0]
    assert scenario.loss == Reference("class-weighted-cross-entropy")
    assert scenario.long_tail.model_dump() == {"a": 500, "k": 4000, "alpha": -0.32}


@pytest.mark.parametrize(
    ("line", "key", "remedy"),
    [
        ("loss = 7", "scenarios[0].loss", 'loss = "NAME"'),
        (
            "long_tail = { a = 0.5, k = 4, alpha = -1 }",
            "scenarios[0].long_tail.a",
            "from 1 to 1e9",
        ),
        (
            "long_tail = { a = 5, k = 4, alpha = 1 }",
            "scenarios[0].long_tail.alpha",
            "a number below 0",
        ),
    ],
)
def test_bad_conditions(line, key, remedy):
    with pytest.raises(UsageError) as caught:
        parse_suite(f"{TEXT}{line}\n", "tiny.toml")
    assert key in caught.value.where
    assert remedy in caught.value.remedy


def test_a_loss_may_have_parameters():
    suite = parse_suite(f"{TEXT}loss = {{ loss = 'focal', gamma = 2 }}\n", "tiny.toml")
    assert suite.scenarios[0].loss == Reference("focal", {"gamma": 2})
    assert parse().scenarios[0].loss == Reference("cross-entropy")


def test_the_options_of_a_training():
    lines = "schedule = { schedule = 'steps', milestones = [30, 60], gamma = 0.2 }"
    lines += "\nmomentum = 0.8\nnesterov = true"
    training = parse(("epochs = 40", f"epochs = 40\n{lines}")).training
    assert training.schedule == Reference("steps", {"milestones": [30, 60], "gamma": 0.2})
    assert (training.momentum, training.nesterov, training.weight_decay) == (0.8, True, 0.0)
    fixed = parse(('"weight-decay", {', "{"), ("epochs = 40", "epochs = 40\nweight_decay = 5e-4"))
    assert fixed.training.weight_decay == 5e-4


@pytest.mark.parametrize("option", ["momentum = 0.5", "nesterov = true"])
def test_options_of_sgd_that_no_optimizer_takes(option):
    changes = ('["sgd", "adam"]', '["adam", "radam"]'), ("epochs = 40", f"epochs = 40\n{option}")
    with pytest.raises(UsageError, match="is for sgd, which is not among the optimizers") as caught:
        parse(*changes)
    assert caught.value.where == f"tiny.toml, training.{option.split()[0]}"
    parse(('["sgd", "adam"]', '["adam", "radam"]'))


@pytest.mark.parametrize(
    "line",
    [
        'schedule = "constant"',
        'schedule = { schedule = "constant" }',
        "momentum = 0.9",
        "nesterov = false",
        "weight_decay = 0",
    ],
)
def test_options_at_their_defaults_change_no_digest(line):
    assert digests(("epochs = 40", f"epochs = 40\n{line}")) == digests()


@pytest.mark.parametrize("line", ['schedule = "cosine"', "momentum = 0.8", "nesterov = true"])
def test_other_options_change_both_digests(line):
    changed = digests(("epochs = 40", f"epochs = 40\n{line}"))
    assert all(one != other for one, other in zip(changed, digests(), strict=True))


def test_the_digest_of_a_suite_with_a_class_weighted_loss_never_changes():
    """A loss was a name before it was a plugin."""
    suite = parse_suite(f"{TEXT}loss = 'class-weighted-cross-entropy'\n", "tiny.toml")
    assert (suite_digest(suite), protocol_digest(suite, suite.scenarios[0])) == (
        "24c90ea1bc3c0641bddaa5b1fb4cb291",
        "c38cedd8144a5cbc6b8944141ab20f60",
    )


def test_what_a_scenario_is_held_against_changes_no_protocol():
    assert digests(('oracle = "perfect"', 'oracle = "perfect"\npublished = []')) == digests()
    held = ('oracle = "perfect"', 'oracle = "perfect"\npublished = ["a-table-1", "a-table-2"]')
    assert parse(held).scenarios[0].published == ("a-table-1", "a-table-2")
    assert digests(held)[0] != digests()[0]
    assert digests(held)[1] == digests()[1]


@pytest.mark.parametrize("value", ['"a"', "[1]", '["a", "a"]', "[" + "'a'," * 1001 + "]"])
def test_what_is_no_list_of_published_results_is_refused(value):
    with pytest.raises(UsageError, match="published"):
        parse(('oracle = "perfect"', f'oracle = "perfect"\npublished = {value}'))


@pytest.mark.parametrize("name", ["cifar", "cifar-torchal"])
def test_suites_of_the_paper_are_held_against_the_tables_of_their_dataset(name):
    (path,) = [p for p in alharness_suites.alharness_suites() if p.stem == name]
    ten, hundred = load_suite(path).scenarios
    assert ten.published == tuple(f"munjal2022-table-{number}" for number in range(7, 12))
    assert hundred.published == tuple(f"munjal2022-table-{number}" for number in range(12, 17))
