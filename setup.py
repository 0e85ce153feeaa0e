"""The native accelerator of the checker: built where a C compiler is, done without where none is."""

from setuptools import Extension, setup

LIMITED_API = "0x030B0000"  # Python 3.11: one build serves it and every later version

setup(
    ext_modules=[
        Extension(
            "receiver.check._bulk",
            sources=["receiver/check/_bulk.c"],
            define_macros=[("Py_LIMITED_API", LIMITED_API)],
            extra_compile_args=["-O3"],
            py_limited_api=True,
            optional=True,
        )
    ]
)
