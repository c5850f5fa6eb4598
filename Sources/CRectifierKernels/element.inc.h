// Every family for one element type. Included with ELEMENT, STORAGE, COMPUTE, FORMAT and WIDE (whether COMPUTE is
// double) defined.

#include "vectors.inc.h"

#include "math.inc.h"

#include "map.inc.h"

#include "product.inc.h"

#include "reduce.inc.h"

#include "pooling.inc.h"

#include "rows.inc.h"

#include "update.inc.h"

#include "data.inc.h"

#undef WIDE
#undef FORMAT
#undef COMPUTE
#undef STORAGE
#undef ELEMENT
