"""Start the sandbox: ``python -m oms.sandbox --data DIR``, or this file by its path, which is quicker.

Run by path the package is loaded under a name of its own, so that neither `oms` (and with it Celery) is imported nor
this folder, whose files are named after the vendors, lies on the import path.
"""

import importlib
import importlib.util
import pathlib
import sys


def _package() -> str:
    if __package__:
        return __package__
    here = pathlib.Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or pathlib.Path(entry).resolve() != here]
    name = "homeward_sandbox"
    spec = importlib.util.spec_from_file_location(name, here / "__init__.py", submodule_search_locations=[str(here)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return name


if __name__ == "__main__":
    raise SystemExit(importlib.import_module(f"{_package()}.server").main())
