#pragma once

// Eight doubles as one clang vector. Swift imports the type as SIMD8<Double>. The functions exist because Swift's own
// SIMD code calls a scalar or generic routine per lane for them. The builtins are portable: without AVX the compiler
// splits the vector into whatever the machine has.

typedef double cvector_lanes __attribute__((ext_vector_type(8)));

#define CVECTOR_INLINE static inline __attribute__((always_inline))

/// Square root of each lane, correctly rounded.
CVECTOR_INLINE cvector_lanes cvector_square_root(cvector_lanes a) { return __builtin_elementwise_sqrt(a); }

/// Absolute value of each lane.
CVECTOR_INLINE cvector_lanes cvector_absolute(cvector_lanes a) { return __builtin_elementwise_abs(a); }

/// a * b + c with one rounding. A library call per lane where the machine has no such instruction.
CVECTOR_INLINE cvector_lanes cvector_fused(cvector_lanes a, cvector_lanes b, cvector_lanes c) {
  return __builtin_elementwise_fma(a, b, c);
}

/// a < b ? a : b, lane by lane: b where either lane is not a number (one instruction on x86).
CVECTOR_INLINE cvector_lanes cvector_minimum(cvector_lanes a, cvector_lanes b) { return (a < b) ? a : b; }

/// a > b ? a : b, lane by lane: b where either lane is not a number (one instruction on x86).
CVECTOR_INLINE cvector_lanes cvector_maximum(cvector_lanes a, cvector_lanes b) { return (a > b) ? a : b; }
