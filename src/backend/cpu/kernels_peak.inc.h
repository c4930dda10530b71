/* The loop LOOP: STEP(sum, x) SUMS times a round, x being ONES(one) of the type VALUE, each sum a vector of WIDTH of
 * the type LANE. SUMS is what hides the latency of one step and still stays in registers. */
double LOOP(int64_t rounds, int one) {
    typedef LANE sum __attribute__((vector_size(sizeof(LANE) * WIDTH)));
    sum sums[SUMS], total = {0};
    VALUE x = ONES(one);
    /* zeros that the compiler does not know to be, lest it compute equal sums once */
#pragma GCC unroll 32
    for (int i = 0; i < SUMS; i++) sums[i] = total + (LANE)((one - 1) * i);
    for (int64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 32
        for (int i = 0; i < SUMS; i++) sums[i] = STEP(sums[i], x);
    }
#pragma GCC unroll 32
    for (int i = 0; i < SUMS; i++) total += sums[i];
    double result = 0;
    for (int i = 0; i < WIDTH; i++) result += (double)total[i];
    return result;
}

#undef LOOP
#undef STEP
#undef ONES
#undef VALUE
#undef LANE
#undef WIDTH
#undef SUMS
