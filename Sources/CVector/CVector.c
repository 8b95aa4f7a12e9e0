#include "CVector.h"

#define ON_LANES(number) {number, number, number, number, number, number, number, number}

// (e^r - 1 - r) / r^2 interpolated at the Chebyshev points of |r| <= log(2) / 2 by a polynomial of degree 9, with 40 digits.
const cvector_lanes cvector_exponential_coefficients[] = {
  ON_LANES(0.5),
  ON_LANES(0.16666666666666669),
  ON_LANES(0.04166666666662413),
  ON_LANES(0.008333333333330062),
  ON_LANES(0.0013888888917213717),
  ON_LANES(0.00019841269863053618),
  ON_LANES(2.4801521295954376e-05),
  ON_LANES(2.7557268459997064e-06),
  ON_LANES(2.7620088445409746e-07),
  ON_LANES(2.510038549551032e-08),
};

// Hart et al. (1968), Computer Approximations, table 5666, as printed by West (2005), "Better approximations to cumulative
// normal functions", Wilmott, May, 70-76.
const cvector_lanes cvector_normal_numerator_coefficients[] = {
  ON_LANES(2491.356313035064),
  ON_LANES(2502.746143078732),
  ON_LANES(1268.032432779654),
  ON_LANES(383.6802811759339),
  ON_LANES(72.1131503543037),
  ON_LANES(7.923929828741548),
  ON_LANES(0.3989496074776093),
};
const cvector_lanes cvector_normal_denominator_coefficients[] = {
  ON_LANES(4982.712626070128),
  ON_LANES(8981.121761416372),
  ON_LANES(7210.606944646921),
  ON_LANES(3355.2414619136302),
  ON_LANES(981.8119074725922),
  ON_LANES(181.74542240707476),
  ON_LANES(19.863106505487906),
};

// The functions of the transform of Box and Muller, divided by the lowest power of their argument and interpolated at the
// Chebyshev points of its square, with 40 digits: -4 artanh(s) for |s| <= (sqrt(2) - 1) / (sqrt(2) + 1), and the sine and
// cosine of 2 pi t over sqrt(2) for |t| <= 1/8.
const cvector_lanes cvector_radius_coefficients[] = {
  ON_LANES(-4.000000000000001),
  ON_LANES(-1.3333333333310584),
  ON_LANES(-0.8000000012348323),
  ON_LANES(-0.5714283204221534),
  ON_LANES(-0.4444686909503581),
  ON_LANES(-0.3624386886243043),
  ON_LANES(-0.33675319941360976),
};
const cvector_lanes cvector_sine_coefficients[] = {
  ON_LANES(4.442882938158366),
  ON_LANES(-29.232997999981666),
  ON_LANES(57.70362514344146),
  ON_LANES(-54.23923355363648),
  ON_LANES(29.739981385544834),
  ON_LANES(-10.672931310783948),
  ON_LANES(2.673478079900378),
};
const cvector_lanes cvector_cosine_coefficients[] = {
  ON_LANES(0.7071067811865475),
  ON_LANES(-13.95772839927755),
  ON_LANES(45.919085879359706),
  ON_LANES(-60.42709486319867),
  ON_LANES(42.5993793927686),
  ON_LANES(-18.684771337181882),
  ON_LANES(5.522709706614803),
};

// (e^x - 1 - x) / x^2 interpolated at the Chebyshev points of |x| <= 0.08 by a polynomial of degree 6, with 40 digits.
const cvector_lanes cvector_growth_coefficients[] = {
  ON_LANES(0.5),
  ON_LANES(0.16666666666674568),
  ON_LANES(0.04166666666667457),
  ON_LANES(0.008333333234558564),
  ON_LANES(0.0013888888790115675),
  ON_LANES(0.0001984435648549995),
  ON_LANES(2.480467390840612e-05),
};
