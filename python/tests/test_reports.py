"""Reports as objects: they say what the JSON says, and draw themselves."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from conftest import RATE_HZ

import acetate
from acetate import _acetate


def test_the_objects_have_the_names_and_values_of_the_json(song: Path) -> None:
    report = acetate.master(song).report
    values = report.to_dict()
    assert report.command == "master" and report.version == acetate.__version__
    for figures, plain in ((report.before, values["mastering"]["before"]), (report.after, values["mastering"]["after"])):
        assert figures is not None
        assert {name: getattr(figures, name) for name in figures.__dataclass_fields__}.items() <= plain.items()
    assert [check.passed for check in report.checks] == [check["pass"] for check in values["checks"]]
    assert report.settings is not None and report.settings.to_dict() == values["mastering"]["settings"]
    assert abs(report.after.integrated_lufs + 14.0) <= 0.1 and report.after.true_peak_dbtp <= -1.0
    assert report.input_blake3 == _acetate.content_hash(str(song)) and report.output_blake3 is None
    values["checks"].clear()
    assert report.to_dict()["checks"]


def test_every_name_stands_in_the_schema() -> None:
    schema = json.loads(_acetate.json_schema("report"))
    known = schema["$defs"]
    for kind, objects in (("Measures", acetate.Measures), ("Finding", acetate.Finding)):
        assert set(objects.__dataclass_fields__) <= set(known[kind]["properties"]), kind
    settings = json.loads(_acetate.json_schema("settings"))
    assert set(acetate.Settings.__annotations__) <= set(settings["properties"])
    assert set(vars(acetate.Settings())) == set(settings["properties"])
    parts = [{"start_s": 0.0, "end_s": 20.0, "letter": "A", "level_db": 0.5, "side_db": 0.0}]
    with_parts = acetate.Settings.from_dict({**acetate.Settings().to_dict(), "sections": parts})
    assert with_parts.to_dict()["sections"] == parts and acetate.Settings.from_toml(with_parts.to_toml()) == with_parts


def test_figures_that_do_not_exist_are_none(tmp_path: Path) -> None:
    silence = acetate.analyze(np.zeros((RATE_HZ, 2), np.float32), sample_rate=RATE_HZ)
    assert silence.before is not None and silence.before.integrated_lufs is None
    assert "–" in silence._repr_html_()


def test_a_notebook_shows_table_and_picture(song: Path) -> None:
    made = acetate.master(song)
    shown = made._repr_html_()
    assert shown.count("<polyline") == 2 and "all met" in shown and "<script" not in shown
    assert acetate.analyze(song)._repr_html_().count("<polyline") == 1
    assert acetate.check(song).verdict.replace("-", " ") in acetate.check(song)._repr_html_()
    assert "&lt;b&gt;" in acetate.Report({**made.report.to_dict(), "command": "<b>"})._repr_html_()


def test_the_eq_curve_of_settings_is_their_own() -> None:
    settings = acetate.Settings()
    assert settings.eq_curve_db([100.0, 1000.0]) == [0.0, 0.0]
    settings.eq.mid_db = [2.0] * len(settings.eq.mid_db)
    assert all(math.isclose(gain, 2.0, abs_tol=0.2) for gain in settings.eq_curve_db([100.0, 1000.0]))


def test_verify_says_what_a_file_and_an_array_miss(song: Path, array: np.ndarray) -> None:
    for held in (acetate.verify(song, target=-14.0), acetate.verify(array, target=-14.0, sample_rate=RATE_HZ)):
        assert not held.all_met and held.after is None and held.before is not None
    lufs = acetate.analyze(song).before.integrated_lufs
    assert acetate.verify(song, target=lufs, ceiling=0.0).all_met
