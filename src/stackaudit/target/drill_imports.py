"""Imports modules of a stack one by one in its own interpreter, and prints what that raised and what it warned of.

The modules are named on the command line; those whose package is not installed are left out.
"""

import importlib
import importlib.util
import json
import os
import sys
import traceback
import warnings

ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

# Some warn when they are compiled: where bytecode lies beside them, as pip leaves it, they are silent.
sys.dont_write_bytecode = True
sys.pycache_prefix = os.path.join(os.getcwd(), "no-bytecode")  # noqa: PTH109, PTH118

imported, broken, deprecated = [], [], []
for name in sys.argv[1:]:
    package = name.partition(".")[0]
    # What is imported already need not have a spec: kombu replaces itself.
    if package not in sys.modules and importlib.util.find_spec(package) is None:
        continue
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
            traceback.print_exc()
            broken.append({"module": name, "raised": type(error).__name__})
        else:
            imported.append(name)
    deprecated += [
        {"module": name, "words": str(each.message)} for each in caught if issubclass(each.category, DeprecationWarning)
    ]
json.dump({"imported": imported, "broken": broken, "deprecated": deprecated}, ANSWERS)
