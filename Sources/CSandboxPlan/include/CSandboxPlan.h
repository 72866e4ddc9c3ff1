#pragma once
// The binary form of a launch plan, shared by berthd (which writes it) and berth-pod (which performs it).
#include <stdint.h>
