"""The statistics report as files: JSON, and each table in each format."""

from __future__ import annotations

from pathlib import Path

from alharness.leaderboard.tables.statistics_tables import statistics_tables
from alharness.leaderboard.tables.writing import json_text, write_tables
from alharness.results.statistics_report import StatisticsReport
from alharness.store.files import write_over


def write_statistics(report: StatisticsReport, folder: Path) -> None:
    """``statistics.json``, and a folder of tables for each scenario.

    Raises HarnessError when the disk refuses.
    """
    write_over(folder / "statistics.json", json_text(report.to_json()).encode())
    tables = (table for one in report.scenarios for table in statistics_tables(one))
    write_tables(tables, folder)
