/// Two ends; both -1 when not wanted or not to be had, and then the launch fails at its first use.
struct Pair {
    let first: Int32
    let second: Int32

    init(_ isWanted: Bool, _ make: (UnsafeMutablePointer<Int32>) -> Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        if isWanted {
            withUnsafeMutableBytes(of: &ends) { bytes in
                if let pointer = bytes.bindMemory(to: Int32.self).baseAddress { _ = make(pointer) }
            }
        }
        (first, second) = ends
    }
}
