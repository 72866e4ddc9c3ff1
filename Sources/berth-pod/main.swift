import CPodLaunch
import CSandboxPlan

// berth-pod ROOM: the seed of a node's supervisors, with a socket of berthd as descriptor 3. Each message is the command line of a
// supervisor, `berth-pod DIRECTORY NAME`, with its connection and its plan as descriptors: the supervisor is a fork of the seed, so that
// no pod waits for a program to be loaded. The directory is the pod's own, under /run/berth/pods; the name is for people who look at the
// process list. ROOM only keeps the place of the command lines. The seed ends with berthd, and supervisors outlive it.

private let orders: Int32 = 3

@_cdecl("berth_pod_main")
public func berthPod(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    guard argc == 2, let own = argv?[0], let last = argv?[1] else { return 64 }
    let room = last + length(Text(last)) - own
    let order = UnsafeMutablePointer<CChar>.allocate(capacity: room + 1)
    let descriptors = UnsafeMutablePointer<Int32>.allocate(capacity: Supervisor.descriptorLimit)
    let prepared = pod_prepare_seed()
    while true {
        var count: Int32 = 0
        let received = pod_await(orders, order, UInt(room), descriptors, &count)
        guard received > 0 else { return 0 }
        for i in Int(received)...room { order[i] = 0 }
        let birth = Birth(
            connection: count > 0 ? descriptors[0] : -1, planFile: count > 1 ? descriptors[1] : -1,
            directory: Text(order) + length(Text(order)) + 1, prepared: prepared)
        let hasEnded = birth.start {
            pod_close(orders)
            for i in 0..<room { own[i] = order[i] }
        }
        if let code = hasEnded { return code }
        for i in 0..<Int(count) { pod_close(descriptors[i]) }
    }
}
