"""pandas is loaded when it is first used, and not when pyarrow makes its first array: a third of a small ingest.

pyarrow looks for pandas as soon as anything is converted to or from Python values. It looks once, and does well
without; what needs pandas (``to_pandas``) looks again. So it is let look while pandas cannot be found; and when
somebody imports pandas later, pyarrow is made to look again, so that series are converted as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

import pyarrow as pa

_PANDAS = "pandas"


class _Absent(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002
        if fullname == _PANDAS:
            raise ModuleNotFoundError(f"{_PANDAS} is loaded later", name=_PANDAS)


class _Awaited(MetaPathFinder):
    """Finds pandas once, as it is found without this; and tells pyarrow when it has been loaded."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != _PANDAS:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(_PANDAS)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_tell(module: ModuleType) -> None:
                load(module)
                with suppress(ImportError):  # too old for pyarrow, which then does without, as ever
                    pa.array([0]).to_pandas()

            spec.loader.exec_module = load_and_tell  # type: ignore[method-assign]
        return spec


def load_pandas_later() -> None:
    """Let pyarrow begin without pandas, where nobody has loaded it yet."""
    if _PANDAS in sys.modules or any(isinstance(finder, _Awaited) for finder in sys.meta_path):
        return
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(absent)
    sys.meta_path.insert(0, _Awaited())
