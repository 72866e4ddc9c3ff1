import CLinux

/// Gives back what a burst of work has left of this process's heap: by itself it keeps whatever lies below something still in use.
package struct HeapTrim: Sendable {
    /// A page is had again for some microseconds: below this it is not worth the walk through the heap.
    private static let worthwhile: UInt = 2 << 20

    /// What was free and gone already counts as free all the same.
    private var given: UInt = 0

    package init() {}

    /// Takes some milliseconds when there is something to give back.
    ///
    /// - Returns: whether there was.
    @discardableResult
    package mutating func giveBack() -> Bool {
        let free = berth_heap_free()
        given = min(given, free)
        guard free - given >= Self.worthwhile else { return false }
        berth_heap_trim()
        given = berth_heap_free()
        return true
    }
}
