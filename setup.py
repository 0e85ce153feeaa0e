"""The native accelerator of the checker: built where there is a C compiler, else done without."""

import sysconfig

from setuptools import Extension, setup  # type: ignore[import-untyped]

ACCELERATOR = Extension(
    "receiver.check._bulk",
    sources=["receiver/check/_bulk.c"],
    define_macros=[("Py_LIMITED_API", "0x030B0000")],  # a build serves every Python from 3.11 on
    extra_compile_args=["-O3"],
    py_limited_api=True,
    optional=True,
)

if sysconfig.get_config_var("Py_GIL_DISABLED"):  # a Python that has no limited API
    setup()
else:
    setup(ext_modules=[ACCELERATOR], options={"bdist_wheel": {"py_limited_api": "cp311"}})
