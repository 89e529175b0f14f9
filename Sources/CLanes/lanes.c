// The header holds everything; a target needs a source.
#include "lanes.h"
