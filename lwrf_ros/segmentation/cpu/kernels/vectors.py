# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Vector registers for kernels that numba compiles.

What numba has for arrays leaves it to the compiler whether a loop becomes vector instructions.
Here a value *is* a register of `LANES` floats. An address is an int64 number of bytes.

The functions whose names begin with ``emit`` write LLVM's instructions, for those who write more
than one at a time.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic, models, register_model

from lwrf_ros.segmentation.cpu.kernels.checks import PERMITTED_AT, TABLE_AT
from lwrf_ros.segmentation.cpu.kernels.compiled import CHECKING


def _lanes() -> int:
    """Return the floats of a vector register: AVX-512's, AVX2's, or what every processor has."""
    # What numba is told to compile for, if it is, or finds here.
    told: str | None = config.CPU_FEATURES
    features = get_host_cpu_features() if told is None else told
    return 16 if "+avx512f" in features else 8 if "+avx2" in features else 4


LANES = _lanes()
FLOAT_BYTES = 4
VECTOR_BYTES = LANES * FLOAT_BYTES
FLOAT, INT32, INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)


class _Vector(types.Type):
    """A register of `LANES` floats, to numba."""

    def __init__(self) -> None:
        super().__init__(name=f"float32x{LANES}")


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, VECTOR)


_vector = _Vector()


def emit_pointer(builder: Any, address: Any, kind: Any) -> Any:
    """Return an address as a pointer to a type."""
    return builder.inttoptr(address, kind.as_pointer())


def _emit_permitted(builder: Any, address: Any, kind: Any, writes: bool) -> Any:
    """Return an address if the step that runs may use it (`checks`), else one that harms nobody."""
    function = ir.FunctionType(INT64, [INT64] * 4).as_pointer()
    size = VECTOR_BYTES if kind == VECTOR else FLOAT_BYTES
    at, table, length, intent = (
        ir.Constant(INT64, int(n)) for n in (PERMITTED_AT, TABLE_AT, size, writes)
    )
    return builder.call(builder.inttoptr(at, function), [table, address, length, intent])


def emit_load(builder: Any, address: Any, kind: Any = VECTOR) -> Any:
    """Return what lies at an address, aligned as floats are."""
    # Integers are the kernels' own, in arrays of numba's.
    if CHECKING and kind != INT64:
        address = _emit_permitted(builder, address, kind, writes=False)
    value = builder.load(emit_pointer(builder, address, kind))
    value.align = FLOAT_BYTES
    return value


def emit_store(builder: Any, value: Any, address: Any) -> None:
    """Write to an address, aligned as floats are."""
    if CHECKING:
        address = _emit_permitted(builder, address, value.type, writes=True)
    builder.store(value, emit_pointer(builder, address, value.type)).align = FLOAT_BYTES


def emit_prefetch(builder: Any, address: Any) -> None:
    """Begin to fetch the cache line of an address."""
    byte = ir.IntType(8)
    kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), INT32, INT32, INT32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    # To be read, into the nearest cache, data.
    wishes = (ir.Constant(INT32, wish) for wish in (0, 3, 1))
    builder.call(function, [emit_pointer(builder, address, byte), *wishes])


def emit_splat(builder: Any, value: Any) -> Any:
    """Return a vector of one value."""
    nothing = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(INT32, 0))
    zeros = ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
    return builder.shuffle_vector(first, nothing, zeros)


def emit_fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, rounded once."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")
    return builder.call(function, [a, b, c])


def emit_larger(builder: Any, a: Any, b: Any) -> Any:
    """Return the larger of two, the first one where it is no number."""
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


def emit_smaller(builder: Any, a: Any, b: Any) -> Any:
    """Return the smaller of two, the first one where it is no number."""
    return builder.select(builder.fcmp_ordered("<", b, a), b, a)


@intrinsic
def load(typing_context: Any, address: Any) -> Any:
    """Return the vector at an address."""
    return _vector(types.int64), lambda _, builder, __, args: emit_load(builder, args[0])


@intrinsic
def store(typing_context: Any, value: Any, address: Any) -> Any:
    """Write a vector to an address."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_store(builder, args[0], args[1])
        return context.get_dummy_value()

    return types.void(_vector, types.int64), write


@intrinsic
def load_one(typing_context: Any, address: Any) -> Any:
    """Return the float32 at an address."""
    return types.float32(types.int64), lambda _, b, __, args: emit_load(b, args[0], FLOAT)


@intrinsic
def load_int(typing_context: Any, address: Any) -> Any:
    """Return the int64 at an address."""
    return types.int64(types.int64), lambda _, b, __, args: emit_load(b, args[0], INT64)


@intrinsic
def store_one(typing_context: Any, value: Any, address: Any) -> Any:
    """Write a float32 to an address."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_store(builder, args[0], args[1])
        return context.get_dummy_value()

    return types.void(types.float32, types.int64), write


@intrinsic
def splat(typing_context: Any, value: Any) -> Any:
    """Return a vector of one float32."""
    return _vector(types.float32), lambda _, builder, __, args: emit_splat(builder, args[0])


@intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, rounded once."""
    return _vector(_vector, _vector, _vector), lambda _, b, __, args: emit_fma(b, *args)


@intrinsic
def larger(typing_context: Any, a: Any, b: Any) -> Any:
    """Return the larger of two, lane by lane; the first one where it is no number."""
    return _vector(_vector, _vector), lambda _, builder, __, args: emit_larger(builder, *args)


@intrinsic
def smaller(typing_context: Any, a: Any, b: Any) -> Any:
    """Return the smaller of two, lane by lane; the first one where it is no number."""
    return _vector(_vector, _vector), lambda _, builder, __, args: emit_smaller(builder, *args)


@intrinsic
def plus(typing_context: Any, a: Any, b: Any) -> Any:
    """Return ``a + b``."""
    return _vector(_vector, _vector), lambda _, builder, __, args: builder.fadd(*args)


@intrinsic
def minus(typing_context: Any, a: Any, b: Any) -> Any:
    """Return ``a - b``."""
    return _vector(_vector, _vector), lambda _, builder, __, args: builder.fsub(*args)


@intrinsic
def times(typing_context: Any, a: Any, b: Any) -> Any:
    """Return ``a * b``."""
    return _vector(_vector, _vector), lambda _, builder, __, args: builder.fmul(*args)


@intrinsic
def add_atomically(typing_context: Any, address: Any, amount: Any) -> Any:
    """Add to the int64 at an address and return what it was, as one step to other threads."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", emit_pointer(builder, args[0], INT64), args[1], "seq_cst")

    return types.int64(types.int64, types.int64), write


@intrinsic
def read_atomically(typing_context: Any, address: Any) -> Any:
    """Return the int64 at an address, and see what was written before it by other threads."""

    def read(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(emit_pointer(builder, args[0], INT64), "acquire", 8)

    return types.int64(types.int64), read


@intrinsic
def give_way(typing_context: Any) -> Any:
    """Let other threads of this core run."""

    def call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(INT32, [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), call


@intrinsic
def call_at(typing_context: Any, address: Any, values: Any) -> Any:
    """Call a function of `compiled_apart` at its address with a tuple of int64 and float32."""

    def call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = cgutils.unpack_tuple(builder, args[1])
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        builder.call(emit_pointer(builder, args[0], kind), given)
        return context.get_dummy_value()

    return types.void(types.int64, values), call
