#pragma once

// Fortran prototypes of the BLAS and LAPACK routines in use, written by hand: Debian's liblapack-dev ships no header.
// Scalars go by pointer; each CHARACTER argument has a hidden length, passed by value after all other arguments
// (the calling convention of gfortran since version 8). Complex numbers are pairs (real, imaginary) of doubles.

#include <stddef.h>

// Products.
void dgemm_(const char *transa, const char *transb, const int *m, const int *n, const int *k, const double *alpha,
            const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c,
            const int *ldc, size_t transa_length, size_t transb_length);
void dgemv_(const char *trans, const int *m, const int *n, const double *alpha, const double *a, const int *lda,
            const double *x, const int *incx, const double *beta, double *y, const int *incy, size_t trans_length);

// General matrices: P A = L U, and the condition estimate.
void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *ipiv, int *info);
void dgetrs_(const char *trans, const int *n, const int *nrhs, const double *a, const int *lda, const int *ipiv,
             double *b, const int *ldb, int *info, size_t trans_length);
void dgecon_(const char *norm, const int *n, const double *a, const int *lda, const double *anorm, double *rcond,
             double *work, int *iwork, int *info, size_t norm_length);

// Banded matrices.
void dgbtrf_(const int *m, const int *n, const int *kl, const int *ku, double *ab, const int *ldab, int *ipiv,
             int *info);
void dgbtrs_(const char *trans, const int *n, const int *kl, const int *ku, const int *nrhs, const double *ab,
             const int *ldab, const int *ipiv, double *b, const int *ldb, int *info, size_t trans_length);
void dgbcon_(const char *norm, const int *n, const int *kl, const int *ku, const double *ab, const int *ldab,
             const int *ipiv, const double *anorm, double *rcond, double *work, int *iwork, int *info,
             size_t norm_length);

// Symmetric positive definite matrices: A = L Lᵀ.
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
             const int *ldb, int *info, size_t uplo_length);

// Orthogonal factorisation A = Q R and triangular systems.
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork,
             int *info);
void dormqr_(const char *side, const char *trans, const int *m, const int *n, const int *k, const double *a,
             const int *lda, const double *tau, double *c, const int *ldc, double *work, const int *lwork, int *info,
             size_t side_length, size_t trans_length);
void dtrtrs_(const char *uplo, const char *trans, const char *diag, const int *n, const int *nrhs, const double *a,
             const int *lda, double *b, const int *ldb, int *info, size_t uplo_length, size_t trans_length,
             size_t diag_length);
void dtrcon_(const char *norm, const char *uplo, const char *diag, const int *n, const double *a, const int *lda,
             double *rcond, double *work, int *iwork, int *info, size_t norm_length, size_t uplo_length,
             size_t diag_length);

// Hessenberg form A = Q H Qᵀ.
void dgehrd_(const int *n, const int *ilo, const int *ihi, double *a, const int *lda, double *tau, double *work,
             const int *lwork, int *info);
void dormhr_(const char *side, const char *trans, const int *m, const int *n, const int *ilo, const int *ihi,
             const double *a, const int *lda, const double *tau, double *c, const int *ldc, double *work,
             const int *lwork, int *info, size_t side_length, size_t trans_length);

// Eigenvalues.
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
            const int *lwork, int *info, size_t jobz_length, size_t uplo_length);
void dgeev_(const char *jobvl, const char *jobvr, const int *n, double *a, const int *lda, double *wr, double *wi,
            double *vl, const int *ldvl, double *vr, const int *ldvr, double *work, const int *lwork, int *info,
            size_t jobvl_length, size_t jobvr_length);

// Complex Schur form A = Z T Z*. With sort = "N" the routine never calls `select`, which may be null.
void zgees_(const char *jobvs, const char *sort, void *select, const int *n, double *a, const int *lda, int *sdim,
            double *w, double *vs, const int *ldvs, double *work, const int *lwork, double *rwork, int *bwork,
            int *info, size_t jobvs_length, size_t sort_length);
