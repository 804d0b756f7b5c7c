"""The registry: names, families, duplicates, parameters, building."""

import sys
from pathlib import Path

import pytest

from alharness import PluginError, UsageError
from alharness.protocol.components import Reference
from alharness.protocol.units import Identity
from alharness.registry import discover

VAAL = """
from typing import Literal
import alharness
from pydantic import Field

class VaalParameters(alharness.Parameters):
    epochs: int = Field(100, gt=0, description="Epochs of the discriminator.")
    beta: float = 1.0
    widths: tuple[int, ...] = (32, 64)
    loss: Literal["bce", "mse"] = "bce"

class Vaal:
    def __init__(self, epochs, beta, widths, loss):
        self.settings = (epochs, beta, widths, loss)

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("vaal", Vaal, parameters=VaalParameters)
    yield alharness.SamplerSpec("plain", "my_plain:Plain")
"""

FAMILY = """
import alharness

def build(member, depth):
    return member, depth

class P(alharness.Parameters):
    depth: int = 3

@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("zoo:", build, parameters=P)
    yield alharness.ModelSpec("zoo-net", dict)
    yield alharness.ModelSpec("zoo:special", dict)
"""


@pytest.fixture
def registry(dists):
    dists.install("my-vaal", VAAL, version="0.2")
    dists.module("my_plain.py", "class Plain: pass")
    dists.install("zoo-plugin", FAMILY)
    return discover()


def test_an_unknown_name_suggests_the_nearest(registry):
    with pytest.raises(UsageError, match=r"^no sampler named 'vaall'; did you mean 'vaal'\?$"):
        registry.find("sampler", "vaall")


def test_a_name_like_no_other_points_at_the_listing(registry):
    with pytest.raises(UsageError, match="`alharness plugins list` shows what there is"):
        registry.find("sampler", "qqqqqq")


def test_a_name_of_another_kind_says_so(registry):
    with pytest.raises(
        UsageError, match=r"no sampler named 'zoo-net'\. It is of another kind: model"
    ):
        registry.find("sampler", "zoo-net")


@pytest.mark.parametrize("name", ["bad", "baad", "bad-tools"])
def test_the_reason_of_a_broken_plugin_that_was_meant_is_given(dists, name):
    dists.install("bad-tools", "raise ValueError('needs a licence')", bad="bad_tools")
    with pytest.raises(PluginError, match=r"plugin 'bad' \(bad-tools 0.1\).*needs a licence"):
        discover().find("sampler", name)


def test_a_broken_plugin_that_was_not_meant_is_left_out(dists):
    dists.samplers("good-plugin", "margin")
    dists.install("broken-margarine", "1 / 0")
    with pytest.raises(UsageError, match="did you mean 'margin'"):
        discover().find("sampler", "margn")


def test_the_reason_of_a_broken_plugin_file_is_given_whatever_its_name(dists, tmp_path):
    file = tmp_path / "draft.py"
    file.write_text("1 / 0")
    with pytest.raises(PluginError, match=r"plugin 'draft' \(\(file\) -\).*ZeroDivisionError"):
        discover([file]).find("sampler", "least-margin")


def test_a_duplicate_names_both_distributions_and_hurts_no_other_name(dists):
    dists.samplers("one-plugin", "same", "alone")
    dists.samplers("two-plugin", "same", version="0.9")
    registry = discover()
    with pytest.raises(PluginError) as caught:
        registry.find("sampler", "same")
    assert "(one-plugin 0.1)" in str(caught.value)
    assert "(two-plugin 0.9)" in str(caught.value)
    assert [(one.name, registry.conflicts(one)) for one in registry.registered] == [
        ("same", True),
        ("alone", False),
        ("same", True),
    ]
    assert registry.find("sampler", "alone").name == "alone"


def test_one_name_in_two_kinds_is_no_conflict(dists):
    source = VAAL.replace('yield alharness.SamplerSpec("plain"', 'return\n    yield ("plain"')
    dists.install("my-vaal", source)
    dists.install("vaal-model", FAMILY.replace("zoo-net", "vaal"))
    registry = discover()
    assert registry.kinds_of("vaal") == ["sampler", "model"]
    assert not registry.conflicts(registry.find("model", "vaal"))
    with pytest.raises(UsageError, match="'vaal' names a plugin of several kinds: sampler, model"):
        registry.find_any("vaal")


def test_a_family_builds_its_members(registry):
    component = registry.component("model", Reference("zoo:resnet18", {"depth": 5}))
    assert component.name == "zoo:resnet18"
    assert component.label == "zoo:resnet18:depth=5"
    assert registry.create(component) == ("resnet18", 5)


def test_a_component_has_what_its_author_says_of_it(dists):
    source = VAAL.replace(
        'yield alharness.SamplerSpec("plain"',
        'yield alharness.SamplerSpec("said", dict, summary="In short", citation="In a paper")\n'
        '    yield alharness.SamplerSpec("plain"',
    )
    dists.install("my-vaal", source)
    registry = discover()
    said, plain = (registry.component("sampler", Reference(name)) for name in ("said", "plain"))
    assert (said.summary, said.citation) == ("In short", "In a paper")
    assert plain.identity.spelled().replace("plain", "said") == said.identity.spelled()


def test_a_member_may_hold_colons(registry):
    assert registry.find("model", "zoo:hub:net").member == "hub:net"


def test_an_exact_name_wins_over_a_family(registry):
    assert registry.find("model", "zoo:special").member is None
    assert registry.create(registry.component("model", Reference("zoo:special"))) == {}
    assert registry.find("model", "zoo:other").member == "other"


def test_a_family_without_member_is_no_component(registry):
    with pytest.raises(UsageError, match="Name a member: zoo:NAME"):
        registry.component("model", Reference("zoo:"))


def test_a_mistyped_family_suggests_the_nearest(registry):
    with pytest.raises(UsageError, match="did you mean 'zoo:resnet18'"):
        registry.find("model", "zooo:resnet18")


def test_a_component_has_all_parameters_as_json(registry):
    component = registry.component("sampler", Reference("vaal", {"epochs": 5}))
    assert component.parameters == {"epochs": 5, "beta": 1.0, "widths": [32, 64], "loss": "bce"}
    assert (component.kind, component.name, component.label) == ("sampler", "vaal", "vaal:epochs=5")
    assert (component.plugin, component.distribution, component.version) == (
        "my-vaal",
        "my-vaal",
        "0.2",
    )


def test_spelling_of_a_value_does_not_matter_to_the_component(registry):
    one = registry.component("sampler", Reference("vaal", {"beta": 2}))
    two = registry.component("sampler", Reference("vaal", {"beta": 2.0, "epochs": 100}))
    assert one.identity == two.identity


@pytest.mark.parametrize(
    ("given", "different"),
    [
        ({}, {}),
        ({"epochs": 100, "beta": 1, "widths": [32, 64], "loss": "bce"}, {}),
        ({"epochs": 5, "beta": 1.0}, {"epochs": 5}),
        ({"widths": [32]}, {"widths": [32]}),
    ],
)
def test_the_identity_holds_only_parameters_that_differ_from_their_defaults(
    registry, given, different
):
    component = registry.component("sampler", Reference("vaal", given))
    assert component.identity == Identity(
        name="vaal", parameters=different, source=component.source
    )
    assert set(component.parameters) == {"epochs", "beta", "widths", "loss"}


def test_a_parameter_that_comes_later_changes_no_identity(dists):
    source = VAAL.replace(
        "parameters=VaalParameters", "parameters=VaalParameters, step_version='1'"
    )
    dists.install("my-vaal", source)
    before = discover().component("sampler", Reference("vaal", {"epochs": 5})).identity
    del sys.modules["my_vaal"]
    later = source.replace("    beta: float", "    later: int = 3\n    beta: float")
    dists.module("my_vaal.py", later)
    component = discover().component("sampler", Reference("vaal", {"epochs": 5}))
    assert component.parameters["later"] == 3
    assert component.identity == before


def test_a_default_is_checked_like_any_value(dists):
    """An int for a float is that float: or what is written out would differ from the default."""
    dists.install("my-vaal", VAAL.replace("beta: float = 1.0", "beta: float = 1"))
    registry = discover()
    one, two = (
        registry.component("sampler", Reference("vaal", given)) for given in ({}, {"beta": 1})
    )
    assert one.identity == two.identity
    dists.install("your-vaal", VAAL.replace("beta: float = 1.0", "beta: float = 'much'"))
    assert "default parameters of 'vaal'" in discover().broken[0].reason


def test_create_passes_python_values(registry):
    component = registry.component("sampler", Reference("vaal"))
    assert registry.create(component).settings == (100, 1.0, (32, 64), "bce")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"epoch": 5},
            "no parameter 'epoch'. Did you mean 'epochs'?",
        ),
        ({"epochs": "many"}, "parameter 'epochs' is 'many': input should be a valid integer"),
        ({"epochs": 0}, "parameter 'epochs' is 0: input should be greater than 0"),
        ({"loss": "l1"}, "parameter 'loss' is 'l1'"),
        ({"beta": float("nan")}, "parameters are not JSON values"),
        ({"epochs": 0, "loss": "l1"}, "; parameter 'loss'"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_plugin(registry, given, message):
    with pytest.raises(UsageError) as caught:
        registry.component("sampler", Reference("vaal", given))
    assert message in str(caught.value)
    assert str(caught.value).startswith("sampler 'vaal' (my-vaal 0.2): ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("given", "quoted"), [(1e3, "1000.0"), (17, "17"), (True, "true")])
@pytest.mark.parametrize("wanted", ["str", "Path"])
def test_a_text_that_looks_like_another_value_is_to_be_quoted(dists, given, quoted, wanted):
    text = VAAL.replace("beta: float = 1.0", f"beta: {wanted} = {wanted}()")
    dists.install("my-text", "from pathlib import Path\n" + text)
    with pytest.raises(UsageError, match=f'takes quotes: beta="{quoted}"'):
        discover().component("sampler", Reference("vaal", {"beta": given}))


def test_a_plugin_without_parameters_takes_none(registry):
    with pytest.raises(UsageError, match=r"no parameter 'x'\. It takes none"):
        registry.component("sampler", Reference("plain", {"x": 1}))


def test_a_factory_is_imported_when_it_is_needed(registry):
    component = registry.component("sampler", Reference("plain"))
    assert "my_plain" not in sys.modules
    assert type(registry.create(component)).__name__ == "Plain"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "import no_such_module",
            "'my_plain:Plain' raised ModuleNotFoundError",
        ),
        ("x = 1", "AttributeError"),
        ("Plain = 5", "cannot be called"),
        (
            "def Plain(): raise RuntimeError('no device')",
            "its factory raised RuntimeError: no device",
        ),
    ],
)
def test_a_factory_that_fails_names_plugin_and_distribution(dists, source, message):
    dists.install("my-vaal", VAAL)
    dists.module("my_plain.py", source)
    registry = discover()
    component = registry.component("sampler", Reference("plain"))
    with pytest.raises(PluginError) as caught:
        registry.create(component)
    assert message in str(caught.value)
    assert "sampler 'plain' (my-vaal 0.1)" in str(caught.value)


def test_create_refuses_other_code_than_the_component_was_made_from(registry, dists):
    component = registry.component("sampler", Reference("vaal"))
    dists.module("my_vaal.py", VAAL + "\n# changed")
    with pytest.raises(PluginError, match="Install the same code"):
        discover().create(component)


def test_create_says_what_to_install_where_the_plugin_is_missing(registry, dists):
    component = registry.component("sampler", Reference("vaal"))
    (dists.folder / "my_vaal-0.2.dist-info" / "entry_points.txt").unlink()
    with pytest.raises(PluginError, match=r"Install my-vaal 0\.2"):
        discover().create(component)


def test_a_step_version_stands_for_the_source(dists):
    source = VAAL.replace("parameters=VaalParameters", "step_version='3'")
    dists.install("my-vaal", source)
    component = discover().component("sampler", Reference("vaal"))
    dists.module("my_vaal.py", source + "\n# changed")
    assert component.source == "3"
    assert discover().component("sampler", Reference("vaal")) == component


SUITES = """
import alharness
from pathlib import Path

@alharness.hookimpl
def alharness_suites():
    yield from Path(__file__).parent.glob("*.toml")
"""


def test_a_suite_is_named_by_what_it_declares(dists):
    dists.module("my_suites/my_file.toml", 'name = "mine"')
    dists.module("my_suites/__init__.py", SUITES)
    dists.install("my-suites")
    registry = discover()
    assert registry.find_suite("mine") == Path(dists.folder / "my_suites/my_file.toml")
    with pytest.raises(UsageError, match=r"no suite named 'my_file'.*Did you mean 'mine'"):
        registry.find_suite("my_file")


def test_a_suite_that_declares_no_name_is_named_by_its_stem(dists):
    dists.module("my_suites/tiny.toml", "schema = 1")
    dists.module("my_suites/__init__.py", SUITES)
    dists.install("my-suites")
    registry = discover()
    assert registry.find_suite("tiny") == Path(dists.folder / "my_suites/tiny.toml")
    with pytest.raises(UsageError, match="no suite named 'tinny'; did you mean 'tiny'"):
        registry.find_suite("tinny")


def test_two_suites_of_one_name_name_both_distributions(dists):
    for name in ("my_suites", "your_suites"):
        dists.module(f"{name}/tiny.toml", "schema = 1")
        dists.module(f"{name}/__init__.py", SUITES)
        dists.install(name)
    with pytest.raises(PluginError, match=r"\(my_suites 0.1\) and by .*\(your_suites 0.1\)"):
        discover().find_suite("tiny")


PUBLISHED = SUITES.replace("alharness_suites", "alharness_published")


def test_published_results_are_named_by_the_tables_of_a_file(dists):
    dists.module("my_results/one.toml", 'tables = [{ name = "one-table-1" }]')
    dists.module("my_results/two.toml", 'tables = [{ name = "two-a" }, { name = "two-b" }]')
    dists.module("my_results/__init__.py", PUBLISHED)
    dists.install("my-results")
    registry = discover()
    assert registry.find_published("one-table-1") == Path(dists.folder / "my_results/one.toml")
    assert registry.find_published("two-b") == Path(dists.folder / "my_results/two.toml")
    with pytest.raises(UsageError, match="no published results named 'two-c'; did you mean 'two-"):
        registry.find_published("two-c")
    with pytest.raises(UsageError, match="Known are one-table-1, two-a, two-b"):
        registry.find_published("%")


def test_two_tables_of_one_name_name_both_distributions(dists):
    for name in ("my_results", "your_results"):
        dists.module(f"{name}/tiny.toml", 'tables = [{ name = "a-1" }]')
        dists.module(f"{name}/__init__.py", PUBLISHED)
        dists.install(name)
    with pytest.raises(PluginError, match=r"\(my_results 0.1\) and by .*\(your_results 0.1\)"):
        discover().find_published("a-1")
