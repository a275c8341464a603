/* As many multiplications and additions as a core can do: independent chains of them in registers, enough to hide that
 * each takes a few cycles. Vectors are as wide as the compiler's target has them. */

#ifdef __AVX512F__
enum { BYTES = 64, CHAINS = 24 };
#elif defined __AVX__
enum { BYTES = 32, CHAINS = 12 };
#else
enum { BYTES = 16, CHAINS = 12 };
#endif

#define PEAK(NAME, NUMBER)                                                                                              \
    /* Returns how many operations were done: a multiplication and an addition a lane, chain and turn. */               \
    double NAME(long turns, NUMBER factor, NUMBER *result) {                                                            \
        typedef NUMBER lanes __attribute__((vector_size(BYTES)));                                                       \
        lanes chains[CHAINS], multiplier = (lanes){0} + factor, addend = (lanes){0} + 1;                                \
        for (int c = 0; c < CHAINS; c++) chains[c] = (lanes){0} + (NUMBER)c;                                            \
        for (long turn = 0; turn < turns; turn++)                                                                       \
            _Pragma("GCC unroll 24") /* so that each chain keeps a register */                                          \
            for (int c = 0; c < CHAINS; c++) chains[c] = chains[c] * multiplier + addend;                               \
        lanes sum = chains[0];                                                                                          \
        for (int c = 1; c < CHAINS; c++) sum += chains[c];                                                              \
        *result = sum[0];                                                                                               \
        return 2.0 * turns * CHAINS * (BYTES / sizeof(NUMBER));                                                         \
    }

PEAK(peak_f64, double)
PEAK(peak_f32, float)
