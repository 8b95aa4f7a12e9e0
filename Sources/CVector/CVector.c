// The vector operations live in the header; a C target needs one source file.
#include "CVector.h"
