#pragma once
#include <stddef.h>
void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *ipiv, int *info);
