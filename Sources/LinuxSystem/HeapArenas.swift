import CLinux
import Glibc

/// The arenas of this process's heap. Each thread takes from one and gives back to it, so that every arena keeps free memory
/// that no other thread can use: by default up to eight for each processor, of which a daemon mostly at rest needs few.
/// Source: mallopt(3), M_ARENA_MAX.
package enum HeapArenas {
    /// One for every second processor, and at least two. For the start of a program: an arena that is there stays.
    package static func limitToProcessors() {
        // Refused, the heap is larger and nothing else.
        _ = berth_limit_heap_arenas(CInt(max(2, sysconf(CInt(_SC_NPROCESSORS_ONLN)) / 2)))
    }
}
