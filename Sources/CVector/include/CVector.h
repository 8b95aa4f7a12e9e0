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

/// `negative` where the sign of a number is set, else `positive`, lane by lane: by the sign's bit, without a comparison.
CVECTOR_INLINE cvector_lanes cvector_by_sign(cvector_lanes a, cvector_lanes negative, cvector_lanes positive) {
  typedef long long words __attribute__((ext_vector_type(8)));
  return (__builtin_bit_cast(words, a) < 0) ? negative : positive;
}

/// Tells the processor that a loop waits for another thread.
CVECTOR_INLINE void cvector_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

typedef long long cvector_words __attribute__((ext_vector_type(8)));

/// One bit per lane, the first lane's lowest: set where a number is negative.
CVECTOR_INLINE unsigned char cvector_sign_bits(cvector_words a) {
  typedef _Bool flags __attribute__((ext_vector_type(8)));
  return __builtin_bit_cast(unsigned char, __builtin_convertvector(a < 0, flags));
}

/// One bit per lane, the first lane's lowest: set where a > 0.
CVECTOR_INLINE unsigned char cvector_positive_bits(cvector_lanes a) {
  typedef _Bool flags __attribute__((ext_vector_type(8)));
  return __builtin_bit_cast(unsigned char, __builtin_convertvector(a > 0, flags));
}

/// Elements 0, 2, 4, … of sixteen doubles in two vectors.
CVECTOR_INLINE cvector_lanes cvector_even(cvector_lanes a, cvector_lanes b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}

/// Elements 1, 3, 5, … of sixteen doubles in two vectors.
CVECTOR_INLINE cvector_lanes cvector_odd(cvector_lanes a, cvector_lanes b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}

typedef double cvector_pair __attribute__((ext_vector_type(2)));
typedef double cvector_two_pairs __attribute__((ext_vector_type(4), aligned(16)));

/// Pairs at four corners, linear in both directions: between `early` and `late` by `time`, between the first and the second
/// pair of each by `place`.
CVECTOR_INLINE cvector_pair cvector_between(
  const cvector_pair *early, const cvector_pair *late, double time, double place) {
  cvector_two_pairs first = *(const cvector_two_pairs *)early;
  cvector_two_pairs second = *(const cvector_two_pairs *)late;
  cvector_two_pairs both = first + time * (second - first);
  cvector_pair left = __builtin_shufflevector(both, both, 0, 1);
  cvector_pair right = __builtin_shufflevector(both, both, 2, 3);
  return left + place * (right - left);
}

// Coefficients of the functions that roll-outs wait for, each on eight lanes, in memory. A literal is brought into a register
// by an instruction of its own wherever it is used, since arithmetic takes whole vectors from memory but repeats no number,
// and the registers are too few to keep them; with these it is part of the arithmetic. Values and sources: CVector.c.

extern const cvector_lanes cvector_exponential_coefficients[];
extern const cvector_lanes cvector_growth_coefficients[];
extern const cvector_lanes cvector_normal_numerator_coefficients[];
extern const cvector_lanes cvector_normal_denominator_coefficients[];
extern const cvector_lanes cvector_radius_coefficients[];
extern const cvector_lanes cvector_sine_coefficients[];
extern const cvector_lanes cvector_cosine_coefficients[];

/// Of r to a power, 2 to 11, in e^r.
CVECTOR_INLINE cvector_lanes cvector_exponential_coefficient(int power) {
  return cvector_exponential_coefficients[power - 2];
}

/// Of x to a power, 2 to 8, in e^x for small x.
CVECTOR_INLINE cvector_lanes cvector_growth_coefficient(int power) { return cvector_growth_coefficients[power - 2]; }

/// Of x to a power, 0 to 6, in the numerator of the normal law's tail.
CVECTOR_INLINE cvector_lanes cvector_normal_numerator(int power) {
  return cvector_normal_numerator_coefficients[power];
}

/// Of x to a power, 0 to 6, in its denominator; that of the seventh is 1.
CVECTOR_INLINE cvector_lanes cvector_normal_denominator(int power) {
  return cvector_normal_denominator_coefficients[power];
}

/// Of s to the power 2 index + 1, index 0 to 6, in -2 log((1 + s) / (1 - s)).
CVECTOR_INLINE cvector_lanes cvector_radius_coefficient(int index) { return cvector_radius_coefficients[index]; }

/// Of t to the power 2 index + 1, index 0 to 6, in sin(2 pi t) / sqrt(2).
CVECTOR_INLINE cvector_lanes cvector_sine_coefficient(int index) { return cvector_sine_coefficients[index]; }

/// Of t to the power 2 index, index 0 to 6, in cos(2 pi t) / sqrt(2).
CVECTOR_INLINE cvector_lanes cvector_cosine_coefficient(int index) { return cvector_cosine_coefficients[index]; }
