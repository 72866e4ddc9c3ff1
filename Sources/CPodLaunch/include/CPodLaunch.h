#pragma once
// What berth-pod does between clone3(2) and execve(2), and the system calls of its event loop. Only built-in C types here:
// the Embedded Swift side sees no system headers.
#include "pod_anchor.h"
#include "pod_calls.h"
#include "pod_child.h"
#include "pod_host.h"
