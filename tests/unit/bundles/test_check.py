"""What a stranger's bundle is refused for, each with the reason; and what is taken."""

import io
import json
import os
import stat
import zipfile

import numpy as np
import pytest

from alharness.api.errors import MismatchError, UsageError
from alharness.bundles.checking import checked
from alharness.bundles.contents import LIMITS, opened
from alharness.bundles.layout import place_of
from alharness.store.arrays import pack as pack_arrays


def refusal(path, error=MismatchError, limits=LIMITS):
    """Why a bundle is refused; of a mismatch one line and exit code 6."""
    with pytest.raises(error) as caught, checked(path, limits):
        pass
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == (6 if error is MismatchError else 2)
    return str(caught.value)


def test_a_bundle_is_taken_as_a_zip_file_and_as_a_folder(packed, tampered, tmp_path, finished):
    with checked(packed) as one, checked(tampered.folder(tmp_path / "folder")) as other:
        assert one.identity == other.identity
        assert one.records == other.records
        kept = {path.stem for path in finished.root.glob("records/*/*/*.json")}
        assert set(one.records) == kept
        assert one.counts()["trial"] == len(list(finished.root.glob("records/trial/*/*.json")))


def test_a_flipped_digit_in_a_record(tampered, tmp_path):
    name = tampered.record("evaluation")
    text = tampered.files[name].decode()
    tampered.files[name] = text.replace('"test_accuracy": 0.', '"test_accuracy": 0.9', 1)[
        : len(text)
    ].encode()
    why = refusal(tampered.folder(tmp_path / "b"))
    assert name in why
    assert "its content is not what bundle.json says" in why


def test_a_flipped_digit_where_the_manifest_is_forged_too(tampered, tmp_path):
    name = tampered.record("evaluation")
    record = tampered.json(name)
    record["result"]["test_accuracy"] = 0.123
    tampered.put(name, record)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert f"{name}: its digest is not that of its result" in why


def test_a_forged_record_does_not_agree_with_the_document(tampered, tmp_path):
    name = tampered.record("evaluation")
    record = tampered.json(name)
    before, record["result"]["test_accuracy"] = record["result"]["test_accuracy"], 0.125
    tampered.restate_record(name, record)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert f"is {before!r}, its records say 0.125" in why
    assert "accuracy" in why


def test_a_forged_verdict_does_not_follow_from_the_numbers(tampered, tmp_path):
    document = tampered.json("document.json")
    verdict = document["findings"]["blobs"]["methods"]["margin"]["verdict"]
    verdict["difference"] = 0.5
    tampered.put("document.json", document)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert "findings: methods, margin, verdict, difference is 0.5, its numbers give" in why


def test_a_trial_that_another_tuning_would_have_chosen(tampered, tmp_path):
    """The chosen trial is the best of its tuning: a better one beside it is noticed."""
    names = [name for name in tampered.names("records/trial/") if name.endswith(".json")]
    document = tampered.json("document.json")
    chosen = {
        cycle["trial"]
        for method in document["scenarios"][0]["methods"]
        for run in method["runs"]
        for cycle in run["cycles"]
    }
    name = next(name for name in names if tampered.json(name)["key"] not in chosen)
    record = tampered.json(name)
    record["result"] |= {"validation_accuracy": 1.0, "validation_loss": 0.0}
    tampered.restate_record(name, record)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert "there is no record of its" in why


def test_a_missing_file(tampered, tmp_path):
    name = tampered.record("query")
    del tampered.files[name]
    assert f"{name}: is listed in bundle.json and missing" in refusal(
        tampered.folder(tmp_path / "b")
    )
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert "its record is not there" in why or "there is no record of its query" in why


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("sets/", "is missing"),
        ("document.json", "is missing"),
        ("environment.json", "is missing"),
    ],
)
def test_other_files_that_are_missing(tampered, tmp_path, start, why):
    del tampered.files[tampered.names(start)[0]]
    assert why in refusal(tampered.restate().folder(tmp_path / "b"))


def test_curves_are_needed_and_outputs_are_not(tampered, tmp_path):
    for name in tampered.names("records/evaluation/"):
        if name.endswith(".outputs.npz"):
            del tampered.files[name]
    with checked(tampered.restate().folder(tmp_path / "b")) as bundle:
        assert len(bundle.without_outputs) == bundle.counts()["evaluation"]
    curves = next(name for name in tampered.names("records/trial/") if "curves" in name)
    del tampered.files[curves]
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert f"{curves}: is missing: its record names it" in why


def test_what_nobody_asked_for(tampered, tmp_path):
    tampered.files["sets/ab/" + "ab" * 16 + ".npz"] = b""
    assert "is not listed in bundle.json" in refusal(tampered.folder(tmp_path / "b"))


def test_inputs_that_are_not_those_of_the_key(tampered, tmp_path):
    name = tampered.record("trial")
    record = tampered.json(name)
    record["inputs"]["recipe"]["epochs"] = 3
    tampered.restate_record(name, record)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert f"{name}: its key is not the digest of its inputs" in why


def test_initial_sets_are_those_that_the_suite_draws(record_bench, make_bench, tmp_path):
    """A bench of another suite's seed, under a suite that says it is this one's."""
    from alharness.bundles.packing import pack

    bench = make_bench(initial_sets=3, seeds=1, scope="fixed", seed=5)
    workspace = record_bench(bench, tmp_path / "w")
    (path,) = workspace.reports.glob("*.json")
    document = json.loads(path.read_text())
    document["suite"]["declaration"]["seed"] = 0
    from alharness.protocol.keys import digest

    document["suite"]["digest"] = digest(document["suite"]["declaration"])
    path.write_text(json.dumps(document))
    with pytest.raises(MismatchError, match="is not declared so by its suite"):
        pack(workspace, None, tmp_path / "b.zip")


# Names, links and bombs: nothing of these is ever opened.


def zipped(path, names, data=b"x", change=lambda entry: None, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as bundle:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = compression
            change(entry)
            bundle.writestr(entry, data)
    return path


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../bundle.json", "climbs out of the bundle"),
        ("sets/../../x.npz", "climbs out of the bundle"),
        ("sets\\..\\..\\x.npz", "climbs out of the bundle"),
        ("/etc/passwd", "is an absolute path"),
        ("\\\\host\\share", "is an absolute path"),
        ("C:\\x", "is an absolute path"),
        ("BUNDLE.JSON", "is the same name as 'bundle.json' where case does not count"),
        ("script.py", "is no name of a bundle's file"),
        ("sets/ab/" + "cd" * 16 + ".npz", "is no name of a bundle's file"),
        ("records/trial/ab/" + "AB" * 16 + ".json", "is no name of a bundle's file"),
        ("bundle.json/x", "is no name of a bundle's file"),
        ("document.json\n", "is no name of a bundle's file"),
    ],
)
def test_names(tmp_path, name, why):
    assert why in refusal(zipped(tmp_path / "b.zip", ["bundle.json", name]))


def test_a_name_that_is_there_twice(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "b.zip", ["bundle.json", "document.json", "document.json"])
    assert "document.json: is there twice" in refusal(path)


def test_a_bundle_without_a_manifest(tmp_path):
    assert "has no bundle.json" in refusal(zipped(tmp_path / "b.zip", ["document.json"]))


@pytest.mark.parametrize(
    ("kind", "why"), [(stat.S_IFLNK, "is a link"), (stat.S_IFCHR, "is no file")]
)
def test_links_and_devices_in_a_zip_file(tmp_path, kind, why):
    def change(entry):
        entry.create_system = 3
        entry.external_attr = (kind | 0o777) << 16

    assert why in refusal(zipped(tmp_path / "b.zip", ["bundle.json"], b"/etc/passwd", change))


def test_links_pipes_and_deep_folders_in_a_folder(tampered, tmp_path):
    folder = tampered.folder(tmp_path / "b")
    secret = tmp_path / "secret"
    secret.write_bytes((folder / "document.json").read_bytes())
    (folder / "document.json").unlink()
    (folder / "document.json").symlink_to(secret)
    assert "document.json: is a link" in refusal(folder)
    (folder / "document.json").unlink()
    os.mkfifo(folder / "document.json")
    assert "document.json: is no file" in refusal(folder)
    (folder / "document.json").unlink()
    (folder / "sets").rename(tmp_path / "elsewhere")
    (folder / "sets").symlink_to(tmp_path / "elsewhere")
    assert "sets: is a link" in refusal(folder)


def test_bombs(tmp_path):
    """Refused by what the directory of the zip file says: nothing is unpacked."""
    zeros = bytes(32 << 20)
    path = zipped(tmp_path / "b.zip", ["bundle.json"], zeros, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert "more than 200 times as much" in refusal(path)
    few = LIMITS._replace(files=2)
    names = ["bundle.json", "document.json", "environment.json"]
    assert "has more than 2 files" in refusal(zipped(tmp_path / "c.zip", names), limits=few)
    small = LIMITS._replace(bytes=2)
    assert "unpacks to 3 bytes; 2 are the most" in refusal(tmp_path / "c.zip", limits=small)


def test_a_file_that_is_too_large_for_what_it_is(tmp_path):
    entry = zipfile.ZipInfo("bundle.json")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_STORED) as bundle:
        bundle.writestr(entry, b"{}")
    data = bytearray((tmp_path / "b.zip").read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 28] = (1 << 30).to_bytes(4, "little") * 2  # both sizes
    (tmp_path / "b.zip").write_bytes(data)
    assert "a file that is manifest has at most" in refusal(tmp_path / "b.zip")


def test_a_file_that_holds_more_than_its_directory_says(tmp_path):
    path = zipped(tmp_path / "b.zip", ["bundle.json"], b"{}" * 99, compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (7).to_bytes(4, "little")
    path.write_bytes(data)
    assert "bundle.json: " in refusal(path)


def test_what_is_encrypted_or_packed_otherwise(tmp_path):
    lzma = zipped(tmp_path / "b.zip", ["bundle.json"], compression=zipfile.ZIP_LZMA)
    assert "is neither stored nor deflated" in refusal(lzma)
    path = zipped(tmp_path / "c.zip", ["bundle.json"])
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "is encrypted" in refusal(path)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 and no more", b"{}", b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_file(tmp_path, data):
    (tmp_path / "b.zip").write_bytes(data)
    assert "is no bundle" in refusal(tmp_path / "b.zip")


def test_what_cannot_be_read_is_bad_input(tmp_path):
    assert "cannot be read: No such file" in refusal(tmp_path / "b.zip", UsageError)
    os.mkfifo(tmp_path / "pipe")
    assert "neither a file nor a folder" in refusal(tmp_path / "pipe", UsageError)


def test_a_truncated_file(packed, tmp_path):
    data = packed.read_bytes()
    (tmp_path / "b.zip").write_bytes(data[: len(data) // 2])
    assert "is no bundle" in refusal(tmp_path / "b.zip")
    changed = bytearray(data)
    changed[len(data) // 2] ^= 0xFF
    (tmp_path / "c.zip").write_bytes(changed)
    refusal(tmp_path / "c.zip")


# Content.


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[" * 100_000,
        b"[]",
        b'{"schema": 1}',
        b'{"schema": NaN}',
        b'{"schema": 1, "schema": 1}',
        b"\xff",
        b'{"schema": ' + b"9" * 10_000 + b"}",
    ],
)
def test_a_manifest_that_is_none(tampered, tmp_path, text):
    tampered.files["bundle.json"] = text
    assert "bundle.json" in refusal(tampered.folder(tmp_path / "b"))


def test_a_newer_schema_is_bad_input(tampered, tmp_path):
    tampered.put("bundle.json", {**tampered.json("bundle.json"), "schema": 2})
    assert "Upgrade alharness" in refusal(tampered.folder(tmp_path / "b"), UsageError)


def npy_that_promises(shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<i8", "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def npz(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return stream.getvalue()


def pickled():
    stream = io.BytesIO()
    np.save(stream, np.array([print], dtype=object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (npz(indices=pickled()), "holds objects"),
        (npz(indices=npy_that_promises((10**12,))), "is not what it holds"),
        (npz(indices=npy_that_promises((2**62, 2**62))), "is not what it holds"),
        (npz(indices=b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535), "holds no arrays"),
        (npz(indices=b"no array"), "holds no arrays"),
        (b"no zip file", "holds no arrays"),
        (pack_arrays({"indices": np.zeros(3)}), "is no index set"),
        (pack_arrays({"indices": np.zeros(3, dtype=np.int64)}), "not the index set that its name"),
        (pack_arrays({"other": np.zeros(3, dtype=np.int64)}), "is no index set"),
    ],
)
def test_arrays_that_are_none_or_would_execute_something(tampered, tmp_path, data, why):
    tampered.files[tampered.names("sets/")[0]] = data
    assert why in refusal(tampered.restate().folder(tmp_path / "b"))


def test_weights_that_are_not_those_of_the_trial(tampered, tmp_path):
    names = tampered.names("weights/")
    tampered.files[names[0]], tampered.files[names[1]] = (
        tampered.files[names[1]],
        tampered.files[names[0]],
    )
    assert "is not what its record names" in refusal(tampered.restate().folder(tmp_path / "b"))
    tampered.files[names[0]] = b"\x80\x04pickle"
    assert "holds no weights" in refusal(tampered.restate().folder(tmp_path / "b"))


def test_a_query_that_picked_what_was_labeled(tampered, tmp_path):
    name = tampered.record("query")
    record = tampered.json(name)
    record["result"]["indices"][0] = record["result"]["indices"][1]
    tampered.restate_record(name, record)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert "picked an image twice" in why


@pytest.mark.parametrize(
    ("kind", "change", "why"),
    [
        ("trial", {"validation_accuracy": 2.0}, "result.validation_accuracy"),
        ("trial", {"checkpoint": "../x"}, "result.checkpoint"),
        ("evaluation", {"test_accuracy": "1"}, "result.test_accuracy"),
        ("evaluation", {"metrics": {}}, "result.accuracy"),
        ("query", {"indices": [-1]}, "result.indices.0"),
        ("annotation", {"labels": None}, "result.labels"),
        ("annotation", {"more": 1}, "result.more"),
    ],
)
def test_results_that_are_none(tampered, tmp_path, kind, change, why):
    name = tampered.record(kind)
    record = tampered.json(name)
    record["result"] |= change
    tampered.restate_record(name, record)
    assert why in refusal(tampered.restate().folder(tmp_path / "b"))


def test_weights_that_were_measured_are_those_that_the_trial_left(tampered, tmp_path):
    name = tampered.record("evaluation")
    record = tampered.json(name)
    record["result"]["checkpoint"] = "ab" * 16
    tampered.restate_record(name, record)
    assert "it read other weights" in refusal(tampered.restate().folder(tmp_path / "b"))


# Markup.

MARKUP = "<script>alert(1)</script> [bold red]x[/] :boom:"


def test_markup_in_a_name_is_neutralised_or_refused(tampered, tmp_path, command):
    """A title is text wherever it is printed; control characters are refused."""
    document, manifest = tampered.json("document.json"), tampered.json("bundle.json")
    from alharness.protocol.keys import digest

    document["suite"]["declaration"]["title"] = document["suite"]["title"] = MARKUP
    said = digest(document["suite"]["declaration"])
    document["suite"]["digest"] = manifest["suite"]["digest"] = said
    tampered.put("document.json", document)
    tampered.put("bundle.json", manifest)
    done = command("bundle", "check", tampered.restate().folder(tmp_path / "b"))
    assert done.exit_code == 0, done.stderr
    assert MARKUP in done.stdout
    document["scenarios"][0]["methods"][1]["method"] = "margin\x1b]0;title\x07"
    tampered.put("document.json", document)
    done = command("bundle", "check", tampered.restate().folder(tmp_path / "b"))
    assert done.exit_code == 6
    assert "control characters in the text 'margin'" in done.stderr
    assert "\x1b" not in done.stderr
    document["scenarios"][0]["methods"][1]["method"] = MARKUP
    tampered.put("document.json", document)
    done = command("bundle", "check", tampered.restate().folder(tmp_path / "b"))
    assert done.exit_code == 6
    assert done.stderr.count("\n") == 1


def test_what_earlier_versions_did_not_say_is_not_held_against_them(tampered, tmp_path):
    """A document may have fewer members than those written today, and not other ones."""
    document = tampered.json("document.json")
    scenario = document["scenarios"][0]
    for name in ("machines", "overlap", "times", "importance"):
        del scenario[name]
    for method in scenario["methods"]:
        for name in ("recorded", "machines", "origins", "co_trained"):
            del method[name]
    tampered.put("document.json", document)
    with checked(tampered.restate().folder(tmp_path / "b")):
        pass
    scenario["methods"][0]["origins"] = [{"bundle": None, "units": 1}]
    tampered.put("document.json", document)
    assert "origins" in refusal(tampered.restate().folder(tmp_path / "b"))


def test_a_path_of_somebody_s_machine_is_refused(tampered, tmp_path):
    """Verifying would have a plugin read it."""
    document = tampered.json("document.json")
    document["scenarios"][0]["components"][0]["parameters"] = {"path": "/etc/passwd"}
    tampered.put("document.json", document)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert "names the path '/etc/passwd' of somebody's machine" in why


def test_a_method_under_the_name_of_another(tampered, tmp_path):
    document = tampered.json("document.json")
    first, second = document["scenarios"][0]["methods"]
    first["method"], second["method"] = second["method"], first["method"]
    tampered.put("document.json", document)
    why = refusal(tampered.restate().folder(tmp_path / "b"))
    assert "its sampler 'random' is not margin" in why or "findings" in why


def test_no_two_names_of_a_bundle_are_one_where_case_does_not_count():
    assert place_of("records/trial/ab/" + "ab" * 16 + ".json").key == "ab" * 16
    assert place_of("records/Trial/ab/" + "ab" * 16 + ".json") is None


def test_reading_ends_with_the_block(packed):
    with opened(packed) as contents:
        assert "bundle.json" in contents.sizes
