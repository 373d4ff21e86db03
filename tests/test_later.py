"""pandas is loaded by what uses it, and works then as if it had been there from the beginning."""

from __future__ import annotations

import subprocess
import sys

LINE = '10.0.0.1 - - [10/Nov/2022:10:00:{:02d} +0000] "GET / HTTP/1.1" 200 17 "-" "curl"\n'


def told_by(code, folder):
    """Run code in an interpreter of its own, in a folder with a log; what it prints, line by line."""
    (folder / "logs").mkdir()
    (folder / "logs" / "access.log").write_text("".join(LINE.format(i) for i in range(60)))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:-1]


def test_an_ingest_does_without_pandas_and_the_frame_of_its_events_with_it(tmp_path):
    code = (
        "import sys, afterlog\n"
        "case = afterlog.ingest(['logs'], 'case')\n"
        "print('pandas' in sys.modules)\n"
        "print(len(case.timeline().frame()), 'pandas' in sys.modules)\n"
    )
    assert told_by(code, tmp_path) == ["False", "60 True"]


def test_series_become_arrays_with_nulls_also_when_pandas_comes_after_an_ingest(tmp_path):
    code = (
        "import afterlog\n"
        "afterlog.ingest(['logs'], 'case')\n"
        "import pandas as pd, pyarrow as pa\n"
        "print(pa.array(pd.Series([1.0, float('nan')])).null_count)\n"
        "print(pa.array(pd.Categorical(['a', 'b', 'a'])).type.value_type == pa.array(pd.Series(['a'])).type)\n"
        "print(pa.Table.from_pandas(pd.DataFrame({'a': [1, 2]})).num_rows)\n"
    )
    assert told_by(code, tmp_path) == ["1", "True", "2"]


def test_pandas_that_was_there_before_stays_known_to_arrow(tmp_path):
    code = (
        "import pandas as pd, afterlog\n"
        "afterlog.ingest(['logs'], 'case')\n"
        "import pyarrow as pa, sys\n"
        "print(pa.array(pd.Series([1.0, float('nan')])).null_count, [f for f in sys.meta_path if 'afterlog.later' in repr(f)])\n"
    )
    assert told_by(code, tmp_path) == ["1 []"]
