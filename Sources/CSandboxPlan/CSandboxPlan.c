#include "CSandboxPlan.h"
