// Declarations of BLAS and LAPACKE as Debian's libopenblas-dev and liblapacke-dev install them.
#pragma once
#include <cblas.h>
#include <lapacke.h>
