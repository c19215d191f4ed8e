#pragma once

// The instruction sets that kernels are compiled for; include before any Highway header. Vectors are kept in arrays,
// which the sizeless types of SVE and RVV do not allow; those machines take the portable target.
#define HWY_WANT_AVX3_DL 1
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
