#pragma once
// What Swift's Glibc module leaves out: variadic calls, raw system calls and macros. One header per kernel topic may be added.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include "file_tree.h"
#include "spawn_process.h"
#include "network_interface.h"
#include "message_socket.h"
#include "kernel_objects.h"
#include "volume_calls.h"
